"""A query as an immutable tree. `str(query)` prints it in canonical form, and parsing that gives the tree again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_CLOSING = re.compile(r'["“”„＂\\]')  # what ends a phrase, or escapes that
_BARE_VALUE = re.compile(r"[\w.@:/+-]+")

# No base class: the unions below are the types, so a `match` over them is checked for completeness.
# `at` is where a node begins in the query's text (-1: it was not parsed); it is no part of what the node is.


def _at() -> Any:
    return field(default=-1, compare=False, repr=False, kw_only=True)


# -- words -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word. Punctuation inside (`acme.com`, `10:30`, `wi-fi`) makes it several words in a row."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row, in quotes; whatever stands between them that is not a word does not matter."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return _quoted(self.text)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """One word with `*` (any letters and digits, or none) and `?` (exactly one) in it: `crash*`, `colo?r`."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Hashtag:
    """`text` is without the `#`; `*` and `?` are wildcards."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return f"#{self.text}"


@dataclass(frozen=True, slots=True)
class Name:
    """Who is named or who writes. `text` is without the `@`: `acme`, or `acme@example.social` for that server only."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return f"@{self.text}"


@dataclass(frozen=True, slots=True)
class Cased:
    """`{Apple}`: the words in a row, in exactly these capitals."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return "{" + re.sub(r"[{}\\]", r"\\\g<0>", self.text) + "}"


@dataclass(frozen=True, slots=True)
class Raw:
    """`raw:"C++"`: exactly these characters, symbols and all, at the edges of words; only case and width may differ."""

    text: str
    at: int = _at()

    def __str__(self) -> str:
        return f"raw:{_quoted(self.text)}"


@dataclass(frozen=True, slots=True)
class Regex:
    """`/pattern/` over the text as it is written, in any case, in linear time (RE2). `pattern` as between slashes."""

    pattern: str
    at: int = _at()

    def __str__(self) -> str:
        return f"/{self.pattern}/"


@dataclass(frozen=True, slots=True)
class Plain:
    """`plain:"cà phê"`: with and without marks on the letters; "ca phe" finds "cà phê" and the other way round."""

    part: Word | Phrase | Wildcard | Hashtag
    at: int = _at()

    def __str__(self) -> str:
        return f"plain:{self.part}"


Nearby = Word | Phrase | Wildcard | Cased | Raw | Hashtag | Name | Plain
"""What may stand on a side of NEAR: what has a place of its own in a text."""


@dataclass(frozen=True, slots=True)
class Near:
    """Any of `left` and any of `right` in one field, with at most `distance` words between them.

    `ordered` (ONEAR): the left one first.
    """

    distance: int
    ordered: bool
    left: tuple[Nearby, ...]
    right: tuple[Nearby, ...]
    at: int = _at()

    def __str__(self) -> str:
        operator = f"{'O' if self.ordered else ''}NEAR/{self.distance}"
        return f"{_any_of(self.left)} {operator} {_any_of(self.right)}"


Text = Word | Phrase | Wildcard | Hashtag | Name | Cased | Raw | Regex | Plain | Near
"""What is looked for in the words of a post: title and text, unless a field names another place."""


@dataclass(frozen=True, slots=True)
class In:
    """`title:acme`: in one place of the post only. `place` is one of `fields.PLACES`."""

    place: str
    part: Text
    at: int = _at()

    def __str__(self) -> str:
        return f"{self.place}:{_inside(self.part, Near)}"


# -- what is known of a post besides its words -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """`lang:en`: `name` is one of `fields.FIELDS`, `value` in its canonical form."""

    name: str
    value: str
    at: int = _at()

    def __str__(self) -> str:
        return f"{self.name}:{self.value if _BARE_VALUE.fullmatch(self.value) else _quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Between:
    """`rating:[1 TO 2]`, `followers:>1000`: a number within bounds; None: no bound. `open_low`: more than, not from."""

    name: str
    low: float | None
    high: float | None
    open_low: bool = False
    open_high: bool = False
    at: int = _at()

    def __str__(self) -> str:
        low, high = _number(self.low), _number(self.high)
        if self.low is not None and self.low == self.high and not (self.open_low or self.open_high):
            return f"{self.name}:{low}"
        if self.high is None and self.low is not None:
            return f"{self.name}:{'>' if self.open_low else '>='}{low}"
        if self.low is None and self.high is not None:
            return f"{self.name}:{'<' if self.open_high else '<='}{high}"
        return f"{self.name}:[{low} TO {high}]"


# -- together --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Query, ...]
    at: int = _at()

    def __str__(self) -> str:
        return " AND ".join(_inside(part, And, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Query, ...]
    at: int = _at()

    def __str__(self) -> str:
        # AND binds tighter, so it needs no brackets here; a nested OR was written with them and keeps them.
        return " OR ".join(_inside(part, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Query
    at: int = _at()

    def __str__(self) -> str:
        return f"NOT {_inside(self.part, And, Or)}"


Term = Text | In | Field | Between
Query = Term | And | Or | Not


def _inside(part: Query, *bracketed: type) -> str:
    return f"({part})" if isinstance(part, bracketed) else str(part)


def _any_of(terms: tuple[Nearby, ...]) -> str:
    return str(terms[0]) if len(terms) == 1 else f"({' OR '.join(map(str, terms))})"


def _quoted(text: str) -> str:
    return '"' + _CLOSING.sub(r"\\\g<0>", text) + '"'


def _number(value: float | None) -> str:
    return "*" if value is None else f"{value:.12g}"
