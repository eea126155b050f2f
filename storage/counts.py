"""What detection reads: mentions an hour, totals, distinct authors and stories; and the proof that they are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, overload

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, text
from sqlalchemy import bindparam as bind

from insight.counts import COUNTED, HOURLY, LAGS, SENTIMENT, contributions
from insight.model import Cell, Facet, Grain, Label, Mention, Post, PostKey, Precision, Sentiment
from storage.databases.database import Database
from storage.outputs import Difference, Distinct
from storage.rows import tables
from storage.rows.codecs import as_json
from storage.rows.tables import CELL
from storage.writing.counting import add_to_counts

_COUNTED = [state.value for state in COUNTED]
_NO_POST = PostKey("", "")
_PRECISIONS = {precision.value: precision for precision in Precision}
_SENTIMENTS = {label.value: Sentiment(label, 0.0) for label in Label}
_, _facets = as_json(tuple[Facet, ...])


class Counts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def hours(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        values: Collection[str] | None = None,
        max_lag: int | None = None,
        facet: str = SENTIMENT,
    ) -> dict[datetime, int]:
        """Mentions by the hour of their post, from `since` up to `until` (not in it), over all sources.

        Of one `facet`, and of all its `values` or these; what is counted by the day comes by the day. Hours without any
        are absent. `max_lag` leaves out what became known later than that (`insight.counts.LAGS`).
        """
        lag = len(LAGS) if max_lag is None else max_lag
        return self.matured(watch, since, until, values, (lag,), facet)[lag]

    def matured(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        values: Collection[str] | None,
        max_lags: Collection[int],
        facet: str = SENTIMENT,
    ) -> dict[int, dict[datetime, int]]:
        """`hours` for each of these lags, all from one view of the database."""
        query = _hours(facet, None if values is None else frozenset(values))
        found: dict[int, dict[datetime, int]] = {max_lag: {} for max_lag in max_lags}
        with self._database.read() as connection:
            rows = connection.execute(query, {"watch": watch, "since": since, "until": until})
            for start, lag, number in rows:
                for max_lag, hours in found.items():
                    if lag <= max_lag:
                        hours[start] = hours.get(start, 0) + int(number)
        return found

    @overload
    def totals(self, watch: str, since: datetime, until: datetime) -> dict[str, dict[Label, int]]: ...

    @overload
    def totals(self, watch: str, since: datetime, until: datetime, facet: str) -> dict[str, dict[str, int]]: ...

    def totals(self, watch: str, since: datetime, until: datetime, facet: str = SENTIMENT) -> Any:
        """Mentions by source and value, of the hours and days that begin from `since` up to `until` (not in it).

        The values of sentiment are labels. A mention may have several values of a facet, and counts for each.
        """
        return self.stretches([watch], (since, until), facet)[watch][0]

    def stretches(
        self, watches: Collection[str], edges: Sequence[datetime], facet: str = SENTIMENT
    ) -> dict[str, list[dict[str, Any]]]:
        """`totals` for each stretch from one edge up to the next, by watch, all in one read."""
        table = tables.counts
        stretch = case(*((table.c.start < edge, number) for number, edge in enumerate(edges[1:])))
        query = (
            select(table.c.watch, stretch.label("stretch"), table.c.source, table.c.value, func.sum(table.c.number))
            .where(table.c.watch.in_(watches), table.c.facet == facet)
            .where(table.c.grain.in_([grain.value for grain in Grain]))
            .where(table.c.start >= edges[0], table.c.start < edges[-1])
            .group_by(table.c.watch, text("stretch"), table.c.source, table.c.value)
            .order_by(table.c.watch, text("stretch"), table.c.source, table.c.value)
        )
        read: Any = Label if facet == SENTIMENT else str
        found: dict[str, list[dict[str, Any]]] = {watch: [{} for _ in edges[1:]] for watch in watches}
        with self._database.read() as connection:
            for watch, number, source, value, mentions in connection.execute(query):
                found[watch][number].setdefault(source, {})[read(value)] = int(mentions)
        return found

    def distinct(self, watches: Collection[str], since: datetime, until: datetime) -> dict[str, Distinct]:
        """Distinct mentions, authors and stories among what is counted, by watch, all in one read.

        A post without an author adds no author.
        """
        mentions, posts = tables.mentions, tables.posts
        query = (
            select(
                mentions.c.watch,
                func.count(),
                func.count(func.distinct(posts.c.network + " " + posts.c.author)),
                func.count(func.distinct(mentions.c.story)),
            )
            .select_from(mentions.join(posts, posts.c.id == mentions.c.post))
            .where(mentions.c.watch.in_(watches), mentions.c.event_at >= since, mentions.c.event_at < until)
            .where(mentions.c.state.in_(_COUNTED), mentions.c.grain.is_not(None))
            .group_by(mentions.c.watch)
        )
        with self._database.read() as connection:
            found = {row[0]: Distinct(*row[1:]) for row in connection.execute(query)}
        return {watch: found.get(watch, Distinct(0, 0, 0)) for watch in watches}

    def recount(self, *, repair: bool = False) -> list[Difference]:
        """Compare every counter with what the stored mentions add up to; `repair` sets right what differs."""
        view = self._database.write() if repair else self._database.read()
        with view as connection:
            columns = (tables.counts.c[name] for name in (*CELL.names, "number"))
            stored = Counter({CELL.read(row[:-1]): row.number for row in connection.execute(select(*columns))})
            expected = _expected(connection)
            differences = [
                Difference(cell, stored[cell], expected[cell])
                for cell in sorted({*expected, *stored})
                if (stored[cell], cell in stored) != (expected[cell], cell in expected)
            ]
            if repair and differences:
                add_to_counts(connection, {one.cell: one.expected - one.stored for one in differences})
        return differences


@lru_cache(maxsize=64)
def _hours(facet: str, values: frozenset[str] | None) -> Select[Any]:
    """Built once: making a statement takes longer than running it."""
    table, grain = tables.counts, Grain.HOUR if facet in HOURLY else Grain.DAY
    return (
        select(table.c.start, table.c.lag, func.sum(table.c.number))
        .where(table.c.watch == bind("watch"), table.c.facet == facet, table.c.grain == grain.value)
        .where(table.c.start >= bind("since"), table.c.start < bind("until"), *_among(table.c.value, values))
        .group_by(table.c.start, table.c.lag)
        .order_by(table.c.start, table.c.lag)
    )


def _among(column: ColumnElement[Any], values: Collection[str] | None) -> Iterator[ColumnElement[bool]]:
    if values is not None:
        yield column.in_([str(value) for value in values])


def _expected(connection: Connection) -> Counter[Cell]:
    """What the mentions add up to, through the very function that moves the counters."""
    mentions, posts = tables.mentions.c, tables.posts.c
    query = (
        select(mentions.watch, mentions.label, mentions.complaint, mentions.facets, posts.published_at,
               posts.precision, posts.source, posts.collected_at)
        .join_from(tables.mentions, tables.posts, posts.id == mentions.post)
        .where(mentions.state.in_(_COUNTED))
    )  # fmt: skip
    total: Counter[Cell] = Counter()
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        facets = _facets(row.facets) if row.facets else ()
        mention = Mention(
            row.watch, _NO_POST, 0, "", _SENTIMENTS[row.label], "", facets=facets, complaint=row.complaint
        )
        post = Post("", "", "", published_at=row.published_at, precision=_PRECISIONS[row.precision])
        for cell in contributions(mention, post, row.source, row.collected_at):
            total[cell] += 1
    return total
