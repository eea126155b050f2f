"""Facets, counts by facet, trouble by search, signals that know their posts, decisions, recipients of deliveries."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Text,
    column,
    insert,
    select,
    table,
)

from storage.migrations.schema import key, optional, partial_index, reference, required
from storage.migrations.themes_before_0003 import fill_themes, take_themes_from_states
from storage.rows.columns import BigId, Json, UtcTime, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _posts()
    _counts()
    _searches()
    _signals()
    _themes()
    _deliveries()
    # what retention looks for
    partial_index("ix_posts_kept", "posts", ["network", "collected_at"], "expired_at IS NULL AND deleted_at IS NULL")
    op.create_index(op.f("ix_revisions_replaced_at"), "revisions", ["replaced_at"])


# fmt: off
def _posts() -> None:
    """Posts with facts, mentions with facets, deletion as a state.

    Of what was deleted before, only that is left of its sentiment that it is not known.
    """
    op.add_column("posts", optional("facts", Json))
    partial_index("ix_posts_facts", "posts", ["event_at", "id"], "facts IS NOT NULL")
    op.add_column("mentions", optional("facets", Json))
    op.drop_index("ix_mentions_hidden", "mentions")
    op.execute("UPDATE mentions SET state = 'deleted' WHERE label = 'deleted' AND state = 'kept'")
    op.execute("UPDATE mentions SET label = 'unknown' WHERE label = 'deleted'")
    partial_index("ix_mentions_hidden", "mentions", ["post"], "state IN ('excluded', 'dropped')")


def _counts() -> None:
    """Counters by facet; before, sentiment was all that was counted."""
    op.rename_table("counts", "counts_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_counts RENAME TO pk_counts_before")
    op.create_table(
        "counts",
        required("watch", Text), required("source", Text), required("grain", Text), required("start", UtcTime),
        required("facet", Text), required("value", Text), required("lag", Integer),
        # last: SQLite 3.40's integrity_check finds fault with a column before those of the key
        required("number", Integer),
        key("counts", "watch", "facet", "grain", "start", "source", "value", "lag"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO counts (number, watch, source, grain, start, facet, value, lag) "
        "SELECT sum(value), watch, source, grain, start, 'sentiment', "
        "CASE label WHEN 'deleted' THEN 'unknown' ELSE label END AS known, lag "
        "FROM counts_before GROUP BY watch, source, grain, start, known, lag"
    )
    op.drop_table("counts_before")
    if op.get_bind().dialect.name == "postgresql":  # several writers take row numbers at the same time
        op.execute("CREATE SEQUENCE posts_id_seq")
        op.execute("SELECT setval('posts_id_seq', coalesce(max(id), 0) + 1, false) FROM posts")


def _searches() -> None:
    """How each search of a source is doing, beside its cursor; how complete each source is, apart from the others."""
    op.create_table(
        "searches",
        required("source", Text), required("search", Words), optional("cursor", Json), required("paused", Boolean),
        required("failures", Integer), optional("error", Words), optional("next_at", UtcTime),
        optional("last_success", UtcTime),
        key("searches", "source", "search"),
    )
    op.execute(
        "INSERT INTO searches (source, search, cursor, paused, failures, last_success) "
        "SELECT source, search, cursor, false, 0, updated_at FROM cursors"
    )
    op.drop_table("cursors")
    op.create_index(op.f("ix_searches_next_at"), "searches", ["next_at"])
    partial_index("ix_searches_failing", "searches", ["source", "search"], "failures > 0")
    op.create_index(op.f("ix_sources_next_at"), "sources", ["next_at"])
    op.create_index(op.f("ix_sources_last_attempt"), "sources", ["last_attempt"])
    state = table("state", column("name", Text), column("value", Json), column("updated_at", UtcTime))
    of_all = state.c.name == "completeness"
    for row in op.get_bind().execute(select(state).where(of_all)).all():
        for source, figures in row.value.items():
            name = f"completeness {source}"
            op.execute(insert(state).values(name=name, value=figures, updated_at=row.updated_at))
        op.execute(state.delete().where(of_all))


_SIGNALS = table("signals", column("number", BigId), column("key", Words), column("evidence", Json))
_POSTS = table("posts", column("id", BigInteger), column("network", Text), column("native_id", Text))


def _signals() -> None:
    """The posts that a signal quoted become the posts that it rests on; their words go from it."""
    op.add_column("signals", optional("versions", Json))
    op.create_table(
        "signal_posts",
        required("signal", BigInteger), required("post", BigInteger),
        key("signal_posts", "signal", "post"),
        reference("signal_posts", "signal", "signals.number"),
        reference("signal_posts", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        required("signal", BigInteger), required("channel", Text), required("told", Boolean),
        required("reason", Text), optional("delivery", Text), required("at", UtcTime),
        key("decisions", "signal", "channel"),
        reference("decisions", "signal", "signals.number"),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    behind = table("signal_posts", column("signal", BigInteger), column("post", BigInteger))
    for row in connection.execute(select(_SIGNALS)).all():
        evidence = dict(row.evidence)
        numbers: set[int] = set()
        for quote in evidence.pop("quotes", ()):
            quoted = (_POSTS.c.network == quote["network"]) & (_POSTS.c.native_id == quote["native_id"])
            numbers |= set(connection.execute(select(_POSTS.c.id).where(quoted)).scalars())
        for number in sorted(numbers):
            connection.execute(insert(behind).values(signal=row.number, post=number))
        connection.execute(_SIGNALS.update().where(_SIGNALS.c.number == row.number).values(evidence=evidence))



def _themes() -> None:
    """Themes move from the state of each watch, where the open ones stood, into the table that lists them all."""
    connection = op.get_bind()
    listed = table(
        "themes", column("id", Text), column("watch", Text), column("label", Words), column("first_at", UtcTime),
        column("last_at", UtcTime), column("detail", Json),
    )
    before = connection.execute(select(listed)).all()
    op.drop_table("themes")
    op.create_table(
        "themes",
        required("id", Text), required("watch", Text), required("label", Words), required("first_at", UtcTime),
        required("last_at", UtcTime), required("told", Integer), required("open", Boolean),
        key("themes", "id"),
    )
    op.create_index(op.f("ix_themes_watch"), "themes", ["watch"])
    op.create_table(
        "theme_phrases",
        required("theme", Text), required("number", Integer), required("phrase", Words),
        key("theme_phrases", "theme", "number"),
        reference("theme_phrases", "theme", "themes.id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "theme_posts",
        required("theme", Text), required("post", BigInteger),
        key("theme_posts", "theme", "post"),
        reference("theme_posts", "theme", "themes.id"),
        reference("theme_posts", "post", "posts.id"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_theme_posts_post"), "theme_posts", ["post"])
    op.create_table(
        "theme_events",
        required("number", BigId), required("theme", Text), required("at", UtcTime), required("change", Text),
        required("other", Words),
        key("theme_events", "number"),
        reference("theme_events", "theme", "themes.id"),
    )
    op.create_index(op.f("ix_theme_events_theme"), "theme_events", ["theme"])
    fill_themes(before, take_themes_from_states())


def _deliveries() -> None:
    """What a delivery does and to whom, channels that are held, and indexes over what waits and what was given up."""
    op.add_column("deliveries", required("recipient", Text, server_default=""))
    op.add_column("deliveries", required("action", Text, server_default="post"))
    # a message of a conversation was a reply as soon as there was something to reply to; only a digest stood alone
    op.execute("UPDATE deliveries SET action = 'reply' WHERE conversation <> ''")
    op.execute("UPDATE deliveries SET conversation = 'digest' WHERE conversation = '' AND once LIKE 'digest %'")
    op.drop_index(op.f("ix_deliveries_next_at"), "deliveries")
    partial_index("ix_deliveries_waiting", "deliveries", ["channel", "number"], "next_at IS NOT NULL")
    given_up = "next_at IS NULL AND state IN ('failed', 'unknown')"
    partial_index("ix_deliveries_given_up", "deliveries", ["updated_at"], given_up)
    op.create_index(op.f("ix_deliveries_created_at"), "deliveries", ["created_at"])
    op.create_table(
        "channels",
        required("channel", Text), required("recipient", Text), required("since", UtcTime),
        required("held_until", UtcTime), required("failures", Integer), required("error", Words),
        required("parked", Boolean),
        key("channels", "channel", "recipient"),
    )
