"""What a source may search for: terms of which every matching post holds at least one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from insight.query.tree import And, Hashtag, Name, Not, Or, Phrase, Query, Term, Word


class LiteralKind(StrEnum):
    WORD = "word"
    PHRASE = "phrase"
    HASHTAG = "hashtag"
    NAME = "name"


@dataclass(frozen=True, slots=True, order=True)
class Literal:
    """`text` as the user wrote it, without quotes, `#` or `@`."""

    kind: LiteralKind
    text: str


def cover(query: Query) -> tuple[Literal, ...]:
    """Search for each of these, and no matching post is missed; what comes back is filtered exactly here.

    Exclusions are ignored, so that a post which one of them hides is found, too, and the exclusion can be undone.
    """
    terms = covering(query)
    if terms is None:
        raise ValueError(f"{query} has no word that must occur; parse() refuses such queries")
    return tuple(dict.fromkeys(Literal(_KINDS[type(term)], term.text) for term in terms))


_KINDS = {
    Word: LiteralKind.WORD,
    Phrase: LiteralKind.PHRASE,
    Hashtag: LiteralKind.HASHTAG,
    Name: LiteralKind.NAME,
}


def covering(query: Query, *, negated: bool = False) -> tuple[Term, ...] | None:
    """The terms of `cover`; None where the query can hold without any. Negations move inwards (De Morgan)."""
    match query:
        case Not(part):
            return covering(part, negated=not negated)
        case And(parts) | Or(parts):
            covers = [covering(part, negated=negated) for part in parts]
            return _any_of(covers) if isinstance(query, Or) == negated else _all_of(covers)
        case _:
            return None if negated else (query,)


def _any_of(covers: Iterable[tuple[Term, ...] | None]) -> tuple[Term, ...] | None:
    """One part's terms are enough where all parts must hold: the fewest, then those whose shortest is longest."""
    known = [terms for terms in covers if terms]
    return min(known, key=lambda terms: (len(terms), -min(len(term.text) for term in terms)), default=None)


def _all_of(covers: list[tuple[Term, ...] | None]) -> tuple[Term, ...] | None:
    terms = [term for part in covers if part is not None for term in part]
    return tuple(terms) if None not in covers else None
