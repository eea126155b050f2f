"""The commands: a table of what there is, and one file a family, imported when one of its commands is called."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from listener.cli.lazy import Commands, lazy

# The summary is the first paragraph of the command's docstring, repeated so that a list of commands imports nothing.
COMMANDS: Commands = {
    "init": (
        "setup:init",
        "Ask four questions and write a config with comments; an option answers its question. Nothing is overwritten.",
    ),
    "check": (
        "setup:check",
        "Validate the config, try its tests, each channel and source without changing anything, and show what works.",
    ),
    "doctor": (
        "setup:doctor",
        "What this installation is made of and how it does: versions, known bugs, clock, disk, when each source spoke.",
    ),
    "backup": ("setup:backup", "Copy the SQLite database, also while the daemon runs; nothing is overwritten."),
    "restore": (
        "setup:restore",
        "Put a backup of a SQLite database in its place; the former one is moved aside, and nothing is sent again.",
    ),
    "run": ("run:run", "Run the daemon: read what is due, understand it, store it, look for signals, tell people."),
    "once": ("run:once", "One cycle: visit every source that is due, look for signals, deliver what waits, and end."),
    "reload": ("run:reload", "Tell the running daemon to take the changed config: as a whole, or not at all."),
    "demo": (
        "run:demo",
        "Watch Listener work: a simulated market, the real daemon, weeks in a minute or two. No account, no network.",
    ),
    "jobs": (
        "jobs:jobs",
        "What the running daemon is doing: each job with what it is about, its state, and how far it is.",
    ),
    "backfill": (
        "backfill:backfill",
        "Read what was published before the first visit, as far back as each platform shows it.",
    ),
    "reunderstand": (
        "reunderstand:reunderstand",
        "Understand everything that is stored anew, by the words, rules and queries of now; counts follow.",
    ),
    "label": (
        "label:label",
        "Say what a mention is, where the rules are wrong: it counts at once, and stays over every new understanding.",
    ),
    "explain": (
        "analyze:explain",
        "Say what a text says, and why: the words that decided, how they were turned, and the probabilities.",
    ),
    "analyze": (
        "analyze:analyze",
        "Say of each text of a file how it sounds, whether it complains, what it wants and what it speaks of.",
    ),
    "search": ("mentions:search", "Search the stored mentions, newest first, by the same rules as incoming posts."),
    "stats": ("mentions:stats", "Mentions per watch and sentiment, and how each source is doing."),
    "export": (
        "mentions:export",
        "Write every mention to standard output, also those that an exclusion hides: your data, all of it.",
    ),
    "digest": (
        "alerts:digest",
        "Show the digest of the last full week, as the daemon sends it by itself at its weekday and hour.",
    ),
    "test-alert": ("alerts:test_alert", "Send a test message through one channel of the config."),
    "alerts": (
        "alerts:alerts",
        "The alerts that are open, the channels in trouble, and the deliveries that wait or failed.",
    ),
    "query": ("query:app", "Understand, check and try a query before it runs; bring queries from elsewhere."),
    "sources": (
        "sources:app",
        "Every kind of source: what its platform allows, what it costs, how long posts may be kept.",
    ),
    "new": (
        "new:app",
        "Write the first version of a source or a channel, with its tests: it runs as it is, and says what to change.",
    ),
}

app = typer.Typer(
    name="listener",
    help="Listens for your brand where people talk, and tells your team when something changes.",
    epilog="Begin with [bold]listener demo[/] (no account, no network), then [bold]listener init[/].",
    cls=lazy(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"listener {version('listener')}")
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


def main() -> None:
    """Run the command. A full disk below what is printed or written is an answer, not a crash."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - shown whole, but nothing in it acts on a terminal
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            # What could not be written would be written again by the interpreter at its very end, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit("✗ no space is left where the output goes\n  make room there, or write somewhere else")
        import traceback

        from listener.cli.output import complain

        complain(traceback.format_exc())
        sys.exit(1)


__all__ = ["app", "main"]
