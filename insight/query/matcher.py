"""Which watches a post concerns: one matcher a query, and all of them behind one lookup of the post's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from insight.model import Post, Span, Watch
from insight.query.compiled import AllOf, compiled, leaf
from insight.query.cover import covering
from insight.query.document import Document
from insight.query.parser import parse
from insight.query.tree import And, Not, Query

MAX_SPANS = 100
"""Places kept of one match: more than anybody highlights, and a hostile post must not fill the database."""


@dataclass(frozen=True, slots=True)
class Match:
    """The post says what the query looks for, at these places.

    `excluded_by` is the first exclusion of the query that hides it, as printed: the clause can be shown, counted and
    undone. Only exclusions that stand beside everything else (`… NOT jobs`) do that; one inside an OR is no more than
    a part of that side.
    """

    excluded_by: str | None
    spans: tuple[Span, ...]


class Matcher:
    """One query, compiled."""

    def __init__(self, query: Query) -> None:
        parts = tuple(_beside(query))
        exclusions = [part for part in parts if isinstance(part, Not) and covering(part) is None]
        self._required = AllOf([compiled(part) for part in parts if part not in exclusions])
        self._exclusions = [(str(part), compiled(part.part)) for part in exclusions]

    def match(self, post: Post) -> Match | None:
        return self.match_document(Document(post))

    def match_document(self, document: Document) -> Match | None:
        if not self._required.holds(document):
            return None
        spans = _merged(islice(self._required.spans(document), MAX_SPANS))
        hiding = (clause for clause, part in self._exclusions if part.holds(document))
        return Match(next(hiding, None), spans)


class Matchers:
    """All watches' queries. A post costs what its own words cost, and what those watches cost that it may concern."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        self._compiled: list[tuple[Watch, Matcher]] = []
        by_key: dict[str, list[int]] = {}
        for number, watch in enumerate(watches):
            query = parse(watch.query)
            self._compiled.append((watch, Matcher(query)))
            for key in {leaf(term).key for term in covering(query) or ()}:
                by_key.setdefault(key, []).append(number)
        self._by_key = by_key
        self._keys = frozenset(by_key)

    def match_all(self, post: Post) -> list[tuple[Watch, Match]]:
        """Every watch whose query matches, in the order of the watches; those that an exclusion hides, too."""
        document = Document(post)
        found = document.keys & self._keys
        if not found:
            return []
        candidates = sorted({number for key in found for number in self._by_key[key]})
        tried = (
            (watch, matcher.match_document(document)) for watch, matcher in map(self._compiled.__getitem__, candidates)
        )
        return [(watch, match) for watch, match in tried if match is not None]


def _beside(query: Query) -> Iterator[Query]:
    """The parts that must all hold, through nested ANDs."""
    if isinstance(query, And):
        for part in query.parts:
            yield from _beside(part)
    else:
        yield query


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In reading order, without overlaps: `acme` inside "acme corp" is one place."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.field != "title", span.field, span.start, span.end)):
        last = merged[-1] if merged else None
        if last and last.field == span.field and span.start < last.end:
            merged[-1] = Span(last.field, last.start, max(last.end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
