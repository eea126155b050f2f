"""Where AND and OR stand side by side without brackets: which level of brackets every part of a query is on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, pairwise

from insight.query.advice.printed import bracketed, shorten
from insight.query.advice.remarks import Remark, hint
from insight.query.reading.lexer import Kind, tokens
from insight.query.traversal import walk
from insight.query.tree import And, Or, Query

LONG = 300
"""Characters of a rewritten query that a remedy shows."""


def about_brackets(query: Query, text: str) -> Iterator[Remark]:
    """ANDs beside ORs without brackets: right, but read otherwise by many."""
    levels = _Levels(text)
    for node in (part for part in walk(query) if isinstance(part, Or)):
        mixed = levels.side_without_brackets(node)
        if mixed:
            says = "AND binds tighter than OR, also where it is not written"
            yield hint("and-in-or", mixed, says, f"It is read so: {shorten(bracketed(node), LONG)}")


class _Levels:
    """How many brackets are open at each place of a query's text."""

    def __init__(self, text: str) -> None:
        brackets = [token for token in tokens(text) if token.kind in (Kind.OPEN, Kind.CLOSE)]
        self._places = [token.position for token in brackets]
        self._open = [0, *accumulate(1 if token.kind is Kind.OPEN else -1 for token in brackets)]

    def side_without_brackets(self, either: Or) -> And | None:
        """The first side that is an AND without brackets of its own. Not for what is included: it stands elsewhere."""
        sides = [part for part in either.parts if isinstance(part, And)]
        level = self._between(either) if sides else None
        return next((side for side in sides if level is not None and level == self._between(side)), None)

    def _between(self, group: And | Or) -> int | None:
        """The level that a group's operators are on: the lowest from one part to the next."""
        places = [part.at for part in group.parts]
        if not all(first < second for first, second in pairwise(places)):
            return None
        first, last = bisect_left(self._places, places[0]), bisect_left(self._places, places[1])
        return min(self._open[first : last + 1])
