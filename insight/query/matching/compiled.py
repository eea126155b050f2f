"""A tree, ready to be asked of many documents: does it hold, and where. Costs grow with hits, not with terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Protocol, cast

from insight.model import Span
from insight.query import tree
from insight.query.matching.document import Document, Way
from insight.query.matching.leaves import (
    Cased,
    Globbed,
    InARow,
    InText,
    Known,
    Leaf,
    Matching,
    Named,
    Raw,
    Tagged,
    Within,
)
from insight.query.matching.lookups import Lookup, Table
from insight.query.matching.near import Nearby
from insight.query.tree import And, Not, Or, Query, Term


class Node(Protocol):
    def holds(self, document: Document) -> bool: ...

    def spans(self, document: Document) -> Iterator[Span]:
        """Where the parts stand that make it hold; nothing for a negation. Only asked when it holds."""
        ...


def compiled(query: Query) -> Node:
    match query:
        case And(parts):
            return AllOf([compiled(part) for part in parts])
        case Or(parts):
            return AnyOf([compiled(part) for part in parts])
        case Not(part):
            return Without(compiled(part))
        case _:
            return leaf(query)


def leaf(term: Term, place: str | None = None) -> Leaf:
    match term:
        case tree.Field():
            return Known(term)
        case tree.Between():
            return Within(term)
        case tree.In(within, part):
            return in_text(part, within)
        case _:
            return in_text(term, place)


def in_text(term: tree.Text, place: str | None) -> InText:
    if isinstance(term, tree.Near):
        left, right = ([in_text(part, place) for part in side] for side in (term.left, term.right))
        return Nearby(left, right, term.distance, place, ordered=term.ordered)
    if isinstance(term, tree.Plain):
        return _PLAIN[type(term.part)](term.part.text, place, Way.PLAIN)
    if isinstance(term, tree.Regex):
        return Matching(term, place)
    return _FOLDED[type(term)](term.text, place)


_PLAIN: dict[type, Callable[[str, str | None, Way], InText]] = {
    tree.Word: InARow,
    tree.Phrase: InARow,
    tree.Wildcard: Globbed,
    tree.Hashtag: Tagged,
}
_FOLDED: dict[type, Callable[..., InText]] = {**_PLAIN, tree.Name: Named, tree.Cased: Cased, tree.Raw: Raw}


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
        self._tables: dict[tuple[str | None, Way], Table] = {}
        self._others: list[int] = []
        for number, part in enumerate(parts):
            lookup: Lookup | None = getattr(part, "lookup", None)
            if lookup is None:
                self._others.append(number)
            elif cast("Leaf", part).exact and (lookup.place, lookup.way) == (None, Way.FOLDED):
                self._exact.setdefault(lookup.key, number)
            else:
                self._tables.setdefault((lookup.place, lookup.way), Table()).add(lookup, number)
        self._keys = frozenset(self._exact)
        for table in self._tables.values():
            table.close()

    def holds(self, document: Document) -> bool:
        return next(self.which(document), None) is not None

    def spans(self, document: Document) -> Iterator[Span]:
        return chain.from_iterable(self.parts[number].spans(document) for number in self.which(document))

    def which(self, document: Document) -> Iterator[int]:
        """The parts that hold: those first that cost least to know."""
        if self._keys:
            yield from (self._exact[key] for key in sorted(self._keys & document.keys))
        for (place, way), table in self._tables.items():
            found: set[int] = set()
            table.collect(document.keys_of(place, way), found)
            yield from (number for number in sorted(found) if self.parts[number].holds(document))
        yield from (number for number in self._others if self.parts[number].holds(document))


class Without:
    def __init__(self, part: Node) -> None:
        self.part = part

    def holds(self, document: Document) -> bool:
        return not self.part.holds(document)

    def spans(self, document: Document) -> Iterator[Span]:
        return iter(())
