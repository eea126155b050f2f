"""How a query is read: its tree, its brackets, and every default that was applied to it, in words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from insight.query.advice.defaults import RULES, meaning, terms_in
from insight.query.advice.printed import bracketed, draw
from insight.query.errors import shown
from insight.query.matching.matcher import exclusions
from insight.query.reading.lexer import Kind, tokens
from insight.query.traversal import walk
from insight.query.tree import And, Not, Query

EXAMPLES = 5
"""Terms that a note names; more say nothing more."""


@dataclass(frozen=True, slots=True)
class Note:
    """A default that was applied. `position` in the query's text: where first; None: it is about all of it."""

    says: str
    position: int | None
    terms: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{', '.join(self.terms)}: {self.says}" if self.terms else self.says


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reading` is the query with every bracket; `tree` the same, drawn, a line a node."""

    query: str
    reading: str
    tree: tuple[str, ...]
    notes: tuple[Note, ...]


def explain(query: Query, text: str) -> Explanation:
    """`text` is what the query was parsed from."""
    return Explanation(str(query), bracketed(query), tuple(draw(query, meaning)), tuple(_notes(query, text)))


def _notes(query: Query, text: str) -> Iterator[Note]:
    """How it is put together, then what every kind of term in it means."""
    places = _implicit_ands(query, text)
    if places:
        more = f" (here and {len(places) - 1:,} more times)" if len(places) > 1 else ""
        yield Note(f"terms side by side without an operator are AND: each must occur{more}", places[0])
    if bracketed(query) != str(query):
        yield Note(f"NEAR binds tightest, then NOT, then AND, then OR: {bracketed(query)}", None)
    if exclusions(query)[1]:
        yield Note("what NOT excludes is hidden, not lost: such posts are kept for a while with the reason", None)
    terms = tuple(terms_in(query))
    for rule in RULES:
        concerned = [term for term in terms if rule.concerns(term)]
        if concerned:
            named = dict.fromkeys(shown(str(term)) for term in concerned) if rule.names_terms else {}
            more_terms = ("…",) if len(named) > EXAMPLES else ()
            position = max(concerned[0].at, 0) if named else None
            yield Note(rule.says, position, (*list(named)[:EXAMPLES], *more_terms))


def _implicit_ands(query: Query, text: str) -> list[int]:
    """Where terms follow each other without an operator; a NOT between them is one."""
    found = list(tokens(text))
    positions = [token.position for token in found]
    places = []
    for group in (part for part in walk(query) if isinstance(part, And)):
        for one, other in pairwise(group.parts):
            if one.at < other.at and not isinstance(other, Not):
                before = bisect_right(positions, other.at) - 2
                while before > 0 and found[before].kind in (Kind.OPEN, Kind.PREFIX):
                    before -= 1
                if found[before].kind is not Kind.AND:
                    places.append(positions[before + 1])
    return sorted(places)
