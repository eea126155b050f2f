"""What commands share: the config, the store, the query they are about, and who does the writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from insight.query import Query, QueryError, parse
from listener import control
from listener.cli.output import complain, err, fail
from listener.clock import LISTENING_SINCE, SystemClock
from listener.config import Config, ConfigError, load, nearest, yamlfile
from listener.understanding_progress import Progress
from storage import HeldError, Store, StoreError, open_store

QUERY_HELP = "In the query language, see docs/queries.md; one that begins with a minus stands behind --."
WATCH_HELP = "The query of this watch of the config (its id)."


# -- the config ------------------------------------------------------------------------------------------------------


def config_path(context: typer.Context) -> Path:
    found: Path = context.find_root().params.get("config") or Path("config.yaml")
    return found


def load_config(context: typer.Context) -> Config:
    """The config the command line names. Ends the command with every problem in it."""
    try:
        return load(config_path(context))
    except ConfigError as error:
        complain(str(error))
        raise typer.Exit(2) from error


def load_config_if_usable(context: typer.Context) -> Config | None:
    """The config where there is one without problems: a typed query needs none, unless it takes in a named one."""
    path = config_path(context)
    if not path.exists():
        return None
    try:
        return load(path)
    except ConfigError as error:
        count = len(error.problems)
        problems = f"{count} problem{'s' if count > 1 else ''}"
        warning = f"{path} has {problems} and is left aside; see `listener check --offline`"
        err.print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not in the config: the nearest one, or all there are."""
    names = list(known)
    close = nearest(word, names)
    return f"did you mean {close!r}?" if close else f"it has: {', '.join(names)}"


# -- the query -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GivenQuery:
    """A query as it was given. `watch`: whose it is; None: it was typed."""

    text: str
    watch: str | None = None

    def parse(self, config: Config | None) -> Query:
        """The query's tree. A query that is refused ends the command, with the place and the remedy."""
        try:
            return parse(self.text, config.library if config else None)
        except QueryError as error:
            fail(f"watch {self.watch}: {error}" if self.watch else str(error))


def given_query(context: typer.Context, text: str | None, watch: str | None) -> tuple[GivenQuery, Config | None]:
    """The query that was typed, or that of the named watch. Ends the command when neither or both are given."""
    if (text is None) == (watch is None):
        fail("one query is wanted", "type it in 'single quotes', or name a watch: --watch acme")
    if watch is None:
        return GivenQuery(str(text)), load_config_if_usable(context)
    config = load_config(context)
    return query_of_watch(config, watch), config


def query_of_watch(config: Config, watch: str) -> GivenQuery:
    """A watch's query as it stands in the file, before what it takes in is written out."""
    found = {each.id: each.query for each in config.watches}
    if watch not in found:
        fail(f"the config has no watch {watch!r}", did_you_mean(watch, found))
    try:
        entries = yamlfile.parse(config.file.read_bytes()).value["watches"]
        text = next(str(entry["query"]) for entry in entries if entry["id"] == watch)
    except (OSError, KeyError, TypeError, StopIteration):  # the file was changed since it was loaded
        text = found[watch]
    # The secret behind a `${…}` is known to the loaded config alone.
    return GivenQuery(found[watch] if "${" in text else text, watch)


# -- the store -------------------------------------------------------------------------------------------------------


def missing_database(config: Config) -> str | None:
    """The SQLite file that is not there yet; None when there is a database, or it is Postgres."""
    scheme, _, path = config.storage.url.partition(":///")
    return path if scheme == "sqlite" and path and not Path(path).exists() else None


@contextmanager
def opened_store(config: Config) -> Iterator[Store]:
    """The store; trouble with it ends the command in one line."""
    try:
        with open_store(config.storage.url) as store:
            yield store
    except StoreError as error:
        fail(config.redactor.mask(str(error)))


@contextmanager
def store_for_reading(config: Config) -> Iterator[Store]:
    """As `opened_store`, but opening SQLite makes a database, and a command that only reads must not."""
    if path := missing_database(config):
        fail(f"there is no database yet at {path}", "`listener run` makes it, `listener once` fills it once")
    with opened_store(config) as store:
        yield store


def now_for(store: Store) -> datetime:
    """The current time; for a database that a simulation filled, the time at which the simulation ended."""
    simulated = (store.state.get(LISTENING_SINCE) or {}).get("simulated")
    cycle = store.state.get("cycle")
    return datetime.fromisoformat(cycle["at"]) if simulated and cycle else SystemClock().now()


def warn_of_mixed_history(store: Store) -> None:
    """Say, beside figures of different times, that they are not all understood by the same words and rules yet."""
    progress = Progress.read(store)
    if progress.walk:
        err.print(f"[yellow]![/] {progress}: older figures may change", soft_wrap=True)


def lock(store: Store, command: str) -> AbstractContextManager[object]:
    """The right to write, for a command. Raises HeldError when a daemon or another command has it."""
    now = SystemClock().now()
    return store.hold({"since": now.isoformat(), "command": command}, now)


def hand_over(owner: Mapping[str, Any], command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let the running daemon carry out a command. When it refuses, this command ends with its reason."""
    try:
        return control.hand_over(owner, command, arguments)
    except control.HandoffError as refused:
        fail(str(refused))


def write(config: Config, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out a command that writes: in this process, or in the daemon when one holds the database."""
    with opened_store(config) as store:
        try:
            with lock(store, command):
                return control.WRITES[command](store, SystemClock().now(), arguments)
        except HeldError as error:
            return hand_over(error.owner, command, arguments)
        except ValueError as error:
            fail(str(error))
