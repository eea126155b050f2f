"""query lint: what will surprise the writer of a query, with its place and a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from insight.query import QueryError, parse, parse_watch
from insight.query.advice.lint import lint as advise
from insight.query.advice.remarks import Level
from listener.cli.common import QUERY_HELP, WATCH_HELP, GivenQuery, given_query, load_config, query_of_watch
from listener.cli.output import done, fail, out, print_json
from listener.config import Config

ERROR = "error"
COLOURS = {ERROR: "bold red", Level.WARNING: "yellow", Level.HINT: "cyan"}


@dataclass(frozen=True, slots=True)
class LintFinding:
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
    config: Config | None
    if all_:
        if query is not None or watch is not None:
            fail("--all takes neither a query nor --watch", "leave one of them out")
        config = load_config(context)
        queries = [query_of_watch(config, each.id) for each in config.watches]
    else:
        one, config = given_query(context, query, watch)
        queries = [one]
    findings = [finding for each in queries for finding in _findings(each, config)]
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            _show(finding)
        if not findings:
            done("nothing in it should surprise you" if len(queries) == 1 else f"{len(queries)} queries: no surprises")
    levels = {finding.level for finding in findings}
    if ERROR in levels or (strict and Level.WARNING in levels):
        raise typer.Exit(1)


def _findings(query: GivenQuery, config: Config | None) -> Iterator[LintFinding]:
    library, watch = config.library if config else None, query.watch
    try:
        tree = parse(query.text, library)
    except QueryError as error:
        yield LintFinding(watch, ERROR, "refused", error.position, error.message, error.remedy, error.pointed())
        return
    try:
        parse_watch(query.text, library)
    except QueryError as error:  # a warning only: `listener search` takes what no watch may ask for
        message = f"no watch could have this query: {error.message}"
        yield LintFinding(watch, Level.WARNING, "no-watch", error.position, message, error.remedy, error.pointed())
    for it in advise(tree, query.text):
        yield LintFinding(watch, it.level, it.code, it.position, it.message, it.remedy, it.pointed())


def _show(finding: LintFinding) -> None:
    whose = f"watch {finding.watch}, " if finding.watch else ""
    head = (finding.level, COLOURS[finding.level])
    out.print(Text.assemble(head, f": {whose}character {finding.position + 1}: {finding.message}"), soft_wrap=True)
    for line in finding.pointed:  # neither wrapped nor cut, so that the caret stays below its character
        out.print(Text(f"  {line}"), no_wrap=True, crop=False, soft_wrap=True)
    out.print(Text(f"  {finding.remedy}\n", style="dim"), soft_wrap=True)
