"""Posts and their mentions: read by key, by watch, in a steady stream; searched; and understood again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Row, Select, and_, func, select, tuple_, union_all

from insight.model import MentionState, PostKey, StoredMention, UnderstoodPost
from insight.query import Query
from storage.databases.database import Database
from storage.outputs import Revision, SearchHit, Sighting, StoredPost
from storage.rows import tables
from storage.rows.convert import read_stored, read_stored_mention
from storage.rows.keys import chunks, rows_by_key, storable_key
from storage.rows.tables import POST
from storage.searching import by_key
from storage.searching.reading import (
    KEPT,
    WITH_TEXT,
    between,
    in_states,
    newest_mentions,
    pages,
    select_stored_mentions,
)
from storage.searching.search import Scope, search
from storage.writing.aliases import ALIASED
from storage.writing.reclassify import reclassify
from storage.writing.search_index import index_older

T = TypeVar("T")
Place = tuple[datetime, int]
"""Of a post among all, by when it counts and its row number."""


class Posts:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- by key ---------------------------------------------------------------------------------------------------

    def get(self, key: PostKey) -> StoredPost | None:
        """The post with this id, or with this alias."""
        named = [storable_key(key)]
        with self._database.read() as connection:
            found = chain(rows_by_key(connection, by_key.POST, named), rows_by_key(connection, ALIASED, named))
            return next(map(read_stored, found), None)

    def stored(self, keys: Collection[PostKey]) -> set[PostKey]:
        """Which of these posts are there, by their ids or by an alias."""
        named = list(map(storable_key, keys))
        with self._database.read() as connection:
            found = {PostKey(*row) for one in (by_key.KEY, by_key.ALIAS) for row in rows_by_key(connection, one, named)}
        return {key for key in keys if storable_key(key) in found}

    def aliases(self, network: str, ids: Collection[str]) -> dict[str, list[str]]:
        """By which other ids these posts of a network go, where there are any."""
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for row in rows_by_key(connection, by_key.ALIASES, [storable_key(PostKey(network, one)) for one in ids]):
                found.setdefault(row.native_id, []).append(row.alias)
        return found

    def revisions(self, key: PostKey) -> list[Revision]:
        """What the post said before each edit, oldest first."""
        named = asdict(storable_key(key))
        with self._database.read() as connection:
            rows = rows_by_key(connection, by_key.REVISIONS, [storable_key(key)])
            return [Revision(POST.from_json({**row.content, **named}), row.replaced_at) for row in rows]

    def sightings(self, key: PostKey) -> list[Sighting]:
        """The sources that saw the post, the first one first."""
        return self.sightings_of([key])[key]

    def sightings_of(self, keys: Iterable[PostKey]) -> dict[PostKey, list[Sighting]]:
        """`sightings` of many posts, in one query for each thousand of a network."""
        return self._by_key(keys, by_key.SIGHTINGS, lambda row: Sighting(row.source, row.at))

    def mentions(self, key: PostKey) -> list[StoredMention]:
        """Every mention of one post, whatever its state, by watch."""
        return self.mentions_of([key])[key]

    def mentions_of(self, keys: Iterable[PostKey]) -> dict[PostKey, list[StoredMention]]:
        """`mentions` of many posts, in one query for each thousand of a network."""
        return self._by_key(keys, by_key.MENTIONS, read_stored_mention)

    def _by_key(self, keys: Iterable[PostKey], query: Select[Any], read: Callable[[Any], T]) -> dict[PostKey, list[T]]:
        stored = {key: storable_key(key) for key in keys}
        found: dict[PostKey, list[T]] = {key: [] for key in stored.values()}
        with self._database.read() as connection:
            for row in rows_by_key(connection, query, found):
                found[PostKey(row.network, row.native_id)].append(read(row))
        return {key: found[name] for key, name in stored.items()}

    def of(self, watch: str, keys: Collection[PostKey]) -> list[StoredMention]:
        """A watch's mentions of these posts, whatever their state, in no order."""
        with self._database.read() as connection:
            rows = rows_by_key(connection, by_key.MENTIONS_OF_WATCH, map(storable_key, keys), watch=watch)
            return [read_stored_mention(row) for row in rows]

    # -- by time --------------------------------------------------------------------------------------------------

    def recent(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        complaints_only: bool = False,
        limit: int | None = None,
        states: Collection[MentionState] = KEPT,
    ) -> list[StoredMention]:
        """A watch's mentions from `since` up to `until` (not in it), newest first."""
        mentions = tables.mentions
        query = in_states(select_stored_mentions(), states, complaints_only).where(
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
        for part in chunks(watches, 100):  # SQLite joins no more than 500 by UNION: https://sqlite.org/limits.html
            of_each = union_all(*(select(of_watch.where(mentions.c.watch == watch).subquery()) for watch in part))
            chosen = of_each.subquery()
            same = and_(chosen.c.post == mentions.c.post, chosen.c.watch == mentions.c.watch)
            with self._database.read() as connection:
                rows = connection.execute(select_stored_mentions().join(chosen, same).order_by(*newest_first))
                for mention in map(read_stored_mention, rows):
                    found[mention.mention.watch].append(mention)
        return found

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
        query = in_states(select_stored_mentions(posts_first=not watch), states).where(*between(column, since, until))
        query = query.where(tables.mentions.c.watch == watch) if watch else query
        return newest_mentions(self._database, query, bool(watch), batch)

    def aged(
        self, source: str, network: str, since: datetime, until: datetime, limit: int
    ) -> list[tuple[str, datetime]]:
        """Posts of a network that a source saw and that still say something, from `since` up to `until` (not in it).

        Their native ids and when they count, oldest first.
        """
        posts, sightings = tables.posts, tables.sightings
        query = (
            select(posts.c.native_id, posts.c.event_at)
            .join(sightings, sightings.c.post == posts.c.id)
            .where(posts.c.event_at >= since, posts.c.event_at < until, posts.c.network == network)
            .where(sightings.c.source == source, posts.c.deleted_at.is_(None), posts.c.expired_at.is_(None))
            .order_by(posts.c.event_at, posts.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [(row.native_id, row.event_at) for row in connection.execute(query)]

    def bare(
        self, since: datetime | None, batch: int = 1000, after: Place | None = None
    ) -> Iterator[tuple[list[StoredPost], Place]]:
        """The posts since then (None: all) that still say something, newest first, for understanding them again.

        With each part comes the place where it ends: with it as `after` the next part comes, in another process, too.
        """
        posts = tables.posts
        query = select(posts).where(*between(posts.c.event_at, since, None), *WITH_TEXT)
        query = query.order_by(posts.c.event_at.desc(), posts.c.id.desc()).limit(batch)

        def behind(place: Place) -> Select[Any]:
            return query.where(tuple_(posts.c.event_at, posts.c.id) < tuple_(*place))

        def read(row: Row[Any]) -> tuple[StoredPost, Place]:
            return read_stored(row), (row.event_at, row.id)

        first = query if after is None else behind(after)
        for part in pages(self._database, first, lambda row: behind((row.event_at, row.id)), batch, read):
            yield [stored for stored, _ in part], part[-1][1]

    def count_bare(self, since: datetime | None) -> int:
        """How many posts `bare` gives."""
        query = select(func.count()).where(*between(tables.posts.c.event_at, since, None), *WITH_TEXT)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    # -- searched and understood again -----------------------------------------------------------------------------

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
    ) -> Iterator[SearchHit]:
        """The posts for which the query holds, newest first, each once; what an exclusion of it hides is not found.

        The same as matching every stored mention that says something: the database only spares us most of them.
        `owned`: the team's own handles (folded, without @) and hosts. Steady memory: 8 bytes for each post looked at.
        """
        return search(self._database, query, Scope(since, until, watch, tuple(states), limit, owned), batch)

    def index(self, now: datetime, batch: int = 500) -> int:
        """Index posts that no search finds by its index yet, those of a former version; gives 0 when there are none.

        Without it a search is right, too, and slower.
        """
        return index_older(self._database, now, batch)

    def reclassify(
        self, understood: Iterable[UnderstoodPost], now: datetime, versions: Mapping[str, int] | None = None
    ) -> int:
        """Replace the mentions of known posts by a whole new understanding; the counts move along.

        A mention that is absent now becomes `DROPPED`. The posts themselves stay as they are; a post that is gone or
        emptied keeps its mentions, and so does one that has been edited since it was read. One transaction a call.
        `versions`: as those of a batch. Raises OutdatedError. Gives how many posts changed.
        """
        return reclassify(self._database, understood, now, versions)
