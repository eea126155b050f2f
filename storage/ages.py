"""How old posts are: those that have reached an age, and how long posts take to get here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, extract, func, select

from insight.counts import bounds
from insight.model import Grain, Precision
from storage.databases.database import Database
from storage.rows import tables
from storage.values import Delay


def aged(
    database: Database, source: str, network: str, since: datetime, until: datetime, limit: int
) -> list[tuple[str, datetime]]:
    """See `Posts.aged`."""
    posts, sightings = tables.posts, tables.sightings
    query = (
        select(posts.c.native_id, posts.c.event_at)
        .join(sightings, sightings.c.post == posts.c.id)
        .where(
            posts.c.event_at >= since,
            posts.c.event_at < until,
            posts.c.network == network,
            sightings.c.source == source,
            posts.c.deleted_at.is_(None),
            posts.c.expired_at.is_(None),
        )
        .order_by(posts.c.event_at, posts.c.id)
        .limit(limit)
    )
    with database.read() as connection:
        return [(row.native_id, row.event_at) for row in connection.execute(query)]


def delays(database: Database, since: datetime) -> dict[str, Delay]:
    """See `Sources.delays`."""
    ranked = _ranked(database, since).subquery()
    place, total = ranked.c.place, ranked.c.total
    p50 = func.min(case((place == (total + 1) // 2, ranked.c.delay)))
    p95 = func.min(case((place == (total * 95 + 99) // 100, ranked.c.delay)))
    query = select(ranked.c.source, func.max(total).label("posts"), p50.label("p50"), p95.label("p95"))
    with database.read() as connection:
        rows = connection.execute(query.group_by(ranked.c.source))
        return {row.source: Delay(row.posts, max(0.0, float(row.p50)), max(0.0, float(row.p95))) for row in rows}


def _ranked(database: Database, since: datetime) -> Any:
    """Each post's delay and its place among those of its source, from the shortest delay to the longest."""
    posts, visits = tables.posts, tables.visits
    first = select(visits.c.source, func.min(visits.c.hour).label("hour")).group_by(visits.c.source).subquery()
    delay = _seconds(database, posts.c.published_at, posts.c.collected_at)
    of_source: dict[str, Any] = {"partition_by": posts.c.source}
    return (
        select(
            posts.c.source,
            delay.label("delay"),
            func.row_number().over(**of_source, order_by=delay).label("place"),
            func.count().over(**of_source).label("total"),
        )
        .join(first, first.c.source == posts.c.source)
        .where(
            posts.c.event_at >= bounds(Grain.HOUR, since)[0],
            posts.c.published_at >= first.c.hour,
            posts.c.precision == Precision.SECOND.value,
        )
    )


def _seconds(database: Database, start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
    if database.dialect == "sqlite":
        return (func.julianday(end) - func.julianday(start)) * 86_400.0
    return extract("epoch", end - start)
