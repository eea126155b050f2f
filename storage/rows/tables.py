"""The tables. Nothing outside `storage` imports them; a change here needs a migration (a test compares the two).

The search index is not among them: it is another thing on each database (`storage/writing/search_index.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint, Text, UniqueConstraint, text
from sqlmodel import Field

from insight.model import Cell, Mention, Post, Watch
from storage.rows.codecs import Codec
from storage.rows.columns import BigId, Json, UtcTime, Words
from storage.rows.fields import COMPACT, Base, column, empty, key, post_key, table_of
from storage.rows.signal_tables import (
    GIVEN_UP,
    alerts,
    channels,
    decisions,
    deliveries,
    holder,
    signal_posts,
    signals,
    state,
    theme_events,
    theme_phrases,
    theme_posts,
    themes,
)

METADATA = Base.metadata
POST = Codec(Post)
WATCH = Codec(Watch, text=Words)
CELL = Codec(Cell)
MENTION = Codec(Mention, "watch", "post", text=Words)
HIDDEN = "state IN ('excluded', 'dropped')"
SAYING = "expired_at IS NULL AND deleted_at IS NULL"

# -- what is followed, and where posts come from ------------------------------------------------------------------


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
    watch: str = Field(primary_key=True, sa_type=Text, sa_column_args=[ForeignKey("watches.id", ondelete="CASCADE")])
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
        Index("ix_searches_failing", "source", "search", sqlite_where=text("failures > 0"),
              postgresql_where=text("failures > 0")),
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


# -- posts and what was understood --------------------------------------------------------------------------------


class PostRow(Base, table=True):
    """A post, with a column for each of its fields. A row is never removed, only emptied.

    `source` saw it first, at `collected_at`; neither changes.

    `edition_at`: when the stored edition was collected.
    `event_at` orders everything: when the post counts (`insight.counts.event_time`), else when it was collected.
    """

    __tablename__ = "posts"
    __table_args__ = (
        *POST.columns(),
        UniqueConstraint("network", "native_id"),
        Index(None, "event_at", "id"),
        Index("ix_posts_kept", "network", "collected_at", sqlite_where=text(SAYING), postgresql_where=text(SAYING)),
        Index("ix_posts_facts", "event_at", "id", sqlite_where=text("facts IS NOT NULL"),
              postgresql_where=text("facts IS NOT NULL")),
    )  # fmt: skip
    id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    source: str = column()
    collected_at: datetime = column(UtcTime)
    event_at: datetime = column(UtcTime)
    edition_at: datetime = column(UtcTime)
    deleted_at: datetime | None = empty(UtcTime)
    expired_at: datetime | None = empty(UtcTime)


class RevisionRow(Base, table=True):
    """What a post said before an edit."""

    __tablename__ = "revisions"
    __table_args__ = (Index(None, "replaced_at"),)
    post: int = post_key()
    number: int = Field(primary_key=True)
    replaced_at: datetime = column(UtcTime)
    content: Any = column(Json)


class SightingRow(Base, table=True):
    """Which source saw the post, and when first."""

    __tablename__ = "sightings"
    __table_args__ = (COMPACT,)
    post: int = post_key()
    source: str = key()
    at: datetime = column(UtcTime)


class TombstoneRow(Base, table=True):
    """A deletion that came before its post. When the post comes late it is stored empty, as if it had come in time."""

    __tablename__ = "tombstones"
    __table_args__ = (Index(None, "deleted_at"),)
    network: str = key()
    native_id: str = key()
    deleted_at: datetime = column(UtcTime)


class MentionRow(Base, table=True):
    """A mention, with a column for each of its fields.

    `event_at` is its post's; `grain` the counter it belongs to (none: it is not known when it counts).
    """

    __tablename__ = "mentions"
    __table_args__ = (
        *MENTION.columns(),
        Index(None, "watch", "event_at", "post"),
        Index("ix_mentions_hidden", "post", sqlite_where=text(HIDDEN), postgresql_where=text(HIDDEN)),
    )
    post: int = post_key()
    watch: str = key()
    event_at: datetime = column(UtcTime)
    grain: str | None = empty()


class PendingRow(Base, table=True):
    """A new negative mention that the theme step has not consumed."""

    __tablename__ = "pending"
    __table_args__ = (COMPACT,)
    watch: str = key()
    post: int = post_key()


class CountRow(Base, table=True):
    """One counter, at `number`. Never zero: a cell that comes to nothing is removed."""

    __tablename__ = "counts"
    __table_args__ = (
        *CELL.columns(),
        PrimaryKeyConstraint("watch", "facet", "grain", "start", "source", "value", "lag"),
        COMPACT,
    )
    number: int


class ReadingRow(Base, table=True):
    __tablename__ = "readings"
    __table_args__ = (COMPACT,)
    indicator: str = key(Words)
    at: datetime = key(UtcTime)
    source: str = column()
    value: float


class SnapshotRow(Base, table=True):
    __tablename__ = "snapshots"
    __table_args__ = (Index(None, "page", "at"),)
    id: str = key()
    page: str = column()  # a digest of the address, because an address may be longer than an index entry
    url: str = column(Words)
    source: str = column()
    at: datetime = column(UtcTime)
    text: str = column(Words)


watches, watch_versions, sources = table_of(WatchRow), table_of(WatchVersionRow), table_of(SourceRow)
searches, visits, gaps, rejected = table_of(SearchRow), table_of(VisitRow), table_of(GapRow), table_of(RejectedRow)
posts, revisions, sightings = table_of(PostRow), table_of(RevisionRow), table_of(SightingRow)
tombstones, mentions, pending = table_of(TombstoneRow), table_of(MentionRow), table_of(PendingRow)
counts, readings, snapshots = table_of(CountRow), table_of(ReadingRow), table_of(SnapshotRow)

__all__ = [
    "GIVEN_UP", "METADATA",
    "alerts", "channels", "counts", "decisions", "deliveries",
    "gaps", "holder", "mentions", "pending", "posts", "readings", "rejected", "revisions", "searches", "sightings",
    "signal_posts", "signals", "snapshots", "sources", "state", "theme_events", "theme_phrases", "theme_posts",
    "themes", "tombstones", "visits", "watch_versions", "watches",
]  # fmt: skip
