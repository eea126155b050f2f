"""Which watches a post concerns: one matcher a query, and all of them behind one lookup of the post's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from insight.model import Post, Span, Watch
from insight.query.cover import covering
from insight.query.matching.compiled import AllOf, AnyOf, compile_leaf, compile_query
from insight.query.matching.document import NOTHING_KNOWN, Document, Facts, Folding, words_of
from insight.query.matching.lookups import Table
from insight.query.reading.parser import parse
from insight.query.tree import And, Not, Or, Query

MAX_SPANS = 100
"""Places kept of one match: more than anybody highlights, and a hostile post must not fill the database."""

_PRINTED = 500  # characters of a clause that are kept with each post it hides


@dataclass(frozen=True, slots=True)
class Match:
    """The post says what the query looks for, at these places.

    `excluded_by` is the first exclusion of the query that hides it, as printed: the clause can be shown, counted and
    undone. Only exclusions that stand beside everything else (`… NOT jobs`) do that; one inside an OR is no more than
    a part of that side.
    """

    excluded_by: str | None
    spans: tuple[Span, ...]


def exclusions(query: Query) -> tuple[tuple[Query, ...], tuple[Not, ...]]:
    """What a post must fulfil, and what hides it all the same. `NOT (a OR b)` is two exclusions."""
    parts = tuple(_beside(query))
    hiding = tuple(part for part in parts if isinstance(part, Not) and covering(part) is None)
    apart = set(hiding)
    return tuple(part for part in parts if part not in apart), hiding


def _beside(query: Query) -> Iterator[Query]:
    """The parts that must all hold, through nested ANDs, and NOTs of ORs."""
    match query:
        case And(parts):
            for part in parts:
                yield from _beside(part)
        case Not(Or(parts)):
            for part in parts:
                yield from _beside(Not(part, at=part.at))
        case Not(Not(part)):
            yield from _beside(part)
        case _:
            yield query


class Matcher:
    """One query, compiled."""

    def __init__(self, query: Query) -> None:
        required, hiding = exclusions(query)
        self._required = AllOf([compile_query(part) for part in required])
        self._clauses = hiding
        self._exclusions = AnyOf([compile_query(part.part) for part in hiding])

    def match(self, post: Post, facts: Facts = NOTHING_KNOWN) -> Match | None:
        return self.match_document(Document(post, facts))

    def match_document(self, document: Document) -> Match | None:
        if not self._required.holds(document):
            return None
        merged: list[Span] = []  # in reading order, without overlaps: `acme` inside "acme corp" is one place
        for span in sorted(islice(self._required.spans(document), MAX_SPANS), key=_reading_order):
            last = merged[-1] if merged else None
            if last and last.field == span.field and span.start < last.end:
                merged[-1] = Span(last.field, last.start, max(last.end, span.end))
            else:
                merged.append(span)
        first = min(self._exclusions.holding_parts(document), default=None)
        return Match(None if first is None else str(self._clauses[first])[:_PRINTED], tuple(merged))


class Matchers:
    """All watches' queries. A post costs what its own words cost, and what those watches cost that it may concern."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        self._compiled: list[tuple[Watch, Matcher]] = []
        self._always: list[int] = []
        tables: dict[tuple[str | None, Folding], Table] = {}
        for number, watch in enumerate(watches):
            query = parse(watch.query)
            self._compiled.append((watch, Matcher(query)))
            # each of them is a key without any of which the query cannot hold
            lookups = [compile_leaf(term).lookup for term in covering(query) or ()]
            if not lookups or None in lookups:
                self._always.append(number)
                continue
            for lookup in filter(None, dict.fromkeys(lookups)):
                tables.setdefault((lookup.place, lookup.folding), Table()).add(lookup, number)
        for table in tables.values():
            table.close()
        self._by_word = tables.pop((None, Folding.MARKED), Table())
        self._by_place = tables

    def match_all(self, post: Post, facts: Facts = NOTHING_KNOWN) -> list[tuple[Watch, Match]]:
        """Every watch whose query matches, in the order of the watches; those that an exclusion hides, too."""
        words = words_of(post)
        candidates = set(self._always)
        self._by_word.collect(words.keys, candidates)
        if not (candidates or self._by_place):
            return []
        document = Document(post, facts, words)
        for (place, folding), table in self._by_place.items():
            table.collect(document.keys_of(place, folding), candidates)
        tried = (
            (watch, matcher.match_document(document))
            for watch, matcher in map(self._compiled.__getitem__, sorted(candidates))
        )
        return [(watch, match) for watch, match in tried if match is not None]


def _reading_order(span: Span) -> tuple[bool, bool, str, int, int]:
    return span.field != "title", span.field != "text", span.field, span.start, span.end
