"""The backfills of a running program: a few sources side by side, beside the engine, so that no visit waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from listener.collecting.backfill import Report, backfill
from listener.collecting.collect import Collector
from listener.log import Log
from scrapers.base import Source
from storage import StoreError

AT_ONCE = 4


class Backfills:
    """Reports are kept until the next backfill of their source begins."""

    def __init__(self, host: Collector, log: Log) -> None:
        self._host, self._log = host, log
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reports: dict[tuple[str, str], Report] = {}
        self._changed = asyncio.Event()

    def start(self, sources: Iterable[Source], since: datetime) -> None:
        """Begin with these sources, or go on; one that is being read already is left at it."""
        for source in sources:
            if source.id not in self._tasks:
                for key in [key for key in self._reports if key[0] == source.id]:
                    del self._reports[key]
                self._tasks[source.id] = asyncio.create_task(self._run(source, since), name=f"backfill {source.id}")

    def reports(self, sources: Collection[str]) -> list[Report]:
        return [report for (source, _), report in self._reports.items() if source in sources]

    def running(self, sources: Collection[str]) -> list[str]:
        return [source for source in self._tasks if source in sources]

    async def wait(self, seconds: float) -> None:
        """Until a backfill has got on, or the time is up."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def stop(self) -> None:
        """What has been read is stored: the next one goes on from there."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)

    async def _run(self, source: Source, since: datetime) -> None:
        try:
            async with self._slots:
                reports = await backfill(self._host, source, since, self._told)
            new = sum(report.new for report in reports)
            self._log.info("backfilled", source=source.id, new=new, states=sorted({it.state for it in reports}))
        except StoreError as error:
            self._told(Report(source.id, "", "stopped", since, why=str(error)))
        except Exception as error:  # noqa: BLE001 - the last line of defence, as the engine's
            self._told(Report(source.id, "", "stopped", since, why=f"{type(error).__name__}: {error}"))
            self._log.error("backfill failed", source=source.id, exc_info=error)
        finally:
            del self._tasks[source.id]
            self._changed.set()

    def _told(self, report: Report) -> None:
        self._reports[report.source, report.search] = report
        self._changed.set()


def chosen(sources: Iterable[Source], names: Collection[str]) -> tuple[Source, ...]:
    """The sources with these ids; all of them where none is named. Raises ValueError with the nearest remedy."""
    known = {source.id: source for source in sources}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"there is no source {unknown[0]!r}; `listener sources --mine` lists yours")
    return tuple(known[name] for name in names) if names else tuple(known.values())


def as_json(report: Report) -> dict[str, Any]:
    times = {"since": report.since.isoformat(), "back_to": report.back_to and report.back_to.isoformat()}
    names = ("source", "search", "state", "pages", "new", "mentions", "gaps", "left", "why")
    return {**{name: getattr(report, name) for name in names}, **times}


def from_json(value: dict[str, Any]) -> Report:
    times = {name: datetime.fromisoformat(value[name]) if value[name] else None for name in ("since", "back_to")}
    return Report(**{**value, **times})
