"""What will surprise the writer of a query, in the order of its text: each with its place and a remedy.

What is said to be impossible or without effect is proven (see `implication`); the rest is experience.
"""

from __future__ import annotations

from itertools import chain

from insight.query.advice.brackets import about_brackets
from insight.query.advice.habits import about_habits
from insight.query.advice.implication import Proof
from insight.query.advice.logic import about_logic
from insight.query.advice.remarks import Advice, Level, Remark
from insight.query.advice.words import about_words
from insight.query.tree import Query

__all__ = ["Advice", "Level", "lint"]

STEPS = 100_000
"""Pairs of parts that are compared in all: a second or two. A query that needs more is too long to be read, too."""


def lint(query: Query, text: str) -> tuple[Advice, ...]:
    """Advice about a query; `text` is what it was parsed from. One for each place and kind: a list that is included
    stands in one place, and what is wrong with ten of its lines is said of the first."""
    remarks = chain(
        about_words(query), about_habits(query), about_logic(query, Proof(STEPS)), about_brackets(query, text)
    )
    groups: dict[tuple[int, str], list[Remark]] = {}
    for remark in sorted(remarks, key=lambda remark: (remark.node.at, remark.level is Level.HINT, remark.code)):
        position = min(max(remark.node.at, 0), len(text))
        groups.setdefault((position, remark.code), []).append(remark)
    advice = []
    for (position, code), (first, *others) in groups.items():
        different = len({remark.message for remark in others} - {first.message})
        more = f" (and {different:,} more like this one here)" if different else ""
        advice.append(Advice(first.level, code, position, first.message + more, first.remedy, text))
    return tuple(advice)
