"""What detection reads: mentions an hour, totals, distinct authors and stories; and the proof that they are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy import bindparam as bind

from insight.counts import LAGS, contributions
from insight.model import Cell, Grain, Label, Mention, MentionState, Post, PostKey, Precision, Sentiment
from storage import tables
from storage.bulk import put
from storage.counting import cell_key, drop_zeros, move
from storage.database import Database
from storage.values import Difference, Distinct

_NO_SENTIMENT = {label: Sentiment(label, 0.0) for label in Label}


class Counts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def hours(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        labels: Collection[Label] | None = None,
        max_lag: int | None = None,
    ) -> dict[datetime, int]:
        """Mentions by the hour of their post, from `since` up to `until` (not in it), over all sources.

        Hours without any are absent. `max_lag` leaves out what became known later than that (`insight.counts.LAGS`).
        """
        lag = len(LAGS) if max_lag is None else max_lag
        return self.matured(watch, since, until, labels, (lag,))[lag]

    def matured(
        self,
        watch: str,
        since: datetime,
        until: datetime,
        labels: Collection[Label] | None,
        max_lags: Collection[int],
    ) -> dict[int, dict[datetime, int]]:
        """`hours` for each of these lags, all from one view of the database."""
        query = _hours(None if labels is None else frozenset(labels))
        found: dict[int, dict[datetime, int]] = {max_lag: {} for max_lag in max_lags}
        with self._database.read() as connection:
            rows = connection.execute(query, {"watch": watch, "since": since, "until": until})
            for start, lag, value in rows:
                for max_lag, hours in found.items():
                    if lag <= max_lag:
                        hours[start] = hours.get(start, 0) + int(value)
        return found

    def totals(self, watch: str, since: datetime, until: datetime) -> dict[str, dict[Label, int]]:
        """Mentions by source and label, of the hours and days that begin from `since` up to `until` (not in it)."""
        table = tables.counts
        query = (
            select(table.c.source, table.c.label, func.sum(table.c.value))
            .where(table.c.watch == watch, table.c.grain.in_([grain.value for grain in Grain]))
            .where(table.c.start >= since, table.c.start < until)
            .group_by(table.c.source, table.c.label)
            .order_by(table.c.source, table.c.label)
        )
        found: dict[str, dict[Label, int]] = {}
        with self._database.read() as connection:
            for source, label, value in connection.execute(query):
                found.setdefault(source, {})[Label(label)] = int(value)
        return found

    def distinct(
        self, watch: str, since: datetime, until: datetime, labels: Collection[Label] | None = None
    ) -> Distinct:
        """Distinct mentions, authors and stories among what is counted. A post without an author adds no author."""
        mentions, posts = tables.mentions, tables.posts
        query = (
            select(
                func.count(),
                func.count(func.distinct(posts.c.network + " " + posts.c.author)),
                func.count(func.distinct(mentions.c.story)),
            )
            .select_from(mentions.join(posts, posts.c.id == mentions.c.post))
            .where(mentions.c.watch == watch, mentions.c.event_at >= since, mentions.c.event_at < until)
            .where(mentions.c.state == MentionState.KEPT.value, mentions.c.grain.is_not(None))
            .where(*_among(mentions.c.label, labels))
        )
        with self._database.read() as connection:
            return Distinct(*connection.execute(query).one())

    def recount(self, *, repair: bool = False) -> list[Difference]:
        """Compare every counter with what the stored mentions add up to; `repair` sets right what differs."""
        view = self._database.write() if repair else self._database.read()
        with view as connection:
            expected, stored = _expected(connection), _stored(connection)
            differences = [
                Difference(cell, stored[cell], expected[cell])
                for cell in sorted({*expected, *stored})
                if (stored[cell], cell in stored) != (expected[cell], cell in expected)
            ]
            if repair and differences:
                move(connection, {one.cell: one.expected - one.stored for one in differences if one.expected})
                _remove(connection, [one.cell for one in differences if not one.expected])
        return differences


@lru_cache(maxsize=64)
def _hours(labels: frozenset[Label] | None) -> Select[Any]:
    """Built once: making a statement takes longer than running it."""
    table = tables.counts
    return (
        select(table.c.start, table.c.lag, func.sum(table.c.value))
        .where(table.c.watch == bind("watch"), table.c.grain == Grain.HOUR.value)
        .where(table.c.start >= bind("since"), table.c.start < bind("until"), *_among(table.c.label, labels))
        .group_by(table.c.start, table.c.lag)
        .order_by(table.c.start, table.c.lag)
    )


def _among(column: ColumnElement[Any], labels: Collection[Label] | None) -> Iterator[ColumnElement[bool]]:
    if labels is not None:
        yield column.in_([label.value for label in labels])


def _expected(connection: Connection) -> Counter[Cell]:
    """What the mentions add up to, through the very function that moves the counters."""
    mentions, posts = tables.mentions, tables.posts
    query = (
        select(mentions.c.watch, mentions.c.label, posts.c.published_at, posts.c.precision, posts.c.source,
               posts.c.collected_at)
        .join(posts, posts.c.id == mentions.c.post)
        .where(mentions.c.state == MentionState.KEPT.value)
    )  # fmt: skip
    total: Counter[Cell] = Counter()
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        post = Post("", "", "", published_at=row.published_at, precision=Precision(row.precision))
        mention = Mention(row.watch, PostKey("", ""), 0, "", _NO_SENTIMENT[Label(row.label)], "")
        total.update(contributions(mention, post, row.source, row.collected_at))
    return total


def _stored(connection: Connection) -> Counter[Cell]:
    table = tables.counts
    return Counter(
        {
            Cell(row.watch, row.source, Grain(row.grain), row.start, Label(row.label), row.lag): row.value
            for row in connection.execute(select(table))
        }
    )


def _remove(connection: Connection, cells: list[Cell]) -> None:
    put(connection, tables.counts, [{**cell_key(cell), "value": 0} for cell in cells], replace=("value",))
    drop_zeros(connection, cells)
