"""run, once, reload, demo: the commands that make Listener work."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from contextlib import nullcontext, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from listener import log
from listener.app import opened
from listener.cli.common import config_path, hand_over, load_config, lock, opened_store
from listener.cli.output import done, err, fail, out, print_json
from listener.clock import SystemClock
from listener.collecting.result import VisitResult
from listener.config import Config
from listener.daemon import Daemon, Simulation, StartError
from storage import HeldError, Store, StoreError

ENDS_WITHIN = 9.5
"""Seconds: `docker stop` waits ten, and then kills (https://docs.docker.com/reference/cli/docker/container/stop/)."""


def run(
    context: typer.Context,
    simulate: Annotated[
        str | None,
        typer.Option(
            metavar="START/END",
            help="Run through simulated time instead; every endpoint must be on this machine.",
            hidden=True,
        ),
    ] = None,
) -> None:
    """Run the daemon: read what is due, understand it, store it, look for signals, tell people.

    It needs a config (`listener init` writes one). Ctrl-C or SIGTERM ends it, SIGHUP takes a changed config.

    \b
    Examples:
      listener run
      listener -c market.yaml run
    """
    config = load_config(context)
    simulation = _simulation(simulate) if simulate is not None else None
    daemon = Daemon(config_path(context), simulation, config=config, ends_within=ENDS_WITHIN)
    try:
        anyio.run(daemon.run)
    except (StoreError, StartError) as error:
        fail(config.redactor.mask(str(error)))
    if daemon.interrupted and threading.active_count() > 1:  # one hangs in the database, and would hold up the end
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _simulation(value: str) -> Simulation:
    try:
        start, end = (datetime.fromisoformat(part) for part in value.split("/"))
    except ValueError:
        fail(f"--simulate takes START/END as two ISO times with a zone, not {value!r}")
    if start.tzinfo is None or end.tzinfo is None:
        fail("--simulate needs times with a zone, such as 2026-01-05T00:00Z/2026-03-16T00:00Z")
    return Simulation(start, end)


def once(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """One cycle: visit every source that is due, look for signals, deliver what waits, and end.

    With a daemon running, the daemon does it.

    \b
    Examples:
      listener once --json
    """
    config = load_config(context)
    log.configure(config.daemon.log, config.redactor.mask, level="error" if as_json else "info")
    with opened_store(config) as store:
        try:
            # The console channel prints, too; with --json standard output is for the JSON alone.
            quiet = redirect_stdout(sys.stderr) if as_json else nullcontext()
            with lock(store, "once"), quiet:
                found = anyio.run(_cycle, config, store)
        except HeldError as error:
            found = {"daemon": True, **hand_over(error.owner, "once", {})}
    if as_json:
        print_json(found)
    elif found.get("daemon"):
        running = found.get("still running")
        done(f"the running daemon did one cycle{f'; still at work: {chr(44).join(running)}' if running else ''}")
    else:
        visits = found["sources"].values()
        failed = sum(1 for visit in visits if visit["error"])
        trouble = f"; {failed} failed, see above" if failed else ""
        done(f"visited {len(visits)} sources, {sum(visit['new'] for visit in visits)} new posts{trouble}")


async def _cycle(config: Config, store: Store) -> dict[str, Any]:
    """What each source brought, by its id."""
    visits: dict[str, dict[str, Any]] = {}

    def visited(source: Any, result: VisitResult, error: Exception | None) -> None:
        visits[source.id] = {"new": result.new, "mentions": result.mentions, "error": error and str(error)}

    async with opened(config, store, SystemClock(), log.get()) as app:
        app.observers.visited.append(visited)
        await app.cycle()
    return {"sources": visits}


def reload(context: typer.Context) -> None:
    """Tell the running daemon to take the changed config: as a whole, or not at all.

    \b
    Examples:
      listener check && listener reload
    """
    config = load_config(context)
    with opened_store(config) as store:
        owner = store.owner()
    if not owner:
        fail("no daemon runs on this database", "`listener run` starts one, and reads the config at its start")
    changes = hand_over(owner, "reload", {})["changes"] or ["nothing changed"]
    done("\n  ".join(["the daemon has taken the config", *changes]))


def demo(
    weeks: Annotated[int, typer.Option(min=1, max=10, help="How many simulated weeks.")] = 10,
    seed: Annotated[int, typer.Option(help="A number; each gives another market.")] = 1,
    folder: Annotated[Path | None, typer.Option(help="Where its config and database go; they stay.")] = None,
) -> None:
    """Watch Listener work: a simulated market, the real daemon, weeks in a minute or two. No account, no network.

    \b
    Examples:
      listener demo
      listener demo --weeks 3 --seed 7
    """
    from listener.demo.runner import run_demo

    place = folder or Path(tempfile.mkdtemp(prefix="listener-demo-"))
    try:
        run_demo(place, weeks=weeks, seed=seed, console=out)
    except (StoreError, StartError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        err.print("stopped; what was stored so far is in", place)
        raise typer.Exit(130) from None
    listener = f"{Path(sys.argv[0]).parent / 'listener'} -c {place / 'config.yaml'}"
    out.print(f"Explore it:\n  {listener} stats --since {weeks}w\n  {listener} alerts --all", soft_wrap=True)
    out.print(f"  {listener} search 'sync NOT android' --since 5w", soft_wrap=True)
