"""The store's threads: whoever reads waits for no write, and writes come one after the other."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from insight.model import Post, UnderstoodPost
from insight.pipeline import Pipeline
from listener.clock import SimulatedClock
from listener.collecting.ingest import Queries
from listener.collecting.result import VisitResult
from listener.collecting.visits import Collector
from listener.threads import READERS, Threads
from scrapers.base import Batch, Page, Request, Source
from scrapers.pages.list import ListPage
from storage import SourceEntry, Store
from tests.fake_source import NOW, Board, FakeDoor, post
from tests.listener.collecting.metered import ACME, Silent, opened, queries

pytestmark = pytest.mark.anyio
LONG = 1.0
"""Seconds of processor time that something takes: far more than the loop may stand still."""
STALL = 0.5
"""Seconds: a machine that runs tests is shared, and may itself keep a loop waiting."""


async def test_reads_are_answered_while_a_write_takes_its_time() -> None:
    threads, free = Threads(), threading.Event()
    writing = [asyncio.ensure_future(threads.write(lambda: free.wait(20))) for _ in range(3)]
    try:
        async with asyncio.timeout(10):
            assert [await threads.read(lambda number=number: number) for number in range(9)] == list(range(9))
        assert not any(write.done() for write in writing)
    finally:
        free.set()
    assert await asyncio.gather(*writing) == [True, True, True]
    threads.close()


async def test_writes_come_one_after_the_other_and_reads_a_few_at_once() -> None:
    threads, together = Threads(), threading.Barrier(READERS)
    names = await asyncio.gather(*(threads.write(lambda: threading.current_thread().name) for _ in range(9)))
    assert len(set(names)) == 1
    await asyncio.gather(*(threads.read(lambda: together.wait(20)) for _ in range(READERS)))
    threads.close()


async def test_what_a_call_raises_reaches_whoever_asked() -> None:
    threads = Threads()

    def fail() -> None:
        raise ValueError("no")

    for ask in (threads.write, threads.read):
        with pytest.raises(ValueError, match="no"):
            await ask(fail)
    threads.close()


# -- nothing of long duration on the loop ---------------------------------------------------------------------------


def busy(seconds: float) -> None:
    """Processor time in pure Python, as parsing or matching takes it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(500))


class Laborious(Board):
    """A kind whose pages take long to read."""

    def parse(self, page: Page) -> Batch:
        busy(LONG)
        return super().parse(page)


class Thorough(Pipeline):
    """Takes long to understand."""

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        busy(LONG)
        return super().understand(posts, bound, source)


@asynccontextmanager
async def probed() -> AsyncIterator[list[float]]:
    """The longest that the loop stood still while the block ran, in the list, at its end."""
    stalls, ended = [0.0], asyncio.Event()

    async def probe() -> None:
        before = time.monotonic()
        while not ended.is_set():
            await asyncio.sleep(0.005)
            stalls[0], before = max(stalls[0], time.monotonic() - before), time.monotonic()

    gc.freeze()  # as the daemon does
    probing = asyncio.create_task(probe())
    await asyncio.sleep(0.01)
    yield stalls
    ended.set()
    await probing
    gc.unfreeze()


def collecting(store: Store, door: Any, threads: Threads, asked: Callable[[], Queries]) -> Collector:
    log: Any = Silent()
    return Collector(store, threads, door, SimulatedClock(NOW), Random(1), log, asked)


LIST = ("<ul>" + "<li>acme is broken" + "<li><b>again</b>" * 250_000).encode()
LISTED = ListPage(url="https://example.com/list", item="li")


@pytest.mark.parametrize(
    ("source", "body"), [(Laborious(), b""), (LISTED, LIST)], ids=["a slow kind", "four megabytes of <li>"]
)
async def test_a_page_is_read_beside_the_loop_and_beside_the_store(tmp_path: Path, source: Source, body: bytes) -> None:
    threads, door = Threads(), FakeDoor([])
    began = asyncio.Event()

    def answer(request: Request) -> Page:
        began.set()
        return Page(request, 200, body, request.url, NOW, {"content-type": "text/html"})

    door.answer = answer
    with opened(tmp_path, source.id) as store:
        visits = collecting(store, door, threads, queries(store))
        async with probed() as stalls:
            visit = asyncio.create_task(visits.visit(source))
            await began.wait()
            await asyncio.sleep(0)
            await threads.write(lambda: store.state.put("meanwhile", 1, NOW))
            assert not visit.done() or source is LISTED, "somebody else's write got through before the page was read"
            await visit
        threads.close()
        assert store.state.get("meanwhile") == 1
    assert stalls[0] < STALL


async def test_posts_are_understood_beside_the_loop_and_beside_the_store(tmp_path: Path) -> None:
    threads = Threads()
    with opened(tmp_path) as store:
        made = Queries(Thorough(store.watches.sync([ACME], NOW)))
        visits = collecting(store, FakeDoor([]), threads, lambda: made)
        async with probed() as stalls:
            storing = asyncio.create_task(visits.ingest(Board(), "", Batch((post(1),))))
            await asyncio.sleep(0.05)
            await threads.write(lambda: store.state.put("meanwhile", 1, NOW))
            assert not storing.done(), "the store's thread does not understand posts"
            await storing
        threads.close()
        assert store.posts.get(post(1).key) is not None
    assert stalls[0] < STALL


async def test_events_of_a_stream_are_read_beside_the_loop(tmp_path: Path) -> None:
    from listener.collecting.streaming import Streaming, _Connection

    class Chatty(Board):
        def read_events(self, events: Any, at: Any) -> Batch:
            busy(LONG)
            return Batch(tuple(replace(post(int(event)), text="acme again") for event in events), newest="9")

    class Streams:
        mask = str

    threads, source = Threads(), Chatty(name="chatty")
    with opened(tmp_path, "chatty") as store:
        store.sources.sync([SourceEntry("chatty", "board")], NOW)
        visits = collecting(store, FakeDoor([]), threads, queries(store))
        streaming = Streaming(Streams(), visits, [])  # type: ignore[arg-type]
        async with probed() as stalls:
            search = source.searches(visits.queries().watches)[0]
            await streaming._store_events(_Connection(source, search, 0.0, VisitResult(NOW)), ["1", "2"])
        threads.close()
        assert [store.posts.get(post(number).key) is not None for number in (1, 2)] == [True, True]
    assert stalls[0] < STALL
