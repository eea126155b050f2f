"""Many rows into one table at once: a Core insert or upsert, compiled once, filled column by column.

SQLAlchemy prepares the parameters of a bulk insert row by row, which costs more than SQLite takes to store them. So it
writes the statement and says how a type is bound, and the driver gets the values as it wants them: SQLite a list of
tuples, Postgres one array a column (`INSERT … SELECT … FROM unnest(…)`, one round trip).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, Table, Text, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

_INSERTS: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement, its parameters in their order, and how the values of each are made what the driver takes."""

    sql: str
    names: tuple[str, ...]
    binds: tuple[Callable[[Any], Any] | None, ...]


def put(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    replace: Iterable[str] = (),
    add: Iterable[str] = (),
) -> None:
    """Insert rows that name the same columns. Where the primary key exists: `replace` or `add` these columns.

    Without either, a row that breaks any uniqueness is left out. No key may come twice in one call: Postgres changes
    no row twice in one statement.
    """
    if not rows:
        return
    statement = _prepare(connection.dialect, table, tuple(rows[0]), tuple(replace), tuple(add))
    columns = []
    for name, bind in zip(statement.names, statement.binds, strict=True):
        values = [row[name] for row in rows]
        columns.append(values if bind is None else [None if value is None else bind(value) for value in values])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement.sql, list(zip(*columns, strict=True)))
    else:
        connection.exec_driver_sql(statement.sql, dict(zip(statement.names, columns, strict=True)))


def upsert(connection: Connection, table: Table) -> Any:
    """An insert that takes `on_conflict_…`, for this connection's database."""
    return _INSERTS[connection.dialect.name](table)


@lru_cache(maxsize=256)
def _prepare(
    dialect: Dialect, table: Table, names: tuple[str, ...], replace: tuple[str, ...], add: tuple[str, ...]
) -> _Prepared:
    statement = _INSERTS[dialect.name](table)
    if dialect.name == "postgresql":  # each column as an array that becomes rows; JSON travels as text
        arrays = []
        for name in names:
            kind: Any = table.c[name].type
            if isinstance(kind, JSON):
                arrays.append(func.unnest(cast(bindparam(name, type_=ARRAY(Text)), ARRAY(JSONB))))
            else:
                arrays.append(func.unnest(cast(bindparam(name), ARRAY(kind))))
        statement = statement.from_select(names, select(*arrays))
    # ON CONFLICT is the same on both: https://sqlite.org/lang_upsert.html follows Postgres
    # https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
    changes = {name: statement.excluded[name] for name in replace}
    changes |= {name: table.c[name] + statement.excluded[name] for name in add}
    if changes:
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changes)
    else:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or names)
    return _Prepared(str(compiled), order, tuple(table.c[name].type.bind_processor(dialect) for name in order))
