"""What Bluesky keeps of a post (an `app.bsky.feed.post` record), wherever it stands: streams, searches, threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from insight.model import Post, Precision
from scrapers.formats.dates import moment
from scrapers.formats.values import addresses, clean, listed, mapping, text

NETWORK = "bluesky"
POSTS = "app.bsky.feed.post"

_PICTURE = "https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"
_VIDEO = "https://video.bsky.app/watch/{did}/{cid}/playlist.m3u8"


def uri_of(did: str, key: str) -> str:
    return f"at://{did}/{POSTS}/{key}"


def url_of(uri: str) -> str | None:
    """The page of a post; None for anything else (a list, a feed)."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, key = rest.partition("/")
    return f"https://bsky.app/profile/{did}/post/{key}" if did and key and collection == POSTS else None


def post(uri: str, record: Mapping[str, Any], seen: datetime | None, **more: Any) -> Post | None:
    """The post of a record; None where it says nothing. `seen`: when the network had it.

    `createdAt` is whatever the author's program wrote: it may be a day ahead, and then the network knows better.
    """
    did = uri.removeprefix("at://").partition("/")[0]
    embed, facets = record.get("embed"), record.get("facets")
    written = record.get("text")
    said = clean(written).strip() if isinstance(written, str) else ""
    said = said or "\n".join(_described(mapping(embed)))
    if not said:
        return None
    reply = mapping(record.get("reply"))
    at = published(record.get("createdAt"), seen)
    tags = [*(feature.get("tag") for feature in _features(facets)), *listed(record.get("tags"))]
    names = {"author": did, **more}
    return Post(
        network=NETWORK,
        native_id=uri,
        text=said,
        url=url_of(uri),
        published_at=at,
        precision=Precision.SECOND if at else Precision.UNKNOWN,
        language=next(filter(None, map(text, listed(record.get("langs")))), None),
        reply_to=text(mapping(reply.get("parent")).get("uri")),
        thread=text(mapping(reply.get("root")).get("uri")),
        links=_links(facets, mapping(embed)) if facets or embed else (),
        hashtags=tuple(dict.fromkeys(tag for one in tags if (tag := (text(one) or "").lstrip("#")))),
        media=_media(did, mapping(embed)) if embed else (),
        **names,
    )


def published(written: object, seen: datetime | None) -> datetime | None:
    at = instant(written)
    return min(filter(None, (at, seen)), default=None)


def instant(written: object) -> datetime | None:
    """A time as the protocol has it; a stream brings thousands a second, so the usual form is read the quick way."""
    try:
        at = datetime.fromisoformat(written)  # type: ignore[arg-type]
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        read, precision = moment(written)
        return read if precision is Precision.SECOND else None


def _features(facets: Any) -> Iterator[Mapping[str, Any]]:
    """Facets say by byte offsets where a link or a hashtag stands, and in features what it is."""
    for facet in listed(facets):
        yield from map(mapping, listed(mapping(facet).get("features")))


def _links(facets: Any, embed: Mapping[str, Any]) -> tuple[str, ...]:
    """What the text links, the card below it, and the post that it quotes."""
    quoted = mapping(embed.get("record"))
    uri = text(quoted.get("uri")) or text(mapping(quoted.get("record")).get("uri")) or ""
    cards = [mapping(part.get("external")).get("uri") for part in (embed, mapping(embed.get("media")))]
    return addresses([*(feature.get("uri") for feature in _features(facets)), *cards, url_of(uri)])


def _media(did: str, embed: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for part in (embed, mapping(embed.get("media"))):
        pictures = [_blob(mapping(image).get("image")) for image in listed(part.get("images"))]
        found += [_PICTURE.format(did=did, cid=cid) for cid in pictures if cid]
        video = _blob(part.get("video"))
        found += [_VIDEO.format(did=did, cid=video)] if video else []
    return addresses(found)


def _blob(value: Any) -> str | None:
    return text(mapping(mapping(value).get("ref")).get("$link"))


def _described(embed: Mapping[str, Any]) -> Iterator[str]:
    """What there is to read in a post without words: the descriptions of its pictures, the title of its card."""
    for part in (embed, mapping(embed.get("media"))):
        alts = (mapping(image).get("alt") for image in listed(part.get("images")))
        yield from filter(None, map(text, (*alts, part.get("alt"), mapping(part.get("external")).get("title"))))
