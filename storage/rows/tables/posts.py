"""Posts, what was understood of them, and what is counted; imported numbers and pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field

from insight.model import Cell, Correction, Mention, Post
from storage.rows.codecs import Codec
from storage.rows.columns import BigId, Json, UtcTime, Words
from storage.rows.tables.declare import COMPACT, Base, column, empty, key, part_of, partial_index, table_of

POST = Codec(Post)
MENTION = Codec(Mention, "watch", "post", text=Words)
CELL = Codec(Cell)
CORRECTION = Codec(Correction, "watch", "post")
# conditions of partial indexes; a query that writes them out uses the index: https://sqlite.org/partialindex.html
HIDDEN = "state IN ('excluded', 'dropped')"
NOT_EMPTY = "expired_at IS NULL AND deleted_at IS NULL"


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
        partial_index("ix_posts_kept", "network", "collected_at", where=NOT_EMPTY),
        partial_index("ix_posts_facts", "event_at", "id", where="facts IS NOT NULL"),
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
    post: int = part_of("posts.id", BigInteger)
    number: int = Field(primary_key=True)
    replaced_at: datetime = column(UtcTime)
    content: Any = column(Json)


class SightingRow(Base, table=True):
    """Which source saw the post, and when first."""

    __tablename__ = "sightings"
    __table_args__ = (COMPACT,)
    post: int = part_of("posts.id", BigInteger)
    source: str = key()
    at: datetime = column(UtcTime)


class TombstoneRow(Base, table=True):
    """A deletion that came before its post. When the post comes late it is stored empty, as if it had come in time."""

    __tablename__ = "tombstones"
    __table_args__ = (Index(None, "deleted_at"),)
    network: str = key()
    native_id: str = key()
    deleted_at: datetime = column(UtcTime)


class AliasRow(Base, table=True):
    """Another native id of a post: it comes by this one too, or an earlier version knew it by another."""

    __tablename__ = "aliases"
    __table_args__ = (COMPACT,)
    network: str = key()
    native_id: str = key()
    post: int = Field(sa_type=BigInteger, sa_column_args=[ForeignKey("posts.id", ondelete="CASCADE")])


class MentionRow(Base, table=True):
    """A mention, with a column for each of its fields.

    `event_at` is its post's; `grain` the counter it belongs to (none: it is not known when it counts).
    """

    __tablename__ = "mentions"
    __table_args__ = (
        *MENTION.columns(),
        Index(None, "watch", "event_at", "post"),
        partial_index("ix_mentions_hidden", "post", where=HIDDEN),
    )
    post: int = part_of("posts.id", BigInteger)
    watch: str = key()
    event_at: datetime = column(UtcTime)
    grain: str | None = empty()


class PendingRow(Base, table=True):
    """A new complaint that the theme step has not consumed."""

    __tablename__ = "pending"
    __table_args__ = (COMPACT,)
    watch: str = key()
    post: int = part_of("posts.id", BigInteger)


class CorrectionRow(Base, table=True):
    """What a person says that a mention is, with a column for each of its fields."""

    __tablename__ = "corrections"
    __table_args__ = (*CORRECTION.columns(), COMPACT)
    post: int = part_of("posts.id", BigInteger)
    watch: str = key()


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


posts = table_of(PostRow)
revisions = table_of(RevisionRow)
sightings = table_of(SightingRow)
tombstones = table_of(TombstoneRow)
aliases = table_of(AliasRow)
mentions = table_of(MentionRow)
pending = table_of(PendingRow)
corrections = table_of(CorrectionRow)
counts = table_of(CountRow)
readings = table_of(ReadingRow)
snapshots = table_of(SnapshotRow)
