"""What a stored post can be looked up by, and what of it a query needs: for searching in databases.

Sound by construction: a post for which the query holds has the keys that the query needs. Not complete: what is found
is matched again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from insight.model import Post
from insight.query.matching.document import Document, Folding
from insight.query.matching.lookups import prefix
from insight.query.text.folding import fold, fold_plain
from insight.query.text.words import Piece, Row
from insight.query.tree import And, Cased, Field, Hashtag, In, Name, Near, Or, Phrase, Plain, Query, Raw, Wildcard, Word


@dataclass(frozen=True, slots=True)
class Key:
    """`text` is among the post's keys; `prefix`: one of them begins so."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """No key is needed."""


Need = Key | All | Any | Anything


def index_keys(post: Post) -> frozenset[str]:
    """The words, emoji, hashtags and names of a post, with and without their marks; of scripts without spaces each
    letter and each pair."""
    document = Document(post)
    if post.text.isascii() and (post.title or "").isascii() and not post.hashtags:
        return frozenset(document.keys)
    return frozenset(document.keys | document.keys_of(None, Folding.PLAIN))


def needs(query: Query) -> Need:
    match query:
        case And(parts):
            return _all(map(needs, parts))
        case Or(parts):
            return _any(map(needs, parts))
        case Near(_, _, left, right):
            return _all(_any(map(needs, side)) for side in (left, right))
        case In("title" | "text", part):
            return needs(part)
        case Plain(part):
            return _term(part, fold_plain)
        case _:
            return _term(query, fold)


def _term(term: Query, folding: Callable[[str], str]) -> Need:
    match term:
        case Word(text) | Phrase(text) | Cased(text) | Raw(text):
            return _row(Row.of(folding(text)))
        case Hashtag(text):
            return _wildcard(f"#{folding(text)}")
        case Wildcard(text):
            return _wildcard(folding(text))
        case Name(text) | Field("mention", text):
            return Key(f"@{fold(text)}")
        case _:
            return Anything()


def _wildcard(text: str) -> Need:
    start = prefix(text)
    if start == text:
        return Key(text)
    return Key(start, prefix=True) if start.strip("#") else Anything()


def _row(row: Row) -> Need:
    keys: list[str] = []
    for kind, text in row.pieces:
        if kind is Piece.RUN and len(text) > 1:
            keys += map("".join, pairwise(text))
        elif kind is not Piece.SIGN:
            keys.append(text)
    return _all(map(Key, dict.fromkeys(keys)))


def _all(parts: Iterable[Need]) -> Need:
    kept = tuple(part for part in dict.fromkeys(parts) if not isinstance(part, Anything))
    return All(kept) if len(kept) > 1 else kept[0] if kept else Anything()


def _any(parts: Iterable[Need]) -> Need:
    kept = tuple(dict.fromkeys(parts))
    if any(isinstance(part, Anything) for part in kept):
        return Anything()
    return Any(kept) if len(kept) > 1 else kept[0]
