"""What comes in: posts, what becomes of them, and what else sources bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from insight.model.clean import clean


class PostKind(StrEnum):
    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    ARTICLE = "article"
    TICKET = "ticket"
    SURVEY = "survey"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class Precision(StrEnum):
    """How exactly `published_at` is known. Day counts alone take `DAY` and `COLLECTED`; no count takes `UNKNOWN`.

    `COLLECTED`: the post names no time, and counts on the day on which it was collected. That is not said of what a
    first visit, a backfill or the end of a gap brings, which may be of any day.
    """

    SECOND = "second"
    DAY = "day"
    COLLECTED = "collected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating on its own scale, as the platform gave it."""

    value: float
    worst: float = 1.0
    best: float = 5.0

    @property
    def share(self) -> float:
        """Where the value lies between worst (0.0) and best (1.0)."""
        return (self.value - self.worst) / (self.best - self.worst)


CONTENT: Mapping[str, bool] = {"content": True}
"""A field of Post with this holds what was said: a change of it is an edit, and a revision keeps what it was before.
A change of any other field is just stored.
"""
KEPT_AFTER_DELETION: Mapping[str, bool] = {"kept_after_deletion": True}
"""Kept of a post that was deleted, or whose time to be kept is over: nothing that tells what was said, or by whom."""
KEPT_IF_ABSENT: Mapping[str, bool] = {"kept_if_absent": True}
"""Where a later copy of the post lacks this field, the value that is known stays."""


NOT_STORED: Mapping[str, bool] = {"not_stored": True}
"""Told to the store with a post, and no column of it: a post that is read has the default."""
_WORDS = ("text", "title", "author", "author_name", "url")
_LISTS = ("links", "hashtags")


@dataclass(frozen=True, slots=True)
class Post:
    """Something somebody published. Identity is `(network, native_id)`; times are aware, in UTC.

    `text` is plain text with line breaks; `title` is apart from it. Unknown is `None`, never an invented value.
    `language` is the platform's own hint (BCP 47), not what was recognised. `reply_to`, `thread` and `repost_of` are
    native ids. `facts` hold what only some kinds know, by the names in `insight.query.fields.FACTS`.
    `aliases` are other native ids that it may have been stored by: under another source, by an earlier version. They
    find it only where the two say about the same (`storage.writing.aliases`).

    This is its one declaration: columns, JSON, revisions and merging are derived from it. A further field needs a
    migration that adds its column, and nothing else.
    """

    network: str
    native_id: str
    text: str = field(metadata=CONTENT)
    kind: PostKind = field(default=PostKind.POST, metadata={**CONTENT, **KEPT_AFTER_DELETION})
    url: str | None = None
    title: str | None = field(default=None, metadata=CONTENT)
    author: str | None = field(default=None, metadata=CONTENT)
    author_name: str | None = None
    audience: int | None = None
    published_at: datetime | None = field(default=None, metadata={**CONTENT, **KEPT_AFTER_DELETION})
    precision: Precision = field(default=Precision.SECOND, metadata={**CONTENT, **KEPT_AFTER_DELETION})
    edited_at: datetime | None = field(default=None, metadata=KEPT_AFTER_DELETION)
    language: str | None = field(default=None, metadata=KEPT_AFTER_DELETION)
    country: str | None = field(default=None, metadata=KEPT_AFTER_DELETION)
    rating: Rating | None = field(default=None, metadata={**CONTENT, **KEPT_AFTER_DELETION})
    engagement: Mapping[str, int] = field(default_factory=dict, metadata=KEPT_IF_ABSENT)
    reply_to: str | None = field(default=None, metadata=KEPT_IF_ABSENT)
    thread: str | None = field(default=None, metadata=KEPT_IF_ABSENT)
    repost_of: str | None = None
    links: tuple[str, ...] = field(default=(), metadata=CONTENT)
    hashtags: tuple[str, ...] = field(default=(), metadata=CONTENT)
    media: tuple[str, ...] = ()
    visibility: Visibility = field(default=Visibility.PUBLIC, metadata={**CONTENT, **KEPT_AFTER_DELETION})
    facts: Mapping[str, str | float] = field(default_factory=dict, metadata=KEPT_IF_ABSENT)
    aliases: tuple[str, ...] = field(default=(), compare=False, metadata=NOT_STORED)

    def __post_init__(self) -> None:
        """Its words become what a store keeps of them, so that a post is matched and quoted as it is stored."""
        for name in _WORDS:
            written = getattr(self, name)
            if isinstance(written, str) and (kept := clean(written)) is not written:
                object.__setattr__(self, name, kept)
        for name in _LISTS:
            many = getattr(self, name)
            if many and any(isinstance(one, str) and clean(one) is not one for one in many):
                object.__setattr__(self, name, tuple(clean(one) if isinstance(one, str) else one for one in many))

    @property
    def key(self) -> PostKey:
        return PostKey(self.network, self.native_id)


@dataclass(frozen=True, slots=True, order=True)
class PostKey:
    network: str
    native_id: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """The platform says that the post is gone; `all_below`: every stored one whose id begins so (an account's)."""

    network: str
    native_id: str
    all_below: bool = False


@dataclass(frozen=True, slots=True)
class Engagement:
    """New numbers (likes, replies, reposts, views, …) for a post seen before."""

    network: str
    native_id: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of an indicator at one time."""

    indicator: str
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a page said at one time; comparing snapshots happens after storage."""

    url: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which posts may have been missed, and why. `since` None: it is not known since when."""

    since: datetime | None
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be read: set aside with its reason and what it was, so that nothing is lost."""

    reason: str
    raw: str


Item = Post | Deletion | Engagement | Reading | Snapshot | Gap
