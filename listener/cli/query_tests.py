"""query test: whether queries do what the texts beside them say, for `tests` of the config or a file of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from insight.query import Query, QueryError, parse
from insight.query.advice.cases import Case, run
from listener.cli.common import config_path, settings
from listener.cli.output import done, err, fail, out, print_json
from listener.cli.query_parts import perhaps
from listener.config import Config, ConfigError, WatchTests, yamlfile
from listener.config.errors import ProblemReport
from listener.config.validation import build, unknown_key


@dataclass(frozen=True, slots=True)
class Trial:
    """A query and its cases, each with the line it is written on."""

    name: str
    query: Query
    cases: tuple[Case, ...]
    lines: tuple[int, ...]


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
    where = file or config_path(context)
    trials = list(_of_file(context, file) if file else _of_config(settings(context)))
    count = sum(len(trial.cases) for trial in trials)
    if not count:
        fail(f"{where} has no texts to try", "write some beside a watch: tests: {match: [a text], reject: [another]}")
    failures = [failure for trial in trials for failure in _failures(trial, str(where))]
    if as_json:
        print_json({"cases": count, "failed": len(failures), "failures": failures})
    else:
        for failure in failures:
            place = f"{failure['file']}:{failure['line']}"
            said = f"{place}: {failure['query']} {failure['expected']} {failure['text']!r}: {failure['says']}"
            out.print(Text(said), soft_wrap=True)
    if failures:
        if not as_json:
            err.print(Text(f"✗ {len(failures)} of {count} texts came out otherwise", style="bold red"))
        raise typer.Exit(1)
    if not as_json:
        done(f"{count} texts, {len(trials)} queries: all come out as they must")


def _failures(trial: Trial, file: str) -> Iterator[dict[str, Any]]:
    lines = {id(case): line for case, line in zip(trial.cases, trial.lines, strict=True)}
    for failure in run(trial.query, trial.cases):
        post = failure.case.post
        text = f"{post.title}: {post.text}" if post.title else post.text
        yield {
            "file": file, "line": lines[id(failure.case)], "query": trial.name, "expected": failure.expected,
            "text": text if len(text) <= 200 else text[:199] + "…", "says": failure.says,
        }  # fmt: skip


def _of_config(config: Config) -> Iterator[Trial]:
    tree = yamlfile.parse(config.file.read_bytes())
    entries = tree.value["watches"]
    for index, entry in enumerate(entries):
        watch = next((each for each in config.watches if each.id == entry["id"]), None)
        if watch and watch.id in config.tests:
            lines = _lines(tree, ("watches", index, "tests"), config.tests[watch.id])
            yield Trial(f"watch {watch.id}", parse(watch.query), config.cases(watch.id), lines)


def _of_file(context: typer.Context, file: Path) -> list[Trial]:
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
    config = settings(context) if needs_config else perhaps(context)
    trials = [_trial(entry, (index,), report, config) for index, entry in enumerate(entries)]
    try:
        report.stop(())
    except ConfigError as error:
        fail(str(error), code=2)
    return [trial for trial in trials if trial]


def _trial(entry: Any, path: yamlfile.Path, report: ProblemReport, config: Config | None) -> Trial | None:
    if not isinstance(entry, dict) or ("watch" in entry) == ("query" in entry):
        report.at(path, "either `watch` or `query` is wanted", "write query: 'acme NOT jobs', or watch: and its id")
        return None
    for key in entry.keys() - {"watch", "query", "match", "reject"}:
        unknown_key((*path, key), ["watch", "query", "match", "reject"], report)
    tests = build(WatchTests, {key: entry[key] for key in ("match", "reject") if key in entry}, path, report)
    query = _query(entry, path, report, config)
    if tests is None or query is None:
        return None
    name = f"watch {entry['watch']}" if "watch" in entry else f"query {entry['query']}"
    return Trial(name, query, tests.cases(config.owned if config else frozenset()), _lines(report.tree, path, tests))


def _query(entry: Mapping[str, Any], path: yamlfile.Path, report: ProblemReport, config: Config | None) -> Query | None:
    if "watch" in entry:
        known = {watch.id: watch.query for watch in config.watches} if config else {}
        if entry["watch"] not in known:
            report.at((*path, "watch"), f"the config has no watch `{entry['watch']}`", f"it has: {', '.join(known)}")
            return None
        return parse(known[entry["watch"]])
    text = str(entry["query"])
    try:
        return parse(text, config.library if config else None)
    except QueryError as error:
        report.inside((*path, "query"), text, error.position, error.message, error.remedy)
        return None


def _lines(tree: yamlfile.Tree, path: yamlfile.Path, tests: WatchTests) -> tuple[int, ...]:
    places = [(*path, "match", i) for i in range(len(tests.match))]
    places += [(*path, "reject", i) for i in range(len(tests.reject))]
    return tuple(tree.place(place).line for place in places)
