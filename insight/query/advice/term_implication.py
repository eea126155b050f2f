"""Whether one term implies, or rules out, another one: never wrongly, but not always when it is so."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from insight.query.matching.lookups import prefix
from insight.query.matching.predicates import moment
from insight.query.text.folding import fold
from insight.query.text.words import Piece, Row
from insight.query.tree import (
    Between,
    Cased,
    Field,
    Hashtag,
    In,
    Name,
    Near,
    Nearby,
    Phrase,
    Plain,
    Query,
    Raw,
    Term,
    Wildcard,
    Word,
)

STARS = 6
"""In one wildcard; of one with more it is only known that it covers itself."""

_ONE_VALUE = frozenset({"kind", "country", "sentiment", "watch"})
"""Fields of which a post has one value at most."""


def term_implies(first: Term, second: Term) -> bool:
    """Whether every post that one term finds is found by the other."""
    if isinstance(first, In):
        if isinstance(second, In):
            return first.place == second.place and term_implies(first.part, second.part)
        return first.place in ("title", "text") and term_implies(first.part, second)
    if isinstance(first, Near):
        return _near_implies(first, second)
    if isinstance(second, Plain):
        return term_implies(first.part if isinstance(first, Plain) else first, second.part)
    if isinstance(first, Field | Between):
        return _fact_implies(first, second)
    return _words_imply(first, second)


def _near_implies(first: Near, second: Term) -> bool:
    """Another NEAR that is as far or farther, of the same or more words; or a term of which one side always is one."""
    if not isinstance(second, Near):
        return any(all(term_implies(part, second) for part in side) for side in (first.left, first.right))
    if first.distance > second.distance or (second.ordered and not first.ordered):
        return False
    sides = [(second.left, second.right)]
    if not second.ordered:  # they change places
        sides.append((second.right, second.left))
    return any(set(first.left) <= set(left) and set(first.right) <= set(right) for left, right in sides)


def _fact_implies(first: Field | Between, second: Term) -> bool:
    match first, second:
        case Between("rating"), Field("has", "rating"):
            return True
        case Field("mention", value), Name(name):
            return fold(value) == fold(name)
        case (Between(name), Between(same)) if name == same:
            return _lowest(second) <= _lowest(first) and _highest(first) <= _highest(second)
        case (Field(name, value), Field(same, wanted)) if name == same:
            wider = _WIDER.get(name)
            return value == wanted if wider is None else wider(value, wanted)
    return False


_WIDER: dict[str, Callable[[str, str], bool]] = {
    "lang": lambda one, other: f"{one}-".startswith(f"{other}-"),
    "site": lambda one, other: f".{one}".endswith(f".{other}"),
    "after": lambda one, other: moment(one) >= moment(other),
    "before": lambda one, other: moment(one) <= moment(other),
}
"""Fields of which one value can be a part of another one."""


def _words_imply(first: Term, second: Term) -> bool:
    match first, second:
        case (Hashtag(one), Hashtag(other)) | (Wildcard(one), Wildcard(other)):
            return covers(fold(other), fold(one))
        case Name(one), Name(other):  # @acme@example.social is an @acme
            return fold(other) in (fold(one), fold(one).partition("@")[0])
        case Raw(one), Raw(other):
            return one.casefold() == other.casefold()
    row = row_of(first)
    if row is not None and isinstance(second, Word | Phrase):
        return any(_row(second.text).find(as_text(row)))
    if row is not None and isinstance(second, Wildcard):
        wildcard = fold(second.text)
        return any(kind is Piece.WORD and covers(wildcard, word) for kind, word in row.pieces)
    return first == second


def term_excludes(first: Query, second: Query) -> bool:
    """Whether no post has both: two values of what has one, ranges and times that do not meet."""
    if isinstance(first, Between) and isinstance(second, Between):
        return first.name == second.name and (_highest(first) < _lowest(second) or _highest(second) < _lowest(first))
    if not (isinstance(first, Field) and isinstance(second, Field)):
        return False
    if {first.name, second.name} == {"after", "before"}:
        after, before = (first, second) if first.name == "after" else (second, first)
        return moment(before.value) <= moment(after.value)
    if first.name != second.name:
        return False
    if first.name in ("lang", "site"):
        return not (term_implies(first, second) or term_implies(second, first))
    return first.name in _ONE_VALUE and first.value != second.value


def _lowest(between: Between) -> tuple[float, int]:
    """The lowest number within, in an order in which "more than 3" comes after "from 3"."""
    return (float("-inf") if between.low is None else between.low, int(between.open_low))


def _highest(between: Between) -> tuple[float, int]:
    return (float("inf") if between.high is None else between.high, -int(between.open_high))


# -- words -----------------------------------------------------------------------------------------------------


def row_of(term: Query | Nearby) -> Row | None:
    """The pieces that stand in a row wherever a word, a phrase, a cased or a raw text is found; None: another term."""
    if isinstance(term, Word | Phrase | Cased | Raw):
        return _row(term.text)
    return None


@lru_cache(maxsize=10_000)
def _row(text: str) -> Row:
    return Row.of(fold(text))


def as_text(row: Row) -> str:
    """The shortest text that holds the row."""
    return "".join(text if kind is Piece.SIGN else f" {text}" for kind, text in row.pieces)


def covers(wildcard: str, other: str) -> bool:
    """Whether everything that `other`, a word or a wildcard, stands for is what `wildcard` stands for, too.

    A star of `other` can only be a part of a star, a `?` of it any one letter; a point in a number is no letter.
    """
    if wildcard.count("*") > STARS or not other.startswith(prefix(wildcard)):
        return wildcard == other
    reached = {0}
    for character in other:
        found: set[int] = set()
        for place in _past_stars(wildcard, reached):
            wanted = wildcard[place : place + 1]
            if wanted == "*" and character not in ".,":
                found.add(place)
            elif wanted and (wanted == character != "*" or (wanted == "?" and character not in "*.,")):
                found.add(place + 1)
        reached = found
    return len(wildcard) in _past_stars(wildcard, reached)


def _past_stars(wildcard: str, places: set[int]) -> set[int]:
    """The places, and those behind the stars that stand there: a star may be nothing."""
    stars = (len(wildcard[place:]) - len(wildcard[place:].lstrip("*")) for place in places)
    return {place + n for place, count in zip(places, stars, strict=True) for n in range(count + 1)}
