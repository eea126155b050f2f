"""What pages said, each time they said something else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from insight.model import Snapshot
from insight.model.clean import clean
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.keys import digest


class Snapshots:
    def __init__(self, database: Database) -> None:
        self._database = database

    def history(self, url: str, limit: int = 10) -> list[Snapshot]:
        """The versions of a page, newest first."""
        with self._database.read() as connection:
            return [Snapshot(row.url, row.at, row.text) for row in connection.execute(_of_page(url).limit(limit))]

    def latest(self, url: str) -> Snapshot | None:
        return next(iter(self.history(url, 1)), None)


def put_snapshots(connection: Connection, source: str, snapshots: Iterable[Snapshot]) -> None:
    """Store what differs from the version before it, so that a page that never changes is one row."""
    for one in sorted(snapshots, key=lambda one: (one.url, one.at)):
        before = connection.execute(_of_page(one.url).where(tables.snapshots.c.at <= one.at).limit(1)).first()
        if before is None or before.text != clean(one.text):
            page = digest(one.url)
            row = {"id": digest(page, one.at.timestamp()), "page": page, "url": one.url, "source": source,
                   "at": one.at, "text": one.text}  # fmt: skip
            put(connection, tables.snapshots, [row])


def _of_page(url: str) -> Any:
    table = tables.snapshots
    return select(table).where(table.c.page == digest(url)).order_by(table.c.at.desc())
