"""Posts and their mentions: read by key, by watch, in a steady stream; corrected, and emptied when kept long enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, delete, select, tuple_, update

from insight.model import Label, MentionState, PostKey, Sighted, Understood
from storage import tables
from storage.bulk import put
from storage.changes import POST_COLUMNS, Known, mention_columns_read, read_known, retired_watches, write_changes
from storage.database import Database, chunks
from storage.merge import corrected, emptied
from storage.rows import (
    post_columns,
    post_from_json,
    read_post,
    read_sighted,
    read_stored,
    storable,
    storable_key,
)
from storage.values import Revision, Sighting, StoredPost

T = TypeVar("T")
KEPT = (MentionState.KEPT,)
_LABELS = tuple(label for label in Label if label is not Label.DELETED)


class Posts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: PostKey) -> StoredPost | None:
        table = tables.posts
        with self._database.read() as connection:
            row = connection.execute(select(table).where(*_is(key))).first()
        return None if row is None else read_stored(row)

    def revisions(self, key: PostKey) -> list[Revision]:
        """What the post said before each edit, oldest first."""
        table, posts = tables.revisions, tables.posts
        query = select(table).join(posts, posts.c.id == table.c.post).where(*_is(key)).order_by(table.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return [Revision(post_from_json(storable_key(key), row.content), row.replaced_at) for row in rows]

    def sightings(self, key: PostKey) -> list[Sighting]:
        """The sources that saw the post, the first one first."""
        table, posts = tables.sightings, tables.posts
        query = select(table).join(posts, posts.c.id == table.c.post).where(*_is(key))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.at, table.c.source))
            return [Sighting(row.source, row.at) for row in rows]

    def mentions(self, key: PostKey) -> list[Sighted]:
        """Every mention of one post, whatever its state, by watch."""
        query = select_sighted().where(*_is(key)).order_by(tables.mentions.c.watch)
        with self._database.read() as connection:
            return [read_sighted(row) for row in connection.execute(query)]

    def recent(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        labels: Collection[Label] | None = None,
        limit: int | None = None,
        states: Collection[MentionState] = KEPT,
    ) -> list[Sighted]:
        """A watch's mentions from `since` up to `until` (not in it), newest first.

        Posts that are gone come only when `labels` names `DELETED`.
        """
        mentions = tables.mentions
        query = _in_states(select_sighted(), states, labels).where(
            mentions.c.watch == watch, mentions.c.event_at >= since, mentions.c.event_at < until
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(mentions.c.event_at.desc(), mentions.c.post.desc()).limit(limit))
            return [read_sighted(row) for row in rows]

    def scan(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        watch: str | None = None,
        batch: int = 1000,
        states: Collection[MentionState] = KEPT,
    ) -> Iterator[list[Sighted]]:
        """Mentions, newest first, a batch at a time; nothing is held between two batches, so others may write."""
        mentions, posts = tables.mentions, tables.posts
        # the order that an index gives: by the watch's mentions, or by all posts
        order = (mentions.c.event_at, mentions.c.post) if watch else (posts.c.event_at, posts.c.id)
        query = _in_states(select_sighted(), states, None).where(*_between(order[0], since, until))
        query = query.where(mentions.c.watch == watch) if watch else query
        query = query.order_by(*(column.desc() for column in order), mentions.c.watch.desc()).limit(batch)

        def after(row: Row[Any]) -> Select[Any]:
            here = tuple_(*order) <= tuple_(row.event_at, row.id)
            return query.where(here, ~((order[1] == row.id) & (mentions.c.watch >= row.watch)))

        return self._pages(query, after, batch, read_sighted)

    def bare(self, since: datetime, batch: int = 1000) -> Iterator[list[StoredPost]]:
        """The posts since then that still say something, newest first: for understanding them again."""
        posts = tables.posts
        query = (
            select(posts)
            .where(posts.c.event_at >= since, posts.c.deleted_at.is_(None), posts.c.expired_at.is_(None))
            .order_by(posts.c.event_at.desc(), posts.c.id.desc())
            .limit(batch)
        )

        def after(row: Row[Any]) -> Select[Any]:
            return query.where(tuple_(posts.c.event_at, posts.c.id) < tuple_(row.event_at, row.id))

        return self._pages(query, after, batch, read_stored)

    def _pages(
        self, query: Select[Any], after: Callable[[Row[Any]], Select[Any]], batch: int, read: Callable[[Any], T]
    ) -> Iterator[list[T]]:
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            if rows:
                yield [read(row) for row in rows]
            if len(rows) < batch:
                return
            query = after(rows[-1])

    def reclassify(self, understood: Iterable[Understood], now: datetime) -> int:
        """Replace the mentions of known posts by a whole new understanding; the counts move along.

        A mention that is absent now becomes `DROPPED`. The posts themselves stay as they are, and a post that is
        gone or emptied keeps its mentions. One transaction a call. Gives how many posts changed.
        """
        changed = 0
        with self._database.write() as connection:
            retired = retired_watches(connection)
            for part in chunks([storable(item) for item in understood]):
                known = read_known(connection, {item.post.key for item in part})
                for item in part:
                    _correct(known[item.post.key], item, retired)
                write_changes(connection, known, now)
                changed += sum(1 for one in known.values() if one.changed)
        return changed

    def expire(self, network: str, before: datetime, now: datetime) -> int:
        """Retention: take what posts collected before then say, and who said it. Mentions and counts stay.

        With the words go earlier revisions, and what mentions quote. Gives how many posts were emptied.
        """
        posts = tables.posts
        due = select(posts).where(
            posts.c.network == network,
            posts.c.collected_at < before,
            posts.c.expired_at.is_(None),
            posts.c.deleted_at.is_(None),
        )
        expired = 0
        while True:
            with self._database.write() as connection:
                rows = connection.execute(due.limit(1000)).all()
                _empty(connection, rows, now)
            expired += len(rows)
            if len(rows) < 1000:
                return expired


def _correct(one: Known, item: Understood, retired: Collection[str]) -> None:
    record = one.new
    if record is None or record.emptied:
        return
    mentions = corrected(record.mentions, {mention.watch: mention for mention in item.mentions}, retired)
    if mentions != record.mentions:
        one.new = replace(record, mentions=mentions)


def _empty(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    mentions, revisions = tables.mentions, tables.revisions
    ids = [row.id for row in rows]
    emptied_rows = [{**row._mapping, **post_columns(emptied(read_post(row))), "expired_at": now} for row in rows]
    put(connection, tables.posts, emptied_rows, replace=POST_COLUMNS)
    connection.execute(delete(revisions).where(revisions.c.post.in_(ids)))
    connection.execute(update(mentions).where(mentions.c.post.in_(ids)).values(evidence=None, spans=None))


def select_sighted() -> Select[Any]:
    posts, mentions = tables.posts, tables.mentions
    return select(posts, *mention_columns_read()).join(mentions, mentions.c.post == posts.c.id)


def _is(key: PostKey) -> tuple[Any, Any]:
    key = storable_key(key)
    return tables.posts.c.network == key.network, tables.posts.c.native_id == key.native_id


def _between(column: Any, since: datetime | None, until: datetime | None) -> Iterator[Any]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def _in_states(query: Select[Any], states: Collection[MentionState], labels: Collection[Label] | None) -> Select[Any]:
    mentions = tables.mentions
    query = query.where(mentions.c.state.in_([state.value for state in states]))
    return query.where(mentions.c.label.in_([label.value for label in (_LABELS if labels is None else labels)]))
