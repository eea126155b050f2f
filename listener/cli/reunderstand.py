"""reunderstand: understand everything that is stored anew, with progress."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from listener.cli.common import load_config, store_for_reading
from listener.cli.long_jobs import Jobs, run_jobs
from listener.cli.output import done, err, fail, print_json


def reunderstand(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Understand everything that is stored anew, by the words, rules and queries of now; counts follow.

    After an upgrade that changes them the daemon does it by itself. It goes on where it was after Ctrl-C: run it again.
    With a daemon running, the daemon does it. Posts whose text is gone keep what was understood, and so do corrections.

    \b
    Examples:
      listener reunderstand
      listener reunderstand --json
    """
    config = load_config(context)
    columns = TextColumn("understood anew"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with store_for_reading(config) as store, Progress(*columns, console=err, transient=True, disable=as_json) as bars:
        bar = bars.add_task("", total=None)

        def show(jobs: Jobs) -> None:
            if progress := jobs[0]["progress"]:
                bars.update(bar, completed=progress["posts"], total=progress["total"])

        (job,) = run_jobs(config, store, "reunderstand", {"": {"everything": True}}, show)
    if job["error"]:
        fail(job["error"])
    found = job["result"]
    if as_json:
        print_json(found)
    else:
        done(f"{found['posts']:,} posts understood anew, {found['changed']:,} of them otherwise than before")
