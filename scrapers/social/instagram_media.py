"""What Instagram's Graph API calls a medium and a comment, wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from insight.model import Post, PostKind
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    counts,
    identifier,
    listed,
    mapping,
    plain,
    text,
)

NETWORK = "instagram"

_MEDIUM = frozenset({"caption", "permalink", "media_type", "media_url", "timestamp"})


def medium(found: Any, tag: str | None = None) -> Post:
    """A picture, album or film. `tag`: the hashtag it was found under, which may stand in a comment of its author.

    Raises UnreadableError.
    """
    native_id = _id(found, "a medium")
    if not _MEDIUM & found.keys():
        raise UnreadableError("a medium that shows nothing")
    caption, (at, precision) = found.get("caption"), moment(found.get("timestamp"))
    children = [mapping(child).get("media_url") for child in listed(mapping(found.get("children")).get("data"))]
    return Post(
        network=NETWORK,
        native_id=native_id,
        text=plain(caption) if isinstance(caption, str) else "",
        url=address(found.get("permalink")),
        author=text(found.get("username")),
        published_at=at,
        precision=precision,
        engagement=counts(likes=found.get("like_count"), replies=found.get("comments_count")),
        hashtags=(tag,) if tag else (),
        media=addresses([found.get("media_url"), *children]),
    )


def comment(found: Any, below: Mapping[str, Any]) -> Post:
    """A comment below a medium, or below the comment that `below` names as the parent. Raises UnreadableError."""
    native_id = _id(found, "a comment")
    said = found.get("text")
    if not isinstance(said, str):
        raise UnreadableError("a comment without a text")
    thread = identifier(below.get("id")) or identifier(mapping(found.get("media")).get("id"))
    author = text(found.get("username")) or text(mapping(found.get("from")).get("username"))
    at, precision = moment(found.get("timestamp"))
    return Post(
        network=NETWORK,
        native_id=native_id,
        kind=PostKind.COMMENT,
        text=plain(said),
        url=address(below.get("permalink")),
        author=author,
        published_at=at,
        precision=precision,
        engagement=counts(likes=found.get("like_count")),
        reply_to=identifier(found.get("parent_id")) or identifier(below.get("parent")) or thread,
        thread=thread,
    )


def _id(found: Any, what: str) -> str:
    native_id = identifier(found.get("id")) if isinstance(found, dict) else None
    if native_id is None:
        raise UnreadableError(f"{what} without an id")
    return native_id
