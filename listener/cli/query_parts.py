"""What the query commands share: a config that need not be there, queries by their watch, and errors with a caret."""

from __future__ import annotations

from dataclasses import dataclass

import typer
from rich.markup import escape

from insight.query import Query, QueryError, parse
from listener.cli.common import config_path, settings
from listener.cli.output import err, fail
from listener.config import Config, ConfigError, load, nearest, yamlfile

QUERY_HELP = "In the query language, see docs/queries.md; one that begins with a minus stands behind --."
WATCH_HELP = "The query of this watch of the config (its id)."


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was given. `watch`: whose it is; None: it was typed."""

    text: str
    watch: str | None = None


def perhaps(context: typer.Context) -> Config | None:
    """The config where there is one that can be used: a typed query needs none, unless it takes in a named one."""
    path = config_path(context)
    if not path.exists():
        return None
    try:
        return load(path)
    except ConfigError as error:
        count = len(error.problems)
        said = f"{path} has {count} problem{'s' if count > 1 else ''} and is left aside; see `listener check --offline`"
        err.print(f"[yellow]![/] {escape(said)}", soft_wrap=True)
        return None


def asked(context: typer.Context, text: str | None, watch: str | None) -> tuple[Asked, Config | None]:
    """What the command line asks about: a query, or a watch's. Ends the command when it is neither, or both."""
    if (text is None) == (watch is None):
        fail("one query is wanted", "type it in 'single quotes', or name a watch: --watch acme")
    if watch is None:
        return Asked(str(text)), perhaps(context)
    config = settings(context)
    return Asked(written(config, watch), watch), config


def written(config: Config, watch: str) -> str:
    """A watch's query as it stands in the file, before what it takes in is written out."""
    found = {each.id: each.query for each in config.watches}
    if watch not in found:
        close = nearest(watch, list(found))
        fail(
            f"the config has no watch {watch!r}", f"did you mean {close!r}?" if close else f"it has: {', '.join(found)}"
        )
    try:
        entries = yamlfile.parse(config.file.read_bytes()).value["watches"]
        text = next(str(entry["query"]) for entry in entries if entry["id"] == watch)
    except (OSError, KeyError, TypeError, StopIteration):
        return found[watch]
    return found[watch] if "${" in text else text


def understood(asked: Asked, config: Config | None) -> Query:
    """Its tree. Ends the command with the place and the remedy when it is refused."""
    try:
        return parse(asked.text, config.library if config else None)
    except QueryError as error:
        fail(f"watch {asked.watch}: {error}" if asked.watch else str(error))
