"""A backfill as a job: its arguments and its progress, as JSON holds them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from listener.collecting.backfill import BackfillReport, backfill
from listener.collecting.visits import Collector
from listener.engine import Job, RefusedError
from scrapers.base import Source

_REPORTS = TypeAdapter(list[BackfillReport])


async def read_back(collector: Collector, sources: Mapping[str, Source], job: Job, got_on: Callable[[], None]) -> None:
    """Read the past of the job's source back to its argument `since`. Raises RefusedError, StoreError."""
    (source,), since = chosen(sources.values(), [job.subject]), datetime.fromisoformat(job.argument("since"))
    found: dict[str, BackfillReport] = {}

    def tell(report: BackfillReport) -> None:
        found[report.search] = report
        job.progress = _REPORTS.dump_python(list(found.values()), mode="json")
        got_on()

    await backfill(collector, source, since, tell)
    new = sum(report.new for report in found.values())
    collector.log.info("backfilled", source=source.id, new=new, states=sorted({it.state for it in found.values()}))


def reports_of(jobs: Iterable[Mapping[str, Any]]) -> list[BackfillReport]:
    """How far backfills are: what each search's last report says, and why a job of its own has failed."""
    found: list[BackfillReport] = []
    for job in jobs:
        found += _REPORTS.validate_python(job["progress"] or [])
        if job["error"]:
            since = datetime.fromisoformat(job["arguments"]["since"])
            found.append(BackfillReport(job["subject"], "", "stopped", since, why=job["error"]))
    return found


def as_json(reports: Collection[BackfillReport]) -> Any:
    return _REPORTS.dump_python(list(reports), mode="json")


def chosen(sources: Iterable[Source], names: Collection[str]) -> tuple[Source, ...]:
    """The sources with these ids; all of them where none is named. Raises RefusedError with the nearest remedy."""
    known = {source.id: source for source in sources}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RefusedError(f"there is no source {unknown[0]!r}; `listener sources --mine` lists yours")
    return tuple(known[name] for name in names) if names else tuple(known.values())
