"""query explain: how a query is read, who searches for which part of it, and what each clause has brought so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, groupby
from typing import Annotated, Any

import typer
from rich.text import Text

from insight.model import MentionState
from insight.query import Facts, Query
from insight.query.advice.clauses import Census, ClauseCounts
from insight.query.advice.explain import Explanation
from insight.query.advice.explain import explain as explain_query
from insight.query.pushdown.compiler import push_down
from listener.cli.common import QUERY_HELP, WATCH_HELP, config_path, given_query, missing_database, now_for
from listener.cli.output import err, out, print_json
from listener.config import Config
from scrapers.base import Source
from storage import StoreError, open_store

DAYS = 30
_EVERY = 1000  # posts between two words on how far it is
_STATES = (MentionState.KEPT, MentionState.EXCLUDED)


@dataclass(frozen=True, slots=True)
class SourceSearch:
    """What sources that are asked alike are asked. No `searches`: they are read whole, or cannot be asked.

    `left_here` runs here; `misses` is what they cannot find for us, and why.
    """

    sources: tuple[str, ...]
    reads: str
    searches: tuple[str, ...] = ()
    left_here: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


def explain(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help=QUERY_HELP)] = None,
    watch: Annotated[str | None, typer.Option(help=WATCH_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how a query is read, which part each source searches for itself, and the hits per clause.

    The tree and its defaults need no config. With one, each source says what it is asked and what runs here; with a
    database, each clause is counted on the stored posts of the last 30 days.

    \b
    Examples:
      listener query explain 'acme crash OR bolt NOT jobs'
      listener query explain --watch acme
    """
    given, config = given_query(context, query, watch)
    tree = given.parse(config)
    explanation = explain_query(tree, given.text)
    searches: list[SourceSearch] = []
    counted, missing = None, f"no config is used ({config_path(context)}), so sources and hits are not known"
    if config is not None:
        searches = _searches(config, tree, watch)
        counted, missing = _count_clauses(config, tree, watch)
    if as_json:
        print_json(_as_data(explanation, searches, counted, missing))
        return
    if watch:
        out.print(Text(f"watch {watch}", style="bold"))
    _print(explanation.tree)
    _print_heading("What was added in reading it")
    for note in explanation.notes:
        where = f" (character {note.position + 1})" if note.position is not None else ""
        _print([f"- {note}{where}"])
    for search in searches:
        _show_search(search)
    if counted:
        _show_counted(counted)
    if missing:
        err.print(Text(f"! {missing}", style="yellow"), soft_wrap=True)


# -- who searches for what -----------------------------------------------------------------------------------------


def _searches(config: Config, tree: Query, watch: str | None) -> list[SourceSearch]:
    """What each source is asked, with one entry for all that are asked alike, in the order of the config."""
    groups: dict[SourceSearch, list[str]] = {}
    for source in config.sources:
        groups.setdefault(_search_of(source, tree, watch), []).append(source.id)
    return [replace(search, sources=tuple(ids)) for search, ids in groups.items()]


def _search_of(source: Source, tree: Query, watch: str | None) -> SourceSearch:
    if watch and watch in source.watches:
        return SourceSearch((), "bound to this watch: all it brings concerns it, whatever the query says")
    if watch and source.watches and source.dialect is not None:
        return SourceSearch((), "searches for other watches only; the query runs here on what it brings")
    if source.dialect is None:
        return SourceSearch((), "read whole: the query runs here")
    found = push_down(tree, source.dialect)
    reads = "searches by itself for" if found.searches else "has no search that could find this"
    return SourceSearch((), reads, found.searches, found.left_here, found.misses)


# -- what it has brought -------------------------------------------------------------------------------------------


def _count_clauses(config: Config, tree: Query, watch: str | None) -> tuple[ClauseCounts | None, str]:
    """The hits of each clause among the stored posts; or None, and why they are not known."""
    if path := missing_database(config):
        return None, f"there is no database yet at {path}, so hits are not known"
    census = Census(tree)
    try:
        with open_store(config.storage.url) as store, err.status("counting") as status:
            since = now_for(store) - timedelta(days=DAYS)
            mentions = chain.from_iterable(store.posts.scan(since=since, states=_STATES))
            for number, (_, group) in enumerate(groupby(mentions, key=lambda found: found.post.key), 1):
                # A post that several watches have is one post: as this watch sees it, or the first.
                views = list(group)
                found = next((view for view in views if view.mention.watch == watch), views[0])
                if found.post.text or found.post.title or found.post.rating:  # what a deletion left says nothing
                    census.add(found.post, Facts.of(found, config.owned))
                if number % _EVERY == 0:
                    status.update(f"{number:,} posts counted")
    except StoreError as error:
        return None, f"hits are not known: {config.redactor.mask(str(error))}"
    return census.counted(), ""


# -- shown -----------------------------------------------------------------------------------------------------------


def _show_search(search: SourceSearch) -> None:
    more = f" and {len(search.sources) - 5} more" if len(search.sources) > 5 else ""
    _print_heading(", ".join(search.sources[:5]) + more)
    lines = [search.reads + (":" if search.searches else "")]
    lines += [f"  {text}" for text in search.searches]
    if search.left_here:
        lines.append(f"runs here: {'; '.join(search.left_here)}")
    elif search.searches:
        lines.append("runs here: nothing but the exclusions")
    _print([*lines, *(f"misses: {reason}" for reason in search.misses)])


def _show_counted(counted: ClauseCounts) -> None:
    _print_heading(f"On the stored posts of the last {DAYS} days")
    total, *sentences = counted.sentences
    _print([total, "Only posts that concerned some watch are stored; others are in none of these figures."])
    for tally, sentence in zip(counted.tallies, sentences, strict=True):
        clause = tally.clause
        text = clause.text if len(clause.text) <= 200 else clause.text[:199] + "…"
        _print([f"{clause.number}. {clause.kind}: {text}", f"   {sentence}"])


def _print_heading(text: str) -> None:
    out.print()
    out.print(Text(text, style="bold"), soft_wrap=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(Text(line), soft_wrap=True)


def _as_data(
    explanation: Explanation, searches: list[SourceSearch], counted: ClauseCounts | None, missing: str
) -> dict[str, Any]:
    stored = counted and {
        "days": DAYS,
        "posts": counted.stored,
        "hits": counted.hits,
        "rejected": counted.rejected,
        "clauses": [
            {**{name: getattr(tally, name) for name in ("hits", "alone", "rejected", "rejected_alone")},
             "number": tally.clause.number, "kind": tally.clause.kind, "text": tally.clause.text,
             "position": tally.clause.position, "says": says}
            for tally, says in zip(counted.tallies, counted.sentences[1:], strict=True)
        ],
    }  # fmt: skip
    return {
        "query": explanation.query,
        "reading": explanation.reading,
        "tree": explanation.tree,
        "notes": explanation.notes,
        "sources": searches,
        "stored": stored,
        "missing": [missing] if missing else [],
    }
