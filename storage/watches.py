"""The watches that the config names, with the versions of their queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, update
from sqlmodel import col, select

from insight.model import Role, Watch
from storage import tables
from storage.bulk import put
from storage.database import Database, models
from storage.errors import OutdatedError
from storage.tables import WatchRow

_MAY_CHANGE = ("name", "role", "query", "time_zone", "version", "active", "updated_at")


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, watches: Sequence[Watch], now: datetime) -> tuple[Watch, ...]:
        """Take the configured watches and give them back with their versions.

        The id is the watch: another name keeps its history, another query is a new version, and an absent watch
        rests with all it has until it comes back.
        """
        with self._database.write() as connection:
            known = {row.id: row for row in models(connection, select(WatchRow))}
            synced = tuple(_with_version(watch, known.get(watch.id)) for watch in watches)
            connection.execute(update(tables.watches).values(active=False))
            put(connection, tables.watches, [_row(watch, now) for watch in synced], replace=_MAY_CHANGE)
            _put_versions(connection, synced, now)
        return synced

    def all(self) -> tuple[Watch, ...]:
        """The active watches, by id."""
        query = select(WatchRow).where(col(WatchRow.active)).order_by(WatchRow.id)
        with self._database.read() as connection:
            return tuple(_watch(row) for row in models(connection, query))

    def known(self) -> tuple[Watch, ...]:
        """Every watch that there ever was, those that rest, too."""
        with self._database.read() as connection:
            return tuple(_watch(row) for row in models(connection, select(WatchRow)))


def refuse_outdated(connection: Connection, versions: Mapping[str, int] | None) -> None:
    """Raises OutdatedError when the active watches have other versions than these; None is always right."""
    if versions is None:
        return
    table = tables.watches
    rows = connection.execute(select(table.c.id, table.c.version).where(table.c.active))
    if {row.id: row.version for row in rows} != versions:
        raise OutdatedError("The queries have changed meanwhile", "understand the posts with the new ones")


def _with_version(watch: Watch, known: WatchRow | None) -> Watch:
    if known is None:
        return replace(watch, version=1)
    return replace(watch, version=known.version + (watch.query != known.query))


def _put_versions(connection: Connection, watches: Sequence[Watch], now: datetime) -> None:
    rows = [{"watch": watch.id, "version": watch.version, "query": watch.query, "since": now} for watch in watches]
    put(connection, tables.watch_versions, rows)


def _row(watch: Watch, now: datetime) -> dict[str, object]:
    return {
        "id": watch.id,
        "name": watch.name,
        "role": watch.role.value,
        "query": watch.query,
        "time_zone": watch.time_zone,
        "version": watch.version,
        "active": True,
        "created_at": now,
        "updated_at": now,
    }


def _watch(row: WatchRow) -> Watch:
    return Watch(row.id, row.name, Role(row.role), row.query, row.time_zone, row.version)
