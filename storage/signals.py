"""Signals, the evidence of what changed; and alerts, the conversations about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from insight.model import (
    Alert,
    AlertState,
    Label,
    PostKey,
    Quote,
    Signal,
    SignalKind,
    Visibility,
)
from storage import tables
from storage.bulk import upsert
from storage.database import Database, models
from storage.errors import StoreError
from storage.tables import AlertRow, SignalRow


class Signals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(self, since: datetime) -> list[Signal]:
        """Every signal since then with its evidence, newest first."""
        query = (
            select(SignalRow)
            .where(SignalRow.at >= since)
            .order_by(col(SignalRow.at).desc(), col(SignalRow.number).desc())
        )
        with self._database.read() as connection:
            return [_signal(row) for row in models(connection, query)]

    def alerts(self, open_only: bool = True) -> list[Alert]:
        """Alerts, the one that changed last first."""
        query = select(AlertRow).order_by(col(AlertRow.updated_at).desc(), AlertRow.id)
        query = query.where(AlertRow.state != AlertState.RESOLVED.value) if open_only else query
        with self._database.read() as connection:
            return [_alert(row) for row in models(connection, query)]

    def alert(self, key: str) -> Alert | None:
        """The open alert with this key."""
        query = select(AlertRow).where(AlertRow.key == key, AlertRow.state != AlertState.RESOLVED.value)
        with self._database.read() as connection:
            return next((_alert(row) for row in models(connection, query)), None)


# -- writing ------------------------------------------------------------------------------------------------------


def put_signals(connection: Connection, signals: Iterable[Signal]) -> None:
    rows = [
        {"key": signal.key, "kind": signal.kind.value, "at": signal.at, "evidence": _evidence(signal)}
        for signal in signals
    ]
    if rows:
        connection.execute(insert(tables.signals), rows)


def put_alerts(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Insert or update, in order. Who was told last is never forgotten by an update that does not say it."""
    for alert in alerts:
        try:
            connection.execute(_upsert(connection), [_alert_columns(alert)])
        except IntegrityError as error:
            raise StoreError(
                f"There is an open alert about {alert.key} already", "update or resolve that one"
            ) from error


def _upsert(connection: Connection) -> Any:
    table = tables.alerts
    statement = upsert(connection, table)
    told = func.coalesce(statement.excluded.told_at, table.c.told_at)
    new = {name: statement.excluded[name] for name in ("state", "headline", "updated_at", "watch", "source")}
    return statement.on_conflict_do_update(index_elements=["id"], set_={**new, "told_at": told})


def _alert_columns(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "key": alert.key,
        "kind": alert.kind.value,
        "watch": alert.watch,
        "source": alert.source,
        "state": alert.state.value,
        "headline": alert.headline,
        "opened_at": alert.opened_at,
        "updated_at": alert.updated_at,
        "told_at": alert.told_at,
    }


def _alert(row: AlertRow) -> Alert:
    return Alert(
        row.id,
        row.key,
        SignalKind(row.kind),
        row.watch,
        row.source,
        AlertState(row.state),
        row.headline,
        row.opened_at,
        row.updated_at,
        row.told_at,
    )


# -- evidence -----------------------------------------------------------------------------------------------------


def _evidence(signal: Signal) -> dict[str, Any]:
    return {
        "watch": signal.watch,
        "source": signal.source,
        "headline": signal.headline,
        "detail": signal.detail,
        "figures": dict(signal.figures),
        "over": signal.over,
        "quotes": [
            {
                "network": quote.post.network,
                "native_id": quote.post.native_id,
                "text": quote.text,
                "url": quote.url,
                "author": quote.author,
                "published_at": quote.published_at and quote.published_at.isoformat(),
                "label": quote.label.value,
                "visibility": quote.visibility.value,
            }
            for quote in signal.quotes
        ],
    }


def _signal(row: SignalRow) -> Signal:
    said: Mapping[str, Any] = row.evidence
    return Signal(
        SignalKind(row.kind),
        row.key,
        said["watch"],
        said["source"],
        row.at,
        said["headline"],
        said["detail"],
        {name: float("nan") if value is None else value for name, value in said["figures"].items()},
        tuple(map(_quote, said["quotes"])),
        said["over"],
    )


def _quote(said: Mapping[str, Any]) -> Quote:
    return Quote(
        PostKey(said["network"], said["native_id"]),
        said["text"],
        said["url"],
        said["author"],
        said["published_at"] and datetime.fromisoformat(said["published_at"]),
        Label(said["label"]),
        Visibility(said["visibility"]),
    )
