"""What commands share: the config, the store, and whether a daemon must do the writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from listener import control
from listener.cli.output import complain, fail
from listener.clock import LISTENING_SINCE, SystemClock
from listener.config import Config, ConfigError, load
from storage import HeldError, Store, StoreError, open_store

DEFAULT_CONFIG = Path("config.yaml")


def config_path(context: typer.Context) -> Path:
    found: Path = context.find_root().params.get("config") or DEFAULT_CONFIG
    return found


def settings(context: typer.Context) -> Config:
    """The config the command line names. Ends the command with every problem in it."""
    try:
        return load(config_path(context))
    except ConfigError as error:
        complain(str(error))
        raise typer.Exit(2) from error


@contextmanager
def opened_store(config: Config) -> Iterator[Store]:
    """The store; trouble with it ends the command in one line."""
    try:
        with open_store(config.storage.url) as store:
            yield store
    except StoreError as error:
        fail(config.redactor.mask(str(error)))


@contextmanager
def stored(config: Config) -> Iterator[Store]:
    """The store for reading: a database that is not there yet is not made by looking at it."""
    scheme, _, path = config.storage.url.partition(":///")
    if scheme == "sqlite" and path and not Path(path).exists():
        fail(f"there is no database yet at {path}", "`listener run` makes it, `listener once` fills it once")
    with opened_store(config) as store:
        yield store


def present(store: Store) -> datetime:
    """What time it is for what is stored: now, or, after simulated time, when the simulation ended."""
    simulated = (store.state.get(LISTENING_SINCE) or {}).get("simulated")
    cycle = store.state.get("cycle")
    return datetime.fromisoformat(cycle["at"]) if simulated and cycle else SystemClock().now()


def write(config: Config, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out a command that writes: here when no daemon runs, else by the daemon."""
    now = SystemClock().now()
    with opened_store(config) as store:
        try:
            with store.hold({"pid": 0, "since": now.isoformat(), "command": command}, now):
                return control.WRITES[command](store, now, arguments)
        except HeldError as error:
            try:
                return control.hand_over(error.owner, command, arguments)
            except control.HandoffError as refused:
                fail(str(refused))
        except ValueError as error:
            fail(str(error))
