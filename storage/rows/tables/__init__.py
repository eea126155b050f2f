"""The tables. Nothing outside `storage` imports them; a change here needs a migration (a test compares the two).

The search index is not among them: it is another thing on each database (`storage/writing/search_index.py`).
"""

from storage.rows.tables.declare import Base
from storage.rows.tables.deliveries import GIVEN_UP, channels, deliveries, holder, state
from storage.rows.tables.posts import (
    CELL,
    CORRECTION,
    HIDDEN,
    MENTION,
    NOT_EMPTY,
    POST,
    aliases,
    corrections,
    counts,
    mentions,
    pending,
    posts,
    readings,
    revisions,
    sightings,
    snapshots,
    tombstones,
)
from storage.rows.tables.signals import (
    alerts,
    decisions,
    signal_posts,
    signals,
    theme_events,
    theme_phrases,
    theme_posts,
    themes,
)
from storage.rows.tables.watches import WATCH, gaps, rejected, searches, sources, visits, watch_versions, watches

METADATA = Base.metadata

# fmt: off
__all__ = [
    "CELL", "CORRECTION", "GIVEN_UP", "HIDDEN", "MENTION", "METADATA", "NOT_EMPTY", "POST", "WATCH", "alerts",
    "aliases", "channels", "corrections", "counts", "decisions", "deliveries", "gaps", "holder", "mentions",
    "pending", "posts", "readings", "rejected", "revisions", "searches", "sightings", "signal_posts", "signals",
    "snapshots", "sources", "state", "theme_events", "theme_phrases", "theme_posts", "themes", "tombstones", "visits",
    "watch_versions", "watches",
]
