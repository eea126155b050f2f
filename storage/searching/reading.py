"""How posts and mentions are read: joined, filtered, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, Select, select, tuple_

from insight.model import MentionState, StoredMention
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.convert import read_stored_mention

T = TypeVar("T")
KEPT = (MentionState.KEPT,)
WITH_TEXT = (tables.posts.c.expired_at.is_(None), tables.posts.c.deleted_at.is_(None))
"""Posts that still say something."""


def select_stored_mentions(*, posts_first: bool = False) -> Select[Any]:
    """Every column of posts, and those of mentions behind them as `mention_…`.

    `posts_first`: in the order of the posts' own index. SQLite would else sort all mentions for every page.
    """
    posts, mentions = tables.posts, tables.mentions
    # no index serves an expression: https://sqlite.org/optoverview.html
    number = posts.c.id + 0 if posts_first else posts.c.id
    return select(posts, *(one.label(f"mention_{one.name}") for one in mentions.c)).join(
        mentions, mentions.c.post == number
    )


def between(column: Any, since: datetime | None, until: datetime | None) -> Iterator[Any]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def in_states(query: Select[Any], states: Collection[MentionState], complaints_only: bool = False) -> Select[Any]:
    mentions = tables.mentions
    query = query.where(mentions.c.state.in_([state.value for state in states]))
    return query.where(mentions.c.complaint.is_(True)) if complaints_only else query


def newest_mentions(
    database: Database, query: Select[Any], of_watch: bool, batch: int
) -> Iterator[list[StoredMention]]:
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

    return pages(database, query, after, batch, read_stored_mention)


def pages(
    database: Database,
    query: Select[Any],
    after: Callable[[Row[Any]], Select[Any]],
    batch: int,
    read: Callable[[Any], T],
) -> Iterator[list[T]]:
    """Page by page, each the one after the last row of the one before; nothing is held between two pages.

    By key and not by OFFSET, which would count all former rows again for each page, and skip or repeat some when others
    write meanwhile: https://use-the-index-luke.com/no-offset
    """
    while True:
        with database.read() as connection:
            rows = connection.execute(query).all()
        if rows:
            yield [read(row) for row in rows]
        if len(rows) < batch:
            return
        query = after(rows[-1])
