"""Where a job runs: here, in this process, with bounded concurrency; a cluster can take this place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Work = Callable[[], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

_HELD: ContextVar[tuple[Engine | None, asyncio.Task[None] | None]] = ContextVar("the slot that this work holds")


async def aside(sleep: Sleep, seconds: float) -> None:
    """Sleep; work of an engine lets others have its slot meanwhile.

    So sources that fail, and are asked again after a pause, keep nobody else waiting.
    """
    engine, task = _HELD.get((None, None))
    if engine is None or task is not asyncio.current_task():
        await sleep(seconds)
    else:
        await engine.lend(sleep, seconds)


class Engine:
    """Runs pieces of work side by side, each key at most once at a time, at most `concurrency` at once.

    Work must not raise; what does is handed to `on_error` with its key, and the others go on.
    """

    def __init__(self, concurrency: int, on_error: Callable[[str, BaseException], None]) -> None:
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._on_error = on_error
        self._working = self._aside = 0
        self.changed = asyncio.Event()

    def resting(self, asleep: int) -> bool:
        """Whether nothing can go on before one of the `asleep` wakes: who holds a slot sleeps, and no slot is free."""
        waiting = len(self._tasks) - self._working - self._aside
        return self._working == asleep - self._aside and (not waiting or self._working == self._concurrency)

    async def lend(self, sleep: Sleep, seconds: float) -> None:
        """Sleep without the slot that the calling work holds, and take one again."""
        self._working, self._aside = self._working - 1, self._aside + 1
        self._slots.release()
        try:
            await sleep(seconds)
        finally:
            self._aside -= 1
            await self._slots.acquire()
            self._working += 1

    @property
    def running(self) -> tuple[str, ...]:
        """The keys of what runs or waits for a slot."""
        return tuple(self._tasks)

    def submit(self, key: str, work: Work) -> bool:
        """Start the work; False when the same key is still running."""
        if key in self._tasks:
            return False
        task = asyncio.create_task(self._run(key, work), name=key)
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._ended(key))
        return True

    async def stop(self, grace: float) -> None:
        """Wait `grace` seconds for what is running, then cancel it. Work is written so that a cancel loses nothing."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)

    async def _run(self, key: str, work: Work) -> None:
        async with self._slots:
            self._working += 1
            _HELD.set((self, asyncio.current_task()))
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the last line of defence: one source never takes others along
                self._on_error(key, error)
            finally:
                self._working -= 1

    def _ended(self, key: str) -> None:
        self._tasks.pop(key, None)
        self.changed.set()
