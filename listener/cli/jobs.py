"""jobs: what the running daemon is doing, and how far it is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from listener import control
from listener.cli.common import load_config, store_for_reading
from listener.cli.output import fail, out, print_json, table


def jobs(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What the running daemon is doing: each job with what it is about, its state, and how far it is.

    Backfills and other commands are shown when they have ended, too.

    \b
    Examples:
      listener jobs
      listener jobs --json
    """
    with store_for_reading(load_config(context)) as store:
        owner = store.owner()
    if not owner:
        fail("no daemon runs on this database", "`listener run` starts one")
    try:
        found = control.jobs(owner)
    except control.HandoffError as refused:
        fail(str(refused))
    if as_json:
        print_json(found)
    elif found:
        rows = [
            (job["name"], job["subject"], job["state"], job["error"] or _summary(job["progress"] or job["result"]))
            for job in found
        ]
        table(("Job", "About", "State", "So far"), rows)
    else:
        out.print("Nothing is running just now.")


def _summary(progress: Any) -> str:
    """The numbers in a job's progress, added up over the searches of a backfill: "12 new, 3 pages"."""
    parts = progress if isinstance(progress, list) else [progress] if progress else []
    names = [name for name, value in (parts[0] if parts else {}).items() if type(value) is int]
    return ", ".join(f"{sum(part[name] for part in parts):,} {name}" for name in names)
