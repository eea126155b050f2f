"""Imported numbers over time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from insight.model import Reading
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put


class Indicators:
    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> list[str]:
        column = tables.readings.c.indicator
        with self._database.read() as connection:
            return list(connection.execute(select(column).distinct().order_by(column)).scalars())

    def readings(self, indicator: str, since: datetime, until: datetime) -> list[Reading]:
        """The values from `since` up to `until` (not in it), oldest first."""
        table = tables.readings
        query = select(table).where(table.c.indicator == indicator, table.c.at >= since, table.c.at < until)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.at))
            return [Reading(row.indicator, row.at, row.value) for row in rows]


def put_readings(connection: Connection, source: str, readings: Iterable[Reading]) -> None:
    """Store values; a value for a known time replaces the old one, because platforms correct their figures."""
    rows = {
        (one.indicator, one.at): {"indicator": one.indicator, "at": one.at, "source": source, "value": one.value}
        for one in readings
    }
    put(connection, tables.readings, [rows[key] for key in sorted(rows)], replace=("value", "source"))
