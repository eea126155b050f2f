"""Where a named job runs: here, in this process, with so many at once of each name; a cluster can take this place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Sleep = Callable[[float], Awaitable[None]]


class JobRefusedError(ValueError):
    """A job cannot be done as it was asked for; the message says why and what to do."""


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


ENDED = (JobState.DONE, JobState.FAILED)


@dataclass
class Job:
    """One job: what it is called, what it is about, and how far it is. All of it can be written as JSON.

    `progress` is the job's own to set, `result` what it gave at its end, `error` why it failed.
    """

    name: str
    subject: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    state: JobState = JobState.WAITING
    progress: Any = None
    result: Mapping[str, Any] | None = None
    error: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".rstrip()

    def argument(self, name: str) -> Any:
        """Raises JobRefusedError when it is missing."""
        if name not in self.arguments:
            raise JobRefusedError(f"{self.name} needs {name!r}")
        return self.arguments[name]

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Work:
    """What the jobs of one name do, and how many of them at once.

    `long`: the end of the program does not wait for it, since it goes on where it was. `command`: people ask for it.
    """

    run: Callable[[Job], Awaitable[Mapping[str, Any] | None]]
    slots: int = 1
    long: bool = False
    command: bool = False


@dataclass
class _Lane:
    """The jobs of one name."""

    work: Work
    slots: asyncio.Semaphore
    submitted: int = 0
    working: int = 0
    asleep: int = 0

    @property
    def waiting(self) -> int:
        return self.submitted - self.working - self.asleep


@dataclass
class _Turn:
    """A job at work: in which lane, in which task, and whether it holds a slot now."""

    lane: _Lane
    task: asyncio.Task[None] | None
    holds_slot: bool = True


_TURN: ContextVar[_Turn] = ContextVar("the job that this task works on")


async def sleep_without_slot(sleep: Sleep, seconds: float) -> None:
    """Sleep; a job lets others of its name have its slot meanwhile.

    So a source that fails, and is asked again after a pause, keeps no other waiting.
    """
    turn = _TURN.get(None)
    if turn is None or turn.task is not asyncio.current_task():
        await sleep(seconds)
        return
    lane, turn.holds_slot = turn.lane, False
    lane.working, lane.asleep = lane.working - 1, lane.asleep + 1
    lane.slots.release()
    try:
        await sleep(seconds)
    finally:
        lane.asleep -= 1
    await lane.slots.acquire()
    lane.working, turn.holds_slot = lane.working + 1, True


class Engine:
    """Runs jobs side by side: those of one name in their own slots, one of a name and subject at a time.

    A job that raises has failed; its error is handed to `on_error`, and the others go on.
    """

    def __init__(self, on_error: Callable[[str, BaseException], None]) -> None:
        self._on_error = on_error
        self._lanes: dict[str, _Lane] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._jobs: dict[tuple[str, str], Job] = {}
        self._stopping = False
        self.changed = asyncio.Event()

    def add(self, table: Mapping[str, Work]) -> None:
        """Say what the jobs of these names do."""
        self._lanes |= {name: _Lane(work, asyncio.Semaphore(work.slots)) for name, work in table.items()}

    def commands(self) -> frozenset[str]:
        return frozenset(name for name, lane in self._lanes.items() if lane.work.command)

    def submit(self, name: str, subject: str = "", arguments: Mapping[str, Any] | None = None) -> Job:
        """Start the job, or give the one of this name and subject that waits or runs already. After `stop`: none."""
        key, lane = (name, subject), self._lanes[name]
        if key not in self._tasks:
            lane.submitted += 1
            self._jobs[key] = Job(name, subject, arguments or {})
            self._tasks[key] = asyncio.create_task(self._run(lane, self._jobs[key]), name=f"{name} {subject}")
            self._tasks[key].add_done_callback(lambda _: self._end(lane, key))
            if self._stopping:  # so whoever waits for it learns that it has failed
                self._tasks[key].cancel()
        return self._jobs[key]

    def jobs(self, names: Collection[str] = ()) -> list[Job]:
        """What waits or runs, and what has ended with something to show; of these names, or of all."""
        return [job for job in self._jobs.values() if not names or job.name in names]

    @property
    def running(self) -> tuple[str, ...]:
        """What waits or runs, in words."""
        return tuple(str(self._jobs[key]) for key in self._tasks)

    async def wait(self, *names: str, patience: float | None = None) -> bool:
        """Until no job of these names waits or runs, or so many seconds have passed; whether they have ended."""
        return await self._wait_until(lambda: not any(name in names for name, _ in self._tasks), patience)

    async def wait_for(self, job: Job, patience: float) -> bool:
        """Until this job has ended, or so many seconds have passed; whether it has ended."""
        return await self._wait_until(lambda: job.ended, patience)

    async def _wait_until(self, ended: Callable[[], bool], patience: float | None) -> bool:
        try:
            async with asyncio.timeout(patience):
                while not ended():
                    await self.next_change()
        except TimeoutError:
            return False
        return True

    async def next_change(self) -> None:
        """Until a job has progressed or ended."""
        self.changed.clear()
        await self.changed.wait()

    def stands_still(self, asleep: int) -> bool:
        """Whether nothing can go on before one of `asleep` sleepers wakes: who has a slot sleeps, and none is free."""
        lanes = self._lanes.values()
        if any(lane.waiting and lane.working < lane.work.slots for lane in lanes):
            return False
        return sum(lane.working + lane.asleep for lane in lanes) == asleep

    async def stop(self, grace: float) -> None:
        """Wait `grace` seconds for what is running, then cancel it. Work is written so that a cancel loses nothing."""
        self._stopping = True
        for key, task in self._tasks.items():
            if self._lanes[key[0]].work.long or self._jobs[key].state is JobState.WAITING:
                task.cancel()
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)

    async def _run(self, lane: _Lane, job: Job) -> None:
        await lane.slots.acquire()
        lane.working += 1
        turn = _Turn(lane, asyncio.current_task())
        _TURN.set(turn)
        job.state = JobState.RUNNING
        try:
            job.result = await lane.work.run(job)
            job.state = JobState.DONE
        except JobRefusedError as error:
            job.error = str(error)
        except Exception as error:  # noqa: BLE001 - the last line of defence: one source never takes others along
            job.error = str(error) or type(error).__name__
            self._on_error(str(job), error)
        finally:
            if turn.holds_slot:  # one that was cancelled in a pause has given it back already
                lane.working -= 1
                lane.slots.release()

    def _end(self, lane: _Lane, key: tuple[str, str]) -> None:
        lane.submitted -= 1
        del self._tasks[key]
        job = self._jobs[key]
        if job.state is not JobState.DONE:
            job.state, job.error = JobState.FAILED, job.error or "it was stopped before its end"
        if not (lane.work.command or job.progress):
            del self._jobs[key]
        self.changed.set()
