"""The watches that the config names, with the versions of their queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from insight.model import Watch
from storage.databases.database import Database
from storage.errors import OutdatedError
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.tables import WATCH

_KNOWN = select(*(tables.watches.c[name] for name in WATCH.names))
_MAY_CHANGE = (*(name for name in WATCH.names if name != "id"), "active", "updated_at")


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, watches: Sequence[Watch], now: datetime) -> tuple[Watch, ...]:
        """Take the configured watches and give them back with their versions.

        The id is the watch: another name keeps its history, another query is a new version, and an absent watch
        rests with all it has until it comes back.
        """
        with self._database.write() as connection:
            known = {watch.id: watch for watch in map(WATCH.read, connection.execute(_KNOWN))}
            synced = []
            for watch in watches:
                former = known.get(watch.id)
                version = former.version + (watch.query != former.query) if former else 1
                synced.append(replace(watch, version=version))
            connection.execute(update(tables.watches).values(active=False))
            rows = [{**WATCH.write(one), "active": True, "created_at": now, "updated_at": now} for one in synced]
            put(connection, tables.watches, rows, replace=_MAY_CHANGE)
            put(connection, tables.watch_versions, [
                {"watch": one.id, "version": one.version, "query": one.query, "since": now} for one in synced
            ])  # fmt: skip
        return tuple(synced)

    def all(self) -> tuple[Watch, ...]:
        """The active watches, by id."""
        table = tables.watches
        with self._database.read() as connection:
            return tuple(map(WATCH.read, connection.execute(_KNOWN.where(table.c.active).order_by(table.c.id))))

    def known(self) -> tuple[Watch, ...]:
        """Every watch that there ever was, those that rest, too."""
        with self._database.read() as connection:
            return tuple(map(WATCH.read, connection.execute(_KNOWN)))


def refuse_outdated(connection: Connection, versions: Mapping[str, int] | None) -> None:
    """Raises OutdatedError when the active watches have other versions than these; None is always right."""
    if versions is None:
        return
    table = tables.watches
    rows = connection.execute(select(table.c.id, table.c.version).where(table.c.active))
    if {row.id: row.version for row in rows} != versions:
        raise OutdatedError("The queries have changed meanwhile", "understand the posts with the new ones")
