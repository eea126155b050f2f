"""How posts and mentions are read: joined, filtered, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, and_, select, tuple_, union_all

from insight.model import Label, MentionState, PostKey, StoredMention
from storage.databases.database import Database, chunks
from storage.rows import tables
from storage.rows.convert import read_stored_mention, storable_key
from storage.writing.changes import by_network

T = TypeVar("T")
KEPT = (MentionState.KEPT,)


def select_stored_mentions(*, posts_first: bool = False) -> Select[Any]:
    """Every column of posts, and those of mentions behind them as `mention_…`.

    `posts_first`: in the order of the posts' own index. SQLite would else sort all mentions for every page."""
    posts, mentions = tables.posts, tables.mentions
    number = posts.c.id + 0 if posts_first else posts.c.id  # an expression: no index of posts serves it
    return select(posts, *(one.label(f"mention_{one.name}") for one in mentions.c)).join(
        mentions, mentions.c.post == number
    )


def between(column: Any, since: datetime | None, until: datetime | None) -> Iterator[Any]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def in_states(query: Select[Any], states: Collection[MentionState], labels: Collection[Label] | None) -> Select[Any]:
    mentions = tables.mentions
    query = query.where(mentions.c.state.in_([state.value for state in states]))
    return query if labels is None else query.where(mentions.c.label.in_([label.value for label in labels]))


def newest_mentions(
    database: Database, query: Select[Any], of_watch: bool, batch: int, read: Callable[[Any], T]
) -> Iterator[list[T]]:
    """The mentions that `select_stored_mentions(posts_first=not of_watch)` selects, newest first.

    Those of a post come together. `of_watch`: it selects those of one watch.
    """
    mentions, posts = tables.mentions, tables.posts
    # the order that an index gives: by the watch's mentions, or by all posts
    order = (mentions.c.event_at, mentions.c.post) if of_watch else (posts.c.event_at, posts.c.id)
    query = query.order_by(*(column.desc() for column in order), mentions.c.watch.desc()).limit(batch)

    def after(row: Row[Any]) -> Select[Any]:
        here = tuple_(*order) <= tuple_(row.event_at, row.id)
        return query.where(here, ~((order[1] == row.id) & (mentions.c.watch >= row.mention_watch)))

    return pages(database, query, after, batch, read)


def pages(
    database: Database,
    query: Select[Any],
    after: Callable[[Row[Any]], Select[Any]],
    batch: int,
    read: Callable[[Any], T],
) -> Iterator[list[T]]:
    """Page by page, each the one after the last row of the one before; nothing is held between two pages."""
    while True:
        with database.read() as connection:
            rows = connection.execute(query).all()
        if rows:
            yield [read(row) for row in rows]
        if len(rows) < batch:
            return
        query = after(rows[-1])


def newest_of_each(
    database: Database, watches: Sequence[str], since: datetime, until: datetime, each: int
) -> dict[str, list[StoredMention]]:
    """See `Posts.newest`."""
    mentions = tables.mentions
    newest_first = mentions.c.event_at.desc(), mentions.c.post.desc()
    of_watch = (
        select(mentions.c.post, mentions.c.watch)
        .where(mentions.c.event_at >= since, mentions.c.event_at < until)
        .where(mentions.c.state == MentionState.KEPT.value)
        .order_by(*newest_first)
        .limit(each)
    )
    found: dict[str, list[StoredMention]] = {watch: [] for watch in watches}
    for part in chunks(watches, 100):
        each_of_them = (select(of_watch.where(mentions.c.watch == watch).subquery()) for watch in part)
        chosen = union_all(*each_of_them).subquery()
        same = and_(chosen.c.post == mentions.c.post, chosen.c.watch == mentions.c.watch)
        with database.read() as connection:
            for row in connection.execute(select_stored_mentions().join(chosen, same).order_by(*newest_first)):
                stored = read_stored_mention(row)
                found[stored.mention.watch].append(stored)
    return found


def numbers_of(connection: Connection, keys: Iterable[PostKey]) -> dict[PostKey, int]:
    """The row numbers of those of these posts that are stored."""
    posts = tables.posts
    as_stored: dict[PostKey, list[PostKey]] = {}
    for key in keys:
        as_stored.setdefault(storable_key(key), []).append(key)
    found: dict[PostKey, int] = {}
    for network, part in by_network(as_stored):
        query = select(posts.c.native_id, posts.c.id).where(posts.c.network == network, posts.c.native_id.in_(part))
        for native_id, number in connection.execute(query):
            found |= dict.fromkeys(as_stored[PostKey(network, native_id)], number)
    return found
