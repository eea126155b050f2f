"""What Mastodon's API calls a status, wherever it stands: timelines, searches, threads, notifications, streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from insight.model import Deletion, Post, Visibility
from scrapers.answers import error_body
from scrapers.base import Page, SourceError
from scrapers.formats import html, limits
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    counts,
    identifier,
    listed,
    mapping,
    text,
    whole_number,
)

NETWORK = "mastodon"

_OWN = re.compile(r"https?://([^/]+)/(?:ap/)?users/[^/]+/statuses/(\d{1,20})")
_ALIAS = re.compile(r"([^/]+)/(\w{1,40})")
_STATUS = frozenset(("reblog", "visibility", "in_reply_to_id", "replies_count", "favourites_count"))
# What marks the platform's other answers, which hold no toot: an account, a tag or trend, a card, an edit, a poll, an
# instance of version 1 and 2, a media attachment, a token's application, a relationship, an announcement.
_OTHERS = frozenset(
    {"acct", "history", "provider_name", "spoiler_text", "options", "stats", "domain", "preview_url", "vapid_key"}
    | {"followed_by", "published_at"}
)
_WITHIN = ("statuses", "ancestors", "descendants")  # a search, a thread
_ONE = ("status", "last_status")  # a notification, a conversation


@dataclass(frozen=True, slots=True)
class Toots:
    """What an answer holds: toots as they came, the deletions of those that are gone, or the error it tells."""

    toots: tuple[Any, ...] = ()
    gone: tuple[Deletion, ...] = ()
    error: str | None = None


def entities(page: Page) -> Toots:
    """The toots in an answer of any shape. Raises SourceError when it is none of Mastodon's."""
    toots: list[Any] = []
    gone: list[Deletion] = []
    for body in _documents(page):
        if isinstance(body, dict) and "error" in body and not _STATUS & body.keys():
            return Toots(error=text(body.get("error")) or "an error")
        tombstone = _tombstone(body)
        if tombstone:
            gone.append(tombstone)
        else:
            toots += _toots_in(body, page)
    return Toots(tuple(toots), tuple(gone))


def tombstones(page: Page) -> tuple[Deletion, ...]:
    """The deletion that ActivityPub's tombstone tells of (status 410); none where the body is something else."""
    found = _tombstone(error_body(page))
    return (found,) if found else ()


def _documents(page: Page) -> Iterator[Any]:
    """The JSON of a body: one document, one on each line, or those that an event stream carries."""
    streams = page.headers.get("content-type", "").startswith("text/event-stream")
    if streams or page.body.startswith((b":", b"event:", b"data:")):
        for line in page.body.splitlines():
            data = line[5:].strip()
            if line.startswith(b"data:") and not data.isdigit():  # a deletion names a local id, which tells no uri
                yield [_loaded(data)]
        return
    try:
        yield page.json()
    except SourceError:
        lines = [line for line in page.body.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
            raise
        yield [_loaded(line) for line in lines]


def streamed(events: Iterable[str]) -> tuple[list[Any], list[str]]:
    """The toots of a stream's events, new ones and edits, and what those that are gone are called on this server.

    https://docs.joinmastodon.org/methods/streaming/#events
    """
    found: list[Any] = []
    gone: list[str] = []
    for event in events:
        lines = event.split("\n")  # U+2028 and U+0085 are text
        name = next((line[6:].strip() for line in lines if line.startswith("event:")), "update")
        data = "\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:"))
        if name in ("update", "status.update"):
            found.append(_loaded(data.encode("utf-8", errors="replace")))
        elif name == "delete":
            gone.append(data.strip())
    return found, gone


def _loaded(line: bytes) -> Any:
    """A line that is no JSON stays text, so that it is set aside alone."""
    try:
        return limits.loads(line)
    except ValueError:
        return line.decode("utf-8", errors="replace")


def _tombstone(body: Any) -> Deletion | None:
    """What ActivityPub leaves where a toot was, alone or as the object of its deletion.

    https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tombstone
    """
    for found in (mapping(body), mapping(mapping(body).get("object"))):
        gone = text(found.get("id")) if found.get("type") == "Tombstone" else None
        if gone:
            return Deletion(NETWORK, gone)
    return None


def _toots_in(body: Any, page: Page) -> Iterable[Any]:
    if isinstance(body, list):
        return [toot for entry in body for toot in _of_entry(entry)]
    if not isinstance(body, dict):
        raise SourceError(f"{page.url} answered {page.status} with a {type(body).__name__}, not with toots")
    within = [toot for key in _WITHIN for toot in listed(body.get(key))]
    if within or any(key in body for key in _WITHIN):
        return within
    found = _of_entry(body)
    if found == [body] and not _STATUS & body.keys():
        raise SourceError(f"{page.url} answered {page.status} with something that is none of Mastodon's answers")
    return found


def _of_entry(entry: Any) -> list[Any]:
    """The toot that an entry is or carries; none for an entry of another kind; what is neither, to be set aside."""
    if not isinstance(entry, dict) or _STATUS & entry.keys():
        return [entry]
    if isinstance(entry.get("payload"), str):  # a stream over a web socket
        payload = _loaded(entry["payload"].encode("utf-8", errors="replace"))
        return [payload] if isinstance(payload, dict) else []
    carried = [entry[key] for key in _ONE if isinstance(entry.get(key), dict)]
    return carried if carried or _OTHERS & entry.keys() else [entry]


class LocalIds:
    """What toots are called on the server that was asked: that is all it says of what they answer, and of what is gone.

    The newest are remembered while the program runs. They say nothing of a source: two differ by their settings.
    """

    MOST = 20_000

    def __init__(self) -> None:
        self.uris: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LocalIds)

    __hash__ = None  # type: ignore[assignment]

    def learn(self, toots: Iterable[Any]) -> None:
        boosted = ((toot, mapping(toot).get("reblog")) for toot in toots)
        for toot in map(mapping, (one for pair in boosted for one in pair)):
            local, uri = identifier(toot.get("id")), text(toot.get("uri"))
            if local and uri:
                self.uris[local], self._ids[uri] = uri, local
        while len(self.uris) > self.MOST:
            self._ids.pop(self.uris.pop(next(iter(self.uris))), None)

    def of(self, uri: str, host: str) -> str | None:
        """What a toot is called on this server, by its uri or an alias; its own toots bear it in their uri."""
        own = _OWN.fullmatch(uri) or _ALIAS.fullmatch(uri)
        return self._ids.get(uri) or (own[2] if own and own[1].lower() == host.lower() else None)


def alias(local: str, host: str) -> str:
    """What a toot is called on one server, as another native id: by it a deletion finds it after a restart, too."""
    return f"{host}/{local}"


def read(toot: Any, known: Mapping[str, str], host: str) -> Post:
    """One toot; of a boost the toot that is boosted. Raises UnreadableError."""
    if not isinstance(toot, dict):
        raise UnreadableError(f"a toot is a {type(toot).__name__}")
    boosted = toot.get("reblog")
    toot = boosted if isinstance(boosted, dict) else toot
    uri = text(toot.get("uri"))
    if uri is None:
        raise UnreadableError("a toot without a uri")
    if not isinstance(toot.get("content"), str):
        raise UnreadableError("a toot without its content")
    quoting = isinstance(toot.get("quote"), dict)
    # The line "RE: <address>" is for servers that know no quotes; people on those that do never see it.
    body = html.read(toot["content"], without="quote-inline" if quoting else None)
    options = [text(mapping(option).get("title")) for option in listed(mapping(toot.get("poll")).get("options"))]
    account, (at, precision) = mapping(toot.get("account")), moment(toot.get("created_at"))
    local, parent = identifier(toot.get("id")), identifier(toot.get("in_reply_to_id"))
    names = {"likes": "favourites", "reposts": "reblogs", "replies": "replies", "quotes": "quotes"}
    quoted, card = mapping(mapping(toot.get("quote")).get("quoted_status")), mapping(toot.get("card"))
    links = [*body.links, address(card.get("url")), address(quoted.get("url"))]
    tags = (text(mapping(tag).get("name")) for tag in listed(toot.get("tags")))
    attached = [mapping(medium) for medium in listed(toot.get("media_attachments"))]
    said = [body.text, *options]
    if not any(said):  # a toot of pictures alone is read by their descriptions
        said = [text(medium.get("description")) for medium in attached]
    return Post(
        network=NETWORK,
        native_id=uri,
        text="\n".join(filter(None, said)),
        url=address(toot.get("url")) or address(uri),
        title=text(toot.get("spoiler_text")),
        author=_handle_of(account, host),
        author_name=text(account.get("display_name")),
        audience=whole_number(account.get("followers_count")),
        published_at=at,
        precision=precision,
        edited_at=moment(toot.get("edited_at"))[0],
        language=text(toot.get("language")),
        engagement=counts(**{ours: toot.get(f"{theirs}_count") for ours, theirs in names.items()}),
        aliases=(alias(local, host),) if local else (),
        reply_to=known.get(parent) if parent else None,  # a local id is nobody's native id
        links=tuple(dict.fromkeys(filter(None, links))),
        hashtags=tuple(dict.fromkeys(filter(None, tags))),
        media=addresses(medium.get("url") or medium.get("remote_url") for medium in attached),
        visibility=Visibility.PRIVATE if toot.get("visibility") in ("private", "direct") else Visibility.PUBLIC,
    )


def _handle_of(account: Mapping[str, Any], host: str) -> str | None:
    """`name@server`, also for an account of the server that was asked, which it names without itself."""
    name = text(account.get("acct"))
    if name is None or "@" in name:
        return name
    home = urlsplit(address(account.get("url")) or "").netloc or host
    return f"{name}@{home}" if home else name
