"""The terms of a query where they stand: alone, excluded, or on a side of NEAR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from insight.query.cover import covering
from insight.query.tree import And, Between, Field, In, Near, Not, Or, Query, Text


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A term where it stands. `alone`: nothing else singles out what is meant; `part`: it is a side of a NEAR."""

    term: Text
    alone: bool = True
    excluded: bool = False
    part: bool = False


def occurrences(query: Query, *, alone: bool = True, excluded: bool = False) -> Iterator[Occurrence]:
    """Every term that is looked for in words, from left to right."""
    match query:
        case Not(part):
            yield from occurrences(part, alone=True, excluded=not excluded)
        case And(parts):
            anchors = [covering(part) is not None for part in parts]
            count = sum(anchors)
            for part, anchor in zip(parts, anchors, strict=True):
                yield from occurrences(part, alone=alone and count == anchor, excluded=excluded)
        case Or(parts):
            for part in parts:
                yield from occurrences(part, alone=alone, excluded=excluded)
        case In(place, part):
            if place in ("title", "text"):
                yield from occurrences(part, alone=alone, excluded=excluded)
        case Field() | Between():
            return
        case _:
            yield Occurrence(query, alone, excluded)
            if isinstance(query, Near):
                yield from (Occurrence(term, False, excluded, part=True) for term in (*query.left, *query.right))
