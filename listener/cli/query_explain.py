"""query explain: how a query is read, who searches for which part of it, and what each clause has brought so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from insight.model import MentionState, StoredMention
from insight.query import Facts, Query
from insight.query.advice.clauses import Census, ClauseCounts
from insight.query.advice.explain import Explanation
from insight.query.advice.explain import explain as explain_query
from insight.query.pushdown.compiler import push_down
from listener.cli.common import config_path, present
from listener.cli.output import err, out, print_json
from listener.cli.query_parts import QUERY_HELP, WATCH_HELP, Asked, asked, understood
from listener.config import Config
from scrapers.base import Source
from storage import Store, StoreError, open_store

DAYS = 30
_EVERY = 1000  # posts between two words on how far it is
_STATES = (MentionState.KEPT, MentionState.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Pushed:
    """Sources that are asked alike. `searches` is what they are asked; none: they are read whole, or cannot be asked.

    `left_here` runs here; `misses` is what they cannot find for us, and why.
    """

    sources: tuple[str, ...]
    reads: str
    searches: tuple[str, ...] = ()
    left_here: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything there is to say. `missing`: what could not be found out, and why."""

    read: Explanation
    pushed: tuple[Pushed, ...]
    counted: ClauseCounts | None
    missing: tuple[str, ...]


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
    one, config = asked(context, query, watch)
    tree = understood(one, config)
    missing: list[str] = []
    counted = None
    if config is None:
        missing.append(f"no config is used ({config_path(context)}), so sources and hits are not known")
    else:
        counted = _counted(config, tree, one, missing)
    found = Whole(explain_query(tree, one.text), tuple(_pushed(config, tree, one)), counted, tuple(missing))
    print_json(_as_data(found)) if as_json else _show(found, one)


# -- who searches for what -----------------------------------------------------------------------------------------


def _pushed(config: Config | None, tree: Query, one: Asked) -> Iterator[Pushed]:
    """One for all sources that are asked alike, in the order of the config."""
    groups: dict[Pushed, list[str]] = {}
    for source in config.sources if config else ():
        groups.setdefault(_of_source(source, tree, one.watch), []).append(source.id)
    for alike, ids in groups.items():
        yield Pushed(tuple(ids), alike.reads, alike.searches, alike.left_here, alike.misses)


def _of_source(source: Source, tree: Query, watch: str | None) -> Pushed:
    if watch and watch in source.watches:
        return Pushed((), "bound to this watch: all it brings concerns it, whatever the query says")
    if watch and source.watches and source.dialect is not None:
        return Pushed((), "searches for other watches only; the query runs here on what it brings")
    if source.dialect is None:
        return Pushed((), "read whole: the query runs here")
    found = push_down(tree, source.dialect)
    reads = "searches by itself for" if found.searches else "has no search that could find this"
    return Pushed((), reads, found.searches, found.left_here, found.misses)


# -- what it has brought -------------------------------------------------------------------------------------------


def _counted(config: Config, tree: Query, one: Asked, missing: list[str]) -> ClauseCounts | None:
    scheme, _, path = config.storage.url.partition(":///")
    if scheme == "sqlite" and path and not Path(path).exists():  # looking at it would make one
        missing.append(f"there is no database yet at {path}, so hits are not known")
        return None
    try:
        with open_store(config.storage.url) as store:
            return _census(store, config, tree, one.watch)
    except StoreError as error:
        missing.append(f"hits are not known: {config.redactor.mask(str(error))}")
        return None


def _census(store: Store, config: Config, tree: Query, watch: str | None) -> ClauseCounts:
    census = Census(tree)
    since = present(store) - timedelta(days=DAYS)
    mentions = chain.from_iterable(store.posts.scan(since=since, states=_STATES))
    with err.status("counting") as status:
        for number, (_, group) in enumerate(groupby(mentions, key=lambda found: found.post.key), 1):
            found = _mention_of(list(group), watch)
            if found.post.text or found.post.title or found.post.rating:  # what a deletion left says nothing
                census.add(found.post, Facts.of(found, config.owned))
            if number % _EVERY == 0:
                status.update(f"{number:,} posts counted")
    return census.counted()


def _mention_of(group: Sequence[StoredMention], watch: str | None) -> StoredMention:
    """A post that several watches have is one post: as this watch sees it, or the first."""
    return next((found for found in group if found.mention.watch == watch), group[0])


# -- shown -----------------------------------------------------------------------------------------------------------


def _show(found: Whole, one: Asked) -> None:
    if one.watch:
        out.print(Text(f"watch {one.watch}", style="bold"))
    _print(found.read.tree)
    _head("What was added in reading it")
    for note in found.read.notes:
        where = f" (character {note.position + 1})" if note.position is not None else ""
        _print([f"- {note}{where}"])
    for pushed in found.pushed:
        _head(_named(pushed.sources))
        _print(_lines(pushed))
    if found.counted:
        _show_counted(found.counted)
    for reason in found.missing:
        err.print(Text(f"! {reason}", style="yellow"), soft_wrap=True)


def _named(sources: Sequence[str]) -> str:
    more = f" and {len(sources) - 5} more" if len(sources) > 5 else ""
    return ", ".join(sources[:5]) + more


def _lines(pushed: Pushed) -> Iterator[str]:
    yield pushed.reads + (":" if pushed.searches else "")
    yield from (f"  {search}" for search in pushed.searches)
    if pushed.left_here:
        yield f"runs here: {'; '.join(pushed.left_here)}"
    elif pushed.searches:
        yield "runs here: nothing but the exclusions"
    yield from (f"misses: {reason}" for reason in pushed.misses)


def _show_counted(counted: ClauseCounts) -> None:
    _head(f"On the stored posts of the last {DAYS} days")
    whole, *sentences = counted.sentences
    _print([whole, "Only posts that concerned some watch are stored; others are in none of these figures."])
    for tally, sentence in zip(counted.tallies, sentences, strict=True):
        clause = tally.clause
        _print([f"{clause.number}. {clause.kind}: {_short(clause.text)}", f"   {sentence}"])


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


def _head(text: str) -> None:
    out.print()
    out.print(Text(text, style="bold"), soft_wrap=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(Text(line), soft_wrap=True)


def _as_data(found: Whole) -> dict[str, Any]:
    counted, read = found.counted, found.read
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
        "query": read.query,
        "reading": read.reading,
        "tree": read.tree,
        "notes": read.notes,
        "sources": found.pushed,
        "stored": stored,
        "missing": found.missing,
    }
