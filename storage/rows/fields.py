"""How tables are declared: their base, their keys and columns, the names of their constraints."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, MetaData, Table, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
COMPACT = {"sqlite_with_rowid": False}  # rows lie in the primary key itself: half the size for narrow tables


class Base(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """Tables of this store only, apart from any other SQLModel tables in the process."""


def key(kind: Any = Text) -> Any:
    return Field(primary_key=True, sa_type=kind)


def post_key() -> Any:
    """A post's row number, as part of this table's own key."""
    return Field(primary_key=True, sa_type=BigInteger, sa_column_args=[ForeignKey("posts.id", ondelete="CASCADE")])


def column(kind: Any = Text) -> Any:
    return Field(sa_type=kind)


def empty(kind: Any = Text) -> Any:
    """A column that may be empty."""
    return Field(default=None, sa_type=kind, nullable=True)


def table_of(model: type[Base]) -> Table:
    """The Core table, for bulk statements: its columns are `posts.c.text`."""
    return Base.metadata.tables[str(model.__tablename__)]
