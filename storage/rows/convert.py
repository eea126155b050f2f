"""Posts and mentions as rows, and rows as posts and mentions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from insight import counts
from insight.model import Mention, Post, PostKey, StoredMention, UnderstoodPost
from insight.model.clean import clean
from storage.outputs import StoredPost
from storage.rows import tables
from storage.rows.keys import LONGEST_KEY, storable_key
from storage.rows.tables import MENTION, POST

LONGEST_FACET = 100
"""Characters of a facet's value; it is part of the key of a counter."""


def storable(understood: UnderstoodPost) -> UnderstoodPost:
    """The same, without anything that a database refuses. Nearly always the very same object."""
    post, mentions = understood.post, understood.mentions
    if len(post.native_id) > LONGEST_KEY or not POST.fits(post):
        key = storable_key(post.key)
        post = replace(POST.fitted(post), network=key.network, native_id=key.native_id, aliases=post.aliases)
    elif not any(mention.facets for mention in mentions):
        return understood
    stored = []
    for mention in mentions:
        facets = [replace(one, name=clean(one.name), value=clean(one.value)[:LONGEST_FACET]) for one in mention.facets]
        stored.append(replace(mention, post=post.key, facets=tuple(facets)))
    return UnderstoodPost(post, tuple(stored))


# a row begins with what the store adds; what is derived follows
_POST = slice(len(tables.posts.c) - len(POST.names), len(tables.posts.c))
_MENTION = slice(len(tables.mentions.c) - len(MENTION.names), len(tables.mentions.c))
_JOINED = slice(_POST.stop + _MENTION.start, _POST.stop + _MENTION.stop)


def read_post(row: Any) -> Post:
    """`row` begins with all columns of posts."""
    return POST.read(row[_POST])


def read_stored(row: Any) -> StoredPost:
    return StoredPost(read_post(row), row.source, row.collected_at, row.deleted_at, row.expired_at)


def grain_of(post: Post, collected_at: datetime) -> str | None:
    """The counter that a mention of this post belongs to, if any."""
    if counts.event_time(post, collected_at) is None:
        return None
    return counts.grain_of(post.precision).value


def read_mention(row: Any, key: PostKey) -> Mention:
    """`row` is one of mentions."""
    return MENTION.read(row[_MENTION], row.watch, key)


def read_stored_mention(row: Any) -> StoredMention:
    """`row` is one of posts and one of mentions, side by side (`searching.reading.select_stored_mentions`)."""
    post = read_post(row)
    mention = MENTION.read(row[_JOINED], row.mention_watch, post.key)
    return StoredMention(post, mention, row.source, row.collected_at)
