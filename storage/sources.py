"""How each source is doing, how far it has been read, and what it could not give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select, text, update
from sqlalchemy import bindparam as bind

from insight.counts import bounds
from insight.model import Gap, Grain, Precision
from storage.databases.database import Database
from storage.delays import delays_since
from storage.inputs import SourceEntry, UnderstoodBatch
from storage.outputs import Delay, SearchState, SourceGap, SourceRejected, SourceState, Undated, Visit
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.keys import digest
from storage.state import put_states

LONGEST_RAW = 20_000
SKEW = timedelta(minutes=1)
"""A clock that is set back by less has put nothing off that is worth a word."""
NO_STATES: Mapping[str, Any] = {}

_S = tables.sources
_ALL = select(_S).where(_S.c.active).order_by(_S.c.id)
_ONE = select(_S).where(_S.c.active, _S.c.id == bind("source"))
_DUE = select(_S).where(_S.c.active, _S.c.next_at <= bind("now")).order_by(_S.c.next_at, _S.c.id)
_SEARCHES = select(tables.searches).order_by(tables.searches.c.source, tables.searches.c.search)
_SEARCHES_OF = _SEARCHES.where(tables.searches.c.source == bind("source"))
_SEARCH = _SEARCHES_OF.where(tables.searches.c.search == bind("search"))
_FAILING = (
    _SEARCHES.join(_S, _S.c.id == tables.searches.c.source).where(_S.c.active).where(text("searches.failures > 0"))
)  # written out, so that the partial index serves it: with a bound value the planner could not know that it does
_TROUBLE = ("paused", "failures", "error", "next_at", "last_success")  # of a search, beside its cursor


class Sources:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, entries: Sequence[SourceEntry], now: datetime) -> None:
        """Take the configured sources: new ones are due at once, absent ones rest with all they have."""
        table = tables.sources
        new = {"active": True, "paused": False, "failures": 0, "next_at": now}
        rows = [{"id": entry.id, "kind": entry.kind, **new} for entry in entries]
        with self._database.write() as connection:
            connection.execute(update(table).values(active=False))
            put(connection, table, rows, replace=("kind", "active"))

    def all(self) -> list[SourceState]:
        """The configured sources, by id."""
        with self._database.read() as connection:
            return [SourceState(**row._mapping) for row in connection.execute(_ALL)]

    def one(self, source: str) -> SourceState | None:
        """A configured source, by its id."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"source": source}).first()
            return None if row is None else SourceState(**row._mapping)

    def due(self, now: datetime) -> list[SourceState]:
        """The configured sources whose time has come, longest waiting first; paused ones too, at their time."""
        with self._database.read() as connection:
            return [SourceState(**row._mapping) for row in connection.execute(_DUE, {"now": now})]

    def mend_due(self, now: datetime, longest: timedelta, own: Mapping[str, timedelta] = NO_STATES) -> list[str]:
        """Make due at once what a clock that was ahead has put off: no visit lies in the future, no pause is so long.

        `longest`: how long a source or a search may wait; `own`: by source id, where it is another time. Gives the ids
        of the sources that were mended. It costs two index reads where nothing is wrong, so each look can ask for it.
        """
        attempted, searches = _S.c.last_attempt > now + SKEW, tables.searches
        far = select(_S.c.id, _S.c.next_at, attempted).where((_S.c.next_at > now + longest) | attempted)
        far_searches = select(searches.c.source, searches.c.next_at).where(searches.c.next_at > now + longest)
        with self._database.read() as connection:
            found = {
                row.id for row in connection.execute(far) if row[2] or row.next_at > now + own.get(row.id, longest)
            }
            rows = connection.execute(far_searches)
            found |= {row.source for row in rows if row.next_at > now + own.get(row.source, longest)}
        if found:
            names = ("last_attempt", "last_success", "last_item_at")
            past = {name: case((_S.c[name] > now, now), else_=_S.c[name]) for name in names}
            with self._database.write() as connection:
                connection.execute(update(_S).where(_S.c.id.in_(found)).values(next_at=now, **past))
                connection.execute(update(searches).where(searches.c.source.in_(found)).values(next_at=None))
        return sorted(found)

    def searches(self, source: str | None = None) -> list[SearchState]:
        """How far the searches of a source (of all sources) have been read, and how they do; also former searches."""
        query = _SEARCHES if source is None else _SEARCHES_OF
        with self._database.read() as connection:
            return [SearchState(**row._mapping) for row in connection.execute(query, {"source": source})]

    def failing_searches(self) -> list[SearchState]:
        """The searches that cannot be read now, of the configured sources."""
        with self._database.read() as connection:
            return [SearchState(**row._mapping) for row in connection.execute(_FAILING)]

    def cursor(self, source: str, search: str) -> dict[str, Any] | None:
        with self._database.read() as connection:
            row = connection.execute(_SEARCH, {"source": source, "search": search}).first()
            return None if row is None else row.cursor

    def succeeded(
        self,
        source: str,
        now: datetime,
        next_at: datetime,
        seen: int,
        new: int,
        states: Mapping[str, Any] = NO_STATES,
        searches: Iterable[SearchState] = (),
    ) -> None:
        """A visit that ended well. `states`, by name, and how the searches do (cursors apart) are stored with it."""
        changes = {"last_attempt": now, "last_success": now, "failures": 0, "error": None, "paused": False}
        if new:
            changes["last_item_at"] = now
        counts = {"fetches": 1, "failures": 0, "seen": seen, "new": new}
        self._record(source, now, {"next_at": next_at, **changes}, counts, states, searches)

    def rests(
        self,
        source: str,
        now: datetime,
        next_at: datetime,
        states: Mapping[str, Any] = NO_STATES,
        searches: Iterable[SearchState] = (),
    ) -> None:
        """It is left alone until then: what was asked of it, if anything, was neither a visit nor its failure."""
        self._record(source, now, {"next_at": next_at}, {}, states, searches)

    def failed(
        self,
        source: str,
        now: datetime,
        next_at: datetime,
        error: str,
        permanent: bool = False,
        states: Mapping[str, Any] = NO_STATES,
        searches: Iterable[SearchState] = (),
    ) -> None:
        """Nobody may ask it, or none of its searches can be read."""
        changes = {"last_attempt": now, "failures": _S.c.failures + 1, "error": error, "paused": permanent}
        counts = {"fetches": 1, "failures": 1, "seen": 0, "new": 0}
        self._record(source, now, {"next_at": next_at, **changes}, counts, states, searches)

    def _record(
        self,
        source: str,
        now: datetime,
        changes: Mapping[str, Any],
        counts: Mapping[str, int],
        states: Mapping[str, Any],
        searches: Iterable[SearchState],
    ) -> None:
        rows = [{name: getattr(one, name) for name in ("source", "search", *_TROUBLE)} for one in searches]
        hours = [{"source": source, "hour": bounds(Grain.HOUR, now)[0], **counts}] if counts else []
        with self._database.write({f"source:{source}"}) as connection:
            connection.execute(update(_S).where(_S.c.id == source).values(**changes))
            put(connection, tables.visits, hours, add=tuple(counts))
            put(connection, tables.searches, rows, replace=_TROUBLE)
            put_states(connection, states, now)

    def resume(self, source: str, now: datetime) -> None:
        """Somebody has done what was to do: the source is due at once with all its searches."""
        fresh = {"paused": False, "failures": 0, "error": None}
        table = tables.searches
        with self._database.write({f"source:{source}"}) as connection:
            connection.execute(update(_S).where(_S.c.id == source).values(next_at=now, **fresh))
            connection.execute(update(table).where(table.c.source == source).values(next_at=None, **fresh))

    def visits(self, since: datetime, source: str | None = None) -> list[Visit]:
        """What the hours of collection from `since` on brought, oldest first."""
        table = tables.visits
        query = select(table).where(table.c.hour >= bounds(Grain.HOUR, since)[0])
        if source is not None:
            query = query.where(table.c.source == source)
        with self._database.read() as connection:
            return [Visit(*row) for row in connection.execute(query.order_by(table.c.hour, table.c.source))]

    def delays(self, since: datetime) -> dict[str, Delay]:
        """How long posts took from published to collected, by the source that saw them first.

        Of those published from `since` on, at a known second, and not before the source was visited: what a first
        visit or a backfill brings was not late.
        """
        return delays_since(self._database, since)

    def undated(self, since: datetime, until: datetime | None = None) -> dict[str, Undated]:
        """Posts collected from `since` on, before `until`, that name no time, by the source that saw them first."""
        posts = tables.posts.c
        counted, left_out = (
            func.sum(case((posts.precision == precision.value, 1), else_=0))
            for precision in (Precision.COLLECTED, Precision.UNKNOWN)
        )
        query = (
            select(posts.source, counted, left_out)
            .where(posts.event_at >= since, posts.precision.in_((Precision.COLLECTED.value, Precision.UNKNOWN.value)))
            .group_by(posts.source)
        )
        if until is not None:
            query = query.where(posts.event_at < until)
        with self._database.read() as connection:
            return {source: Undated(*numbers) for source, *numbers in connection.execute(query)}

    def gaps(self, since: datetime) -> list[SourceGap]:
        """The gaps that reach beyond `since`, latest first."""
        table = tables.gaps
        query = select(table).where(table.c.until >= since).order_by(table.c.until.desc(), table.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return [SourceGap(row.source, row.search, Gap(row.since, row.until, row.reason)) for row in rows]

    def rejected(self, limit: int = 100) -> list[SourceRejected]:
        """What could not be read, latest first."""
        table = tables.rejected
        query = select(table).order_by(table.c.last_at.desc(), table.c.id).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query)
            return [
                SourceRejected(row.source, row.search, row.reason, row.raw, row.last_at, row.first_at) for row in rows
            ]


def put_search_results(connection: Connection, batch: UnderstoodBatch) -> None:
    """The part of a batch that is about its source and search: cursor, gaps, rejected items."""
    source, search, at = batch.source, batch.search, batch.collected_at
    if batch.cursor is not None:
        row = {"source": source, "search": search, "cursor": dict(batch.cursor), "paused": False, "failures": 0}
        put(connection, tables.searches, [row], replace=("cursor",))
    gaps = {}
    for gap in batch.gaps:
        name = digest(source, search, gap.since and gap.since.timestamp(), gap.until.timestamp(), gap.reason)
        gaps[name] = {"id": name, "source": source, "search": search, **asdict(gap)}
    put(connection, tables.gaps, list(gaps.values()))
    rejected = {digest(source, search, item.reason, item.raw): item for item in batch.rejected}
    put(connection, tables.rejected, [
        {"id": name, "source": source, "search": search, "reason": item.reason, "raw": item.raw[:LONGEST_RAW],
         "first_at": at, "last_at": at}
        for name, item in rejected.items()
    ], replace=("last_at",))  # fmt: skip
