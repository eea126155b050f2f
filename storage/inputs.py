"""What the store is given to write, beside the words of `insight.model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from insight.model import (
    Alert,
    ChannelDecision,
    Deletion,
    Engagement,
    Gap,
    Mention,
    NewDelivery,
    PostKey,
    Reading,
    Rejected,
    Signal,
    Snapshot,
    Theme,
    ThemeEvent,
    UnderstoodPost,
)


@dataclass(frozen=True, slots=True)
class UnderstoodBatch:
    """One batch of one search of one source, understood. It is stored as a whole, with its cursor, or not at all.

    `cursor` None leaves the stored cursor as it is. `versions`: by watch, the version of the query that the posts were
    understood with; when the stored watches are others, nothing is stored (OutdatedError). None asks for no such look.
    `settled`: posts whose mentions, where they are new, the theme step need not look at.
    """

    source: str
    search: str
    collected_at: datetime
    understood: tuple[UnderstoodPost, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    engagements: tuple[Engagement, ...] = ()
    readings: tuple[Reading, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    gaps: tuple[Gap, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    cursor: Mapping[str, Any] | None = None
    versions: Mapping[str, int] | None = None
    settled: frozenset[PostKey] = frozenset()


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What a batch brought: posts in it, posts stored for the first time, edits, deletions, mentions newly kept."""

    seen: int = 0
    new: int = 0
    revised: int = 0
    deleted: int = 0
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step of detection leaves behind: its states by name and everything that follows, stored as a whole.

    `decisions`: for each signal, in order, who hears of it. `consumed`: pending mentions that the theme step has taken
    up. `members`: posts that belong to a theme, by its id. Alerts are written in their order.
    """

    at: datetime
    states: Mapping[str, Any] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[NewDelivery, ...] = ()
    decisions: tuple[tuple[ChannelDecision, ...], ...] = ()
    consumed: tuple[Mention, ...] = ()
    themes: tuple[Theme, ...] = ()
    members: Mapping[str, frozenset[PostKey]] = field(default_factory=dict)
    events: tuple[ThemeEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A configured source: its identity and its kind."""

    id: str
    kind: str
