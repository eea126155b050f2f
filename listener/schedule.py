"""When jobs begin: a handful of them, at fixed intervals. The only file that knows APScheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Protocol

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

Submit = Callable[[str], object]


class Schedule(Protocol):
    async def run(self, every: Mapping[str, float], submit: Submit, stop: asyncio.Event) -> None:
        """Submit each job (its name) every so many seconds, until `stop` is set."""
        ...


class SystemSchedule:
    """Real time. What is due and to whom lies in the database (`next_at`), so the schedule itself needs no memory.

    A late job runs once, however late (`coalesce`, no misfire grace). APScheduler's default is to drop a job that is a
    second late: https://apscheduler.readthedocs.io/en/3.x/userguide.html#missed-job-executions-and-coalescing
    """

    async def run(self, every: Mapping[str, float], submit: Submit, stop: asyncio.Event) -> None:
        scheduler = AsyncIOScheduler(
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )

        async def begin(name: str) -> None:  # a coroutine, for the executor runs anything else in a thread
            submit(name)

        for name, seconds in every.items():
            submit(name)
            scheduler.add_job(begin, "interval", args=[name], seconds=seconds, id=name)
        scheduler.start()
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
