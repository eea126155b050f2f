"""query test: whether queries do what the texts beside them say, for `tests` of the config or a file of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from insight.query import Query, QueryError, parse
from insight.query.advice.cases import Case, run
from listener.cli.common import config_path, load_config, load_config_if_usable
from listener.cli.output import done, err, fail, out, print_json
from listener.config import Config, ConfigError, WatchTests, yamlfile
from listener.config.errors import ProblemReport
from listener.config.validation import build, unknown_key


@dataclass(frozen=True, slots=True)
class QueryTests:
    """A query and its cases, each with the line it is written on."""

    name: str
    query: Query
    cases: tuple[Case, ...]
    lines: tuple[int, ...]

    def failures(self, file: str) -> Iterator[dict[str, Any]]:
        """The cases that come out otherwise, as they are printed."""
        lines = {id(case): line for case, line in zip(self.cases, self.lines, strict=True)}
        for failure in run(self.query, self.cases):
            post = failure.case.post
            text = f"{post.title}: {post.text}" if post.title else post.text
            yield {
                "file": file, "line": lines[id(failure.case)], "query": self.name, "expected": failure.expected,
                "text": text if len(text) <= 200 else text[:199] + "…", "says": failure.says,
            }  # fmt: skip


def try_texts(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="YAML: a list of {watch: … or query: …, match: […], reject: […]}.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try queries on texts that they must match or reject: the `tests` of the config's watches, or those in a file.

    Ends with 1 when a text comes out otherwise, so a team's CI can run it.

    \b
    Examples:
      listener query test
      listener query test queries.test.yaml --json
    """
    where = str(file or config_path(context))
    queries = _from_file(context, file) if file else list(_from_config(load_config(context)))
    count = sum(len(tests.cases) for tests in queries)
    if not count:
        fail(f"{where} has no texts to try", "write some beside a watch: tests: {match: [a text], reject: [another]}")
    failures = [failure for tests in queries for failure in tests.failures(where)]
    if as_json:
        print_json({"cases": count, "failed": len(failures), "failures": failures})
    elif failures:
        for failure in failures:
            place = f"{failure['file']}:{failure['line']}"
            line = f"{place}: {failure['query']} {failure['expected']} {failure['text']!r}: {failure['says']}"
            out.print(Text(line), soft_wrap=True)
        err.print(Text(f"✗ {len(failures)} of {count} texts came out otherwise", style="bold red"))
    else:
        done(f"{count} texts, {len(queries)} queries: all come out as they must")
    if failures:
        raise typer.Exit(1)


def _from_config(config: Config) -> Iterator[QueryTests]:
    tree = yamlfile.parse(config.file.read_bytes())
    entries = tree.value["watches"]
    for index, entry in enumerate(entries):
        watch = next((each for each in config.watches if each.id == entry["id"]), None)
        if watch and watch.id in config.tests:
            lines = _lines_of(tree, ("watches", index, "tests"), config.tests[watch.id])
            yield QueryTests(f"watch {watch.id}", parse(watch.query), config.cases(watch.id), lines)


def _from_file(context: typer.Context, file: Path) -> list[QueryTests]:
    """Every fault of the file is told at once, as with a config."""
    try:
        with file.open("rb") as opened:
            tree = yamlfile.parse(opened.read(yamlfile.MAX_BYTES + 1))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", "name a YAML file of texts")
    report = ProblemReport(str(file), tree)
    entries = tree.value if isinstance(tree.value, list) else []
    if not entries and not report.problems:
        report.at((), "a list is wanted", "write `- query: …` with `match:` and `reject:` below it")
    needs_config = any(isinstance(entry, dict) and "watch" in entry for entry in entries)
    config = load_config(context) if needs_config else load_config_if_usable(context)
    queries = [_from_entry(entry, (index,), report, config) for index, entry in enumerate(entries)]
    try:
        report.raise_if_any(())
    except ConfigError as error:
        fail(str(error), code=2)
    return [tests for tests in queries if tests]


def _from_entry(entry: Any, path: yamlfile.Path, report: ProblemReport, config: Config | None) -> QueryTests | None:
    """One entry of the file; None when problems were reported."""
    if not isinstance(entry, dict) or ("watch" in entry) == ("query" in entry):
        report.at(path, "either `watch` or `query` is wanted", "write query: 'acme NOT jobs', or watch: and its id")
        return None
    for key in entry.keys() - {"watch", "query", "match", "reject"}:
        unknown_key((*path, key), ["watch", "query", "match", "reject"], report)
    tests = build(WatchTests, {key: entry[key] for key in ("match", "reject") if key in entry}, path, report)
    query = None
    if "watch" in entry:
        name, known = f"watch {entry['watch']}", {watch.id: watch.query for watch in config.watches} if config else {}
        if entry["watch"] in known:
            query = parse(known[entry["watch"]])
        else:
            report.at((*path, "watch"), f"the config has no watch `{entry['watch']}`", f"it has: {', '.join(known)}")
    else:
        name = f"query {entry['query']}"
        try:
            query = parse(str(entry["query"]), config.library if config else None)
        except QueryError as error:
            report.inside((*path, "query"), str(entry["query"]), error.position, error.message, error.remedy)
    if tests is None or query is None:
        return None
    return QueryTests(
        name, query, tests.cases(config.owned if config else frozenset()), _lines_of(report.tree, path, tests)
    )


def _lines_of(tree: yamlfile.Tree, path: yamlfile.Path, tests: WatchTests) -> tuple[int, ...]:
    places = [(*path, "match", i) for i in range(len(tests.match))]
    places += [(*path, "reject", i) for i in range(len(tests.reject))]
    return tuple(tree.place(place).line for place in places)
