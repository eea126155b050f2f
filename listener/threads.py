"""The threads beside the event loop: one writes to the store, a few read it, a few parse and understand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
READERS = 4  # they wait for no writer: https://www.sqlite.org/wal.html
WORKERS = 4


class Threads:
    """Reads wait for no write, and writes come one after the other: SQLite has one writer at a time anyway."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store reader")
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")

    async def write(self, call: Callable[[], T]) -> T:
        """Run a call that changes the store in the one thread for that. Raises what the call raises."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    async def read(self, call: Callable[[], T]) -> T:
        """Run a call that only reads the store. Raises what the call raises."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    async def work(self, call: Callable[[], T]) -> T:
        """Run a call that takes more than a few milliseconds of processor time. Raises what the call raises."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, call)

    def close(self) -> None:
        """Wait for what is running; nothing may be asked afterwards."""
        for pool in (self._workers, self._readers, self._writer):
            pool.shutdown(wait=True)
