"""The one error of the query language: what is wrong, where (a line with a caret), and what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

WINDOW = 60
"""Characters of a long query that are shown on either side of the caret."""

SHOWN = 40
"""Characters of a word that a message repeats."""


class QueryError(ValueError):
    """A query that cannot be understood. `position` counts characters of `query` from 0."""

    def __init__(self, message: str, position: int, remedy: str, query: str) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.remedy = remedy
        self.query = query

    def __str__(self) -> str:
        line, caret = self.pointed()
        return f"query, character {self.position + 1}: {self.message}\n  {line}\n  {caret}\n  {self.remedy}"

    def pointed(self) -> tuple[str, str]:
        """The query on one line, cut to a window, and the line with the caret below it."""
        start = max(0, self.position - WINDOW)
        end = self.position + WINDOW
        before = _printable(self.query[start : self.position])
        after = _printable(self.query[self.position : end])
        head, tail = "…" if start else "", "…" if end < len(self.query) else ""
        # a terminal draws Chinese in two columns, and a combining mark in none
        wide = sum(unicodedata.east_asian_width(c) in "WF" for c in before)
        columns = len(head) + len(before) + wide - sum(unicodedata.combining(c) > 0 for c in before)
        return f"{head}{before}{after}{tail}", " " * columns + "^"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a query, to blame."""

    query: str
    position: int

    def error(self, message: str, remedy: str, after: int = 0) -> QueryError:
        """`after`: how many characters behind this place the mistake stands."""
        return QueryError(message, self.position + after, remedy, self.query)


def shown(text: str) -> str:
    """A part of a query as a message repeats it: on one line, and not all of it if it is long."""
    return _printable(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Of the known names the one that is meant by a misspelt one, if there is such."""
    close = get_close_matches(text.casefold(), list(known), 1, 0.6) if len(text) <= SHOWN else []
    return close[0] if close else None


def _printable(text: str) -> str:
    """One character for one: line breaks, control characters and lone surrogates become blanks."""
    return "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
