"""What migrations make, said shortly: columns, keys, references, indexes of some rows."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, text


def required(name: str, kind: Any, **further: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **further)


def optional(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def reference(table: str, column: str, target: str) -> ForeignKeyConstraint:
    """To a row of another table (`posts.id`), with which this one goes."""
    return ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def partial_index(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    rows = text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=rows, postgresql_where=rows)
