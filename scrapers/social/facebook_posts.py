"""What Facebook's Graph API calls a post, a comment and a recommendation, and a page with its averages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from insight.model import Post, PostKind, Rating, Reading
from scrapers.base import Page
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    counts,
    digest,
    identifier,
    listed,
    mapping,
    plain,
    text,
)

NETWORK = "facebook"
ID = re.compile(r"\d{1,30}(_\d{1,30})?")

_PAGE = re.compile(r"[\w.-]{1,100}")
_COMMENT = frozenset({"comment_count", "can_comment", "parent", "can_remove"})
_RATED = frozenset({"recommendation_type", "has_rating", "has_review", "review_text"})
_STEPS = {"positive": Rating(1.0, 0.0, 1.0), "negative": Rating(0.0, 0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class _Place:
    """What a permalink says of a comment: the post it belongs to, its id and the comment that it answers."""

    thread: str | None = None
    comment: str | None = None
    parent: str | None = None


def page_names(given: tuple[str, ...]) -> tuple[str, ...]:
    """Pages by id or name; an address gives its last part."""
    names = tuple(name.strip().rstrip("/").rpartition("/")[2] for name in given)
    for written, name in zip(given, names, strict=True):
        if not _PAGE.fullmatch(name):
            raise ValueError(f"{written!r} is no page: write its id, or the name in its address")
    return names


def thread_of(url: str) -> str | None:
    """The post whose comments an address lists."""
    parts = urlsplit(url).path.rstrip("/").split("/")
    return parts[-2] if len(parts) > 1 and parts[-1] == "comments" and ID.fullmatch(parts[-2]) else None


def item(found: Any, thread: str | None) -> Post:
    """A post, comment or recommendation. `thread`: the post that a comment stands below. Raises UnreadableError."""
    if not isinstance(found, dict):
        raise UnreadableError(f"a post is a {type(found).__name__}")
    if _RATED & found.keys():
        return _parse_recommendation(found)
    place = _place(text(found.get("permalink_url")))
    if thread or place.comment or _COMMENT & found.keys():
        return _parse_comment(found, place, thread or place.thread)
    return _parse_post(found)


def _parse_post(found: Mapping[str, Any]) -> Post:
    native_id = identifier(found.get("id"))
    if native_id is None:
        raise UnreadableError("a post without an id")
    if not (mapping(found).keys() - {"id"}):
        raise UnreadableError("a post with nothing but its id")
    attached = [mapping(one) for one in listed(mapping(found.get("attachments")).get("data"))]
    titles = [text(one.get("title")) for one in attached if one.get("media_type") == "link"]
    return Post(
        text=_text(found.get("message")) or _text(found.get("story")),
        title=next(filter(None, titles), None),
        url=address(found.get("permalink_url")),
        engagement=counts(
            likes=_total(found, "likes"),
            reactions=_total(found, "reactions"),
            replies=_total(found, "comments"),
            reposts=mapping(found.get("shares")).get("count"),
        ),
        repost_of=identifier(found.get("parent_id")),
        links=addresses(
            one.get("unshimmed_url") or one.get("url") for one in attached if one.get("media_type") == "link"
        ),
        media=addresses([found.get("full_picture"), *(_picture(one) for one in attached)]),
        **_common(found, native_id, found.get("from")),
    )


def _parse_comment(found: Mapping[str, Any], place: _Place, thread: str | None) -> Post:
    native_id = identifier(found.get("id")) or place.comment
    if native_id is None:
        raise UnreadableError("a comment without an id and an address")
    parent = identifier(mapping(found.get("parent")).get("id")) or place.parent
    return Post(
        kind=PostKind.COMMENT,
        text=_text(found.get("message")),
        url=address(found.get("permalink_url")),
        engagement=counts(
            likes=found.get("like_count", _total(found, "likes")),
            reactions=_total(found, "reactions"),
            replies=found.get("comment_count", _total(found, "comments")),
        ),
        reply_to=parent or thread,
        thread=thread,
        media=addresses([_picture(mapping(found.get("attachment")))]),
        **_common(found, native_id, found.get("from")),
    )


def _parse_recommendation(found: Mapping[str, Any]) -> Post:
    said, reviewer = _text(found.get("review_text")), mapping(found.get("reviewer"))
    rating = _STEPS.get((text(found.get("recommendation_type")) or "").lower())
    stars = found.get("rating")
    if rating is None and isinstance(stars, int | float) and not isinstance(stars, bool) and 1 <= stars <= 5:
        rating = Rating(float(stars))
    if not said and rating is None:
        raise UnreadableError("a recommendation that says nothing")
    story = identifier(mapping(found.get("open_graph_story")).get("id"))
    who = identifier(reviewer.get("id")) or text(reviewer.get("name")) or ""
    made = digest(who, str(found.get("created_time")), "" if who else said)[:24]
    common = _common(found, story or f"recommendation:{made}", reviewer)
    return Post(kind=PostKind.REVIEW, text=said, rating=rating, **common)


def readings(found: Mapping[str, Any], page: Page) -> tuple[Reading, ...]:
    """The averages that a page shows of itself."""
    name = f"facebook.com/{text(found.get('username')) or identifier(found.get('id'))}"
    named = {"rating": found.get("overall_star_rating"), "reviews": found.get("rating_count")}
    return tuple(
        Reading(f"{indicator}:{name}", page.fetched_at, float(value))
        for indicator, value in named.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12
    )


def _place(permalink: str | None) -> _Place:
    """…/posts/<post>/?comment_id=<comment>&reply_comment_id=<reply>: a comment's id joins the post's and its own."""
    try:
        parts = urlsplit(permalink or "")
        said = parse_qs(parts.query)
    except ValueError:
        return _Place()
    ids = [said[key][0] for key in ("comment_id", "reply_comment_id") if said.get(key)]
    way = [part for part in parts.path.split("/") if part]
    owner, post = (way[0], way[2]) if len(way) == 3 and way[1] == "posts" else ("", "")
    if not ids or not all(map(ID.fullmatch, [post, *ids])):
        return _Place(comment=ids[-1] if ids and ID.fullmatch(ids[-1]) else None)
    thread = f"{owner}_{post}" if owner.isdigit() else None
    return _Place(thread, f"{post}_{ids[-1]}", f"{post}_{ids[0]}" if len(ids) > 1 else None)


def _text(value: object) -> str:
    return plain(value) if isinstance(value, str) else ""


def _common(found: Mapping[str, Any], native_id: str, author: object) -> dict[str, Any]:
    """What posts, comments and recommendations have alike."""
    at, precision = moment(found.get("created_time"))
    name = text(mapping(author).get("name"))
    return {
        "network": NETWORK,
        "native_id": native_id,
        "author": name,
        "author_name": name,
        "published_at": at,
        "precision": precision,
    }


def _total(found: Mapping[str, Any], edge: str) -> object:
    return mapping(mapping(found.get(edge)).get("summary")).get("total_count")


def _picture(attached: Mapping[str, Any]) -> object:
    return mapping(mapping(attached.get("media")).get("image")).get("src")
