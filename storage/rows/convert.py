"""Posts and mentions as rows, and rows as posts and mentions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from insight.counts import event_time
from insight.model import Grain, Mention, Post, PostKey, Precision, StoredMention, UnderstoodPost
from storage.rows import tables
from storage.rows.columns import clean
from storage.rows.tables import MENTION, POST
from storage.values import StoredPost

LONGEST_KEY = 600  # characters; Postgres indexes no more than 2,700 bytes
LONGEST_FACET = 100  # characters of a facet's value; it is part of the key of a counter


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


def storable(understood: UnderstoodPost) -> UnderstoodPost:
    """The same, without anything that a database refuses. Nearly always the very same object."""
    post, mentions = understood.post, understood.mentions
    if len(post.native_id) > LONGEST_KEY or not POST.fits(post):
        key = storable_key(post.key)
        post = replace(POST.fitted(post), network=key.network, native_id=key.native_id)
    elif not any(mention.facets for mention in mentions):
        return understood
    return UnderstoodPost(post, tuple(_storable_mention(mention, post.key) for mention in mentions))


def _storable_mention(mention: Mention, key: PostKey) -> Mention:
    facets = tuple(
        replace(facet, name=clean(facet.name), value=clean(facet.value)[:LONGEST_FACET]) for facet in mention.facets
    )
    return replace(mention, post=key, facets=facets)


# -- posts --------------------------------------------------------------------------------------------------------

# a row begins with what the store adds; what is derived follows
_POST = slice(len(tables.posts.c) - len(POST.names), len(tables.posts.c))
_MENTION = slice(len(tables.mentions.c) - len(MENTION.names), len(tables.mentions.c))
_JOINED = slice(_POST.stop + _MENTION.start, _POST.stop + _MENTION.stop)


def read_post(row: Any) -> Post:
    """`row` begins with all columns of posts."""
    return POST.read(row[_POST])


def read_stored(row: Any) -> StoredPost:
    return StoredPost(read_post(row), row.source, row.collected_at, row.deleted_at, row.expired_at)


# -- mentions -----------------------------------------------------------------------------------------------------


def grain_of(post: Post, collected_at: datetime) -> str | None:
    """The counter that a mention of this post belongs to, if any."""
    if event_time(post, collected_at) is None:
        return None
    return (Grain.DAY if post.precision is Precision.DAY else Grain.HOUR).value


def read_mention(row: Any, key: PostKey) -> Mention:
    """`row` is one of mentions."""
    return MENTION.read(row[_MENTION], row.watch, key)


def read_stored_mention(row: Any) -> StoredMention:
    """`row` is one of posts and one of mentions, side by side (`storage.reading.select_stored_mentions`)."""
    post = read_post(row)
    mention = MENTION.read(row[_JOINED], row.mention_watch, post.key)
    return StoredMention(post, mention, row.source, row.collected_at)
