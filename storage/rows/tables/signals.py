"""What changed: themes, signals with what was decided about them, alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlmodel import Field

from storage.rows.columns import BigId, Json, UtcTime, Words
from storage.rows.tables.declare import COMPACT, Base, column, empty, key, part_of, partial_index, table_of


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
    theme: str = part_of("themes.id")
    number: int = Field(primary_key=True)
    phrase: str = column(Words)


class ThemePostRow(Base, table=True):
    __tablename__ = "theme_posts"
    __table_args__ = (Index(None, "post"), COMPACT)
    theme: str = part_of("themes.id")
    post: int = part_of("posts.id", BigInteger)


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
    signal: int = part_of("signals.number", BigInteger)
    post: int = part_of("posts.id", BigInteger)


class DecisionRow(Base, table=True):
    """Whether a channel ("": all of them) was told of a signal, by which delivery, or the named reason why not."""

    __tablename__ = "decisions"
    __table_args__ = (COMPACT,)
    signal: int = part_of("signals.number", BigInteger)
    channel: str = key()
    told: bool
    reason: str = column()
    delivery: str | None = empty()
    at: datetime = column(UtcTime)


class AlertRow(Base, table=True):
    __tablename__ = "alerts"
    __table_args__ = (
        partial_index("uq_alerts_open_key", "key", where="state <> 'resolved'", unique=True),
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


themes = table_of(ThemeRow)
theme_phrases = table_of(ThemePhraseRow)
theme_posts = table_of(ThemePostRow)
theme_events = table_of(ThemeEventRow)
signals = table_of(SignalRow)
signal_posts = table_of(SignalPostRow)
decisions = table_of(DecisionRow)
alerts = table_of(AlertRow)
