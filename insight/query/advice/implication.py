"""Whether one query can be said to imply, or to rule out, another one: never wrongly, but not always when it is so."""

from __future__ import annotations

from collections.abc import Callable

from insight.query.advice.term_implication import term_excludes, term_implies
from insight.query.tree import And, Not, Or, Query

STEPS = 20_000
"""Pairs of parts that are compared before the answer is "not known": what a person writes needs a few hundred."""

DEPTH = 40
"""Parts inside parts, of both queries together, that are looked into."""


def implies(first: Query, second: Query) -> bool:
    """Whether every post for which `first` holds is one for which `second` holds. False: no, or it is not known."""
    return Proof().implies(first, second)


def excludes(first: Query, second: Query) -> bool:
    """Whether there is no post for which both hold. False: there may be one."""
    return Proof().excludes(first, second)


class Proof:
    """`implies` and `excludes` with one allowance of steps for many questions; without any left, all is unknown."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self._depth = 0

    def implies(self, first: Query, second: Query) -> bool:
        return self._within_limits(self._implies, first, second)

    def excludes(self, first: Query, second: Query) -> bool:
        return self._within_limits(self._excludes, first, second)

    def _within_limits(self, question: Callable[[Query, Query], bool], first: Query, second: Query) -> bool:
        self.steps -= 1
        if self.steps < 0 or self._depth >= DEPTH:
            return False
        self._depth += 1
        answer = question(first, second)
        self._depth -= 1
        return answer

    def _implies(self, first: Query, second: Query) -> bool:
        if isinstance(first, Or):
            return all(self.implies(part, second) for part in first.parts)
        if isinstance(second, And):
            return all(self.implies(first, part) for part in second.parts)
        if isinstance(second, Not):
            return self.excludes(first, second.part)
        if not isinstance(first, And | Not) and not isinstance(second, Or):
            return term_implies(first, second)
        # What is left holds where one part of an AND implies it, or where it implies one part of an OR.
        firsts: tuple[Query, ...] = first.parts if isinstance(first, And) else ()
        if isinstance(first, Not) and isinstance(first.part, Not):
            firsts = (first.part.part,)
        seconds = second.parts if isinstance(second, Or) else ()
        return any(self.implies(part, second) for part in firsts) or any(self.implies(first, part) for part in seconds)

    def _excludes(self, first: Query, second: Query) -> bool:
        for one, other in ((first, second), (second, first)):
            if isinstance(one, Or):
                return all(self.excludes(part, other) for part in one.parts)
        return self._part_excludes(first, second) or self._part_excludes(second, first) or term_excludes(first, second)

    def _part_excludes(self, one: Query, other: Query) -> bool:
        if isinstance(one, Not):
            return self.implies(other, one.part)
        return isinstance(one, And) and any(self.excludes(part, other) for part in one.parts)
