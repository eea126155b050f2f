"""What keeps a long-running Listener in order: retention by the stricter rule, the search index, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from listener.clock import Clock, ClockWatch
from listener.collecting.conditions import PERIOD
from listener.collecting.pace import LONGEST_WAIT
from listener.config import Config
from listener.engine import Job, Work
from listener.log import Log
from listener.observers import Observers
from listener.setup import Setup
from listener.threads import Threads
from scrapers import KINDS
from scrapers.base import Source
from storage import RECORDS, Store, chunks

TURN = 100  # posts; a writer that waits for a turn to end waits for some ten milliseconds


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
            "expire": Work(self.expire, long=True),
            "measure": Work(self.measure),
        }

    async def repair_due_times(self) -> None:
        """Notice a clock that was set, and make due what one that was ahead has put off; also before a restart."""
        if self.clock.simulated:
            return
        if moved := self.clock_watch.moved():
            way = "put forward" if moved > timedelta(0) else "put back"
            self.log.warning("the machine's clock was set", way=way, by=str(abs(moved)).partition(".")[0])
        now, own = self.clock.now(), self.setup().long_waits
        late = await self.threads.read(partial(self.store.sources.mend_due, now, LONGEST_WAIT, own))
        held = await self.threads.read(partial(self.store.outbox.mend, now))
        if late or held:
            self.log.warning("times too far ahead were mended, since the clock was", sources=late, messages=held)

    async def index(self, _: Job) -> None:
        """Index the words of stored posts where that is due."""
        while await self.threads.write(lambda: self.store.posts.index(self.clock.now())):
            pass

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
