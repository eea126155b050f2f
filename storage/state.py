"""What steps remember between two turns: JSON, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy import bindparam as bind

from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import put

_VALUE = select(tables.state.c.value).where(tables.state.c.name == bind("name"))


class State:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Any:
        """The JSON value under this name; None where there is none."""
        with self._database.read() as connection:
            return read_state(connection, name)

    def put(self, name: str, value: Any, now: datetime) -> None:
        with self._database.write({f"state:{name}"}) as connection:
            put_states(connection, {name: value}, now)


def read_state(connection: Connection, name: str) -> Any:
    return connection.execute(_VALUE, {"name": name}).scalar()


def put_states(connection: Connection, states: Mapping[str, Any], now: datetime) -> None:
    rows = [{"name": name, "value": value, "updated_at": now} for name, value in sorted(states.items())]
    put(connection, tables.state, rows, replace=("value", "updated_at"))
