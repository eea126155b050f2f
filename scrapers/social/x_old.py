"""Tweets of X's API 1.1 (gone since 2023) and of its embeds, put as version 2 puts them: for files somebody kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.formats.values import identifier, listed, mapping

_DATE = re.compile(r"\w{3} (\w{3}) (\d{1,2}) (\d\d:\d\d:\d\d) (\+0000) (\d{4})")  # Fri Jul 12 23:40:37 +0000 2019


def is_old(value: object) -> bool:
    return isinstance(value, dict) and "id_str" in value and ("text" in value or "full_text" in value)


def modern(
    status: Mapping[str, Any],
    users: dict[str, Mapping[str, Any]],
    posts: dict[str, Mapping[str, Any]],
    media: dict[str, Mapping[str, Any]],
) -> Any:
    """A status as version 2 writes it. Whom and what it carries inside it is added to `users`, `posts` and `media`."""
    native_id = identifier(status.get("id_str"))
    user = mapping(status.get("user"))
    author = identifier(user.get("id_str"))
    if author:
        users.setdefault(
            author,
            {
                "username": user.get("screen_name"),
                "name": user.get("name"),
                "protected": user.get("protected"),
                "public_metrics": {"followers_count": user.get("followers_count")},
            },
        )
    references = [{"type": kind, "id": target} for kind, target in _references(status, users, posts, media)]
    long = mapping(status.get("extended_tweet"))
    entities = mapping(long.get("entities")) or mapping(status.get("entities"))
    pictures = [{**mapping(medium), "media_key": "in the text"} for medium in listed(entities.get("media"))]
    shown = dict(_pictures(status, long, entities))
    media.update(shown)
    written = status.get("created_at")
    found = _DATE.fullmatch(written) if isinstance(written, str) else None
    return {
        "id": native_id,
        "text": long.get("full_text") or status.get("full_text") or status.get("text"),
        "author_id": author,
        "created_at": (f"{found[2]} {found[1]} {found[5]} {found[3]} {found[4]}" if found else written),
        "lang": status.get("lang"),
        "public_metrics": {
            "like_count": status.get("favorite_count"),
            "retweet_count": status.get("retweet_count"),
            "quote_count": status.get("quote_count"),
            "reply_count": status.get("reply_count", status.get("conversation_count")),
        },
        "entities": {**entities, "urls": [*listed(entities.get("urls")), *pictures]},
        "referenced_tweets": references,
        "attachments": {"media_keys": list(shown)},
        "geo": {"place_id": None},
    }


def _pictures(
    status: Mapping[str, Any], long: Mapping[str, Any], entities: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All of them stand in the extended entities, the first one alone in the plain ones; an embed has lists of its own.

    https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/extended-entities
    """
    places = (mapping(long.get("extended_entities")), mapping(status.get("extended_entities")), entities)
    found = next((listed(place["media"]) for place in places if place.get("media")), [])
    for medium in map(mapping, found or listed(status.get("mediaDetails")) or listed(status.get("photos"))):
        at = medium.get("media_url_https") or medium.get("media_url") or medium.get("url")
        if isinstance(at, str):
            yield at, {"url": at}


def _references(
    status: Mapping[str, Any],
    users: dict[str, Mapping[str, Any]],
    posts: dict[str, Mapping[str, Any]],
    media: dict[str, Mapping[str, Any]],
) -> list[tuple[str, str]]:
    found = []
    answered = identifier(status.get("in_reply_to_status_id_str"))
    if answered:
        found.append(("replied_to", answered))
    for kind, name in (("retweeted", "retweeted_status"), ("quoted", "quoted_status")):
        inner = mapping(status.get(name))
        target = identifier(inner.get("id_str"))
        if target and not mapping(inner.get("retweeted_status")):  # a repost of a repost there is not
            posts[target] = modern({**inner, "retweeted_status": None, "quoted_status": None}, users, posts, media)
            found.append((kind, target))
    return found
