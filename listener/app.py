"""Builds the parts, starts and stops them in order, and says which job runs when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

import anyio

from alerts.outbox import Outcome
from insight.model import DeliveryState
from listener import reports, setup, signals, upkeep
from listener.clock import Clock
from listener.collecting import health
from listener.collecting.backfills import Backfills
from listener.collecting.collect import Collector, Tally
from listener.collecting.doors import door_for, streams_for
from listener.collecting.memory import Memory
from listener.collecting.streaming import Streaming
from listener.config import Config
from listener.engine import Engine, Work
from listener.log import Log
from listener.schedule import Job
from listener.simulation import is_loopback
from listener.threads import Threads
from scrapers.base import Request, Source, SourceError
from scrapers.http import Http
from scrapers.stream import Streams
from storage import Delay, Store, StoreError

HTTP_ERROR = 400
WAITING = (DeliveryState.NEW, DeliveryState.SENDING, DeliveryState.UNKNOWN)
LISTENING = 5.0
"""Seconds for which one cycle listens to a stream."""
GRACE = 6.0
"""Seconds that running work gets to finish at the end; what is cut off then is taken up at the next start."""


@dataclass
class Observers:
    """Whoever wants to know what happens (metrics, progress bars, tests)."""

    visited: list[Callable[[Source, Tally, SourceError | None], None]] = field(default_factory=list)
    signalled: list[Callable[[signals.Told], None]] = field(default_factory=list)
    delivered: list[Callable[[Outcome], None]] = field(default_factory=list)
    cycled: list[Callable[[int], None]] = field(default_factory=list)
    lost: list[Callable[[str, BaseException], None]] = field(default_factory=list)
    measured: list[Callable[[Mapping[str, Delay]], None]] = field(default_factory=list)


class App:
    """The parts of a running Listener. Made by `opened`; a changed config swaps what depends on it as a whole."""

    def __init__(self, config: Config, store: Store, door: Http, streams: Streams, clock: Clock, log: Log) -> None:
        self.store = store
        self.clock = clock
        self.log = log
        self.observers = Observers()
        self.engine = Engine(config.daemon.concurrency, self._lost)
        self._door, self._streams = door, streams
        self._random = Random()  # noqa: S311 - jitter, not secrets
        self.threads = Threads()
        self.write, self.read = self.threads.write, self.threads.read
        self._offline = False
        self.memory = Memory(store, self.threads)
        self.collector = Collector(
            store, self.threads, door, clock, self._random, log, lambda: self.setup.queries, self._visited,
            memory=self.memory,
        )  # fmt: skip
        self.backfills = Backfills(self.collector, log)
        if not store.state.get(reports.LISTENING_SINCE):
            since = {"at": clock.now().isoformat(), "simulated": clock.simulated}
            store.state.put(reports.LISTENING_SINCE, since, clock.now())
        self.take(config)
        self.streaming = Streaming(streams, self.collector, config.sources)

    def take(self, config: Config) -> None:
        """Take a config: from now on whoever asks for the setup gets what it makes. Raises StoreError."""
        self.setup = setup.take(self.store, config, self.clock.now())
        self._door.mask = self._streams.mask = config.redactor.mask

    async def retake(self, config: Config) -> None:
        """Take a changed config while running: streams end before, and open again as it says, or as they were."""
        await self.streaming.stop()
        try:
            await self.write(lambda: self.take(config))
            self.streaming.take(config.sources)
        finally:
            self.streaming.resume()

    def jobs(self) -> list[Job]:
        """What runs, and how often (seconds). Each looks for what is due, so a missed turn loses nothing."""
        often, soon, seldom = (900.0, 3600.0, 3600.0) if self.clock.simulated else (2.0, 10.0, 60.0)
        return [
            Job("collect", often, self._guarded("collect", self.collect)),
            Job("detect", soon, self._guarded("detect", self.detect)),
            Job("digest", seldom, self._guarded("digest", self.digest)),
            Job("tell", often, self.tell),
            Job("upkeep", 3600.0, self.upkeep),
        ]

    def _guarded(self, name: str, run: Work) -> Work:
        """A job that says what went wrong and has its next turn all the same: a full disk ends no daemon."""

        async def guarded() -> None:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - whatever it was: said in the log
                self._lost(name, error)

        return guarded

    # -- jobs ---------------------------------------------------------------------------------------------------

    async def collect(self) -> None:
        """Send the engine to every source that is due and not being visited already, and see to the streams."""
        now = self.clock.now()
        due = [state.id for state in await self.read(lambda: self.store.sources.due(now))]
        self.streaming.start(frozenset(due))
        for source in filter(None, map(self.setup.sources.get, due)):
            if not self.streaming.only_streams(source):
                self.engine.submit(f"source {source.id}", self._visit(source))
            elif self.streaming.look_due(source):
                self.engine.submit(f"source {source.id}", partial(self.collector.look, source))

    def _visit(self, source: Source) -> Work:
        async def visit() -> None:
            await self.collector.visit(source)

        return visit

    async def detect(self) -> None:
        """Look at every watch and every source for what changed; one failing look does not stop the others."""
        told, failed, waiting = await self.write(self._look)
        for name, error in failed:
            self._lost(f"detection of {name}", error)
        for item in told:
            self._signalled(item)
        for callback in self.observers.cycled:
            callback(waiting)

    def _look(self) -> tuple[list[signals.Told], list[tuple[str, Exception]], int]:
        """What was told, what went wrong, and how many deliveries wait, in one turn of the store's thread."""
        told: list[signals.Told] = []
        failed: list[tuple[str, Exception]] = []
        scene = self._scene()
        looks = {f"watch {watch.id}": partial(signals.look_at_watch, scene, watch) for watch in scene.watches}
        for name, look in [*looks.items(), ("sources", partial(signals.look_at_sources, scene))]:
            try:
                told += look()
            except Exception as error:  # noqa: BLE001 - said in the log, and the next turn tries again
                failed.append((name, error))
        now = self.clock.now()
        if not failed:  # a cycle in which a look failed is not a healthy one: readiness and heartbeat say so
            self.store.state.put("cycle", {"at": now.isoformat()}, now)
        return told, failed, len(self.store.outbox.rows(WAITING, limit=None))

    async def digest(self) -> None:
        """Put the digest of the last due period in the outbox, once."""
        period = await self.write(lambda: reports.digest_when_due(self._scene()))
        if period:
            self.log.info("digest", period=period.key)

    async def tell(self) -> None:
        self.engine.submit("tell", self._tell)

    async def _tell(self) -> None:
        await signals.deliver(self._scene(), self.clock, self._random, self.write, self._delivered)

    async def upkeep(self) -> None:
        self.engine.submit("upkeep", self._upkeep)

    async def _upkeep(self) -> None:
        """Index and match again what is stored where that is due, batch by batch; let go of what may not be kept."""
        while await self.write(lambda: self.store.posts.index(self.clock.now())):
            pass
        made = self.setup
        if await self.read(lambda: upkeep.unmatched(self.store, made.watches)):
            now, moved = self.clock.now(), 0
            batches = upkeep.batches(self.store, now)
            while posts := await self.read(lambda: next(batches, None)):
                await self.write(partial(upkeep.rematch, self.store, made.queries.pipeline, made.sources, posts, now))
                moved += len(posts)
            await self.write(lambda: upkeep.matched(self.store, made.watches, now))
            self.log.info("matched with the queries as they are now", posts=moved)
        expired = await self.write(lambda: upkeep.expire(self.store, made.config, self.clock.now()))
        if expired:
            self.log.info("expired", posts=expired)
        if self.observers.measured:
            delays = await self.read(lambda: self.store.sources.delays(self.clock.now() - health.PERIOD))
            for callback in self.observers.measured:
                callback(delays)

    async def ping(self, url: str) -> None:
        """Ask an address that the operator wrote, the heartbeat, for nothing. Raises SourceError."""
        page = await self._door.fetch(Request(url), headers={}, terms_pace=0, vouched=[url])
        if page.status >= HTTP_ERROR:
            raise SourceError(f"it answered {page.status}", status=page.status)

    async def settle(self, patience: float | None = None) -> tuple[str, ...]:
        """One whole cycle for `once`: visit what is due, look, tell. What still runs after `patience` seconds."""
        await self.collect()
        await self.streaming.settle(LISTENING)
        await self._quiet(patience)
        await self.detect()
        await self.digest()
        await self.tell()
        await self._quiet(patience)
        return self.engine.running

    async def _quiet(self, patience: float | None) -> None:
        with anyio.move_on_after(patience):
            while self.engine.running:
                self.engine.changed.clear()
                await self.engine.changed.wait()

    async def close(self) -> None:
        await self.backfills.stop()
        await self.streaming.stop()
        await self.engine.stop(GRACE)
        self.threads.close()

    # -- what happened ------------------------------------------------------------------------------------------

    def _scene(self) -> signals.Scene:
        return signals.Scene(self.store, self.setup.config, self.setup.watches, self.clock.now())

    def _visited(self, source: Source, tally: Tally, error: SourceError | None) -> None:
        if not all(map(is_loopback, source.origins())):  # this machine answers itself without a network
            self._note_network(error)
        for callback in self.observers.visited:
            callback(source, tally, error)

    def _note_network(self, error: SourceError | None) -> None:
        """Say once that there is no network, and once that it is back."""
        if error is not None and error.offline and not self._offline:
            self._offline = True
            self.log.error("no network", detail="nothing can be reached; waiting, and trying again every minute")
        elif (error is None or not error.offline) and self._offline:
            self._offline = False
            self.log.info("network is back")

    def _signalled(self, told: signals.Told) -> None:
        signal = told.signal
        self.log.info("signal", kind=signal.kind.value, key=signal.key, headline=signal.headline, told=told.reason)
        for callback in self.observers.signalled:
            callback(told)

    def _delivered(self, outcome: Outcome) -> None:
        say = self.log.info if outcome.state is DeliveryState.SENT else self.log.warning
        trouble = {"error": outcome.error} if outcome.error else {}
        say("delivery", channel=outcome.channel, state=outcome.state.value, message=outcome.headline, **trouble)
        for callback in self.observers.delivered:
            callback(outcome)

    def _lost(self, what: str, error: BaseException) -> None:
        if isinstance(error, StoreError):
            self.log.error("not stored", what=what, error=str(error))
        else:
            self.log.error("failed", what=what, error=f"{type(error).__name__}: {error}", exc_info=error)
        for callback in self.observers.lost:
            callback(what, error)


@asynccontextmanager
async def opened(config: Config, store: Store, clock: Clock, log: Log) -> AsyncIterator[App]:
    """The app with its door to the network, closed again in order at the end."""
    about = (config.contact, clock, config.sources, config.redactor.mask)
    async with door_for(*about) as door, streams_for(*about) as streams:
        app = App(config, store, door, streams, clock, log)
        try:
            yield app
        finally:
            await app.close()
