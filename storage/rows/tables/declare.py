"""How tables are declared: their base, their keys and columns, the names of their constraints."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, MetaData, Table, Text, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
COMPACT = {"sqlite_with_rowid": False}
"""Rows lie in the primary key itself: half the size for narrow tables (https://sqlite.org/withoutrowid.html)."""


class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Tables of this store only, apart from any other SQLModel tables in the process."""


def key(kind: Any = Text) -> Any:
    return Field(primary_key=True, sa_type=kind)


def part_of(target: str, kind: Any = Text) -> Any:
    """The key of a row of another table (`posts.id`), as part of this table's own; this row goes with that one."""
    return Field(primary_key=True, sa_type=kind, sa_column_args=[ForeignKey(target, ondelete="CASCADE")])


def column(kind: Any = Text) -> Any:
    return Field(sa_type=kind)


def empty(kind: Any = Text) -> Any:
    """A column that may be empty."""
    return Field(default=None, sa_type=kind, nullable=True)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows for which this holds, on both databases: https://sqlite.org/partialindex.html"""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def table_of(model: type[Base]) -> Table:
    """The Core table, for bulk statements: its columns are `posts.c.text`."""
    return Base.metadata.tables[str(model.__tablename__)]
