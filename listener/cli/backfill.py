"""backfill: read the past of sources, here or by the running daemon, with progress and a plain summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import anyio
import typer
from rich.progress import BarColumn, Progress, TextColumn

from listener import control, log
from listener.app import opened
from listener.cli.common import opened_store, settings
from listener.cli.mentions import since_time
from listener.cli.output import err, fail, out, print_json, table
from listener.clock import SystemClock
from listener.collecting.backfill import BackfillReport, chosen_sources, reports_as_json, reports_of
from listener.config import Config
from listener.engine import ENDED
from storage import HeldError, Store

POLL = 0.5
INTERRUPTED = 130
Tell = Callable[[Sequence[BackfillReport]], None]


def backfill(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back: 30d, 2w, or a date.")],
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE…", help="As `listener sources --mine` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every source of the config.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read what was published before the first visit, as far back as each platform shows it.

    It goes on where it was after Ctrl-C, and stays within the budgets: run it again to go on. With a daemon running,
    the daemon does it. Nobody is told of what it finds: it becomes history. The newest hours are left to the visits.

    \b
    Examples:
      listener backfill hackernews --since 30d
      listener backfill --all --since 2026-01-01 --json
    """
    if not sources and not every:
        fail("name a source, or read them all", "listener backfill --all --since 30d")
    config, now = settings(context), SystemClock().now()
    begin = since_time(since, now)
    if begin is None or begin >= now:
        fail(f"{since!r} is not in the past", "write 30d, 2w, or a date")
    try:
        names = [source.id for source in chosen_sources(config.sources, sources or ())]
    except ValueError as error:
        fail(str(error))
    log.configure(config.daemon.log, config.redactor.mask, level="error")
    with _progress(names, begin, now, show=not as_json) as tell, opened_store(config) as store:
        reports = _read(config, store, names, begin, tell)
    print_json(reports_as_json(reports)) if as_json else _summary(reports)


def _read(config: Config, store: Store, names: Sequence[str], since: datetime, tell: Tell) -> list[BackfillReport]:
    now = SystemClock().now()
    try:
        with store.hold({"pid": 0, "since": now.isoformat(), "command": "backfill"}, now):
            return anyio.run(_here, config, store, names, since, tell)
    except HeldError as error:
        return _by_daemon(error.owner, names, since, tell)
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on from here")
        raise typer.Exit(INTERRUPTED) from None


async def _here(
    config: Config, store: Store, names: Sequence[str], since: datetime, tell: Tell
) -> list[BackfillReport]:
    async with opened(config, store, SystemClock(), log.get()) as app:
        jobs = [app.engine.submit("backfill", name, {"since": since.isoformat()}) for name in names]
        while not all(job.ended for job in jobs):
            await app.engine.next_change()
            tell(reports_of(map(asdict, jobs)))
        return reports_of(map(asdict, jobs))


def _by_daemon(owner: Mapping[str, Any], names: Sequence[str], since: datetime, tell: Tell) -> list[BackfillReport]:
    """Hand it over, and watch: the daemon goes on whether or not anybody looks."""
    try:
        for name in names:
            control.hand_over(owner, "backfill", {"subject": name, "since": since.isoformat(), "wait": False})
        while True:
            jobs = [job for job in control.jobs(owner, "backfill") if job["subject"] in names]
            if all(job["state"] in ENDED for job in jobs):
                return reports_of(jobs)
            tell(reports_of(jobs))
            time.sleep(POLL)
    except control.HandoffError as refused:
        fail(str(refused))
    except KeyboardInterrupt:
        err.print("the daemon goes on with it; the same command shows how far it is")
        raise typer.Exit(INTERRUPTED) from None


class _progress:  # noqa: N801 - used as a context manager, like a function
    """A bar a source on standard error: how much of the time back to `since` has been read."""

    def __init__(self, names: Collection[str], since: datetime, now: datetime, *, show: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[says]}"))
        self._bars = Progress(*columns, console=err, transient=True, disable=not show)
        self._since, self._now = since, now
        self._tasks = {name: self._bars.add_task(name, total=1.0, says="") for name in names}

    def __enter__(self) -> Tell:
        self._bars.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _tell(self, reports: Sequence[BackfillReport]) -> None:
        for name, task in self._tasks.items():
            own = [report for report in reports if report.source == name]
            if own:
                done = sum(map(self._share, own)) / len(own)
                says = f"{sum(it.new for it in own):,} new posts, {sum(it.pages for it in own):,} pages"
                self._bars.update(task, completed=done, says=says)

    def _share(self, report: BackfillReport) -> float:
        if report.state != "reading":
            return 1.0
        return (self._now - report.back_to) / (self._now - self._since) if report.back_to else 0.0


def _summary(reports: Sequence[BackfillReport]) -> None:
    rows = [
        (report.source, report.search or "everything", f"{report.new:,}", f"{report.mentions:,}", _back(report),
         _outcome(report))
        for report in reports
    ]  # fmt: skip
    table(("Source", "Search", "New posts", "Mentions", "Back to", "Outcome"), rows)
    left = sum(report.left for report in reports)
    if left:
        out.print(f"{left:,} posts of the newest hours were left to the visits, so that nothing looks like a spike.")
    gaps = sum(report.gaps for report in reports)
    if gaps:
        out.print(f"{gaps:,} gaps were recorded; `listener sources --mine` shows the last ones.")


def _back(report: BackfillReport) -> str:
    return f"{report.back_to:%Y-%m-%d}" if report.back_to else "nothing found" if report.pages else ""


def _outcome(report: BackfillReport) -> str:
    says = {"read": "read whole", "stopped": "stopped", "impossible": "not possible", "reading": "not finished"}
    return f"{says[report.state]}{f': {report.why}' if report.why else ''}"
