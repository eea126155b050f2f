"""The tables of what changed and who was told, and the program's own; part of `tables.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from storage.rows.columns import BigId, Json, UtcTime, Words
from storage.rows.fields import COMPACT, Base, column, empty, key, post_key, table_of


def _of(table: str, kind: Any) -> Any:
    """The key of a row of another table, as part of this table's own; it goes with that row."""
    return Field(primary_key=True, sa_type=kind, sa_column_args=[ForeignKey(table, ondelete="CASCADE")])


class ThemeRow(Base, table=True):
    """The one truth about themes: detection reads it, and writes it together with what it tells."""

    __tablename__ = "themes"
    __table_args__ = (Index(None, "watch"),)
    id: str = key()
    watch: str = column()
    label: str = column(Words)
    first_at: datetime = column(UtcTime)
    last_at: datetime = column(UtcTime)
    told: int
    open: bool


class ThemePhraseRow(Base, table=True):
    """The names of a theme, the surest first."""

    __tablename__ = "theme_phrases"
    __table_args__ = (COMPACT,)
    theme: str = _of("themes.id", Text)
    number: int = Field(primary_key=True)
    phrase: str = column(Words)


class ThemePostRow(Base, table=True):
    __tablename__ = "theme_posts"
    __table_args__ = (Index(None, "post"), COMPACT)
    theme: str = _of("themes.id", Text)
    post: int = post_key()


class ThemeEventRow(Base, table=True):
    """What became of a theme: opened, renamed, merged into or split from an `other`, ended."""

    __tablename__ = "theme_events"
    __table_args__ = (Index(None, "theme"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    theme: str = Field(sa_type=Text, sa_column_args=[ForeignKey("themes.id", ondelete="CASCADE")])
    at: datetime = column(UtcTime)
    change: str = column()
    other: str = column(Words)


class SignalRow(Base, table=True):
    """Every signal with its figures and words. What its posts say stands with them alone."""

    __tablename__ = "signals"
    __table_args__ = (Index(None, "at"), Index(None, "key"))
    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    key: str = column(Words)
    kind: str = column()
    at: datetime = column(UtcTime)
    evidence: Any = column(Json)
    versions: Any = empty(Json)


class SignalPostRow(Base, table=True):
    """All posts that a signal rests on."""

    __tablename__ = "signal_posts"
    __table_args__ = (COMPACT,)
    signal: int = _of("signals.number", BigInteger)
    post: int = post_key()


class DecisionRow(Base, table=True):
    """Whether a channel ("": all of them) was told of a signal, by which delivery, or the named reason why not."""

    __tablename__ = "decisions"
    __table_args__ = (COMPACT,)
    signal: int = _of("signals.number", BigInteger)
    channel: str = key()
    told: bool
    reason: str = column()
    delivery: str | None = empty()
    at: datetime = column(UtcTime)


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


WAITING = "next_at IS NOT NULL"
GIVEN_UP = "next_at IS NULL AND state IN ('failed', 'unknown')"


class DeliveryRow(Base, table=True):
    """`doubtful`: an earlier attempt may have arrived. `next_at` empty: sent, joined, or given up."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("channel", "once"),
        Index("ix_deliveries_waiting", "channel", "number", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
        Index("ix_deliveries_given_up", "updated_at", sqlite_where=text(GIVEN_UP), postgresql_where=text(GIVEN_UP)),
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


themes, theme_phrases = table_of(ThemeRow), table_of(ThemePhraseRow)
theme_posts, theme_events = table_of(ThemePostRow), table_of(ThemeEventRow)
signals, signal_posts, decisions = table_of(SignalRow), table_of(SignalPostRow), table_of(DecisionRow)
alerts = table_of(AlertRow)
channels, deliveries = table_of(ChannelRow), table_of(DeliveryRow)
state, holder = table_of(StateRow), table_of(HolderRow)
