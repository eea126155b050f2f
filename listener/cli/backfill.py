"""backfill: read the past of sources, here or by the running daemon, with progress and a plain summary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Self

import typer
from rich.progress import BarColumn, Progress, TextColumn

from listener.cli.common import load_config, opened_store
from listener.cli.long_jobs import run_jobs
from listener.cli.mentions import since_time
from listener.cli.output import err, fail, out, print_json, table
from listener.clock import SystemClock
from listener.collecting.backfill import BackfillReport, chosen_sources, reports_as_json, reports_of


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
    config, now = load_config(context), SystemClock().now()
    begin = since_time(since, now)
    if begin is None or begin >= now:
        fail(f"{since!r} is not in the past", "write 30d, 2w, or a date")
    try:
        names = [source.id for source in chosen_sources(config.sources, sources or ())]
    except ValueError as error:
        fail(str(error))
    asked = {name: {"since": begin.isoformat()} for name in names}
    with opened_store(config) as store, _BackfillBars(names, begin, now, visible=not as_json) as progress:
        jobs = run_jobs(config, store, "backfill", asked, lambda running: progress.show(reports_of(running)))
    reports = reports_of(jobs)
    print_json(reports_as_json(reports)) if as_json else _summary(reports)


class _BackfillBars:
    """One progress bar for each source, on standard error: how much of the time back to `since` has been read."""

    def __init__(self, names: Collection[str], since: datetime, now: datetime, *, visible: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[says]}"))
        self._bars = Progress(*columns, console=err, transient=True, disable=not visible)
        self._since, self._now = since, now
        self._tasks = {name: self._bars.add_task(name, total=1.0, says="") for name in names}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, reports: Sequence[BackfillReport]) -> None:
        for name, task in self._tasks.items():
            shares, new, pages = list[float](), 0, 0
            for report in reports:
                if report.source == name:
                    read = (self._now - report.back_to) / (self._now - self._since) if report.back_to else 0.0
                    shares.append(read if report.state == "reading" else 1.0)
                    new, pages = new + report.new, pages + report.pages
            if shares:
                says = f"{new:,} new posts, {pages:,} pages"
                self._bars.update(task, completed=sum(shares) / len(shares), says=says)


_STATES = {"read": "read whole", "stopped": "stopped", "impossible": "not possible", "reading": "not finished"}


def _summary(reports: Sequence[BackfillReport]) -> None:
    rows = []
    for report in reports:
        back = f"{report.back_to:%Y-%m-%d}" if report.back_to else "nothing found" if report.pages else ""
        outcome = f"{_STATES[report.state]}{f': {report.why}' if report.why else ''}"
        search = report.search or "everything"
        rows.append((report.source, search, f"{report.new:,}", f"{report.mentions:,}", back, outcome))
    table(("Source", "Search", "New posts", "Mentions", "Back to", "Outcome"), rows)
    left = sum(report.left for report in reports)
    if left:
        out.print(f"{left:,} posts of the newest hours were left to the visits, so that nothing looks like a spike.")
    gaps = sum(report.gaps for report in reports)
    if gaps:
        out.print(f"{gaps:,} gaps were recorded; `listener sources --mine` shows the last ones.")
