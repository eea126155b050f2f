"""A tree in print, for people: with every bracket, and as lines of a drawn tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from insight.query.tree import And, Not, Or, Query, Term

SHOWN_PARTS = 20
"""Parts of a group that are drawn; of a longer list, this many and how many more there are."""


def bracketed(query: Query) -> str:
    """The query with brackets around every group: how AND, OR and NOT are read, with nothing left to know."""
    match query:
        case And(parts) | Or(parts):
            operator = " AND " if isinstance(query, And) else " OR "
            return operator.join(_closed(part) for part in parts)
        case Not(part):
            return f"NOT {_closed(part)}"
        case _:
            return str(query)


def _closed(part: Query) -> str:
    return f"({bracketed(part)})" if isinstance(part, And | Or) else bracketed(part)


def shorten(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def draw(query: Query, says: Callable[[Term], str]) -> Iterator[str]:
    """One line a node, with branches; behind each term what `says` says of it."""
    match query:
        case And(parts):
            yield "AND: all of these"
            yield from _branches(parts, says)
        case Or(parts):
            yield "OR: any of these"
            yield from _branches(parts, says)
        case Not(part):
            yield "NOT: not this"
            yield from _branches((part,), says)
        case _:
            meaning = says(query)
            yield f"{shorten(str(query), 60)}  ({meaning})" if meaning else shorten(str(query), 60)


def _branches(parts: Sequence[Query], says: Callable[[Term], str]) -> Iterator[str]:
    shown, more = parts[:SHOWN_PARTS], len(parts) - SHOWN_PARTS
    for number, part in enumerate(shown):
        last = number == len(shown) - 1 and more <= 0
        lines = draw(part, says)
        yield f"{'└─' if last else '├─'} {next(lines)}"
        yield from (f"{'  ' if last else '│ '} {line}" for line in lines)
    if more > 0:
        yield f"└─ … and {more:,} more"
