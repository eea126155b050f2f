"""The first schema."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Float, Integer, Text
from sqlalchemy import UniqueConstraint as Unique

from storage.migrations.schema import key, optional, partial_index, reference, required
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


# fmt: off
def _watches() -> None:
    """What is followed."""
    op.create_table(
        "watches",
        required("id", Text), required("name", Words), required("role", Text), required("query", Words),
        required("time_zone", Text), required("version", Integer), required("active", Boolean),
        required("created_at", UtcTime), required("updated_at", UtcTime),
        key("watches", "id"),
    )
    op.create_table(
        "watch_versions",
        required("watch", Text), required("version", Integer), required("query", Words), required("since", UtcTime),
        key("watch_versions", "watch", "version"),
        reference("watch_versions", "watch", "watches.id"),
    )


def _sources() -> None:
    """Where posts come from."""
    op.create_table(
        "sources",
        required("id", Text), required("kind", Text), required("active", Boolean), required("paused", Boolean),
        required("failures", Integer), required("next_at", UtcTime), optional("last_attempt", UtcTime),
        optional("last_success", UtcTime), optional("last_item_at", UtcTime), optional("error", Words),
        key("sources", "id"),
    )
    op.create_table(
        "cursors",
        required("source", Text), required("search", Words), required("cursor", Json),
        required("updated_at", UtcTime),
        key("cursors", "source", "search"),
    )
    op.create_table(
        "visits",
        required("source", Text), required("hour", UtcTime), required("fetches", Integer),
        required("failures", Integer), required("seen", Integer), required("new", Integer),
        key("visits", "source", "hour"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_visits_hour"), "visits", ["hour"])
    op.create_table(
        "gaps",
        required("id", Text), required("source", Text), required("search", Words), optional("since", UtcTime),
        required("until", UtcTime), required("reason", Words),
        key("gaps", "id"),
    )
    op.create_index(op.f("ix_gaps_until"), "gaps", ["until"])
    op.create_table(
        "rejected",
        required("id", Text), required("source", Text), required("search", Words), required("reason", Words),
        required("raw", Words), required("first_at", UtcTime), required("last_at", UtcTime),
        key("rejected", "id"),
    )
    op.create_index(op.f("ix_rejected_last_at"), "rejected", ["last_at"])


def _posts() -> None:
    """Posts."""
    op.create_table(
        "posts",
        required("id", BigId, autoincrement=False), required("network", Text), required("native_id", Text),
        required("source", Text), required("collected_at", UtcTime), required("event_at", UtcTime),
        required("edition_at", UtcTime), optional("deleted_at", UtcTime), optional("expired_at", UtcTime),
        required("kind", Text), required("visibility", Text), required("precision", Text),
        optional("published_at", UtcTime), optional("edited_at", UtcTime), required("text", Text),
        optional("title", Text), optional("url", Text), optional("author", Text), optional("author_name", Text),
        optional("audience", BigInteger), optional("language", Text), optional("country", Text),
        optional("reply_to", Text), optional("thread", Text), optional("rating", Json), optional("engagement", Json),
        optional("links", Json), optional("hashtags", Json), optional("media", Json),
        key("posts", "id"),
        Unique("network", "native_id", name=op.f("uq_posts_network_native_id")),
    )
    op.create_index(op.f("ix_posts_event_at_id"), "posts", ["event_at", "id"])


def _about_posts() -> None:
    """What happened to posts."""
    op.create_table(
        "revisions",
        required("post", BigInteger), required("number", Integer), required("replaced_at", UtcTime),
        required("content", Json),
        key("revisions", "post", "number"),
        reference("revisions", "post", "posts.id"),
    )
    op.create_table(
        "sightings",
        required("post", BigInteger), required("source", Text), required("at", UtcTime),
        key("sightings", "post", "source"),
        reference("sightings", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tombstones",
        required("network", Text), required("native_id", Text), required("deleted_at", UtcTime),
        key("tombstones", "network", "native_id"),
    )
    op.create_index(op.f("ix_tombstones_deleted_at"), "tombstones", ["deleted_at"])


def _mentions() -> None:
    """What was understood, and counted."""
    op.create_table(
        "mentions",
        required("post", BigInteger), required("watch", Text), required("event_at", UtcTime), optional("grain", Text),
        required("query_version", Integer), required("state", Text), optional("excluded_by", Words),
        required("language", Text), required("label", Text), required("score", Float), required("confidence", Float),
        optional("evidence", Json), required("story", Words), optional("spans", Json),
        key("mentions", "post", "watch"),
        reference("mentions", "post", "posts.id"),
    )
    op.create_index(op.f("ix_mentions_watch_event_at_post"), "mentions", ["watch", "event_at", "post"])
    op.create_table(
        "pending",
        required("watch", Text), required("post", BigInteger),
        key("pending", "watch", "post"),
        reference("pending", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counts",
        required("watch", Text), required("grain", Text), required("start", UtcTime), required("source", Text),
        required("label", Text), required("lag", Integer), required("value", Integer),
        key("counts", "watch", "grain", "start", "source", "label", "lag"),
        sqlite_with_rowid=False,
    )


def _imported() -> None:
    """Numbers and pages."""
    op.create_table(
        "readings",
        required("indicator", Words), required("at", UtcTime), required("source", Text), required("value", Float),
        key("readings", "indicator", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshots",
        required("id", Text), required("page", Text), required("url", Words), required("source", Text),
        required("at", UtcTime), required("text", Words),
        key("snapshots", "id"),
    )
    op.create_index(op.f("ix_snapshots_page_at"), "snapshots", ["page", "at"])


def _changes() -> None:
    """What changed."""
    op.create_table(
        "themes",
        required("id", Text), required("watch", Text), required("label", Words), required("first_at", UtcTime),
        required("last_at", UtcTime), optional("detail", Json),
        key("themes", "id"),
    )
    op.create_index(op.f("ix_themes_watch"), "themes", ["watch"])
    op.create_table(
        "signals",
        required("number", BigId), required("key", Words), required("kind", Text), required("at", UtcTime),
        required("evidence", Json),
        key("signals", "number"),
    )
    op.create_index(op.f("ix_signals_at"), "signals", ["at"])
    op.create_index(op.f("ix_signals_key"), "signals", ["key"])
    op.create_table(
        "alerts",
        required("id", Text), required("key", Words), required("kind", Text), optional("watch", Text),
        optional("source", Text), required("state", Text), required("headline", Words),
        required("opened_at", UtcTime), required("updated_at", UtcTime), optional("told_at", UtcTime),
        key("alerts", "id"),
    )
    op.create_index(op.f("ix_alerts_updated_at"), "alerts", ["updated_at"])
    partial_index("uq_alerts_open_key", "alerts", ["key"], "state <> 'resolved'", unique=True)


def _deliveries() -> None:
    """Who was told."""
    op.create_table(
        "deliveries",
        required("number", BigId), required("id", Text), required("channel", Text), required("conversation", Text),
        optional("once", Text), required("message", Json), required("state", Text), required("attempt", Integer),
        required("doubtful", Boolean), optional("token", Text), optional("next_at", UtcTime), optional("ref", Json),
        optional("error", Words), required("created_at", UtcTime), required("updated_at", UtcTime),
        key("deliveries", "number"),
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
        required("name", Text), optional("value", Json), required("updated_at", UtcTime),
        key("state", "name"),
    )
    op.create_table(
        "holder",
        required("name", Text), required("owner", Json), required("backend", Integer),
        key("holder", "name"),
    )
