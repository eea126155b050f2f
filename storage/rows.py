"""Posts and mentions as rows, and rows as posts and mentions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from insight.counts import event_time
from insight.model import (
    Grain,
    Label,
    Mention,
    MentionState,
    Post,
    PostKey,
    PostKind,
    Precision,
    Rating,
    Sentiment,
    Sighted,
    Span,
    Understood,
    Visibility,
)
from storage.columns import LARGEST, clean, is_clean
from storage.values import StoredPost

_KIND = {item.value: item for item in PostKind}  # ten times faster than PostKind(value)
_VISIBILITY = {item.value: item for item in Visibility}
_PRECISION = {item.value: item for item in Precision}
_LABEL = {item.value: item for item in Label}
_STATE = {item.value: item for item in MentionState}
LONGEST_KEY = 600  # characters; Postgres indexes no more than 2,700 bytes


# -- made storable ------------------------------------------------------------------------------------------------


def storable_key(key: PostKey) -> PostKey:
    """The key as it is stored: clean, and an overlong one (a feed's guid may be any text) shortened to a digest."""
    network, native_id = clean(key.network), clean(key.native_id)
    if len(native_id) > LONGEST_KEY:
        native_id = f"{native_id[:200]}…{digest(native_id)}"
    return key if (network, native_id) == (key.network, key.native_id) else PostKey(network, native_id)


def digest(*parts: object) -> str:
    """A short name for content: the same parts give the same name."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=20).hexdigest()


def storable(understood: Understood) -> Understood:
    """The same, without anything that a database refuses. Nearly always the very same object."""
    post = understood.post
    texts = (post.network, post.native_id, post.text, post.title or "", post.url or "", post.author or "",
             post.author_name or "", post.language or "", post.country or "", post.reply_to or "", post.thread or "",
             post.repost_of or "", *post.links, *post.hashtags, *post.media)  # fmt: skip
    huge = post.audience is not None and abs(post.audience) > LARGEST
    if is_clean("\n".join(texts)) and len(post.native_id) <= LONGEST_KEY and not huge:
        return understood
    post = _storable_post(post)
    return Understood(post, tuple(replace(mention, post=post.key) for mention in understood.mentions))


def _storable_post(post: Post) -> Post:
    key = storable_key(post.key)
    optional = ("title", "url", "author", "author_name", "language", "country", "reply_to", "thread", "repost_of")
    changes: dict[str, Any] = {name: _maybe_clean(getattr(post, name)) for name in optional}
    changes |= {name: tuple(map(clean, getattr(post, name))) for name in ("links", "hashtags", "media")}
    audience = post.audience and max(-LARGEST, min(LARGEST, post.audience))
    return replace(
        post, network=key.network, native_id=key.native_id, text=clean(post.text), audience=audience, **changes
    )


def _maybe_clean(text: str | None) -> str | None:
    return clean(text) if text else text


# -- posts --------------------------------------------------------------------------------------------------------


def post_columns(post: Post) -> dict[str, Any]:
    """Everything that an edit can change."""
    return {
        "kind": post.kind.value,
        "visibility": post.visibility.value,
        "precision": post.precision.value,
        "text": post.text,
        "title": post.title,
        "url": post.url,
        "author": post.author,
        "author_name": post.author_name,
        "audience": post.audience,
        "published_at": post.published_at,
        "edited_at": post.edited_at,
        "language": post.language,
        "country": post.country,
        "reply_to": post.reply_to,
        "thread": post.thread,
        "repost_of": post.repost_of,
        "rating": [post.rating.value, post.rating.worst, post.rating.best] if post.rating else None,
        "engagement": dict(post.engagement) or None,
        "links": list(post.links) or None,
        "hashtags": list(post.hashtags) or None,
        "media": list(post.media) or None,
    }


_COLUMNS = tuple(post_columns(Post("", "", "")))


def read_post(row: Any) -> Post:
    rating = row.rating
    return Post(
        row.network,
        row.native_id,
        row.text,
        _KIND[row.kind],
        row.url,
        row.title,
        row.author,
        row.author_name,
        row.audience,
        row.published_at,
        _PRECISION[row.precision],
        row.edited_at,
        row.language,
        row.country,
        Rating(*rating) if rating and None not in rating else None,
        row.engagement or {},
        row.reply_to,
        row.thread,
        row.repost_of,
        tuple(row.links or ()),
        tuple(row.hashtags or ()),
        tuple(row.media or ()),
        _VISIBILITY[row.visibility],
    )


def read_stored(row: Any) -> StoredPost:
    return StoredPost(read_post(row), row.source, row.collected_at, row.deleted_at, row.expired_at)


def post_json(post: Post) -> dict[str, Any]:
    """A post as JSON, for a revision."""
    value = post_columns(post)
    for name in ("published_at", "edited_at"):
        value[name] = value[name] and value[name].isoformat()
    return {name: item for name, item in value.items() if item is not None}


def post_from_json(key: PostKey, value: Mapping[str, Any]) -> Post:
    times = {name: value.get(name) and datetime.fromisoformat(value[name]) for name in ("published_at", "edited_at")}
    row = {**dict.fromkeys(_COLUMNS), **value, **times, "network": key.network, "native_id": key.native_id}
    return read_post(SimpleNamespace(**row))


# -- mentions -----------------------------------------------------------------------------------------------------


def grain_of(post: Post, collected_at: datetime) -> str | None:
    """The counter that a mention of this post belongs to, if any."""
    if event_time(post, collected_at) is None:
        return None
    return (Grain.DAY if post.precision is Precision.DAY else Grain.HOUR).value


def mention_columns(mention: Mention) -> dict[str, Any]:
    sentiment = mention.sentiment
    return {
        "query_version": mention.query_version,
        "state": mention.state.value,
        "excluded_by": mention.excluded_by,
        "language": mention.language,
        "label": sentiment.label.value,
        "score": sentiment.score,
        "confidence": sentiment.confidence,
        "evidence": list(sentiment.evidence) or None,
        "story": mention.story,
        "spans": [[span.field, span.start, span.end] for span in mention.spans] or None,
    }


def read_mention(row: Any, key: PostKey) -> Mention:
    """`row.mention_language` is the recognised language; `row.language` would be the post's own hint."""
    return Mention(
        row.watch,
        key,
        row.query_version,
        row.mention_language,
        Sentiment(_LABEL[row.label], row.score, row.confidence, tuple(row.evidence or ())),
        row.story,
        _STATE[row.state],
        row.excluded_by,
        tuple(Span(*span) for span in row.spans or ()),
    )


def read_sighted(row: Any) -> Sighted:
    """A row of posts joined with mentions."""
    post = read_post(row)
    return Sighted(post, read_mention(row, post.key), row.source, row.collected_at)
