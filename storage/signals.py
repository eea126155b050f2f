"""Signals and what they rest on, who was told of them, and alerts, the conversations about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from insight.model import Alert, AlertState, ChannelDecision, PostKey, Signal, Visibility
from storage.databases.database import Database
from storage.errors import StoreError
from storage.outputs import DecisionRecord
from storage.rows import tables
from storage.rows.bulk import put, upsert
from storage.rows.keys import numbers_of

_S, _POSTS, _D, _A = tables.signals, tables.signal_posts, tables.decisions, tables.alerts
_SIGNAL = TypeAdapter(Signal)
_ALERT = TypeAdapter(Alert)
_NOT_EVIDENCE = {"key", "kind", "at", "posts", "versions"}  # in columns, or a table of their own
_IS_OPEN = _A.c.state != AlertState.RESOLVED.value


class Signals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(self, since: datetime) -> list[Signal]:
        """Every signal since then with the posts that it rests on, newest first."""
        query = select(_S).where(_S.c.at >= since).order_by(_S.c.at.desc(), _S.c.number.desc())
        posts = tables.posts
        keys = (
            select(_POSTS.c.signal, posts.c.network, posts.c.native_id)
            .join(posts, posts.c.id == _POSTS.c.post)
            .join(_S, _S.c.number == _POSTS.c.signal)
            .where(_S.c.at >= since)
            .order_by(posts.c.network, posts.c.native_id)
        )
        behind: dict[int, list[PostKey]] = {}
        with self._database.read() as connection:
            for number, network, native_id in connection.execute(keys):
                behind.setdefault(number, []).append(PostKey(network, native_id))
            return [_signal(row, behind.get(row.number, ())) for row in connection.execute(query)]

    def private(self, keys: Collection[str]) -> frozenset[str]:
        """Those of these keys under which a signal rested on a private post, ever: what they say is private."""
        posts = tables.posts
        query = (
            select(_S.c.key)
            .join(_POSTS, _POSTS.c.signal == _S.c.number)
            .join(posts, posts.c.id == _POSTS.c.post)
            .where(_S.c.key.in_(keys), posts.c.visibility == Visibility.PRIVATE.value)
            .distinct()
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def decisions(self, since: datetime, key: str | None = None) -> list[DecisionRecord]:
        """Who was told of the signals since then, and why the others were not, newest first. `key`: of these alone."""
        query = select(_S.c.key, _S.c.evidence, _D).join(_D, _D.c.signal == _S.c.number).where(_S.c.at >= since)
        query = query if key is None else query.where(_S.c.key == key)
        with self._database.read() as connection:
            return [
                DecisionRecord(
                    row.key, row.evidence["headline"], row.channel, row.told, row.reason, row.delivery, row.at
                )
                for row in connection.execute(query.order_by(_S.c.number.desc(), _D.c.channel))
            ]

    def alerts(self, open_only: bool = True) -> list[Alert]:
        """Alerts, the one that changed last first."""
        return self._alerts(*((_IS_OPEN,) if open_only else ()))

    def opened(self, since: datetime, until: datetime) -> list[Alert]:
        """The alerts that were opened from `since` up to `until` (not in it), the one that changed last first."""
        return self._alerts(_A.c.opened_at >= since, _A.c.opened_at < until)

    def open(self, keys: Collection[str]) -> dict[str, tuple[Alert, frozenset[str]]]:
        """The open alerts with these keys, by key, each with the channels that have a delivery of it."""
        table = tables.deliveries
        alerts = {alert.key: alert for alert in self._alerts(_IS_OPEN, _A.c.key.in_(keys))}
        query = select(table.c.conversation, table.c.channel).distinct()
        query = query.where(table.c.conversation.in_([alert.id for alert in alerts.values()]))
        told: dict[str, set[str]] = {}
        with self._database.read() as connection:
            for conversation, channel in connection.execute(query):
                told.setdefault(conversation, set()).add(channel)
        return {key: (alert, frozenset(told.get(alert.id, ()))) for key, alert in alerts.items()}

    def _alerts(self, *conditions: ColumnElement[bool]) -> list[Alert]:
        query = select(_A).where(*conditions).order_by(_A.c.updated_at.desc(), _A.c.id)
        with self._database.read() as connection:
            return [_ALERT.validate_python(dict(row._mapping)) for row in connection.execute(query)]


def _signal(row: Any, posts: Iterable[PostKey]) -> Signal:
    """From its row; what an older version kept beside it (quotes, which say what a post said then) is left out."""
    values = {**row.evidence, "key": row.key, "kind": row.kind, "at": row.at, "versions": row.versions or {}}
    # JSON has no NaN: `rows.columns.dumps` wrote null
    figures = {name: float("nan") if value is None else value for name, value in values["figures"].items()}
    return _SIGNAL.validate_python({**values, "figures": figures, "posts": tuple(posts)})


# -- writing ------------------------------------------------------------------------------------------------------


def put_signals(
    connection: Connection, signals: Sequence[Signal], decisions: Sequence[Iterable[ChannelDecision]], at: datetime
) -> None:
    """Signals, the posts they rest on, and `decisions`: for each, in order, who hears of it."""
    if not signals:
        return
    rows = [
        {"key": one.key, "kind": one.kind.value, "at": one.at, "versions": dict(one.versions) or None,
         "evidence": _SIGNAL.dump_python(one, mode="json", exclude=_NOT_EVIDENCE)}
        for one in signals
    ]  # fmt: skip
    numbers = list(connection.execute(insert(_S).returning(_S.c.number, sort_by_parameter_order=True), rows).scalars())
    posts = numbers_of(connection, {key for one in signals for key in one.posts})
    put(connection, _POSTS, [
        {"signal": number, "post": post}
        for number, one in zip(numbers, signals, strict=True)
        for post in sorted({posts[key] for key in one.posts if key in posts})
    ])  # fmt: skip
    put(connection, _D, [
        {"signal": number, "channel": one.channel, "told": one.delivery is not None, "reason": one.reason,
         "delivery": one.delivery, "at": at}
        for number, of_signal in zip(numbers, decisions, strict=False)
        for one in of_signal
    ])  # fmt: skip


def put_alerts(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Insert or update, in order. Who was told last is never forgotten by an update that does not say it."""
    statement = upsert(connection, _A)
    new = {name: statement.excluded[name] for name in ("state", "headline", "updated_at", "watch", "source")}
    told = func.coalesce(statement.excluded.told_at, _A.c.told_at)
    statement = statement.on_conflict_do_update(index_elements=["id"], set_={**new, "told_at": told})
    for alert in alerts:
        try:
            connection.execute(statement, [{**asdict(alert), "kind": alert.kind.value, "state": alert.state.value}])
        except IntegrityError as error:
            raise StoreError(
                f"There is an open alert about {alert.key} already", "update or resolve that one"
            ) from error
