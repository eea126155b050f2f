"""Who is told, and the program's own state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from storage.rows.columns import BigId, Json, UtcTime, Words
from storage.rows.tables.declare import Base, column, empty, key, partial_index, table_of

WAITING = "next_at IS NOT NULL"
GIVEN_UP = "next_at IS NULL AND state IN ('failed', 'unknown')"


class DeliveryRow(Base, table=True):
    """`doubtful`: an earlier attempt may have arrived. `next_at` empty: sent, joined, or given up."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("channel", "once"),
        partial_index("ix_deliveries_waiting", "channel", "number", where=WAITING),
        partial_index("ix_deliveries_given_up", "updated_at", where=GIVEN_UP),
        Index(None, "conversation", "channel", "number"),
        Index(None, "created_at"),
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    id: str = column()
    channel: str = column()
    recipient: str = column()
    conversation: str = column()
    action: str = column()
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


class ChannelRow(Base, table=True):
    """A channel in trouble, or one recipient of it. `parked`: refused for good, so somebody has to act."""

    __tablename__ = "channels"
    channel: str = key()
    recipient: str = key()
    since: datetime = column(UtcTime)
    held_until: datetime = column(UtcTime)
    failures: int
    error: str = column(Words)
    parked: bool


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


deliveries = table_of(DeliveryRow)
channels = table_of(ChannelRow)
state = table_of(StateRow)
holder = table_of(HolderRow)
