"""The queries of a config: named ones, those of watches, and those that filter what a channel or digest shows."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from insight.model import Watch
from insight.query import Query, QueryError, parse, parse_watch
from insight.query.reading.parser import MAX_LENGTH
from listener.config.base import ID
from listener.config.cross_checks import check_unique, check_zone
from listener.config.errors import ProblemReport
from listener.config.query_library import ConfigLibrary
from listener.config.query_settings import QuerySettings
from listener.config.settings import WatchSettings
from listener.config.validation import ID_RULE, build
from listener.config.yamlfile import Path

_NAMED = re.compile(r"\$([a-z0-9][a-z0-9_-]*)")


def read_settings(value: Mapping[str, Any], report: ProblemReport) -> QuerySettings:
    """Each key by itself, so that a fault in one does not make the others unknown."""
    owned, queries, found = None, dict[str, str](), value.get("queries")
    if value.get("owned") is not None:
        owned = build(QuerySettings, {"owned": value["owned"]}, (), report)
    if not isinstance(found, dict | None):
        report.at(("queries",), "`queries` holds something else than entries", "write `name: query` a line below it")
        found = None
    for name, text in (found or {}).items():
        if not re.match(ID, name) or len(name) > 64:
            report.at_key(("queries", name), f"the name `{name}` {ID_RULE}", "choose another name")
        elif made := build(QuerySettings, {"queries": {name: text}}, (), report):
            queries |= made.queries
    return QuerySettings(owned=owned.owned if owned else (), queries=queries)


def check_named(library: ConfigLibrary, report: ProblemReport) -> frozenset[str]:
    """The names of the queries that cannot be understood. Each is read, also one that no other takes in."""
    errors: dict[str, QueryError] = {}
    for name, text in library.queries.items():
        try:
            parse(text, library)
        except QueryError as error:
            errors[name] = error
    for name in dict.fromkeys(_broken_name(name, errors) for name in errors):
        _report(errors[name], ("queries", name), (), report)
    return frozenset(errors)


def _broken_name(name: str, errors: Mapping[str, QueryError]) -> str:
    """The named query whose fault it is; of a loop, the one that stands first in the file."""
    chain = [name]
    while (inner := _named_at(errors[chain[-1]], errors)) is not None:
        if inner in chain:
            loop = chain[chain.index(inner) :]
            return next(each for each in errors if each in loop)
        chain.append(inner)
    return chain[-1]


def _named_at(error: QueryError, broken: Container[str]) -> str | None:
    """The named query at which an error points, where that is itself broken: the fault is there, not here."""
    found = _NAMED.match(error.query, error.position)
    return found[1] if found and found[1] in broken else None


def check_watches(
    watches: Sequence[tuple[Path, WatchSettings]],
    library: ConfigLibrary,
    broken: AbstractSet[str],
    report: ProblemReport,
) -> list[Watch]:
    """The watches whose query can be understood. What it takes in is written out: a changed list is a changed query."""
    understood = []
    check_unique(
        "watch", [(path, "id", watch.id) for path, watch in watches], "give each watch an id of its own", report
    )
    for path, settings in watches:
        check_zone((*path, "time_zone"), settings.time_zone, report)
        watch, uses_before = settings.watch(), library.uses
        try:
            tree = parse_watch(watch.query, library)
        except QueryError as error:
            _report(error, (*path, "query"), broken, report)
        else:
            written = replace(watch, query=str(tree)) if library.uses > uses_before else watch
            length = len(written.query)
            if length > MAX_LENGTH:
                message = f"with its lists written out it has {length:,} characters; {MAX_LENGTH:,} are allowed"
                remedy = "shorten the lists, or give each part of them a watch of its own"
                report.at((*path, "query"), message, remedy)
            else:
                understood.append(written)
    return understood


def check_filters(
    filters: Iterable[tuple[Path, str | None]], library: ConfigLibrary, broken: AbstractSet[str], report: ProblemReport
) -> dict[str, Query]:
    """The trees of the queries of routes and of the digest, by their text. They may ask for what is stored."""
    trees: dict[str, Query] = {}
    for path, text in filters:
        if text is not None and text not in trees:
            try:
                trees[text] = parse(text, library)
            except QueryError as error:
                _report(error, path, broken, report)
    return trees


def _report(error: QueryError, path: Path, broken: Container[str], report: ProblemReport) -> None:
    """One problem, unless it is that of a named query which has been reported where that stands."""
    if _named_at(error, broken) is None:
        report.inside(path, error.query, error.position, error.message, error.remedy)
