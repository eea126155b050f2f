"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from insight.model import Post
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
        groups: dict[frozenset[str], list[Post]] = {}
        for stored in posts:
            groups.setdefault(_bound(store, sources, stored.post), []).append(stored.post)
        for bound, group in groups.items():
            store.posts.reclassify(pipeline.understand(group, bound=bound), now)
            moved += len(group)
    return moved


def _bound(store: Store, sources: Mapping[str, Source], post: Post) -> frozenset[str]:
    """The watches that this post concerns by where it was seen, whatever it says."""
    seen_by = (sources.get(sighting.source) for sighting in store.posts.sightings(post.key))
    return frozenset(watch for source in seen_by if source for watch in source.watches)
