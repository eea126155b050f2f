"""A tree, ready to be asked of many documents: does it hold, and where. Costs grow with hits, not with terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from insight.model import Span
from insight.query.document import Document
from insight.query.folding import fold
from insight.query.tree import And, Hashtag, Name, Not, Or, Phrase, Query, Term, Word
from insight.query.words import HASHTAG, NAME, Piece, Row, key_of, name_keys


class Node(Protocol):
    def holds(self, document: Document) -> bool: ...

    def spans(self, document: Document) -> Iterator[Span]:
        """Where the parts stand that make it hold; nothing for a negation. Only asked when it holds."""
        ...


class Leaf(Node, Protocol):
    """One term. No document without its `key` holds it; if `exact`, every document with the key does."""

    key: str
    exact: bool


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


def leaf(term: Term) -> Leaf:
    match term:
        case Word(text) | Phrase(text):
            return InARow(Row.of(fold(text)))
        case Hashtag(text):
            return Tagged(fold(text))
        case Name(text):
            return Named(fold(text))


class InARow:
    """A word or a phrase."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.key = key_of(row)
        self.exact = len(row.pieces) == 1 and row.pieces[0][0] is Piece.WORD

    def holds(self, document: Document) -> bool:
        if self.key not in document.keys:
            return False
        return self.exact or any(True for _, folded in document.fields for _ in self.row.find(folded))

    def spans(self, document: Document) -> Iterator[Span]:
        for field, folded in document.fields:
            yield from document.spans(field, folded, self.row.find(folded))


class Tagged:
    """A hashtag, in a text or beside it. One that stands only beside the text has no span."""

    exact = True

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.key = f"#{tag}"

    def holds(self, document: Document) -> bool:
        return self.key in document.keys

    def spans(self, document: Document) -> Iterator[Span]:
        for field, folded in document.fields:
            found = (match.span() for match in HASHTAG.finditer(folded) if match[1] == self.tag)
            yield from document.spans(field, folded, found)


class Named:
    """A name that a text mentions, or the author's."""

    exact = True

    def __init__(self, name: str) -> None:
        self.key = f"@{name}"

    def holds(self, document: Document) -> bool:
        return self.key in document.keys

    def spans(self, document: Document) -> Iterator[Span]:
        for field, folded in document.fields:
            found = (match.span() for match in NAME.finditer(folded) if self.key in name_keys(match[1]))
            yield from document.spans(field, folded, found)
        if document.author and self.key in name_keys(document.author):
            yield Span("author", 0, len(document.post.author or ""))


class AllOf:
    def __init__(self, parts: list[Node]) -> None:
        self.parts = parts

    def holds(self, document: Document) -> bool:
        return all(part.holds(document) for part in self.parts)

    def spans(self, document: Document) -> Iterator[Span]:
        return chain.from_iterable(part.spans(document) for part in self.parts)


class AnyOf:
    """Terms that their key alone decides are asked all at once: a list of a thousand costs what one does."""

    def __init__(self, parts: list[Node]) -> None:
        self.by_key: dict[str, Node] = {}
        self.others: list[Node] = []
        for part in parts:
            if isinstance(part, InARow | Tagged | Named) and part.exact:
                self.by_key[part.key] = part
            else:
                self.others.append(part)
        self.keys = frozenset(self.by_key)

    def holds(self, document: Document) -> bool:
        return not self.keys.isdisjoint(document.keys) or any(part.holds(document) for part in self.others)

    def spans(self, document: Document) -> Iterator[Span]:
        for key in sorted(self.keys & document.keys):
            yield from self.by_key[key].spans(document)
        for part in self.others:
            if part.holds(document):
                yield from part.spans(document)


class Without:
    def __init__(self, part: Node) -> None:
        self.part = part

    def holds(self, document: Document) -> bool:
        return not self.part.holds(document)

    def spans(self, document: Document) -> Iterator[Span]:
        return iter(())
