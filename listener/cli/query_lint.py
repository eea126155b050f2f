"""query lint: what will surprise the writer of a query, with its place and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from insight.query import QueryError, parse, parse_watch
from insight.query.advice.lint import lint as advise
from insight.query.advice.remarks import Level
from listener.cli.common import settings
from listener.cli.output import done, fail, out, print_json
from listener.cli.query_parts import QUERY_HELP, WATCH_HELP, Asked, asked, written
from listener.config import Config

ERROR = "error"
COLOURS = {ERROR: "bold red", Level.WARNING: "yellow", Level.HINT: "cyan"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know of a query. `position` counts characters from 0; `pointed`: the line and its caret."""

    watch: str | None
    level: str
    code: str
    position: int
    message: str
    remedy: str
    pointed: tuple[str, str]


def lint(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help=QUERY_HELP)] = None,
    watch: Annotated[str | None, typer.Option(help=WATCH_HELP)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every watch of the config.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 also when there are warnings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what will surprise you in a query, with its place and a remedy.

    Ends with 1 when the query is refused, with --strict also when there are warnings.

    \b
    Examples:
      listener query lint 'acme OR bolt crash'
      listener query lint --all --strict
    """
    if all_:
        if query is not None or watch is not None:
            fail("--all takes neither a query nor --watch", "leave one of them out")
        config: Config | None = settings(context)
        every = [Asked(written(config, each.id), each.id) for each in config.watches] if config else []
    else:
        one, config = asked(context, query, watch)
        every = [one]
    found = [finding for each in every for finding in _findings(each, config)]
    if as_json:
        print_json(found)
    else:
        _show(found, len(every))
    levels = {finding.level for finding in found}
    if ERROR in levels or (strict and Level.WARNING in levels):
        raise typer.Exit(1)


def _findings(asked: Asked, config: Config | None) -> Iterator[Finding]:
    library = config.library if config else None
    try:
        tree = parse(asked.text, library)
    except QueryError as error:
        yield _refused(asked, ERROR, "refused", error)
        return
    try:
        parse_watch(asked.text, library)
    except QueryError as error:  # `listener search` would take it
        yield _refused(asked, Level.WARNING, "no-watch", error)
    for advice in advise(tree, asked.text):
        yield Finding(
            asked.watch, advice.level, advice.code, advice.position, advice.message, advice.remedy, advice.pointed()
        )


def _refused(asked: Asked, level: str, code: str, error: QueryError) -> Finding:
    message = error.message if level == ERROR else f"no watch could have this query: {error.message}"
    return Finding(asked.watch, level, code, error.position, message, error.remedy, error.pointed())


def _show(found: Sequence[Finding], queries: int) -> None:
    for finding in found:
        whose = f"watch {finding.watch}, " if finding.watch else ""
        head = (finding.level, COLOURS[finding.level])
        out.print(Text.assemble(head, f": {whose}character {finding.position + 1}: {finding.message}"), soft_wrap=True)
        for line in finding.pointed:
            out.print(Text(f"  {line}"), no_wrap=True, crop=False, soft_wrap=True)
        out.print(Text(f"  {finding.remedy}\n", style="dim"), soft_wrap=True)
    if not found:
        done("nothing in it should surprise you" if queries == 1 else f"{queries} queries: no surprises")
