"""The first schema."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy import text as sql

from storage.rows.columns import BigId, Json, UtcTime, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _watches()
    _sources()
    _posts()
    _about_posts()
    _mentions()
    _imported()
    _changes()
    _deliveries()
    _own()


def _is(name: str, kind: Any, **further: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **further)


def _may(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _of_post(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["post"], ["posts.id"], name=op.f(f"fk_{table}_post"), ondelete="CASCADE")


def _key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


# fmt: off
def _watches() -> None:
    """What is followed."""
    op.create_table(
        "watches",
        _is("id", Text), _is("name", Words), _is("role", Text), _is("query", Words), _is("time_zone", Text),
        _is("version", Integer), _is("active", Boolean), _is("created_at", UtcTime), _is("updated_at", UtcTime),
        _key("watches", "id"),
    )
    op.create_table(
        "watch_versions",
        _is("watch", Text), _is("version", Integer), _is("query", Words), _is("since", UtcTime),
        _key("watch_versions", "watch", "version"),
        ForeignKeyConstraint(["watch"], ["watches.id"], name=op.f("fk_watch_versions_watch"), ondelete="CASCADE"),
    )


def _sources() -> None:
    """Where posts come from."""
    op.create_table(
        "sources",
        _is("id", Text), _is("kind", Text), _is("active", Boolean), _is("paused", Boolean), _is("failures", Integer),
        _is("next_at", UtcTime), _may("last_attempt", UtcTime), _may("last_success", UtcTime),
        _may("last_item_at", UtcTime), _may("error", Words),
        _key("sources", "id"),
    )
    op.create_table(
        "cursors",
        _is("source", Text), _is("search", Words), _is("cursor", Json), _is("updated_at", UtcTime),
        _key("cursors", "source", "search"),
    )
    op.create_table(
        "visits",
        _is("source", Text), _is("hour", UtcTime), _is("fetches", Integer), _is("failures", Integer),
        _is("seen", Integer), _is("new", Integer),
        _key("visits", "source", "hour"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_visits_hour"), "visits", ["hour"])
    op.create_table(
        "gaps",
        _is("id", Text), _is("source", Text), _is("search", Words), _may("since", UtcTime), _is("until", UtcTime),
        _is("reason", Words),
        _key("gaps", "id"),
    )
    op.create_index(op.f("ix_gaps_until"), "gaps", ["until"])
    op.create_table(
        "rejected",
        _is("id", Text), _is("source", Text), _is("search", Words), _is("reason", Words), _is("raw", Words),
        _is("first_at", UtcTime), _is("last_at", UtcTime),
        _key("rejected", "id"),
    )
    op.create_index(op.f("ix_rejected_last_at"), "rejected", ["last_at"])


def _posts() -> None:
    """Posts."""
    op.create_table(
        "posts",
        _is("id", BigId, autoincrement=False), _is("network", Text), _is("native_id", Text), _is("source", Text),
        _is("collected_at", UtcTime), _is("event_at", UtcTime), _is("edition_at", UtcTime),
        _may("deleted_at", UtcTime), _may("expired_at", UtcTime), _is("kind", Text), _is("visibility", Text),
        _is("precision", Text), _may("published_at", UtcTime), _may("edited_at", UtcTime), _is("text", Text),
        _may("title", Text), _may("url", Text), _may("author", Text), _may("author_name", Text),
        _may("audience", BigInteger), _may("language", Text), _may("country", Text), _may("reply_to", Text),
        _may("thread", Text), _may("rating", Json), _may("engagement", Json), _may("links", Json),
        _may("hashtags", Json), _may("media", Json),
        _key("posts", "id"),
        Unique("network", "native_id", name=op.f("uq_posts_network_native_id")),
    )
    op.create_index(op.f("ix_posts_event_at_id"), "posts", ["event_at", "id"])


def _about_posts() -> None:
    """What happened to posts."""
    op.create_table(
        "revisions",
        _is("post", BigInteger), _is("number", Integer), _is("replaced_at", UtcTime), _is("content", Json),
        _key("revisions", "post", "number"),
        _of_post("revisions"),
    )
    op.create_table(
        "sightings",
        _is("post", BigInteger), _is("source", Text), _is("at", UtcTime),
        _key("sightings", "post", "source"),
        _of_post("sightings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tombstones",
        _is("network", Text), _is("native_id", Text), _is("deleted_at", UtcTime),
        _key("tombstones", "network", "native_id"),
    )
    op.create_index(op.f("ix_tombstones_deleted_at"), "tombstones", ["deleted_at"])


def _mentions() -> None:
    """What was understood, and counted."""
    op.create_table(
        "mentions",
        _is("post", BigInteger), _is("watch", Text), _is("event_at", UtcTime), _may("grain", Text),
        _is("query_version", Integer), _is("state", Text), _may("excluded_by", Words), _is("language", Text),
        _is("label", Text), _is("score", Float), _is("confidence", Float), _may("evidence", Json),
        _is("story", Words), _may("spans", Json),
        _key("mentions", "post", "watch"),
        _of_post("mentions"),
    )
    op.create_index(op.f("ix_mentions_watch_event_at_post"), "mentions", ["watch", "event_at", "post"])
    op.create_table(
        "pending",
        _is("watch", Text), _is("post", BigInteger),
        _key("pending", "watch", "post"),
        _of_post("pending"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counts",
        _is("watch", Text), _is("grain", Text), _is("start", UtcTime), _is("source", Text), _is("label", Text),
        _is("lag", Integer), _is("value", Integer),
        _key("counts", "watch", "grain", "start", "source", "label", "lag"),
        sqlite_with_rowid=False,
    )


def _imported() -> None:
    """Numbers and pages."""
    op.create_table(
        "readings",
        _is("indicator", Words), _is("at", UtcTime), _is("source", Text), _is("value", Float),
        _key("readings", "indicator", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshots",
        _is("id", Text), _is("page", Text), _is("url", Words), _is("source", Text), _is("at", UtcTime),
        _is("text", Words),
        _key("snapshots", "id"),
    )
    op.create_index(op.f("ix_snapshots_page_at"), "snapshots", ["page", "at"])


def _changes() -> None:
    """What changed."""
    op.create_table(
        "themes",
        _is("id", Text), _is("watch", Text), _is("label", Words), _is("first_at", UtcTime), _is("last_at", UtcTime),
        _may("detail", Json),
        _key("themes", "id"),
    )
    op.create_index(op.f("ix_themes_watch"), "themes", ["watch"])
    op.create_table(
        "signals",
        _is("number", BigId), _is("key", Words), _is("kind", Text), _is("at", UtcTime), _is("evidence", Json),
        _key("signals", "number"),
    )
    op.create_index(op.f("ix_signals_at"), "signals", ["at"])
    op.create_index(op.f("ix_signals_key"), "signals", ["key"])
    op.create_table(
        "alerts",
        _is("id", Text), _is("key", Words), _is("kind", Text), _may("watch", Text), _may("source", Text),
        _is("state", Text), _is("headline", Words), _is("opened_at", UtcTime), _is("updated_at", UtcTime),
        _may("told_at", UtcTime),
        _key("alerts", "id"),
    )
    op.create_index(op.f("ix_alerts_updated_at"), "alerts", ["updated_at"])
    still_open = sql("state <> 'resolved'")
    op.create_index(
        "uq_alerts_open_key", "alerts", ["key"], unique=True, sqlite_where=still_open, postgresql_where=still_open
    )


def _deliveries() -> None:
    """Who was told."""
    op.create_table(
        "deliveries",
        _is("number", BigId), _is("id", Text), _is("channel", Text), _is("conversation", Text), _may("once", Text),
        _is("message", Json), _is("state", Text), _is("attempt", Integer), _is("doubtful", Boolean),
        _may("token", Text), _may("next_at", UtcTime), _may("ref", Json), _may("error", Words),
        _is("created_at", UtcTime), _is("updated_at", UtcTime),
        _key("deliveries", "number"),
        Unique("channel", "once", name=op.f("uq_deliveries_channel_once")),
        Unique("id", name=op.f("uq_deliveries_id")),
    )
    op.create_index(
        op.f("ix_deliveries_conversation_channel_number"), "deliveries", ["conversation", "channel", "number"]
    )
    op.create_index(op.f("ix_deliveries_next_at"), "deliveries", ["next_at"])


def _own() -> None:
    """The program's own."""
    op.create_table(
        "state",
        _is("name", Text), _may("value", Json), _is("updated_at", UtcTime),
        _key("state", "name"),
    )
    op.create_table(
        "holder",
        _is("name", Text), _is("owner", Json), _is("backend", Integer),
        _key("holder", "name"),
    )
