"""Facets, counts by facet, trouble by search, signals that know their posts, decisions, recipients of deliveries."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, Text, column, insert, select, table
from sqlalchemy import text as sql

from storage.columns import Json, UtcTime, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _posts()
    _searches()
    _told()


def _posts() -> None:
    """Posts with facts, mentions with facets, deletion as a state, counts by facet.

    Of what was deleted before, only that is left of its sentiment that it is not known.
    """
    op.add_column("posts", Column("facts", Json, nullable=True))
    some = sql("facts IS NOT NULL")
    op.create_index("ix_posts_facts", "posts", ["event_at", "id"], sqlite_where=some, postgresql_where=some)
    op.add_column("mentions", Column("facets", Json, nullable=True))
    op.drop_index("ix_mentions_hidden", "mentions")
    op.execute("UPDATE mentions SET state = 'deleted' WHERE label = 'deleted' AND state = 'kept'")
    op.execute("UPDATE mentions SET label = 'unknown' WHERE label = 'deleted'")
    hidden = sql("state IN ('excluded', 'dropped')")
    op.create_index("ix_mentions_hidden", "mentions", ["post"], sqlite_where=hidden, postgresql_where=hidden)
    _counts()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE posts_id_seq")
        op.execute("SELECT setval('posts_id_seq', coalesce(max(id), 0) + 1, false) FROM posts")


def _counts() -> None:
    op.rename_table("counts", "counts_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_counts RENAME TO pk_counts_before")
    op.create_table(
        "counts",
        Column("number", Integer, nullable=False),
        Column("watch", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("grain", Text, nullable=False),
        Column("start", UtcTime, nullable=False),
        Column("facet", Text, nullable=False),
        Column("value", Text, nullable=False),
        Column("lag", Integer, nullable=False),
        PrimaryKeyConstraint(
            "watch", "facet", "grain", "start", "source", "value", "lag", name=op.f("pk_counts")
        ),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.execute(
        "INSERT INTO counts (number, watch, source, grain, start, facet, value, lag) "
        "SELECT sum(value), watch, source, grain, start, 'sentiment', "
        "CASE label WHEN 'deleted' THEN 'unknown' ELSE label END AS known, lag "
        "FROM counts_before GROUP BY watch, source, grain, start, known, lag"
    )
    op.drop_table("counts_before")


def _searches() -> None:
    """How each search of a source is doing, beside its cursor; how complete each source is, apart from the others."""
    op.create_table(
        "searches",
        Column("source", Text, nullable=False),
        Column("search", Words, nullable=False),
        Column("cursor", Json, nullable=True),
        Column("paused", Boolean, nullable=False),
        Column("failures", Integer, nullable=False),
        Column("error", Words, nullable=True),
        Column("next_at", UtcTime, nullable=True),
        Column("last_success", UtcTime, nullable=True),
        PrimaryKeyConstraint("source", "search", name=op.f("pk_searches")),
    )
    op.execute(
        "INSERT INTO searches (source, search, cursor, paused, failures, last_success) "
        "SELECT source, search, cursor, false, 0, updated_at FROM cursors"
    )
    op.drop_table("cursors")
    op.create_index(op.f("ix_searches_next_at"), "searches", ["next_at"])
    op.create_index(op.f("ix_sources_next_at"), "sources", ["next_at"])
    op.create_index(op.f("ix_sources_last_attempt"), "sources", ["last_attempt"])
    state = table("state", column("name", Text), column("value", Json), column("updated_at", UtcTime))
    of_all = state.c.name == "completeness"
    for row in op.get_bind().execute(select(state).where(of_all)).all():
        for source, figures in row.value.items():
            name = f"completeness {source}"
            op.execute(insert(state).values(name=name, value=figures, updated_at=row.updated_at))
        op.execute(state.delete().where(of_all))


def _told() -> None:
    """Signals with their posts, decisions, themes, deliveries with a recipient, channels that are held."""
