"""A query as an immutable tree. `str(query)` prints it in canonical form, and parsing that gives the tree again."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTES = re.compile(r'["“”„＂\\]')  # what closes a phrase, or escapes that

# No base class: the union below is the type, so a `match` over it is checked for completeness.


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word. Punctuation inside (`acme.com`, `10:30`, `wi-fi`) makes it several words in a row."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row, in quotes; whatever stands between them that is not a word does not matter."""

    text: str

    def __str__(self) -> str:
        return '"' + _QUOTES.sub(r"\\\g<0>", self.text) + '"'


@dataclass(frozen=True, slots=True)
class Hashtag:
    """`text` is without the `#`."""

    text: str

    def __str__(self) -> str:
        return f"#{self.text}"


@dataclass(frozen=True, slots=True)
class Name:
    """Who is named or who writes. `text` is without the `@`: `acme`, or `acme@example.social` for that server only."""

    text: str

    def __str__(self) -> str:
        return f"@{self.text}"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " AND ".join(_inside(part, And, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Query, ...]

    def __str__(self) -> str:
        # AND binds tighter, so it needs no brackets here; a nested OR was written with them and keeps them.
        return " OR ".join(_inside(part, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Query

    def __str__(self) -> str:
        return f"NOT {_inside(self.part, And, Or)}"


Term = Word | Phrase | Hashtag | Name
Query = Term | And | Or | Not


def _inside(part: Query, *bracketed: type) -> str:
    return f"({part})" if isinstance(part, bracketed) else str(part)
