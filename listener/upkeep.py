"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from insight.model import Post, Watch
from insight.pipeline import Pipeline
from listener.config import Config
from scrapers import KINDS
from scrapers.base import Source
from storage import Store, StoredPost

REMATCH_DAYS = 90
MATCHED = "matched"


def keep_days(source: Source | type[Source], own: int | None) -> int | None:
    """How long a source's posts may be kept: the platform's limit or the team's own, whichever is shorter."""
    limits = [days for days in (source.terms.keep_days, own) if days is not None]
    return min(limits, default=None)


def expire(store: Store, config: Config, now: datetime) -> int:
    """Take the text of posts that may not, or need not, be kept any longer; the counts stay. Gives how many."""
    expired = store.posts.forget_excluded(now - timedelta(days=config.storage.keep_excluded_days), now)
    for network, days in _limits(config).items():
        expired += store.posts.expire(network, now - timedelta(days=days), now)
    return expired


def _limits(config: Config) -> dict[str, int]:
    """The shortest limit of each network: a post seen by two kinds is kept by the stricter rule.

    A network that is no longer read keeps the limit of its kinds: taking a source out changes no platform's terms.
    """
    read = {source.network for source in config.sources}
    kinds: list[Source | type[Source]] = [
        *config.sources,
        *(kind for kind in KINDS.values() if kind.network not in read),
    ]
    limits: dict[str, int] = {}
    for kind in kinds:
        days = keep_days(kind, config.storage.keep_days)
        if days is not None:
            limits[kind.network] = min(days, limits.get(kind.network, days))
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
    seen = store.posts.sightings_of(stored.post.key for stored in posts)
    groups: dict[tuple[frozenset[str], str], list[Post]] = {}
    for stored in posts:
        # the watches that it concerns by where it was seen, whatever it says; and the source that saw it first
        names = [sighting.source for sighting in seen[stored.post.key]]
        bound = frozenset(watch for name in names if name in sources for watch in sources[name].watches)
        groups.setdefault((bound, names[0] if names else ""), []).append(stored.post)
    understood = (pipeline.understand(group, bound, source) for (bound, source), group in groups.items())
    store.posts.reclassify(chain.from_iterable(understood), now)
