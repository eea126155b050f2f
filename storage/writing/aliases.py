"""Posts that come by another id than they are stored by: their source has a surer one now, or another source has them.

An alias is looked up only for ids that are not known, so posts that come again cost nothing. That two posts share an id
by which one of them was known is not enough to make them one: sites give one address to several entries, and let an id
go from one item to the next. So the two must say about the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, select

from insight.model import Deletion, Engagement, Post, PostKey, Precision, UnderstoodPost
from insight.query.text.folding import fold
from storage.inputs import UnderstoodBatch
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import read_post
from storage.rows.keys import has_key, rows_by_key, storable_key
from storage.writing.changes import PostChange

T = TypeVar("T", Post, Deletion, Engagement)

_ALIAS = tables.aliases.c.native_id.label("alias")
_OF = tables.posts.join(tables.aliases, tables.aliases.c.post == tables.posts.c.id)
# built once: making a statement takes longer than running it
_KEYS = select(tables.posts.c.native_id, tables.aliases.c.network, _ALIAS).select_from(_OF)
_KEYS = _KEYS.where(has_key(tables.aliases))
_POSTS = select(tables.posts).where(has_key())
ALIASED = select(tables.posts, _ALIAS).select_from(_OF).where(has_key(tables.aliases))

SAYS = 2000
"""Characters of a post that are compared."""
_WORDS = re.compile(r"\w+(?:[.:/-]\d+)*")  # 2.1 is one number


def stored_ids(
    connection: Connection, changes: Mapping[PostKey, PostChange], posts: Iterable[Post]
) -> dict[PostKey, PostKey]:
    """The keys by which those of these posts are stored that are stored by others than their own.

    A post is also looked for by its aliases where its own key is that of a post that says something else: a link alone
    was enough to name that one, until another entry had it too.
    """
    found = {
        PostKey(row.network, row.alias): PostKey(row.network, row.native_id)
        for row in rows_by_key(connection, _KEYS, [key for key, change in changes.items() if change.old is None])
    }
    left = []
    for post in posts:
        known = changes[post.key].old
        if post.aliases and post.key not in found and not (known and says_the_same(known.post, post)):
            left.append(post)
    names = {name for post in left for name in _aliases(post)}
    others = {post.key: post for post in map(read_post, rows_by_key(connection, _POSTS, names))}
    for row in rows_by_key(connection, ALIASED, names - others.keys()):
        others[PostKey(row.network, row.alias)] = read_post(row)
    for post in left:
        candidates = (others[name] for name in _aliases(post) if name in others)
        match = next((one for one in candidates if says_the_same(one, post)), None)
        if match is not None and match.key != post.key:
            found[post.key] = match.key
    return found


def by_stored_ids(batch: UnderstoodBatch, stored: Mapping[PostKey, PostKey]) -> UnderstoodBatch:
    """The batch with the ids that its posts are stored by."""

    def named(item: T) -> T:
        key = stored.get(storable_key(PostKey(item.network, item.native_id)))
        return replace(item, native_id=key.native_id) if key else item

    understood = [
        UnderstoodPost(named(item.post), tuple(replace(one, post=stored[item.post.key]) for one in item.mentions))
        if item.post.key in stored
        else item
        for item in batch.understood
    ]
    deletions, engagements = tuple(map(named, batch.deletions)), tuple(map(named, batch.engagements))
    return replace(batch, understood=tuple(understood), deletions=deletions, engagements=engagements)


def put_aliases(
    connection: Connection,
    posts: Iterable[Post],
    stored: Mapping[PostKey, PostKey],
    changes: Mapping[PostKey, PostChange],
) -> None:
    """Remember by which other ids posts go: a known one by the id that it comes by now, a new one by its aliases.

    An alias that several new posts claim tells none of them apart.
    """
    claimed: dict[PostKey, set[int]] = {}
    for post in posts:
        change = changes[stored.get(post.key, post.key)]
        if change.id is None:  # it concerns nobody
            continue
        for name in [post.key] if post.key in stored else _aliases(post) if change.old is None else []:
            claimed.setdefault(name, set()).add(change.id)
    put(connection, tables.aliases, [
        {"network": name.network, "native_id": name.native_id, "post": number}
        for name, (number, *others) in claimed.items()
        if not others
    ])  # fmt: skip


def _aliases(post: Post) -> list[PostKey]:
    return [storable_key(PostKey(post.network, name)) for name in post.aliases]


def says_the_same(stored: Post, post: Post) -> bool:
    """Whether two posts with an id in common are one: they say the same, or share so many words as an edit leaves.

    Numbers tell apart what else is said alike: "Release 2.1", "Release 2.2". Nothing is left of the words of a post
    that was emptied, only when it was published.
    """
    if (stored.title, stored.text) == (post.title, post.text):
        return True
    both_timed = bool(stored.published_at and post.published_at)
    same_time = both_timed and stored.published_at == post.published_at
    same_second = same_time and Precision.DAY not in (stored.precision, post.precision)
    one, other = _words(stored), _words(post)
    if not one or not other:
        return same_time or not both_timed
    if same_second and stored.title and stored.title == post.title:
        return True
    only_one, only_other = one - other, other - one
    if any(map(_numbered, only_one)) and any(map(_numbered, only_other)):
        return False
    return len(one & other) >= (0.7 if same_second else 0.9) * min(len(one), len(other))


def _words(post: Post) -> set[str]:
    return set(_WORDS.findall(fold(f"{post.title or ''}\n{post.text}"[:SAYS])))


def _numbered(word: str) -> bool:
    return any(map(str.isdigit, word))
