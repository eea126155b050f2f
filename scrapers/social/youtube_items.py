"""What YouTube calls resources, as its Data API gives them and as its channel feeds do: videos and comments."""

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
    counts,
    identifier,
    listed,
    mapping,
    plain,
    text,
    whole_number,
)

NETWORK = "youtube"

_VIDEO = "https://www.youtube.com/watch?v={}"
_BARE = re.compile(r"https?://[^\s<>\"]{1,2000}")
_SIZES = ("maxres", "standard", "high", "medium", "default")
# What the API answers besides videos and comments, and what is no post of anybody.
_OTHERS = frozenset({"youtube#channel", "youtube#playlist"})


def resources(body: Mapping[str, Any]) -> Iterator[Any]:
    """The videos and comments of an answer; a thread as its comment, with how many replies it has, and its replies."""
    for item in listed(body.get("items")):
        found = mapping(item)
        if _kind(found) in _OTHERS:
            continue
        if _kind(found) != "youtube#commentThread":
            yield item
            continue
        thread = mapping(found.get("snippet"))
        top = mapping(thread.get("topLevelComment"))
        about = {"videoId": thread.get("videoId"), "totalReplyCount": thread.get("totalReplyCount")}
        yield {**top, "snippet": {**about, **mapping(top.get("snippet"))}} if top else item
        yield from replies(found)


def replies(thread: Mapping[str, Any]) -> list[Any]:
    """Those that a thread carries itself: five at most, though it may have more."""
    return listed(mapping(thread.get("replies")).get("comments"))


def read(item: Any, video: str | None = None) -> Post | None:
    """One resource; `video` is whose comments were asked for. Raises UnreadableError."""
    found = mapping(item)
    native_id, kind = _id_of(found), _kind(found)
    snippet = mapping(found.get("snippet"))
    if kind is None or not kind.startswith("youtube#"):
        raise UnreadableError("an item that is none of YouTube's resources")
    if native_id is None:
        if kind == "youtube#searchResult":
            return None  # a channel or a playlist that was found
        raise UnreadableError(f"a resource without an id ({kind})")
    if not snippet:
        raise UnreadableError(f"a resource without its snippet ({kind})")
    return (
        _parse_comment(native_id, snippet, video)
        if kind == "youtube#comment"
        else _parse_video(native_id, snippet, found)
    )


def from_feed(entry: Entry) -> Post:
    """An entry of a channel's feed. Its `updated` moves with the numbers too, so it is no edit."""
    native_id = (entry.id or "").rpartition("yt:video:")[2] if entry.id and "yt:video:" in entry.id else None
    if not native_id:
        raise UnreadableError("an entry without a video's id")
    at, precision = moment(next(iter(entry.published), None))
    pictures = tuple(medium for medium in entry.media if "/vi" in medium)
    return Post(
        network=NETWORK,
        native_id=native_id,
        text=entry.text,
        title=entry.title,
        url=entry.link or _VIDEO.format(native_id),
        author=entry.author,
        published_at=at,
        precision=precision,
        engagement={} if entry.views is None else {"views": entry.views},
        links=_links(entry.text),
        media=pictures or entry.media[:1],
    )


def _kind(found: Mapping[str, Any]) -> str | None:
    return text(found.get("kind"))


def _id_of(found: Mapping[str, Any]) -> str | None:
    """A search result has an object for an id; what stands in a playlist has an id of its own beside the video's."""
    within = (mapping(found.get("id")), mapping(found.get("contentDetails")))
    if _kind(found) in ("youtube#searchResult", "youtube#playlistItem"):
        resource = mapping(mapping(found.get("snippet")).get("resourceId"))
        return next(filter(None, (identifier(part.get("videoId")) for part in (*within, resource))), None)
    return identifier(found.get("id"))


def _parse_video(native_id: str, snippet: Mapping[str, Any], found: Mapping[str, Any]) -> Post:
    numbers, title = mapping(found.get("statistics")), text(snippet.get("title"))
    details = mapping(found.get("contentDetails"))
    at, precision = moment(details.get("videoPublishedAt") or snippet.get("publishedAt"))
    words = plain(text(snippet.get("description")) or "")
    # The largest of the sizes in which a video's picture is given
    sizes = mapping(snippet.get("thumbnails"))
    return Post(
        network=NETWORK,
        native_id=native_id,
        text=words,
        title=html.line(title) or None if title else None,  # a search escapes its titles: &#39;
        url=_VIDEO.format(native_id),
        author=text(snippet.get("videoOwnerChannelTitle")) or text(snippet.get("channelTitle")),
        published_at=at,
        precision=precision,
        language=text(snippet.get("defaultAudioLanguage")) or text(snippet.get("defaultLanguage")),
        engagement=counts(
            views=numbers.get("viewCount"), likes=numbers.get("likeCount"), replies=numbers.get("commentCount")
        ),
        links=_links(words),
        media=addresses(mapping(sizes.get(size)).get("url") for size in _SIZES)[:1],
    )


def _parse_comment(native_id: str, snippet: Mapping[str, Any], video: str | None) -> Post:
    thread = identifier(snippet.get("videoId")) or video
    name = text(snippet.get("authorDisplayName"))
    words = text(snippet.get("textOriginal"))
    body = html.Text(plain(words), _links(words)) if words else html.read(text(snippet.get("textDisplay")) or "")
    (at, precision), edited = moment(snippet.get("publishedAt")), moment(snippet.get("updatedAt"))[0]
    return Post(
        network=NETWORK,
        native_id=native_id,
        kind=PostKind.COMMENT,
        text=body.text,
        url=address(f"{_VIDEO.format(thread)}&lc={native_id}") if thread else None,
        author=text(name.removeprefix("@")) if name else None,
        published_at=at,
        precision=precision,
        edited_at=edited if edited and at and edited > at else None,
        engagement=counts(likes=snippet.get("likeCount"), replies=snippet.get("totalReplyCount")),
        reply_to=identifier(snippet.get("parentId")) or thread,
        thread=thread,
        links=body.links,
    )


def _links(words: str) -> tuple[str, ...]:
    return addresses(found.rstrip(".,;:!?)]}'") for found in _BARE.findall(words))


def reply_count(thread: Mapping[str, Any]) -> int:
    return whole_number(mapping(thread.get("snippet")).get("totalReplyCount")) or 0
