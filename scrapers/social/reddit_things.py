"""What Reddit's API calls things: links (t3, what was posted) and comments (t1), wherever they stand in its answers."""

from __future__ import annotations

import html as entities
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from insight.model import Deletion, Post, PostKind
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.formats import html
from scrapers.formats.dates import epoch
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
from scrapers.social import markdown

NETWORK = "reddit"
SITE = "https://www.reddit.com"

# What stands in the place of a text that its author or a moderator has taken away.
GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]", "[ Removed by reddit ]"})
_NOBODY = "[deleted]"
_OWN = frozenset({"i.redd.it", "v.redd.it", "preview.redd.it", "external-preview.redd.it", "reddit.com", "redd.it"})


@dataclass(frozen=True, slots=True)
class Listing:
    """Things in their order, and what asks for those behind them (None: these were the last)."""

    things: tuple[Any, ...]
    after: str | None = None


def listing(page: Page) -> Listing:
    """The things of an answer: a listing, or a thread with its comments. Raises SourceError for anything else."""
    body = page.json()
    parts = [mapping(part) for part in (body if isinstance(body, list) else [body])]
    if not parts or any(part.get("kind") != "Listing" or not isinstance(part.get("data"), dict) for part in parts):
        raise not_read(page, "Reddit listing")
    after = identifier(parts[0]["data"].get("after")) if len(parts) == 1 else None
    return Listing(tuple(_things(part["data"] for part in parts)), after)


def _things(listings: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Those of listings in listings: the answers to a comment are one inside it."""
    waiting = [child for found in listings for child in listed(found.get("children"))][::-1]
    while waiting:
        child = waiting.pop()
        yield child
        below = mapping(mapping(mapping(mapping(child).get("data")).get("replies")).get("data"))
        waiting += listed(below.get("children"))[::-1]


def read(thing: Any) -> Post | Deletion | None:
    """One thing; None for what is no post, such as a subreddit, an advertisement, "more". Raises UnreadableError."""
    found, kind = mapping(mapping(thing).get("data")), mapping(thing).get("kind")
    if kind not in ("t1", "t3"):
        if isinstance(thing, dict) and isinstance(kind, str):
            return None
        raise UnreadableError("a child of a listing that is no thing")
    name = identifier(found.get("name")) or (f"{kind}_{found['id']}" if text(found.get("id")) else None)
    if name is None:
        raise UnreadableError("a thing without a name")
    if found.get("promoted") is True:
        return None
    body = "body" if kind == "t1" else "selftext"
    if not isinstance(found.get(body), str):
        raise UnreadableError(f"a thing without its {body}")
    if found[body].strip() in GONE or text(found.get("removed_by_category")):
        return Deletion(NETWORK, name)
    return _parse_comment(name, found) if kind == "t1" else _parse_link(name, found)


def _parse_comment(name: str, found: Mapping[str, Any]) -> Post:
    body = _body(found, "body")
    return Post(
        kind=PostKind.COMMENT,
        text=body.text,
        engagement=counts(points=_score(found)),
        reply_to=identifier(found.get("parent_id")),
        thread=identifier(found.get("link_id")),
        links=body.links,
        media=body.images,
        **_common(name, found),
    )


def _parse_link(name: str, found: Mapping[str, Any]) -> Post:
    body = _body(found, "selftext")
    outside = address(found.get("url_overridden_by_dest") or found.get("url"), SITE)
    host = urlsplit(outside or "").hostname or ""
    leads_out = outside and host not in _OWN and not host.endswith(".reddit.com")
    options = [text(mapping(option).get("text")) for option in listed(mapping(found.get("poll_data")).get("options"))]
    title = text(found.get("title"))
    return Post(
        text="\n".join(filter(None, [body.text, *options])),
        title=" ".join(entities.unescape(title).split()) or None if title else None,
        engagement=counts(points=_score(found), replies=found.get("num_comments"), reposts=found.get("num_crossposts")),
        repost_of=identifier(found.get("crosspost_parent")),
        links=tuple(dict.fromkeys([*([outside] if outside and leads_out else []), *body.links])),
        media=addresses([*_media(found, outside), *body.images]),
        **_common(name, found),
    )


def _body(found: Mapping[str, Any], name: str) -> html.Text:
    """The text as Reddit renders it: so it is the same from a feed. Without `raw_json=1` the markup is escaped."""
    markup = text(found.get(f"{name}_html"))
    if markup:
        return html.read(entities.unescape(markup) if markup.startswith("&lt;") else markup, SITE)
    return markdown.read(found[name], SITE)


def _common(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What comments and links have alike."""
    at, precision = epoch(whole_number(found.get("created_utc")))
    author, edited = text(found.get("author")), found.get("edited")
    return {
        "network": NETWORK,
        "native_id": name,
        "url": _permalink(found),
        "author": None if author == _NOBODY else author,
        "published_at": at,
        "precision": precision,
        "edited_at": None if isinstance(edited, bool) else epoch(whole_number(edited))[0],
    }


def _score(found: Mapping[str, Any]) -> object:
    hidden = found.get("score_hidden") is True or found.get("hide_score") is True
    return None if hidden else found.get("score")


def _permalink(found: Mapping[str, Any]) -> str | None:
    """Comments of older days name only the link they belong to."""
    written = (text(found.get("permalink")) or "").partition("?")[0]
    if written or not text(found.get("link_id")) or not text(found.get("id")):
        return address(written, SITE)
    return address(f"/comments/{str(found['link_id']).removeprefix('t3_')}/_/{found['id']}/", SITE)


def _media(found: Mapping[str, Any], outside: str | None) -> Iterator[object]:
    """A gallery's pictures in its order, a video, a picture."""
    pictures = mapping(found.get("media_metadata"))
    for item in listed(mapping(found.get("gallery_data")).get("items")):
        source = mapping(mapping(pictures.get(str(mapping(item).get("media_id")))).get("s"))
        urls = filter(None, (text(source.get(size)) for size in ("u", "gif", "mp4")))
        yield next(map(entities.unescape, urls), None)
    yield mapping(mapping(found.get("media")).get("reddit_video")).get("fallback_url")
    if outside and urlsplit(outside).hostname == "i.redd.it":
        yield outside
