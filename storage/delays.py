"""How long posts take from published to collected, by source."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, extract, func, select

from insight.counts import bounds
from insight.model import Grain, Precision
from storage.databases.database import Database
from storage.outputs import Delay
from storage.rows import tables


def delays_since(database: Database, since: datetime) -> dict[str, Delay]:
    """See `Sources.delays`."""
    # 1. each post's delay and its place among those of its source, from the shortest delay to the longest
    posts, visits = tables.posts, tables.visits
    first = select(visits.c.source, func.min(visits.c.hour).label("hour")).group_by(visits.c.source).subquery()
    delay: ColumnElement[Any]
    if database.dialect == "sqlite":  # times are text there: https://sqlite.org/lang_datefunc.html
        delay = (func.julianday(posts.c.collected_at) - func.julianday(posts.c.published_at)) * 86_400.0
    else:
        delay = extract("epoch", posts.c.collected_at - posts.c.published_at)
    of_source: dict[str, Any] = {"partition_by": posts.c.source}
    ranked = (
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
        .subquery()
    )
    # 2. the delays in the middle and at 95 of 100; percentile_cont would do on Postgres alone
    place, total = ranked.c.place, ranked.c.total
    half = func.min(case((place == (total + 1) // 2, ranked.c.delay)))
    most = func.min(case((place == (total * 95 + 99) // 100, ranked.c.delay)))
    query = select(ranked.c.source, func.max(total).label("posts"), half.label("half"), most.label("most"))
    with database.read() as connection:
        rows = connection.execute(query.group_by(ranked.c.source))
        return {row.source: Delay(row.posts, max(0.0, float(row.half)), max(0.0, float(row.most))) for row in rows}
