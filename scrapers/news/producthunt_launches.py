"""What is launched on Product Hunt and what is said of it, from its GraphQL API and from its feed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from insight.model import Post, PostKind
from scrapers.formats import html
from scrapers.formats.dates import moment
from scrapers.formats.entries import Entry
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    canonical,
    counts,
    identifier,
    listed,
    mapping,
    plain,
    text,
)

NETWORK = "producthunt"

POST = (
    "id name tagline description url website createdAt votesCount commentsCount"
    " user { name username } thumbnail { url } media { url }"
)
COMMENT = "id body url createdAt parentId votesCount user { name username }"
_ENTRY = re.compile(r"tag:www\.producthunt\.com,\d{4}:Post/(\d{1,18})")
_TAIL = re.compile(r"\s*\bDiscussion\s*\|\s*Link\s*\Z")
_HIDDEN = "[REDACTED]"  # what the API says instead of a name that is not the token's own


def from_feed(entry: Entry) -> Post:
    """An entry of the feed: its tagline is all it says. Its `updated` moves with the votes, so it is no edit."""
    number = _ENTRY.fullmatch(entry.id or "")
    if number is None:
        raise UnreadableError("an entry that is no launch")
    at, precision = moment(next(iter(entry.published), None))
    return Post(
        network=NETWORK,
        native_id=f"post/{number[1]}",
        text=_TAIL.sub("", entry.text),
        title=entry.title,
        url=canonical(entry.link) if entry.link else None,
        author=entry.author,
        published_at=at,
        precision=precision,
        language=entry.language,
        links=tuple(link for link in entry.links if "/r/p/" in link),
        media=entry.media,
    )


def nodes(connection: object) -> Iterator[Any]:
    """What a connection holds, whether it was asked for as edges or as nodes."""
    found = mapping(connection)
    yield from listed(found.get("nodes"))
    for edge in listed(found.get("edges")):
        yield mapping(edge).get("node")


def discussed(post: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The comments on a launch and the answers to them, each with the launch's id."""
    for comment in nodes(post.get("comments")):
        yield comment, post.get("id")
        for reply in nodes(mapping(comment).get("replies")):
            yield reply, post.get("id")


def launch(node: Any) -> Post:
    """A launch. Raises UnreadableError."""
    found = mapping(node)
    number, name = identifier(found.get("id")), text(found.get("name"))
    if number is None or name is None:
        raise UnreadableError("a launch without an id or a name")
    at, precision = moment(found.get("createdAt"))
    told = [_plain_or_html(text(found.get(part)) or "") for part in ("tagline", "description")]
    pictures = [
        mapping(found.get("thumbnail")).get("url"),
        *(mapping(m).get("url") for m in listed(found.get("media"))),
    ]
    url = address(found.get("url"))
    return Post(
        network=NETWORK,
        native_id=f"post/{number}",
        text="\n\n".join(part.text for part in told if part.text),
        title=" ".join(name.split()),
        url=canonical(url) if url else None,
        **_who(found),
        published_at=at,
        precision=precision,
        engagement=counts(likes=found.get("votesCount"), replies=found.get("commentsCount")),
        links=addresses([found.get("website"), *(link for part in told for link in part.links)]),
        media=addresses(pictures),
    )


def comment(node: Any, launched: object) -> Post:
    """A comment on a launch (`launched`: its id, where it is known). Raises UnreadableError."""
    found = mapping(node)
    number = identifier(found.get("id"))
    if number is None or not isinstance(found.get("body"), str):
        raise UnreadableError("a comment without an id or a text")
    body, (at, precision) = _plain_or_html(found["body"]), moment(found.get("createdAt"))
    thread = f"post/{post}" if (post := identifier(launched)) else None
    parent, url = identifier(found.get("parentId")), address(found.get("url"))
    return Post(
        network=NETWORK,
        native_id=f"comment/{number}",
        kind=PostKind.COMMENT,
        text=body.text,
        url=canonical(url) if url else None,
        **_who(found),
        published_at=at,
        precision=precision,
        engagement=counts(likes=found.get("votesCount")),
        reply_to=f"comment/{parent}" if parent else thread,
        thread=thread,
        links=body.links,
    )


def _plain_or_html(written: str) -> html.Text:
    """Plain or marked up: the API does not say which."""
    return html.read(written) if re.search(r"<[a-zA-Z/]", written) else html.Text(plain(written))


def _who(found: Mapping[str, Any]) -> dict[str, Any]:
    user = mapping(found.get("user"))
    names = {"author": text(user.get("username")), "author_name": text(user.get("name"))}
    return {key: None if name == _HIDDEN else name for key, name in names.items()}
