"""What a query needs so that it can hold at all: terms of which every matching post has at least one."""

from __future__ import annotations

from itertools import chain

from insight.query.tree import And, Between, Field, In, Near, Not, Or, Query, Regex, Term, Wildcard

ANCHORS = frozenset({"site", "mention"})
"""Fields that single out few posts, as words do; a language or a country alone would take nearly everything."""


def covering(query: Query, *, negated: bool = False) -> tuple[Term, ...] | None:
    """The fewest such terms; None where the query can hold without any. Negations move inwards (De Morgan)."""
    match query:
        case Not(part):
            return covering(part, negated=not negated)
        case And(parts) | Or(parts):
            covers = [covering(part, negated=negated) for part in parts]
            if isinstance(query, Or) == negated:  # all parts must hold: those of the one that is cheapest to look for
                return min((terms for terms in covers if terms), key=_cost, default=None)
            found = [terms for terms in covers if terms is not None]
            return tuple(chain.from_iterable(found)) if len(found) == len(covers) else None
        case Between():
            return None
        case Field(name, _) if name not in ANCHORS:
            return None
        case _:
            return None if negated else _terms_of(query)


def _terms_of(term: Term) -> tuple[Term, ...]:
    match term:
        case Near(_, _, left, right):
            return min((left, right), key=_cost)
        case In(place, Near(_, _, left, right)):
            return tuple(In(place, part) for part in min((left, right), key=_cost))
        case _:
            return (term,)


def _cost(terms: tuple[Term, ...]) -> tuple[int, int, int]:
    """Few terms; no regex, which has to be tried on everything; and rather long words, which are rare."""
    parts = [term.part if isinstance(term, In) else term for term in terms]
    expensive = sum(100 if isinstance(part, Regex) else 3 if isinstance(part, Wildcard) else 0 for part in parts)
    return len(terms) + expensive, expensive, -min(len(str(part)) for part in parts)
