"""What the watches give a source to search for, in the dialect of its site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from insight.model import Watch
from insight.query import parse
from insight.query.dialect import Dialect
from insight.query.pushdown.compiler import PushDown, push_down
from insight.query.pushdown.forms import Form, covers, hints, terms
from scrapers.base import Search, Source
from scrapers.formats.values import digest

LONGEST_KEY = 120


def searches(source: Source, watches: Sequence[Watch]) -> tuple[Search, ...]:
    """The searches that together find what the watches want, each asked once whoever shares it.

    A source that is bound to watches searches for those only. None for a source without a dialect.
    """
    if source.dialect is None:
        return ()
    return shared_searches(source.dialect, tuple((watch.id, watch.query) for watch in concerning(source, watches)))


def concerning(source: Source, watches: Sequence[Watch]) -> tuple[Watch, ...]:
    """The watches that a source searches for."""
    return tuple(watch for watch in watches if not source.watches or watch.id in source.watches)


@lru_cache(maxsize=512)
def pushed(query: str, dialect: Dialect) -> PushDown:
    """A watch's query in a dialect; kept, because every visit asks. Raises QueryError."""
    return push_down(parse(query), dialect)


@dataclass(slots=True)
class _SharedSearch:
    """A search as the dialect's form, and the ids of the watches that it serves."""

    form: Form
    watches: set[str]


@lru_cache(maxsize=64)
def shared_searches(dialect: Dialect, queries: tuple[tuple[str, str], ...]) -> tuple[Search, ...]:
    """The searches for watches (their ids and queries): of two that a third serves, only the third is asked."""
    asked: dict[str, _SharedSearch] = {}
    for watch, query in queries:
        found = pushed(query, dialect)
        for text, form in zip(found.searches, found.forms, strict=True):
            asked.setdefault(text, _SharedSearch(form, set())).watches.add(watch)
    wider = dict(_served_by_wider(asked))
    for text, by in wider.items():
        asked[by].watches |= asked[text].watches
    return tuple(Search(_key(text), text, frozenset(each.watches)) for text, each in asked.items() if text not in wider)


def _served_by_wider(asked: dict[str, _SharedSearch]) -> Iterator[tuple[str, str]]:
    """Searches that find nothing new, each with one that stays and finds it all: `acme crash` beside `acme`."""
    by_hint: dict[str, list[str]] = {}
    for text, each in asked.items():
        for hint in hints(each.form):
            by_hint.setdefault(hint, []).append(text)
    place = {text: number for number, text in enumerate(asked)}

    def wider_than(text: str) -> str | None:
        form = asked[text].form
        words = {word for term in terms(form) for word in (*term.words, term.text)}
        for other in dict.fromkeys(other for word in sorted(words) for other in by_hint.get(word, ())):
            wider = other != text and covers(asked[other].form, form)
            if wider and (place[other] < place[text] or not covers(form, asked[other].form)):
                return other
        return None

    over = {text: by for text in asked if (by := wider_than(text))}
    for text in over:
        chain = [text]
        while chain[-1] in over and over[chain[-1]] not in chain:
            chain.append(over[chain[-1]])
        if chain[-1] not in over:  # else they cover each other in a circle, and each stays
            yield text, chain[-1]


def _key(text: str) -> str:
    """A phrase alone is known without its quotes, and a long search by its beginning and a mark of its own."""
    key = text[1:-1] if text.count('"') == 2 and text[0] == text[-1] == '"' else text
    return key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…{digest(key)[:12]}"


def with_own(own: Sequence[Search], found: Sequence[Search]) -> tuple[Search, ...]:
    """The searches of a source's settings, and those of the watches; of two under one key, the watches' is wider."""
    merged = {search.key: search for search in own}
    for search in found:
        merged[search.key] = search
    return tuple(merged.values())
