"""An invented platform that streams numbered posts over the loopback, and the parts of a program that listens to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, ClassVar

from insight.model import Deletion, Gap, Item, PostKey, Role, Watch
from listener import log
from listener.clock import SimulatedClock
from listener.collecting.streaming import Streaming
from listener.collecting.visits import Collector
from scrapers.base import Batch, Page, Search, SourceError, Stream
from scrapers.network.stream import StreamLimits, Streams
from storage import SourceEntry, Store, StoreError
from tests.fake_source import NOW, Board, FakeDoor, post
from tests.listener.collecting.metered import queries
from tests.listener.inline_threads import Inline

ACME = Watch("acme", "Acme", Role.BRAND, "acme")
OVERLAP = 2


class Radio(Board):
    """Says "7" for post 7, "7 quiet" for one about something else, "-7" when it is gone, "gap" and "end"."""

    kind = "radio"
    example: ClassVar[dict[str, Any]] = {}
    base_url: str = "ws://127.0.0.1:1/stream"
    resumes: datetime | None = None
    quiet: float | None = None
    begins: int | None = None

    @property
    def label(self) -> str:
        return ""

    def stream(self, search: Search, mark: str | None, now: datetime) -> Stream | None:
        first = self.begins if mark is None else max(1, int(mark) - OVERLAP)
        params = {} if first is None else {"cursor": str(first)}
        return Stream(self.base_url, params, resumes=self.resumes if mark else None, silence=self.quiet)

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        if "end" in events:
            raise SourceError("the radio is off for good", permanent=True, remedy="buy another", status=410)
        numbers = [abs(int(event.split()[0])) for event in events if event != "gap"]
        return Batch(tuple(map(heard, events)), newest=str(max(numbers)) if numbers else None)


class Both(Radio):
    """One whose stream cannot resume."""

    polls = True

    def headers(self) -> Mapping[str, str]:
        return {"authorization": "Bearer radio"}

    def parse(self, page: Page) -> Batch:
        return Batch(newest="visited")


def heard(event: str) -> Item:
    if event == "gap":
        return Gap(None, NOW, "the radio was away")
    number = int(event.split(maxsplit=1)[0])
    if number < 0:
        return Deletion("board", str(-number))
    return replace(post(number), text="nothing") if event.endswith("quiet") else post(number)


class Listener:
    """A collector and its streams on a store, as the program has them; `live` puts a new one in its place."""

    def __init__(self, store: Store, door: Streams, *sources: Radio) -> None:
        self.store, self.door, self.sources = store, door, sources
        self.clock = SimulatedClock(NOW)
        self.full, self.changed = False, asyncio.Event()
        self.seen: list[str] = []
        store.watches.sync([ACME], NOW)
        store.sources.sync([SourceEntry(source.id, source.kind) for source in sources], NOW)
        self.live()

    def live(self) -> None:
        self.collector = Collector(
            self.store, Inline(self._on_store), FakeDoor([]), self.clock, Random(1), log.get(), queries(self.store),
            lambda source, tally, error: self.seen.append(str(error or tally.new)),
        )  # fmt: skip
        self.streaming = Streaming(self.door, self.collector, self.sources)

    def _on_store(self, call: Callable[[], Any]) -> Any:
        if self.full:
            raise StoreError("the disk is full")
        try:
            return call()
        finally:
            self.changed.set()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for what a stream brings; asked again whenever something was stored."""
        async with asyncio.timeout(20):
            while not happened():
                self.changed.clear()
                await self.changed.wait()

    def start(self) -> None:
        """What the job that looks for due sources does."""
        self.streaming.start({state.id for state in self.store.sources.due(self.clock.now())})

    def later(self, seconds: float = 3600) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.start()

    async def ended(self) -> None:
        """Wait until no stream is open."""
        async with asyncio.timeout(20):
            await asyncio.gather(*self.streaming._tasks.values())

    def kill(self) -> None:
        """What SIGKILL does: everything stops where it is, and a new program starts on what is stored."""
        for task in self.streaming._tasks.values():
            task.cancel()
        self.live()

    def stored(self) -> list[int]:
        return sorted(int(found.post.native_id) for batch in self.store.posts.scan() for found in batch)

    def knows(self, number: int) -> bool:
        return self.store.posts.get(PostKey("board", str(number))) is not None

    def mark(self, source: str = "radio") -> Any:
        return (self.store.sources.cursor(source, "") or {}).get("high_water")

    def gaps(self) -> list[Gap]:
        return [found.gap for found in self.store.sources.gaps(NOW - timedelta(days=30))]


@asynccontextmanager
async def listener(store: Store, *sources: Radio) -> AsyncIterator[Listener]:
    limits = StreamLimits(silence=5.0, opening=5.0)
    clock = SimulatedClock(NOW)
    vouched = [source.base_url for source in sources]
    async with Streams(
        contact="t@example.org", now=clock.now, sleep=clock.sleep, vouched=vouched, limits=limits
    ) as door:
        made = Listener(store, door, *sources)
        try:
            yield made
        finally:
            await made.streaming.stop()
