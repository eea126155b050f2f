"""NEAR: two groups of terms in one field, a few words apart."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from insight.query.matching.document import Written
from insight.query.matching.leaves import Found, InText

Place = tuple[int, int]


class Nearby(InText):
    """Costs what sorting the places costs: of each place only the nearest ones on either side are looked at."""

    def __init__(
        self, left: Sequence[InText], right: Sequence[InText], distance: int, place: str | None, *, ordered: bool
    ) -> None:
        super().__init__(place)
        self.left = left
        self.right = right
        self.distance = distance
        self.ordered = ordered

    def find(self, field: Written) -> Found:
        left = sorted({place for term in self.left for place in term.find(field)})
        right = sorted({place for term in self.right for place in term.find(field)}) if left else []
        pairs = self._pairs(left, right, field)
        if not self.ordered:
            pairs |= self._pairs(right, left, field)
        return iter(sorted({place for pair in pairs for place in pair}))

    def _pairs(self, firsts: Sequence[Place], seconds: Sequence[Place], field: Written) -> set[tuple[Place, Place]]:
        """Every first with the next second behind it, and every second with the last first before it, if near."""
        starts = [start for start, _ in seconds]
        by_end = sorted(firsts, key=lambda place: place[1])
        ends = [end for _, end in by_end]
        pairs = set()
        for first in firsts:
            behind = bisect_left(starts, first[1])
            if behind < len(seconds):
                pairs.add((first, seconds[behind]))
        for second in seconds:
            before = bisect_right(ends, second[0])
            if before:
                pairs.add((by_end[before - 1], second))
        return {pair for pair in pairs if field.words_between(pair[0][1], pair[1][0]) <= self.distance}
