"""The store's threads: whoever reads waits for no write, and writes come one after the other."""

from __future__ import annotations

import asyncio
import threading

import pytest

from listener.threads import READERS, Threads

pytestmark = pytest.mark.anyio


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
