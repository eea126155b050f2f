"""Facets, counts by facet, trouble by search, signals that know their posts, decisions, recipients of deliveries."""

from __future__ import annotations

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
    """How each search of a source is doing, beside its cursor."""


def _told() -> None:
    """Signals with their posts, decisions, themes, deliveries with a recipient, channels that are held."""
