"""When jobs run: a handful of them, at fixed intervals. The only file that knows APScheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds. It must not raise, and one run follows the other."""

    name: str
    every: float
    run: Callable[[], Awaitable[None]]


class Schedule(Protocol):
    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> None:
        """Run the jobs until `stop` is set."""
        ...


class SystemSchedule:
    """Real time. What is due and to whom lies in the database (`next_at`), so the jobs themselves need no memory.

    A late job runs once, however late (`coalesce`, no misfire grace); see the defaults of APScheduler 3 for why.
    """

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler(
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )
        for job in jobs:
            await job.run()
            scheduler.add_job(job.run, "interval", seconds=job.every, id=job.name)
        scheduler.start()
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
