"""Streams beside the engine's visits: one connection a search, stored batch by batch, resumed from its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from insight.model import Gap, Post
from listener.collecting.decide import walked
from listener.collecting.events import EventBuffer, with_gap
from listener.collecting.result import VisitResult
from listener.collecting.retry import longest_wait, reason_of, retry_at, usual_pause
from listener.collecting.visits import UNSTORED_PAUSE, Collector
from scrapers.answers import only_source_errors, read_events
from scrapers.base import Search, Source, SourceError, Stream
from scrapers.errors import Mask
from scrapers.walk import Cursor
from storage import StoreError

FIRST_PAUSE = 1.0
BEAT = 60.0  # seconds between two words about a stream's health
ALIVE = 10.0  # seconds after which a connection has proved itself, and former failures are forgotten
GRACE = 3.0
UNAUTHORIZED = 401


class StreamDoor(Protocol):
    """What opens streams. Raises SourceError and nothing else."""

    mask: Mask

    def events(
        self, stream: Stream, *, headers: Mapping[str, str], vouched: Collection[str] | None = None
    ) -> AsyncGenerator[tuple[str, ...]]: ...


@dataclass
class _Connection:
    """One open stream: since when, what it brought since the last word about it, and how far it is read."""

    source: Source
    search: Search
    started: float
    result: VisitResult
    cursor: Cursor = field(default_factory=Cursor)
    resumes: datetime | None = None
    told: float | None = None


class Streaming:
    """Keeps the streams of the configured sources open. It can be stopped and started again, and what a cut loses of a
    batch comes again, since the cursor is stored with the posts."""

    def __init__(self, door: StreamDoor, collector: Collector, sources: Iterable[Source]) -> None:
        self._door, self._collector = door, collector
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._began: dict[tuple[str, str], float] = {}
        self._looks: dict[str, datetime] = {}
        self._ending = asyncio.Event()
        self.use_sources(sources)

    def use_sources(self, sources: Iterable[Source]) -> None:
        """Take the sources of a changed config; nothing must be running."""
        found = {source.id: (source, self._streamed(source)) for source in sources}
        self._sources: dict[str, tuple[Source, tuple[Search, ...]]] = {
            name: (source, searches) for name, (source, searches) in found.items() if searches
        }
        self._again: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._only = {name for name, (source, _) in self._sources.items() if not self._walked(source)}

    def _streamed(self, source: Source) -> tuple[Search, ...]:
        now = self._collector.clock.now()
        try:
            searches = source.searches(self._collector.queries().watches)
            return tuple(search for search in searches if source.stream(search, None, now) is not None)
        except Exception:  # noqa: BLE001 - its visit will say what is wrong with the kind
            return ()

    def only_streams(self, source: Source) -> bool:
        """Whether there is nothing to visit a source for."""
        return source.id in self._only

    def look_due(self, source: Source) -> bool:
        """Whether it is time again for what otherwise follows a visit; asked by whoever does it then."""
        now = self._collector.clock.now()
        due = _has_come(self._looks.get(source.id), now, source)
        if due:
            self._looks[source.id] = now + timedelta(seconds=usual_pause(source))
        return due

    def _walked(self, source: Source) -> tuple[Search, ...]:
        return walked(source, source.searches(self._collector.queries().watches), self._collector.clock.now())

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(f"{source} {search}".strip() for source, search in self._tasks)

    def start(self, due: AbstractSet[str]) -> None:
        """Open what is not open: of the sources that are due, and of those that are visited as well."""
        if self._ending.is_set():
            return
        now = self._collector.clock.now()
        for name, (source, searches) in self._sources.items():
            if (name in due or source.polls) and _has_come(self._again.get(name), now, source):
                for search in searches:
                    if (name, search.key) not in self._tasks:
                        self._open(source, search)

    def _open(self, source: Source, search: Search) -> None:
        key = (source.id, search.key)
        self._began[key] = asyncio.get_running_loop().time()
        self._tasks[key] = asyncio.create_task(self._run(source, search), name=f"stream {source.id} {search.key}")
        self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key, None))

    async def listen_for(self, seconds: float) -> None:
        """Wait until every stream that is open has been open for so long."""
        loop = asyncio.get_running_loop()
        for key, task in list(self._tasks.items()):
            left = self._began[key] + seconds - loop.time()
            if left > 0:
                await asyncio.wait({task}, timeout=left)

    async def stop(self) -> None:
        """End every stream after what it has read is stored. `start` does nothing until `resume`."""
        self._ending.set()
        if self._tasks:
            _, late = await asyncio.wait(list(self._tasks.values()), timeout=GRACE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    def resume(self) -> None:
        self._ending.clear()

    # -- one stream ---------------------------------------------------------------------------------------------

    async def _run(self, source: Source, search: Search) -> None:
        """Listen until the end is wanted or something goes wrong. Raises nothing."""
        open_since = asyncio.get_running_loop().time()
        connection = _Connection(source, search, open_since, VisitResult(self._collector.clock.now()))
        try:
            try:
                if await self._listen(connection):
                    await self._tell(connection)
            except SourceError as error:
                await self._failed(connection, error)
        except StoreError as error:
            self._again[source.id] = self._collector.clock.now() + UNSTORED_PAUSE
            self._collector.log.error("not stored", source=source.id, error=str(error))
        except Exception as error:
            self._collector.log.error("stream stumbled", source=source.id, exc_info=error)
            self._again[source.id] = self._collector.clock.now() + UNSTORED_PAUSE

    async def _listen(self, connection: _Connection) -> bool:
        """Until the end is wanted; whether it ever opened. Raises SourceError, StoreError."""
        source, search, host = connection.source, connection.search, self._collector
        stored = await host.threads.read(lambda: host.store.sources.cursor(source.id, search.key))
        connection.cursor = Cursor.from_json(stored or {})
        stream = _asked(source, search, connection.cursor.high_water, host.clock.now())
        connection.resumes = stream.resumes
        await host.asking.spend(source)
        headers = await host.asking.headers(source)
        events = self._door.events(stream, headers=headers, vouched=tuple(source.origins()))
        intake = EventBuffer(events, stream.silence, self._ending)
        try:
            while not self._ending.is_set():
                if found := await intake.batch():
                    await self._store(connection, found)
                if intake.opened and self._time_to_tell(connection):
                    await self._tell(connection)
        except SourceError as error:
            if error.status == UNAUTHORIZED:
                host.admission.renew(source, headers)  # the next try logs in anew
            raise
        finally:
            await intake.close()
        return intake.opened

    async def _store(self, connection: _Connection, events: list[str]) -> None:
        source, search, host = connection.source, connection.search, self._collector
        now = host.clock.now()
        batch = await host.threads.work(partial(read_events, source, events, now, self._door.mask))
        if any(isinstance(item, Gap | Post) for item in batch.items):
            batch, connection.resumes = with_gap(batch, connection.resumes, now), None
        cursor = Cursor(high_water=batch.newest or connection.cursor.high_water)
        saved = None if source.polls else cursor.to_json()  # a visit's walk must find what no stream has brought
        taken = await host.ingest(source, search.key, batch, saved, passing=True)
        connection.cursor = cursor
        connection.result.stored(batch, taken.outcome)
        posts = (item for item in batch.items if isinstance(item, Post))
        concerning = [(post, taken.concerns[post.key]) for post in posts if taken.concerns.get(post.key)]
        host.completeness.brought(source, search.watches, concerning)
        await host.asking.spend(source, batch.spent)

    # -- how it is doing ----------------------------------------------------------------------------------------

    def _time_to_tell(self, connection: _Connection) -> bool:
        now = asyncio.get_running_loop().time()
        if connection.told is None:
            return now - connection.started >= ALIVE
        return now - connection.told >= BEAT

    async def _tell(self, connection: _Connection) -> None:
        """Say that the stream is well, and what it has brought since the last time."""
        source, result, host = connection.source, connection.result, self._collector
        now = host.clock.now()
        connection.told, connection.result = asyncio.get_running_loop().time(), VisitResult(now)
        self._failures.pop(source.id, None)
        if not source.polls:  # else its visits say how it is
            # due at once, should the program end: then the stream opens again at its start
            await host.threads.write(lambda: host.store.sources.succeeded(source.id, now, now, result.seen, result.new))
        host.log.info("streamed", source=source.id, seen=result.seen, new=result.new, mentions=result.mentions)
        host.on_visit(source, result, None)

    async def _failed(self, connection: _Connection, error: SourceError) -> None:
        source, host = connection.source, self._collector
        if connection.result.new:  # a stream that only repeats itself before it breaks is not well
            await self._tell(connection)
        if not source.polls:
            await host.failed(source, error, first=FIRST_PAUSE)
            host.on_visit(source, connection.result, error)
            return
        failures = self._failures[source.id] = self._failures.get(source.id, 0) + 1
        again = retry_at(source, error, failures - 1, host.clock.now(), host.random, first=FIRST_PAUSE)
        self._again[source.id] = again
        say = "stream closed, visits go on"
        host.log.warning(say, source=source.id, error=reason_of(error), again_at=f"{again:%H:%M:%SZ}")


def _asked(source: Source, search: Search, mark: str | None, now: datetime) -> Stream:
    with only_source_errors(source):
        stream = source.stream(search, mark, now)
    if stream is None:
        raise SourceError(f"{source.id} has no stream for {search.key or 'its search'} any more")
    return stream


def _has_come(time: datetime | None, now: datetime, source: Source) -> bool:
    """Whether it is that time, or so far from it that the clock must have been ahead."""
    return time is None or not now < time <= now + longest_wait(source)
