"""What X's API calls a tweet: version 2, and the older shapes that are lying about in files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from insight.model import Post, Precision, Visibility
from scrapers.formats.dates import UNKNOWN, Moment, moment
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

NETWORK = "x"
# https://github.com/twitter-archive/snowflake
EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)  # ids are milliseconds since then, with 22 bits behind
FIRST_SNOWFLAKE = 29_700_859_247  # ids before it were counted one by one
_NO_LANGUAGE = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})
_LANGUAGES = {"in": "id", "iw": "he", "ji": "yi"}  # X writes these as ISO 639 did until 1989
_COUNTS = {
    "likes": "like_count", "replies": "reply_count", "reposts": "retweet_count", "quotes": "quote_count",
    "views": "impression_count", "bookmarks": "bookmark_count",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Includes:
    """What X includes beside an answer's posts, by id: who wrote, what is answered or repeated, pictures, places."""

    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    posts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_includes(written: object) -> Includes:
    found = mapping(written)
    return Includes(
        _by_id(found.get("users"), "id"),
        _by_id(found.get("tweets"), "id"),
        _by_id(found.get("media"), "media_key"),
        _by_id(found.get("places"), "id"),
    )


def _by_id(values: object, name: str) -> dict[str, Mapping[str, Any]]:
    pairs = ((identifier(mapping(value).get(name)), mapping(value)) for value in listed(values))
    return {key: value for key, value in pairs if key}


def is_tweet(value: object) -> bool:
    return isinstance(value, dict) and "id" in value and ("text" in value or "edit_history_tweet_ids" in value)


def number(post: str | None) -> int | None:
    """An id as the number it is, to be compared."""
    return int(post) if post and re.fullmatch("[0-9]{1,19}", post) else None


def written_at(post: str | None) -> datetime | None:
    """When a post of this id was written."""
    counted = number(post)
    if counted is None or counted < FIRST_SNOWFLAKE:
        return None
    try:
        return EPOCH + timedelta(milliseconds=counted >> 22)
    except OverflowError:
        return None


def id_at(at: datetime) -> str:
    """The least id that a post of this time may have."""
    return str(max(0, (at - EPOCH) // timedelta(milliseconds=1)) << 22)


def versions(tweet: Mapping[str, Any]) -> list[str]:
    """The ids of a post from its first version to its last; each edit makes a new one."""
    ids = [found for found in map(identifier, listed(tweet.get("edit_history_tweet_ids"))) if found]
    return sorted(dict.fromkeys(ids), key=lambda one: (len(one), one))


def superseded(tweet: object) -> str | None:
    """The id of the newest version, where this is an older one."""
    ids = versions(mapping(tweet))
    return ids[-1] if ids and identifier(mapping(tweet).get("id")) != ids[-1] else None


def read(tweet: Any, includes: Includes) -> Post | None:
    """One post, known by the id of its first version; of an older version None. Raises UnreadableError."""
    if not isinstance(tweet, dict):
        raise UnreadableError(f"a post is a {type(tweet).__name__}")
    native_id = identifier(tweet.get("id"))
    if native_id is None or not isinstance(tweet.get("text"), str):
        raise UnreadableError("a post without its id" if native_id is None else "a post without its text")
    if superseded(tweet):
        return None
    refers = _references(tweet)
    repeated = refers.get("retweeted")
    # of a repost X gives the beginning only: its text is that of the post it repeats
    source = includes.posts.get(repeated, tweet) if repeated else tweet
    source = source if isinstance(source.get("text"), str) else tweet
    said, links, hashtags = _text_links_hashtags(source)
    first = next(iter(versions(tweet)), native_id)
    (at, precision), edited = _times(tweet, first, native_id)
    user = includes.users.get(identifier(tweet.get("author_id")) or "", {})
    target = refers.get("quoted") or _references(source).get("quoted")  # a repost of a quote repeats that, too
    metrics = mapping(tweet.get("public_metrics"))
    quoted = [f"https://x.com/i/status/{target}"] if target and target.isdigit() else []
    return Post(
        network=NETWORK,
        native_id=first,
        text=said,
        url=f"https://x.com/i/status/{native_id}" if re.fullmatch(r"\d{1,20}", native_id) else None,
        author=text(user.get("username")),
        author_name=text(user.get("name")),
        audience=whole_number(mapping(user.get("public_metrics")).get("followers_count")),
        published_at=at,
        precision=precision,
        edited_at=edited,
        language=_language(tweet.get("lang")),
        country=_country(tweet, includes),
        # a repost carries the numbers of what it repeats
        engagement={} if repeated else counts(**{ours: metrics.get(theirs) for ours, theirs in _COUNTS.items()}),
        reply_to=refers.get("replied_to"),
        thread=identifier(tweet.get("conversation_id")) if "replied_to" in refers else None,
        repost_of=repeated,
        links=tuple(dict.fromkeys([*links, *quoted])),
        hashtags=hashtags,
        media=_media(source, includes),
        visibility=Visibility.PRIVATE if user.get("protected") is True else Visibility.PUBLIC,
    )


def _references(tweet: Mapping[str, Any]) -> dict[str, str]:
    """What a post answers, repeats or quotes: ids by X's words for it."""
    found: dict[str, str] = {}
    for reference in listed(tweet.get("referenced_tweets")):
        kind, target = text(mapping(reference).get("type")), identifier(mapping(reference).get("id"))
        if kind and target:
            found.setdefault(kind, target)
    return found


def _times(tweet: Mapping[str, Any], first: str, last: str) -> tuple[Moment, datetime | None]:
    """When the first version was written, and when the last one, if that is another."""
    said = moment(tweet.get("created_at"))
    if first == last and said[0]:
        return said, None
    counted = written_at(first)
    at = (counted, Precision.SECOND) if counted else UNKNOWN
    return at, (said[0] or written_at(last)) if first != last else None


def _text_links_hashtags(tweet: Mapping[str, Any]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The whole text with the addresses that t.co stands for, those addresses, and the hashtags."""
    long = mapping(tweet.get("note_tweet"))
    whole_text = isinstance(long.get("text"), str)
    written: str = long["text"] if whole_text else tweet["text"]
    entities = mapping(long.get("entities") if whole_text else None) or mapping(tweet.get("entities"))
    links = []
    for url in map(mapping, listed(entities.get("urls"))):
        short = text(url.get("url"))
        target = address(url.get("unwound_url")) or address(url.get("expanded_url"))
        pictures = "media_key" in url or str(url.get("display_url", "")).startswith(("pic.x.com/", "pic.twitter.com/"))
        if short and (pictures or target):
            written = written.replace(short, "" if pictures else target or short)
        if target and not pictures:
            links.append(target)
    tags = (text(mapping(tag).get("tag")) or text(mapping(tag).get("text")) for tag in listed(entities.get("hashtags")))
    return plain(unescape(written)), tuple(dict.fromkeys(links)), tuple(dict.fromkeys(filter(None, tags)))


def _language(written: object) -> str | None:
    said = text(written)
    return None if said is None or said in _NO_LANGUAGE else _LANGUAGES.get(said, said)


def _media(tweet: Mapping[str, Any], includes: Includes) -> tuple[str, ...]:
    keys = map(identifier, listed(mapping(tweet.get("attachments")).get("media_keys")))
    found = (includes.media.get(key or "", {}) for key in keys)
    return addresses(medium.get("url") or medium.get("preview_image_url") for medium in found)


def _country(tweet: Mapping[str, Any], includes: Includes) -> str | None:
    place = includes.places.get(identifier(mapping(tweet.get("geo")).get("place_id")) or "", {})
    code = text(place.get("country_code"))
    return code.upper() if code and re.fullmatch("[A-Za-z]{2}", code) else None
