"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from insight.model import Post, Watch
from insight.pipeline import Pipeline
from listener.config import Config
from scrapers import KINDS
from scrapers.base import Source
from storage import RECORDS, Store, StoredPost, chunks

REMATCH_DAYS = 90
TURN = 100  # posts; a writer that waits for a turn to end waits for some ten milliseconds
MATCHED = "matched"


def keep_days(source: Source | type[Source], own: int | None) -> int | None:
    """How long a source's posts may be kept: the platform's limit or the team's own, whichever is shorter."""
    limits = [days for days in (source.terms.keep_days, own) if days is not None]
    return min(limits, default=None)


def outlived(store: Store, config: Config, now: datetime) -> Iterator[Sequence[int]]:
    """The posts that may not, or need not, say any longer what they say: for `store.posts.empty`, a turn each."""
    kept = config.storage
    yield from chunks(store.posts.hidden(now - timedelta(days=kept.keep_excluded_days)), TURN)
    for network, days in _limits(config).items():
        yield from chunks(store.posts.expired(network, now - timedelta(days=days)), TURN)


def forgotten(store: Store, config: Config, now: datetime) -> Iterator[Callable[[], int]]:
    """What is to be called, a turn each, until it gives 0: each removes some records that nothing reads any more."""
    kept = config.storage
    for record in RECORDS:
        days = kept.keep_rejected_days if record == "rejected" else kept.keep_history_days
        yield partial(store.forget, record, now - timedelta(days=days))


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
