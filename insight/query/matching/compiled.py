"""A tree, ready to be asked of many documents: does it hold, and where. Costs grow with hits, not with terms."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Protocol, cast

from insight.model import Span
from insight.query import tree
from insight.query.matching.document import Document, FieldText, Folding
from insight.query.matching.leaves import (
    CasedTerm,
    FieldTerm,
    HashtagTerm,
    InText,
    Leaf,
    Matches,
    NameTerm,
    NumberRange,
    RawTerm,
    RegexTerm,
    WildcardTerm,
    WordsInARow,
)
from insight.query.matching.lookups import Lookup, Table
from insight.query.tree import And, Not, Or, Query, Term

Place = tuple[int, int]


class Node(Protocol):
    def holds(self, document: Document) -> bool: ...

    def spans(self, document: Document) -> Iterator[Span]:
        """Where the parts stand that make it hold; nothing for a negation. Only asked when it holds."""
        ...


def compile_query(query: Query) -> Node:
    match query:
        case And(parts):
            return AllOf([compile_query(part) for part in parts])
        case Or(parts):
            return AnyOf([compile_query(part) for part in parts])
        case Not(part):
            return Without(compile_query(part))
        case _:
            return compile_leaf(query)


def compile_leaf(term: Term, place: str | None = None) -> Leaf:
    match term:
        case tree.Field():
            return FieldTerm(term)
        case tree.Between():
            return NumberRange(term)
        case tree.In(within, part):
            return compile_text(part, within)
        case _:
            return compile_text(term, place)


def compile_text(term: tree.Text, place: str | None) -> InText:
    if isinstance(term, tree.Near):
        left, right = ([compile_text(part, place) for part in side] for side in (term.left, term.right))
        return NearTerm(left, right, term.distance, place, ordered=term.ordered)
    if isinstance(term, tree.Plain):
        return _PLAIN[type(term.part)](term.part.text, place, Folding.PLAIN)
    if isinstance(term, tree.Regex):
        return RegexTerm(term, place)
    return _FOLDED[type(term)](term.text, place)


_PLAIN: dict[type, Callable[[str, str | None, Folding], InText]] = {
    tree.Word: WordsInARow,
    tree.Phrase: WordsInARow,
    tree.Wildcard: WildcardTerm,
    tree.Hashtag: HashtagTerm,
}
_FOLDED: dict[type, Callable[..., InText]] = {**_PLAIN, tree.Name: NameTerm, tree.Cased: CasedTerm, tree.Raw: RawTerm}


class NearTerm(InText):
    """Two groups of terms in one field, a few words apart.

    Costs what sorting the places costs: of each place only the nearest ones on either side are looked at.
    """

    def __init__(
        self, left: Sequence[InText], right: Sequence[InText], distance: int, place: str | None, *, ordered: bool
    ) -> None:
        super().__init__(place)
        self.left = left
        self.right = right
        self.distance = distance
        self.ordered = ordered

    def find(self, field: FieldText) -> Matches:
        left = sorted({place for term in self.left for place in term.find(field)})
        right = sorted({place for term in self.right for place in term.find(field)}) if left else []
        pairs = self._pairs(left, right, field)
        if not self.ordered:
            pairs |= self._pairs(right, left, field)
        return iter(sorted({place for pair in pairs for place in pair}))

    def _pairs(self, firsts: Sequence[Place], seconds: Sequence[Place], field: FieldText) -> set[tuple[Place, Place]]:
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


class AllOf:
    def __init__(self, parts: Sequence[Node]) -> None:
        self.parts = parts

    def holds(self, document: Document) -> bool:
        return all(part.holds(document) for part in self.parts)

    def spans(self, document: Document) -> Iterator[Span]:
        return chain.from_iterable(part.spans(document) for part in self.parts)


class AnyOf:
    """Terms that have a lookup are asked all at once: a list of ten thousand costs what one does."""

    def __init__(self, parts: Sequence[Node]) -> None:
        self.parts = parts
        self._exact: dict[str, int] = {}
        self._tables: dict[tuple[str | None, Folding], Table] = {}
        self._others: list[int] = []
        for number, part in enumerate(parts):
            lookup: Lookup | None = getattr(part, "lookup", None)
            if lookup is None:
                self._others.append(number)
            elif cast("Leaf", part).exact and (lookup.place, lookup.folding) == (None, Folding.MARKED):
                self._exact.setdefault(lookup.key, number)
            else:
                self._tables.setdefault((lookup.place, lookup.folding), Table()).add(lookup, number)
        self._keys = frozenset(self._exact)
        for table in self._tables.values():
            table.close()

    def holds(self, document: Document) -> bool:
        return next(self.holding_parts(document), None) is not None

    def spans(self, document: Document) -> Iterator[Span]:
        return chain.from_iterable(self.parts[number].spans(document) for number in self.holding_parts(document))

    def holding_parts(self, document: Document) -> Iterator[int]:
        """The parts that hold: those first that cost least to know."""
        if self._keys:
            yield from (self._exact[key] for key in sorted(self._keys & document.keys))
        for (place, folding), table in self._tables.items():
            found: set[int] = set()
            table.collect(document.keys_of(place, folding), found)
            yield from (number for number in sorted(found) if self.parts[number].holds(document))
        yield from (number for number in self._others if self.parts[number].holds(document))


class Without:
    def __init__(self, part: Node) -> None:
        self.part = part

    def holds(self, document: Document) -> bool:
        return not self.part.holds(document)

    def spans(self, document: Document) -> Iterator[Span]:
        return iter(())
