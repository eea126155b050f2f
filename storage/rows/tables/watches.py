"""What is followed, and where posts come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlmodel import Field

from insight.model import Watch
from storage.rows.codecs import Codec
from storage.rows.columns import Json, UtcTime, Words
from storage.rows.tables.declare import COMPACT, Base, column, empty, key, part_of, partial_index, table_of

WATCH = Codec(Watch, text=Words)


class WatchRow(Base, table=True):
    """A watch, with a column for each of its fields."""

    __tablename__ = "watches"
    __table_args__ = (*WATCH.columns(), PrimaryKeyConstraint("id"))
    active: bool
    created_at: datetime = column(UtcTime)
    updated_at: datetime = column(UtcTime)


class WatchVersionRow(Base, table=True):
    """Every query that a watch ever had, so that `mentions.query_version` stays readable."""

    __tablename__ = "watch_versions"
    watch: str = part_of("watches.id")
    version: int = Field(primary_key=True)
    query: str = column(Words)
    since: datetime = column(UtcTime)


class SourceRow(Base, table=True):
    __tablename__ = "sources"
    __table_args__ = (Index(None, "next_at"), Index(None, "last_attempt"))
    id: str = key()
    kind: str = column()
    active: bool
    paused: bool
    failures: int
    next_at: datetime = column(UtcTime)
    last_attempt: datetime | None = empty(UtcTime)
    last_success: datetime | None = empty(UtcTime)
    last_item_at: datetime | None = empty(UtcTime)
    error: str | None = empty(Words)


class SearchRow(Base, table=True):
    """How far a search of a source has been read, and how it is doing. A backfill keeps its cursor here, too."""

    __tablename__ = "searches"
    __table_args__ = (
        Index(None, "next_at"),
        partial_index("ix_searches_failing", "source", "search", where="failures > 0"),
    )  # fmt: skip
    source: str = key()
    search: str = key(Words)
    cursor: Any = empty(Json)
    paused: bool
    failures: int
    error: str | None = empty(Words)
    next_at: datetime | None = empty(UtcTime)
    last_success: datetime | None = empty(UtcTime)


class VisitRow(Base, table=True):
    """What the visits of one hour of collection brought."""

    __tablename__ = "visits"
    __table_args__ = (Index(None, "hour"), COMPACT)
    source: str = key()
    hour: datetime = key(UtcTime)
    fetches: int
    failures: int
    seen: int
    new: int


class GapRow(Base, table=True):
    """`id` is made of the rest, so the same gap told twice is one row. So it is with `rejected` and `snapshots`."""

    __tablename__ = "gaps"
    __table_args__ = (Index(None, "until"),)
    id: str = key()
    source: str = column()
    search: str = column(Words)
    since: datetime | None = empty(UtcTime)
    until: datetime = column(UtcTime)
    reason: str = column(Words)


class RejectedRow(Base, table=True):
    __tablename__ = "rejected"
    __table_args__ = (Index(None, "last_at"),)
    id: str = key()
    source: str = column()
    search: str = column(Words)
    reason: str = column(Words)
    raw: str = column(Words)
    first_at: datetime = column(UtcTime)
    last_at: datetime = column(UtcTime)


watches = table_of(WatchRow)
watch_versions = table_of(WatchVersionRow)
sources = table_of(SourceRow)
searches = table_of(SearchRow)
visits = table_of(VisitRow)
gaps = table_of(GapRow)
rejected = table_of(RejectedRow)
