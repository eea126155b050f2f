"""Streams beside the engine's visits: one connection a search, stored batch by batch, resumed from its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from insight.model import Gap, Post
from listener.collecting.access import StreamDoor
from listener.collecting.decide import retry_at, visited_searches
from listener.collecting.events import EventBuffer, with_gap
from listener.collecting.pace import longest_wait, usual_pause
from listener.collecting.result import VisitResult
from listener.collecting.visits import UNSTORED_PAUSE, Collector
from scrapers.answers import only_source_errors, read_events
from scrapers.base import Search, Source, SourceError
from scrapers.walk import Cursor
from storage import StoreError

FIRST_PAUSE = 1.0  # seconds after a first failure: a server that restarts closes its streams, and is back at once
BEAT = 60.0  # seconds between two words about a stream's health
ALIVE = 10.0  # seconds after which a connection has proved itself, and former failures are forgotten
GRACE = 3.0  # seconds in which a stream stores what it has read, at the end
UNAUTHORIZED = 401


@dataclass
class _Connection:
    """One open stream: when the next word about it is due (by the loop's time), and how far it is read.

    Since the last word: what it brought, in how many batches something could be read, and why in others nothing could.
    `reported`: whether there was a word about it at all.
    """

    source: Source
    search: Search
    tell_at: float
    result: VisitResult
    batches_read: int = 0
    unread_reason: str = ""
    reported: bool = False
    cursor: Cursor = field(default_factory=Cursor)
    resumes: datetime | None = None


class Streaming:
    """Keeps the streams of the configured sources open. It can be stopped and started again.

    What a cut loses of a batch comes again, since the cursor is stored with the posts.
    """

    def __init__(self, door: StreamDoor, collector: Collector, sources: Iterable[Source]) -> None:
        self._door, self._collector = door, collector
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._began: dict[tuple[str, str], float] = {}
        self._looks: dict[str, datetime] = {}
        self._ending = asyncio.Event()
        self.use_sources(sources)

    def use_sources(self, sources: Iterable[Source]) -> None:
        """Take the sources of a changed config; nothing must be running."""
        now, watches = self._collector.clock.now(), self._collector.queries().watches
        self._sources: dict[str, tuple[Source, tuple[Search, ...]]] = {}
        self._only: set[str] = set()
        self._again: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        for source in sources:
            try:
                searches = source.searches(watches)
                streamed = tuple(search for search in searches if source.stream(search, None, now) is not None)
            except Exception:  # noqa: BLE001, S112 - its visit will say what is wrong with the kind
                continue
            if streamed:
                self._sources[source.id] = source, streamed
                if not visited_searches(source, searches, now):
                    self._only.add(source.id)

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
                    key = (name, search.key)
                    if key not in self._tasks:
                        self._began[key] = asyncio.get_running_loop().time()
                        task = asyncio.create_task(self._run(source, search), name=f"stream {name} {search.key}")
                        task.add_done_callback(lambda _, key=key: self._tasks.pop(key, None))  # type: ignore[misc]
                        self._tasks[key] = task

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
        tell_at = asyncio.get_running_loop().time() + ALIVE
        connection = _Connection(source, search, tell_at, VisitResult(self._collector.clock.now()))
        try:
            try:
                if await self._listen(connection) and not await self._failed_before(connection):
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
        # 1. Where it is to go on, what lets it in, and whether the budget allows it.
        source, search, collector = connection.source, connection.search, self._collector
        stored = await collector.threads.read(lambda: collector.store.sources.cursor(source.id, search.key))
        connection.cursor = Cursor.from_json(stored or {})
        with only_source_errors(source):
            stream = source.stream(search, connection.cursor.high_water, collector.clock.now())
        if stream is None:
            raise SourceError(f"{source.id} has no stream for {search.key or 'its search'} any more")
        connection.resumes = stream.resumes
        await collector.fetcher.spend(source)
        headers = await collector.fetcher.headers(source)

        # 2. Batch by batch, with a word about its health now and then.
        events = self._door.events(stream, headers=headers, vouched=tuple(source.origins()))
        buffer = EventBuffer(events, stream.silence, self._ending)
        try:
            while not self._ending.is_set():
                if found := await buffer.batch():
                    await self._store_events(connection, found)
                if buffer.opened and asyncio.get_running_loop().time() >= connection.tell_at:
                    await self._tell(connection)
        except SourceError as error:
            if error.status == UNAUTHORIZED:
                collector.fetcher.door.end_session(source, headers)  # the next try logs in anew
            raise
        finally:
            await buffer.close()
        return buffer.opened

    async def _store_events(self, connection: _Connection, events: list[str]) -> None:
        source, search, collector = connection.source, connection.search, self._collector
        now = collector.clock.now()
        batch = await collector.threads.work(partial(read_events, source, events, now, self._door.mask))
        if any(isinstance(item, Gap | Post) for item in batch.items):
            batch, connection.resumes = with_gap(batch, connection.resumes, now), None
        cursor = Cursor(high_water=batch.newest or connection.cursor.high_water)
        saved = None if source.polls else cursor.to_json()  # a visit's walk must find what no stream has brought
        stored = await collector.ingest(source, search.key, batch, saved, firehose=True)
        connection.unread_reason = next((one.reason for one in batch.rejected), connection.unread_reason)
        connection.batches_read += bool(batch.items or batch.newest or not batch.rejected)
        connection.cursor = cursor
        connection.result.stored(batch, stored.outcome)
        posts = (item for item in batch.items if isinstance(item, Post))
        concerning = [(post, stored.concerns[post.key]) for post in posts if stored.concerns.get(post.key)]
        collector.completeness.page_came(source, search.watches, concerning)
        await collector.fetcher.spend(source, batch.spent)

    # -- how it is doing ----------------------------------------------------------------------------------------

    async def _tell(self, connection: _Connection) -> None:
        """Say that the stream is well, and what it has brought since the last time.

        Raises SourceError where nothing of that could be read.
        """
        source, result, collector = connection.source, connection.result, self._collector
        if result.rejected and not connection.batches_read:
            raise SourceError(f"nothing that comes can be read: {connection.unread_reason}")
        connection.batches_read, connection.reported = 0, True
        now = collector.clock.now()
        connection.tell_at, connection.result = asyncio.get_running_loop().time() + BEAT, VisitResult(now)
        self._failures.pop(source.id, None)
        if not source.polls:  # else its visits say how it is
            # due at once, should the program end: then the stream opens again at its start
            await collector.threads.write(
                lambda: collector.store.sources.succeeded(source.id, now, now, result.seen, result.new)
            )
        collector.log.info("streamed", source=source.id, seen=result.seen, new=result.new, mentions=result.mentions)
        collector.on_visit(source, result, None)

    async def _failed_before(self, connection: _Connection) -> bool:
        """Whether former failures hold, for this connection has not lasted: one cycle of `once` is long enough."""
        lasted, store = asyncio.get_running_loop().time() - (connection.tell_at - ALIVE), self._collector.store
        if connection.reported or lasted >= ALIVE * 0.4:
            return False
        state = await self._collector.threads.read(lambda: store.sources.one(connection.source.id))
        return bool(state and state.failures)

    async def _failed(self, connection: _Connection, error: SourceError) -> None:
        source, collector = connection.source, self._collector
        # what a connection brings that breaks before it was told of is no proof: a server that closes after each event
        # would be asked again and again without a pause
        if not source.polls:
            await collector.stream_failed(source, error, first=FIRST_PAUSE)
            collector.on_visit(source, connection.result, error)
            return
        failures = self._failures[source.id] = self._failures.get(source.id, 0) + 1
        again = retry_at(source, error, failures - 1, collector.clock.now(), collector.random, first=FIRST_PAUSE)
        self._again[source.id] = again
        at = f"{again:%H:%M:%SZ}"
        collector.log.warning("stream closed, visits go on", source=source.id, error=error.reason, again_at=at)


def _has_come(time: datetime | None, now: datetime, source: Source) -> bool:
    """Whether it is that time, or so far from it that the clock must have been ahead."""
    return time is None or not now < time <= now + longest_wait(source)
