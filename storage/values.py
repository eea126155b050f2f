"""What goes into the store and comes out of it, beside the words of `insight.model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from insight.model import (
    Alert,
    Cell,
    ChannelDecision,
    Deletion,
    DeliveryState,
    Engagement,
    Gap,
    Mention,
    NewDelivery,
    Post,
    PostKey,
    Reading,
    Rejected,
    Signal,
    Snapshot,
    StoredMention,
    Theme,
    ThemeEvent,
    UnderstoodPost,
)
from insight.query import Match

JsonObject = Mapping[str, Any]

# -- in ---------------------------------------------------------------------------------------------------------


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
    cursor: JsonObject | None = None
    versions: Mapping[str, int] | None = None
    settled: frozenset[PostKey] = frozenset()


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What an arrival brought: posts in it, posts stored for the first time, edits, deletions, mentions newly kept."""

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


# -- out --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post, the source that saw it first and when. Deleted or expired posts have lost what they said."""

    post: Post
    source: str
    collected_at: datetime
    deleted_at: datetime | None = None
    expired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A post that a search found, with the mention of it that fulfils the query, and where its words stand."""

    stored: StoredMention
    match: Match


@dataclass(frozen=True, slots=True)
class Revision:
    """What a post said until `replaced_at`."""

    post: Post
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Distinct:
    """Sets, not sums: how many mentions, by how many authors, telling how many stories."""

    mentions: int
    authors: int
    stories: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that is not what its mentions add up to."""

    cell: Cell
    stored: int
    expected: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing. `paused`: it failed for good, somebody has to act; `next_at` alone says when it is due.

    `last_item_at`: when it last brought a post that was not known before.
    """

    id: str
    kind: str
    active: bool
    next_at: datetime
    last_attempt: datetime | None
    last_success: datetime | None
    last_item_at: datetime | None
    failures: int
    error: str | None
    paused: bool


@dataclass(frozen=True, slots=True)
class SearchState:
    """How far one search of a source has been read, and how it is doing.

    `cursor` None: it has never been read. `next_at`: it failed, and rests until then while the others are read; None:
    it is read with each visit. `paused`: it failed for good, somebody has to act. `failures`: visits in a row.
    """

    source: str
    search: str
    cursor: JsonObject | None = None
    paused: bool = False
    failures: int = 0
    error: str | None = None
    next_at: datetime | None = None
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One hour of collection of one source. `fetches` counts the failed ones too."""

    source: str
    hour: datetime
    fetches: int
    failures: int
    seen: int
    new: int


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds from published to collected, of so many posts: the median and the 95th percentile."""

    posts: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class SourceGap:
    source: str
    search: str
    gap: Gap


@dataclass(frozen=True, slots=True)
class SourceRejected:
    """An item that could not be read. `at`: when the source last brought the very same."""

    source: str
    search: str
    reason: str
    raw: str
    at: datetime
    first_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Whether a channel ("": all of them) was told of a signal, by which delivery, or the named reason why not."""

    key: str
    headline: str
    channel: str
    told: bool
    reason: str
    delivery: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery as a person wants to see it. `next_at` None: it has ended."""

    id: str
    channel: str
    conversation: str
    state: DeliveryState
    attempts: int
    headline: str
    error: str | None
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime
    recipient: str = ""
