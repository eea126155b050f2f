"""`listener demo`: runs the real daemon on simulated time, with a progress bar below what it prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import anyio
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from insight.model import DeliveryState
from listener.app import App
from listener.collecting.result import VisitResult
from listener.daemon import Daemon, Simulation, StartError
from listener.demo.configuration import config_for
from listener.demo.market import Market
from listener.demo.world import World
from scrapers.base import Source, SourceError
from storage import create_atomically


@dataclass
class DemoTally:
    """What has happened so far, in numbers."""

    counts: Counter[str] = field(default_factory=Counter)

    def watch(self, app: App) -> None:
        """Count what this app does from now on."""
        app.observers.visited.append(self._count_visit)
        app.observers.delivered.append(lambda it: self.counts.update(messages=int(it.state is DeliveryState.SENT)))
        app.observers.lost.append(lambda _what, _error: self.counts.update(errors=1))

    def _count_visit(self, _source: Source, result: VisitResult, error: SourceError | None) -> None:
        self.counts.update(visits=1, posts=result.new, mentions=result.mentions, failed=int(error is not None))

    def __str__(self) -> str:
        numbers = ("visits", "posts", "mentions", "messages")
        return "  ".join(f"{self.counts[name]:,} {name}" for name in numbers)


def run_demo(folder: Path, *, weeks: float, seed: int, console: Console | None = None) -> DemoTally:
    """Run the daemon through `weeks` of the simulated market with this seed; config, database and log stay in `folder`.

    Raises what the daemon raises, StartError for errors on the way, KeyboardInterrupt when it was told to stop early.
    """
    out, tally = console or Console(highlight=False), DemoTally()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    market = Market(seed)
    end = min(market.end, market.start + timedelta(weeks=weeks))
    config, log = folder / "config.yaml", folder / "listener.log"
    for file in (config, log):  # of an earlier demo; a link that somebody put there goes, not what it points to
        file.unlink(missing_ok=True)
    with create_atomically(log):
        pass
    with World(market) as world, log.open("a") as log_file:
        with create_atomically(config) as fresh:
            fresh.write_text(config_for(world.url, folder), encoding="utf-8")
        out.print(
            f"[bold]A simulated market: nobody is real.[/] {market.start:%d %b %Y} to {end:%d %b %Y}, in {folder}"
        )
        columns = (TextColumn("{task.description:<10}"), BarColumn(), TextColumn("{task.fields[story]}"))
        with Progress(*columns, TimeElapsedColumn(), console=out) as progress:  # above it runs what the channel prints
            task = progress.add_task("starting", total=(end - market.start).total_seconds(), story="")

            def on_time(now: datetime) -> None:
                done = (now - market.start).total_seconds()
                progress.update(task, completed=done, description=f"{now:%a %d %b}", story=str(tally))

            simulation = Simulation(market.start, end, on_time)
            daemon = Daemon(config, simulation, ready=tally.watch, log_to=log_file)
            anyio.run(daemon.run)
    if daemon.interrupted:
        raise KeyboardInterrupt
    if tally.counts["errors"]:
        raise StartError(
            f"{tally.counts['errors']} errors on the way, which no demo should have: see {folder}/listener.log"
        )
    out.print(f"[green]✓[/] {tally}\n  {tally.counts['failed']} visits failed: the market has an outage, as planned")
    return tally
