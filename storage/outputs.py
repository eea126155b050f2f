"""What the store gives to its readers, beside the words of `insight.model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insight.model import Cell, DeliveryState, Gap, Post, StoredMention
from insight.query import Match


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post, the source that saw it first and when. Deleted or expired posts have lost what they said."""

    post: Post
    source: str
    collected_at: datetime
    deleted_at: datetime | None = None
    expired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
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
    cursor: Mapping[str, Any] | None = None
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
class Undated:
    """Posts that name no time: those that count on the day they were collected, and those in no figure."""

    counted: int
    left_out: int


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
