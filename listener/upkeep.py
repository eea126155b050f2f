"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from insight.model import Post, Watch
from insight.pipeline import Pipeline
from listener.config import Config
from scrapers.base import Source
from storage import Store, StoredPost

REMATCH_DAYS = 90
MATCHED = "matched"


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


def unmatched(store: Store, watches: Sequence[Watch]) -> bool:
    """Whether what is stored still has to be matched with a new watch or a changed query.

    It is asked of the store, so that neither a kill nor another reload on the way makes anybody forget it.
    """
    done = store.state.get(MATCHED) or {}
    return any(done.get(watch.id) != watch.version for watch in watches)


def matched(store: Store, watches: Sequence[Watch], now: datetime) -> None:
    store.state.put(MATCHED, {watch.id: watch.version for watch in watches}, now)


def batches(store: Store, now: datetime) -> Iterator[list[StoredPost]]:
    """The stored posts of the last 90 days, in pieces that keep the store free for others in between."""
    return store.posts.bare(now - timedelta(days=REMATCH_DAYS), batch=200)


def rematch(
    store: Store, pipeline: Pipeline, sources: Mapping[str, Source], posts: Sequence[StoredPost], now: datetime
) -> None:
    """Understand stored posts again; mentions and counts move."""
    groups: dict[frozenset[str], list[Post]] = {}
    for stored in posts:
        groups.setdefault(_bound(store, sources, stored.post), []).append(stored.post)
    for bound, group in groups.items():
        store.posts.reclassify(pipeline.understand(group, bound=bound), now)


def _bound(store: Store, sources: Mapping[str, Source], post: Post) -> frozenset[str]:
    """The watches that this post concerns by where it was seen, whatever it says."""
    seen_by = (sources.get(sighting.source) for sighting in store.posts.sightings(post.key))
    return frozenset(watch for source in seen_by if source for watch in source.watches)
