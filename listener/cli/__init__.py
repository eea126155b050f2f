"""The commands, one file a family."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from listener.cli import backfill, jobs, query, read, run, setup, sources, tell
from listener.cli.output import complain, out

app = typer.Typer(
    name="listener",
    help="Listens for your brand where people talk, and tells your team when something changes.",
    epilog="Begin with [bold]listener demo[/] (no account, no network), then [bold]listener init[/].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        out.print(f"listener {version('listener')}")
        raise typer.Exit


@app.callback()
def options(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The config to use.", envvar="LISTENER_CONFIG")
    ] = Path("config.yaml"),
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The options that every command takes, before its name."""


for family in (setup, run, jobs, backfill, read, tell):
    family.register(app)
app.add_typer(query.app, name="query")
app.add_typer(sources.app, name="sources")


def main() -> None:
    """Run the command. A full disk below what is printed or written is an answer, not a crash."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - shown whole, but nothing in it acts on a terminal
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _let_go_of_output()
            sys.exit("✗ no space is left where the output goes\n  make room there, or write somewhere else")
        complain(traceback.format_exc())
        sys.exit(1)


def _let_go_of_output() -> None:
    """What could not be written would be tried again at the very end, and complained of."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


__all__ = ["app", "main"]
