"""Posts and their mentions: read by key, by watch, in a steady stream; corrected, and emptied when kept long enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    delete,
    select,
    text,
    tuple_,
    update,
)

from insight.model import Label, MentionState, PostKey, StoredMention, UnderstoodPost
from insight.query import Query
from storage.ages import aged
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.convert import read_post, read_stored, read_stored_mention, storable, storable_key
from storage.rows.tables import HIDDEN, POST
from storage.searching.reading import (
    KEPT,
    between,
    in_states,
    newest_mentions,
    newest_of_each,
    pages,
    select_stored_mentions,
)
from storage.searching.search import Within, search
from storage.values import Found, Revision, Sighting, StoredPost
from storage.watches import refuse_outdated
from storage.writing.changes import (
    POST_COLUMNS,
    Change,
    by_network,
    locks,
    read_changes,
    retired_watches,
    write_changes,
)
from storage.writing.merge import corrected, emptied, is_revision
from storage.writing.words import claim, index, take_words

T = TypeVar("T")


class Posts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: PostKey) -> StoredPost | None:
        table = tables.posts
        with self._database.read() as connection:
            row = connection.execute(select(table).where(*_is(key))).first()
        return None if row is None else read_stored(row)

    def stored(self, keys: Collection[PostKey]) -> set[PostKey]:
        """Which of these posts are there."""
        table, found = tables.posts, set()
        with self._database.read() as connection:
            for network, part in by_network(map(storable_key, keys)):
                query = select(table.c.native_id).where(table.c.network == network, table.c.native_id.in_(part))
                found |= {PostKey(network, name) for name in connection.execute(query).scalars()}
        return {key for key in keys if storable_key(key) in found}

    def revisions(self, key: PostKey) -> list[Revision]:
        """What the post said before each edit, oldest first."""
        named = asdict(storable_key(key))
        table, posts = tables.revisions, tables.posts
        query = select(table).join(posts, posts.c.id == table.c.post).where(*_is(key)).order_by(table.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return [Revision(POST.from_json({**row.content, **named}), row.replaced_at) for row in rows]

    def sightings(self, key: PostKey) -> list[Sighting]:
        """The sources that saw the post, the first one first."""
        return self.sightings_of([key])[key]

    def sightings_of(self, keys: Iterable[PostKey]) -> dict[PostKey, list[Sighting]]:
        """`sightings` of many posts, in one query for each thousand of a network."""
        table, posts = tables.sightings, tables.posts
        query = select(posts.c.network, posts.c.native_id, table.c.source, table.c.at)
        query = query.join(table, posts.c.id == table.c.post).order_by(table.c.at, table.c.source)
        return self._of(keys, query, lambda row: Sighting(row.source, row.at))

    def mentions(self, key: PostKey) -> list[StoredMention]:
        """Every mention of one post, whatever its state, by watch."""
        return self.mentions_of([key])[key]

    def mentions_of(self, keys: Iterable[PostKey]) -> dict[PostKey, list[StoredMention]]:
        """`mentions` of many posts, in one query for each thousand of a network."""
        return self._of(keys, select_stored_mentions().order_by(tables.mentions.c.watch), read_stored_mention)

    def _of(self, keys: Iterable[PostKey], query: Select[Any], read: Callable[[Any], T]) -> dict[PostKey, list[T]]:
        stored = {key: storable_key(key) for key in keys}
        found: dict[PostKey, list[T]] = {key: [] for key in stored.values()}
        posts = tables.posts.c
        with self._database.read() as connection:
            for network, part in by_network(found):
                for row in connection.execute(query.where(posts.network == network, posts.native_id.in_(part))):
                    found[PostKey(row.network, row.native_id)].append(read(row))
        return {key: found[name] for key, name in stored.items()}

    def of(self, watch: str, keys: Collection[PostKey]) -> list[StoredMention]:
        """A watch's mentions of these posts, whatever their state, in no order."""
        posts, found = tables.posts, []
        with self._database.read() as connection:
            for network, part in by_network(map(storable_key, keys)):
                these = posts.c.network == network, posts.c.native_id.in_(part)
                rows = connection.execute(select_stored_mentions().where(*these, tables.mentions.c.watch == watch))
                found += [read_stored_mention(row) for row in rows]
        return found

    def recent(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        labels: Collection[Label] | None = None,
        limit: int | None = None,
        states: Collection[MentionState] = KEPT,
    ) -> list[StoredMention]:
        """A watch's mentions from `since` up to `until` (not in it), newest first."""
        mentions = tables.mentions
        query = in_states(select_stored_mentions(), states, labels).where(
            mentions.c.watch == watch, mentions.c.event_at >= since, mentions.c.event_at < until
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(mentions.c.event_at.desc(), mentions.c.post.desc()).limit(limit))
            return [read_stored_mention(row) for row in rows]

    def newest(
        self, watches: Sequence[str], since: datetime, until: datetime, each: int
    ) -> dict[str, list[StoredMention]]:
        """Kept mentions from `since` up to `until` (not in it), newest first, by watch: at most so many of each.

        One read for every hundred watches.
        """
        return newest_of_each(self._database, watches, since, until, each)

    def scan(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        watch: str | None = None,
        batch: int = 1000,
        states: Collection[MentionState] = KEPT,
    ) -> Iterator[list[StoredMention]]:
        """Mentions, newest first, a batch at a time; nothing is held between two batches, so others may write."""
        column = tables.mentions.c.event_at if watch else tables.posts.c.event_at
        query = in_states(select_stored_mentions(posts_first=not watch), states, None).where(
            *between(column, since, until)
        )
        query = query.where(tables.mentions.c.watch == watch) if watch else query
        return newest_mentions(self._database, query, bool(watch), batch, read_stored_mention)

    def search(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        watch: str | None = None,
        states: Collection[MentionState] = KEPT,
        limit: int | None = None,
        owned: frozenset[str] = frozenset(),
        batch: int = 500,
    ) -> Iterator[Found]:
        """The posts for which the query holds, newest first, each once; what an exclusion of it hides is not found.

        The same as matching every stored mention that says something: the database only spares us most of them.
        `owned`: the team's own handles (folded, without @) and hosts. Steady memory: 8 bytes for each post looked at.
        """
        return search(self._database, query, Within(since, until, watch, tuple(states), limit, owned), batch)

    def index(self, now: datetime, batch: int = 500) -> int:
        """Index posts that no search finds by its index yet, those of a former version; gives 0 when there are none.

        Without it a search is right, too, and slower.
        """
        return index(self._database, now, batch)

    def aged(
        self, source: str, network: str, since: datetime, until: datetime, limit: int
    ) -> list[tuple[str, datetime]]:
        """Posts of a network that a source saw and that still say something, from `since` up to `until` (not in it).

        Their native ids and when they count, oldest first.
        """
        return aged(self._database, source, network, since, until, limit)

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

        return pages(self._database, query, after, batch, read_stored)

    def reclassify(
        self, understood: Iterable[UnderstoodPost], now: datetime, versions: Mapping[str, int] | None = None
    ) -> int:
        """Replace the mentions of known posts by a whole new understanding; the counts move along.

        A mention that is absent now becomes `DROPPED`. The posts themselves stay as they are; a post that is gone or
        emptied keeps its mentions, and so does one that has been edited since it was read. One transaction a call.
        `versions`: as those of an arrival. Raises OutdatedError. Gives how many posts changed.
        """
        items = [storable(item) for item in understood]
        keys = {item.post.key for item in items}
        with self._database.write(locks(keys)) as connection:
            refuse_outdated(connection, versions)
            retired, changes = retired_watches(connection), read_changes(connection, keys)
            for item in items:
                _correct(changes[item.post.key], item, retired)
            write_changes(connection, changes.values(), now)
        return sum(1 for one in changes.values() if one.changed)

    def expired(self, network: str, before: datetime) -> list[int]:
        """The posts of a network that were collected before then and still say something, for `empty`."""
        return self._say_something(tables.posts.c.network == network, tables.posts.c.collected_at < before)

    def hidden(self, before: datetime) -> list[int]:
        """Those collected before then that concern nobody: exclusions hide every mention, and could be undone."""
        posts, mentions = tables.posts, tables.mentions
        hidden = select(mentions.c.post).where(text(f"mentions.{HIDDEN}"))  # written out: its index serves
        kept = select(mentions.c.post).where(mentions.c.post == posts.c.id, mentions.c.state == MentionState.KEPT.value)
        return self._say_something(posts.c.id.in_(hidden), ~kept.exists(), posts.c.collected_at < before)

    def empty(self, numbers: Sequence[int], now: datetime) -> int:
        """Take what these posts say, and who said it; mentions and counts stay. Gives how many posts were emptied.

        With the words go earlier revisions, and what mentions quote. One transaction: name a few hundred at a time.
        """
        with self._database.write() as connection:
            rows = connection.execute(select(tables.posts).where(tables.posts.c.id.in_(numbers), *_SAYING)).all()
            if rows:
                _empty(connection, rows, now)
        return len(rows)

    def _say_something(self, *conditions: ColumnElement[bool]) -> list[int]:
        with self._database.read() as connection:
            return list(connection.execute(select(tables.posts.c.id).where(*conditions, *_SAYING)).scalars())


_SAYING = (tables.posts.c.expired_at.is_(None), tables.posts.c.deleted_at.is_(None))


def _correct(one: Change, item: UnderstoodPost, retired: Collection[str]) -> None:
    record = one.new
    if record is None or record.emptied or is_revision(record.post, item.post):
        return
    mentions = corrected(record.mentions, {mention.watch: mention for mention in item.mentions}, retired)
    if mentions != record.mentions:
        one.new = replace(record, mentions=mentions)


def _empty(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    mentions, revisions = tables.mentions, tables.revisions
    claim(connection, now)
    ids = [row.id for row in rows]
    emptied_rows = [{**row._mapping, **POST.write(emptied(read_post(row))), "expired_at": now} for row in rows]
    put(connection, tables.posts, emptied_rows, replace=POST_COLUMNS)
    take_words(connection, ids)
    connection.execute(delete(revisions).where(revisions.c.post.in_(ids)))
    connection.execute(update(mentions).where(mentions.c.post.in_(ids)).values(evidence=None, spans=None))


def _is(key: PostKey) -> tuple[Any, Any]:
    key = storable_key(key)
    return tables.posts.c.network == key.network, tables.posts.c.native_id == key.native_id
