"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import groupby

from insight.pipeline import Pipeline
from listener.config import Config
from scrapers.base import Source
from storage import Store

REMATCH_DAYS = 90


def keep_days(source: Source, own: int | None) -> int | None:
    """How long a source's posts may be kept: the platform's limit or the team's own, whichever is shorter."""
    limits = [days for days in (source.terms.keep_days, own) if days is not None]
    return min(limits, default=None)


def expire(store: Store, config: Config, now: datetime) -> int:
    """Take the text of posts that may not be kept any longer; the counts stay. Gives how many."""
    expired = 0
    for network, days in _limits(config).items():
        expired += store.posts.expire(network, now - timedelta(days=days), now)
    return expired


def _limits(config: Config) -> dict[str, int]:
    """The shortest limit of each network: a post seen by two kinds is kept by the stricter rule."""
    limits: dict[str, int] = {}
    for source in config.sources:
        days = keep_days(source, config.storage.keep_days)
        if days is not None:
            limits[source.network] = min(days, limits.get(source.network, days))
    return limits


def rematch(store: Store, pipeline: Pipeline, sources: Mapping[str, Source], now: datetime) -> int:
    """Understand the stored posts of the last 90 days again, after a query has changed; mentions and counts move."""
    moved = 0
    for posts in store.posts.bare(now - timedelta(days=REMATCH_DAYS), batch=500):
        for source, group in groupby(posts, key=lambda stored: stored.source):
            known = sources.get(source)
            bound = frozenset(known.watches) if known else frozenset[str]()
            understood = pipeline.understand([stored.post for stored in group], bound=bound)
            store.posts.reclassify(understood, now)
            moved += len(understood)
    return moved
