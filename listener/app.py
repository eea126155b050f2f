"""The parts of a running Listener, started and stopped in order, and the table of the jobs that run in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from alerts.outbox import Sender
from listener import control, labelling, setup
from listener.clock import LISTENING_SINCE, Clock, ClockWatch
from listener.collecting.access import open_doors
from listener.collecting.backfill import backfill_job
from listener.collecting.pace import LONGEST_WAIT
from listener.collecting.streaming import Streaming
from listener.collecting.visits import Collector
from listener.config import Config
from listener.engine import Engine, Job, JobState, Work
from listener.history import MOMENT, History
from listener.log import Log
from listener.observers import Observers
from listener.telling.channel_health import look_at_channels
from listener.telling.decisions import Context, DecidedSignal
from listener.telling.detection import look_at_watch
from listener.telling.digest import digest_when_due
from listener.telling.posting import post_to
from listener.telling.source_health import look_at_sources
from listener.threads import Threads
from listener.upkeep import Upkeep
from scrapers.base import Request, SourceError
from scrapers.network.http import Http
from scrapers.network.poster import Poster
from scrapers.network.stream import Streams
from storage import Store

HTTP_ERROR = 400
LISTENING = 5.0
"""Seconds for which one cycle listens to a stream."""
CHANNELS = 16
"""How many channels are sent to at once: a config has fewer, so that none waits for another."""
GRACE = 4.0
"""Seconds that running work gets to finish at the end; what is cut off then is taken up at the next start."""
CYCLE_PATIENCE = 45.0  # seconds, twice: within the time a command waits for the daemon


class App:
    """The parts of a running Listener, made by `opened`. `setup` is what the config makes; jobs take it once."""

    def __init__(self, config: Config, store: Store, door: Http, streams: Streams, clock: Clock, log: Log) -> None:
        self.store, self.clock, self.log = store, clock, log
        self.observers = Observers(log)
        self.clock_watch = ClockWatch(clock)
        self.threads = Threads()
        self.write, self.read = self.threads.write, self.threads.read
        self._door, self._streams = door, streams
        self._random = Random()  # noqa: S311 - jitter, not secrets
        self.poster, self._stopping = Poster(contact=config.contact, now=clock.now), False
        queries, on_visit = (lambda: self.setup.queries), self.observers.on_visit
        self.collector = Collector(store, self.threads, door, clock, self._random, log, queries, on_visit)
        before = store.state.get(LISTENING_SINCE)
        # later than any wait from now: the clock was ahead when it was written
        if not before or datetime.fromisoformat(before["at"]) > clock.now() + LONGEST_WAIT:
            since = {"at": clock.now().isoformat(), "simulated": clock.simulated}
            store.state.put(LISTENING_SINCE, since, clock.now())
        self.use_config(config)
        self.streaming = Streaming(streams, self.collector, config.sources)
        self.upkeep_jobs = Upkeep(store, self.threads, clock, self.clock_watch, log, self.observers, lambda: self.setup)
        self.engine = Engine(self.observers.on_error)
        self.history = History(store, self.threads, clock, log, self.engine, lambda: self.setup)
        self.engine.add(self._jobs(config.daemon.concurrency))

    def use_config(self, config: Config) -> None:
        """Take a config: from now on whoever asks for the setup gets what it makes. Raises StoreError."""
        self.setup = setup.store_setup(self.store, config, self.clock.now())
        self._door.mask = self._streams.mask = config.redactor.mask

    async def reload_config(self, config: Config) -> None:
        """Take a changed config while running: streams end before, and open again as it says, or as they were."""
        await self.streaming.stop()
        try:
            await self.write(lambda: self.use_config(config))
            self.streaming.use_sources(config.sources)
        finally:
            self.streaming.resume()
        self.engine.submit("reunderstand")

    def _jobs(self, visits: int) -> dict[str, Work]:
        """Every job by its name. The first five are begun by the schedule, and begin others for what is due."""
        return {
            "collect": Work(self.collect),
            "look": Work(self.look),
            "digest": Work(self.digest),
            "send": Work(self.send),
            "upkeep": Work(self.upkeep),
            "visit": Work(self.visit, slots=visits),
            "detect": Work(self.detect),
            "sources": Work(lambda _: self._look(look_at_sources)),
            "channels": Work(lambda _: self._look(look_at_channels)),
            "deliver": Work(self.deliver, slots=CHANNELS),
            **self.upkeep_jobs.jobs(),
            "reunderstand": Work(self.history.run, long=True, command=True),
            "once": Work(self.once, command=True),
            "label": Work(self.label, command=True),
            "backfill": Work(self.backfill, slots=4, long=True, command=True),
            **{name: Work(partial(self.change, write), command=True) for name, write in control.WRITES.items()},
        }

    def schedule(self) -> dict[str, float]:
        """What begins by itself, every so many seconds. Each looks for what is due, so a missed turn loses nothing."""
        hour = 3600.0
        often, soon, seldom, rarely = (900.0, hour, hour, 6 * hour) if self.clock.simulated else (2.0, 10.0, 60.0, hour)
        return {"collect": often, "look": soon, "digest": seldom, "send": often, "upkeep": rarely}

    # -- collecting ---------------------------------------------------------------------------------------------

    async def collect(self, _: Job) -> None:
        """Visit every source that is due and is not being visited already, and see to the streams."""
        await self.upkeep_jobs.repair_due_times()
        now, sources = self.clock.now(), self.setup.sources
        due = [state.id for state in await self.read(lambda: self.store.sources.due(now))]
        self.streaming.start(frozenset(due))
        for source in filter(None, map(sources.get, due)):
            if not self.streaming.only_streams(source) or self.streaming.look_due(source):
                self.engine.submit("visit", source.id)

    async def visit(self, job: Job) -> None:
        source = self.setup.sources.get(job.subject)
        if source is None:
            return  # a changed config has left it out meanwhile
        if self.streaming.only_streams(source):
            await self.collector.look(source)
        else:
            await self.collector.visit(source)

    async def backfill(self, job: Job) -> None:
        """Read the past of the source back to the argument `since`; progress: the reports, one a search."""
        await backfill_job(self.collector, self.setup.sources, job, self.engine.changed.set)

    # -- telling ------------------------------------------------------------------------------------------------

    async def look(self, _: Job) -> None:
        """Look at every watch and at the sources for what changed; one look that fails does not stop the others."""
        looks = []
        waiting = await self.history.waiting(MOMENT)
        if self.clock_watch.trusted:  # what is told of hours that have not been cannot be taken back
            looks = [self.engine.submit("detect", watch.id) for watch in self.setup.watches if watch.id not in waiting]
            looks += [self.engine.submit("sources"), self.engine.submit("channels")]
        await self.engine.wait("detect", "sources", "channels")
        now = self.clock.now()
        if all(job.state is JobState.DONE for job in looks):
            # a cycle in which a look failed is not a healthy one: readiness and heartbeat go by this
            await self.write(lambda: self.store.state.put("cycle", {"at": now.isoformat()}, now))
        unsent = await self.read(self.store.outbox.waiting)
        self.observers.on_cycle(sum(unsent.values()))

    async def detect(self, job: Job) -> None:
        """One step of detection of a watch."""
        for watch in self.setup.watches:
            if watch.id == job.subject:
                await self._look(partial(look_at_watch, watch=watch))

    async def _look(self, look: Callable[[Context], list[DecidedSignal]]) -> None:
        """Look in a worker thread, and say which signals there are."""
        for decided in await self.threads.work(partial(look, self._context())):
            self.observers.on_signal(decided)

    def _context(self) -> Context:
        made = self.setup
        return Context(self.store, made.config, made.watches, self.clock.now())

    async def digest(self, _: Job) -> None:
        """Put the digest of the last due period in the outbox, once."""
        if not self.clock_watch.trusted:
            return  # a digest of a week that has not been cannot be taken back
        if await self.history.waiting():
            return  # it would compare a week with one that was understood by other words
        period = await self.threads.work(lambda: digest_when_due(self._context()))
        if period:
            self.log.info("digest", period=period.key)

    async def send(self, _: Job) -> None:
        """Deliver to every channel that has something to send and is not being sent to already."""
        for name in await self.read(lambda: self.store.outbox.due(self.clock.now())):
            self.engine.submit("deliver", name)

    async def deliver(self, job: Job) -> None:
        """Send what waits for one channel and is due, in order; clear away what waits for one not in the config."""
        name, config = job.subject, self.setup.config
        await Sender(
            name, config.channels.get(name), self.store.outbox, post_to(config, name, self.poster), self.clock.now,
            self._random.random, on_store=self.write, on_outcome=self.observers.on_delivery,
            stopping=lambda: self._stopping, may_give_up=lambda: self.clock_watch.trusted,
        ).run()  # fmt: skip

    async def upkeep(self, _: Job) -> None:
        for name in self.upkeep_jobs.jobs():
            self.engine.submit(name)

    # -- on demand ----------------------------------------------------------------------------------------------

    async def once(self, _: Job) -> dict[str, Any]:
        return {"still running": await self.cycle(CYCLE_PATIENCE)}

    async def change(self, write: Callable[[Store, datetime, Mapping[str, Any]], dict[str, Any]], job: Job) -> Any:
        """One of the commands that write, with the job's arguments."""
        return await self.write(lambda: write(self.store, self.clock.now(), job.arguments))

    async def label(self, job: Job) -> dict[str, Any]:
        """What a person says of a mention, with the job's arguments."""
        return await self.write(lambda: labelling.label(self.store, self.setup, self.clock.now(), job.arguments))

    async def cycle(self, patience: float | None = None) -> list[str]:
        """Visit what is due, look, tell, once. What of it still runs after `patience` seconds a step."""
        await self.history.waiting(patience)
        for begun, others in (("collect", ["visit"]), ("look", []), ("digest", []), ("send", ["deliver"])):
            self.engine.submit(begun)
            await self.engine.wait(begun)
            if begun == "collect":
                await self.streaming.listen_for(LISTENING)
            await self.engine.wait(*others, patience=patience)
        return [str(job) for job in self.engine.jobs(["visit", "deliver"])]

    async def ping(self, url: str) -> None:
        """Ask an address that the operator wrote, the heartbeat, for nothing. Raises SourceError."""
        page = await self._door.fetch(Request(url), headers={}, terms_pace=0, vouched=[url])
        if page.status >= HTTP_ERROR:
            raise SourceError(f"it answered {page.status}", status=page.status)

    async def close(self) -> None:
        self._stopping = True
        asyncio.get_running_loop().call_later(GRACE - 1, self.poster.close)  # so that there is time to record the end
        await asyncio.gather(self.streaming.stop(), self.engine.stop(GRACE))
        self.poster.close()
        self.threads.close()


@asynccontextmanager
async def opened(config: Config, store: Store, clock: Clock, log: Log) -> AsyncIterator[App]:
    """The app with its door to the network, closed again in order at the end."""
    async with open_doors(config.contact, clock, config.sources, config.redactor.mask) as (door, streams):
        app = App(config, store, door, streams, clock, log)
        try:
            yield app
        finally:
            await app.close()
