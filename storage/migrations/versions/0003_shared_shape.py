"""Facets, counts by facet, trouble by search, signals that know their posts, decisions, recipients of deliveries."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, Text, column, insert, select, table

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
    """Posts with facts, mentions with facets, deletion as a state, counts by facet."""


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
