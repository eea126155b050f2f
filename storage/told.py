"""The tables of what changed and who was told, and the program's own; part of `tables.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from storage.columns import BigId, Json, UtcTime, Words
from storage.fields import Base, column, empty, key, table_of


class ThemeRow(Base, table=True):
    __tablename__ = "themes"
    __table_args__ = (Index(None, "watch"),)
    id: str = key()
    watch: str = column()
    label: str = column(Words)
    first_at: datetime = column(UtcTime)
    last_at: datetime = column(UtcTime)
    detail: Any = empty(Json)


class SignalRow(Base, table=True):
    """Every signal with its figures and quotes: the evidence behind what was told."""

    __tablename__ = "signals"
    __table_args__ = (Index(None, "at"), Index(None, "key"))
    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = column(Words)
    kind: str = column()
    at: datetime = column(UtcTime)
    evidence: Any = column(Json)


class AlertRow(Base, table=True):
    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open_key", "key", unique=True, sqlite_where=text("state <> 'resolved'"),
              postgresql_where=text("state <> 'resolved'")),
        Index(None, "updated_at"),
    )  # fmt: skip
    id: str = key()
    key: str = column(Words)
    kind: str = column()
    watch: str | None = empty()
    source: str | None = empty()
    state: str = column()
    headline: str = column(Words)
    opened_at: datetime = column(UtcTime)
    updated_at: datetime = column(UtcTime)
    told_at: datetime | None = empty(UtcTime)


class DeliveryRow(Base, table=True):
    """`doubtful`: an earlier attempt may have arrived. `next_at` empty: sent, or given up."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("channel", "once"),
        Index(None, "next_at"),
        Index(None, "conversation", "channel", "number"),
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    id: str = column()
    channel: str = column()
    conversation: str = column()
    once: str | None = empty()
    message: Any = column(Json)
    state: str = column()
    attempt: int
    doubtful: bool
    token: str | None = empty()
    next_at: datetime | None = empty(UtcTime)
    ref: Any = empty(Json)
    error: str | None = empty(Words)
    created_at: datetime = column(UtcTime)
    updated_at: datetime = column(UtcTime)


# -- the program's own -------------------------------------------------------------------------------------------


class StateRow(Base, table=True):
    """What a step remembers, by name."""

    __tablename__ = "state"
    name: str = key()
    value: Any = empty(Json)
    updated_at: datetime = column(UtcTime)


class HolderRow(Base, table=True):
    """Postgres only: what the holder of the advisory lock says of itself. A row of another `backend` is stale."""

    __tablename__ = "holder"
    name: str = key()
    owner: Any = column(Json)
    backend: int


themes, signals, alerts = table_of(ThemeRow), table_of(SignalRow), table_of(AlertRow)
deliveries, state, holder = table_of(DeliveryRow), table_of(StateRow), table_of(HolderRow)
