"""What keeps a long-running Listener in order: retention by the stricter rule, and matching again after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from insight.model import Post, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from listener.clock import Clock, ClockWatch
from listener.collecting.conditions import PERIOD
from listener.config import Config
from listener.engine import Job, Work
from listener.log import Log
from listener.observers import Observers
from listener.setup import Setup
from listener.threads import Threads
from scrapers import KINDS
from scrapers.base import Source
from storage import RECORDS, OutdatedError, Store, StoredPost, chunks

REMATCH_DAYS = 90
TURN = 100  # posts; a writer that waits for a turn to end waits for some ten milliseconds
MATCHED = "matched"


def keep_days(source: Source | type[Source], own: int | None) -> int | None:
    """How long a source's posts may be kept: the platform's limit or the team's own, whichever is shorter."""
    limits = [days for days in (source.terms.keep_days, own) if days is not None]
    return min(limits, default=None)


def _keep_days_by_network(config: Config) -> dict[str, int]:
    """The shortest limit of each network: a post seen by two kinds is kept by the stricter rule.

    A network that is no longer read keeps the limit of its kinds: taking a source out changes no platform's terms.
    """
    read = {source.network for source in config.sources}
    kinds: list[Source | type[Source]] = [*config.sources]
    kinds += [kind for kind in KINDS.values() if kind.network not in read]
    limits: dict[str, int] = {}
    for kind in kinds:
        days = keep_days(kind, config.storage.keep_days)
        if days is not None:
            limits[kind.network] = min(days, limits.get(kind.network, days))
    return limits


def posts_to_empty(store: Store, config: Config, now: datetime) -> Iterator[Sequence[int]]:
    """The ids of posts whose text may not, or need not, be kept longer: for `retention.empty_posts`, a turn each."""
    kept = config.storage
    yield from chunks(store.retention.hidden_posts(now - timedelta(days=kept.keep_excluded_days)), TURN)
    for network, days in _keep_days_by_network(config).items():
        yield from chunks(store.retention.expired_posts(network, now - timedelta(days=days)), TURN)


def records_to_forget(store: Store, config: Config, now: datetime) -> Iterator[Callable[[], int]]:
    """Calls that remove records which nothing reads any more, some at a time: each to be repeated until it gives 0."""
    kept = config.storage
    for record in RECORDS:
        days = kept.keep_rejected_days if record == "rejected" else kept.keep_history_days
        yield partial(store.retention.forget, record, now - timedelta(days=days))


def needs_rematch(store: Store, watches: Sequence[Watch]) -> bool:
    """Whether what is stored still has to be matched with a new watch or a changed query.

    It is asked of the store, so that neither a kill nor another reload on the way makes anybody forget it.
    """
    done = store.state.get(MATCHED) or {}
    return any(done.get(watch.id) != watch.version for watch in watches)


def mark_matched(store: Store, watches: Sequence[Watch], now: datetime) -> None:
    store.state.put(MATCHED, {watch.id: watch.version for watch in watches}, now)


def stored_batches(store: Store, now: datetime) -> Iterator[list[StoredPost]]:
    """The stored posts of the last 90 days, in pieces that keep the store free for others in between."""
    return store.posts.bare(now - timedelta(days=REMATCH_DAYS), batch=200)


def understand_again(
    store: Store, pipeline: Pipeline, sources: Mapping[str, Source], posts: Sequence[StoredPost]
) -> list[UnderstoodPost]:
    """Understand stored posts again, for `store.posts.reclassify`, which moves mentions and counts."""
    seen = store.posts.sightings_of(stored.post.key for stored in posts)
    groups: dict[tuple[frozenset[str], str], list[Post]] = {}
    for stored in posts:
        # the watches that it concerns by where it was seen, whatever it says; and the source that saw it first
        names = [sighting.source for sighting in seen[stored.post.key]]
        bound = frozenset(watch for name in names if name in sources for watch in sources[name].watches)
        groups.setdefault((bound, names[0] if names else ""), []).append(stored.post)
    understood = (pipeline.understand(group, bound, source) for (bound, source), group in groups.items())
    return list(chain.from_iterable(understood))


@dataclass
class Upkeep:
    """The jobs of upkeep, batch by batch: whoever else writes comes between two of them."""

    store: Store
    threads: Threads
    clock: Clock
    clock_watch: ClockWatch
    log: Log
    observers: Observers
    setup: Callable[[], Setup]

    def jobs(self) -> dict[str, Work]:
        return {
            "index": Work(self.index, long=True),
            "rematch": Work(self.rematch, long=True),
            "expire": Work(self.expire, long=True),
            "measure": Work(self.measure),
        }

    async def index(self, _: Job) -> None:
        """Index the words of stored posts where that is due."""
        while await self.threads.write(lambda: self.store.posts.index(self.clock.now())):
            pass

    async def rematch(self, job: Job) -> None:
        """Match what is stored with changed queries, until the config has stood still."""
        while True:
            made = self.setup()
            if not await self.threads.read(partial(needs_rematch, self.store, made.watches)):
                return
            try:
                await self._rematch(made, job)
            except OutdatedError:
                if self.setup() is made:  # it was no reload of ours: to begin anew would meet the same again
                    raise

    async def _rematch(self, made: Setup, job: Job) -> None:
        now, moved, versions = self.clock.now(), 0, made.queries.versions
        stored = stored_batches(self.store, now)
        while posts := await self.threads.read(partial(next, stored, None)):
            again = partial(understand_again, self.store, made.queries.pipeline, made.sources, posts)
            items = await self.threads.work(again)
            await self.threads.write(partial(self.store.posts.reclassify, items, now, versions))
            moved += len(posts)
            job.progress = {"posts": moved}
        await self.threads.write(partial(mark_matched, self.store, made.watches, now))
        self.log.info("matched with the queries as they are now", posts=moved)

    async def expire(self, job: Job) -> None:
        """Empty the posts, and remove the records, that were kept long enough."""
        if not self.clock_watch.trusted:
            return  # what is removed does not come back, and may be young by the right time
        config, now, gone = self.setup().config, self.clock.now(), 0
        outlived = posts_to_empty(self.store, config, now)
        while posts := await self.threads.read(partial(next, outlived, None)):
            gone += await self.threads.write(partial(self.store.retention.empty_posts, posts, now))
            job.progress = {"posts": gone}
        if gone:
            self.log.info("expired", posts=gone)
        for forget in records_to_forget(self.store, config, now):
            while await self.threads.write(forget):
                pass
        await self.threads.write(self.store.optimize)

    async def measure(self, _: Job) -> None:
        """How late posts come, for whoever wants to know."""
        if self.observers.measured:
            delays = await self.threads.read(lambda: self.store.sources.delays(self.clock.now() - PERIOD))
            for callback in self.observers.measured:
                callback(delays)
