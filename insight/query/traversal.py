"""Ways through a query's tree."""

from __future__ import annotations

from collections.abc import Iterator

from insight.query.tree import And, Field, Not, Or, Query


def children(query: Query) -> tuple[Query, ...]:
    """The parts of a group or of a NOT; of a term none: what `In` and `Near` are made of belongs to them."""
    match query:
        case And(parts) | Or(parts):
            return parts
        case Not(part):
            return (part,)
        case _:
            return ()


def walk(query: Query) -> Iterator[Query]:
    """Every part, from the whole inwards down to the terms."""
    yield query
    for part in children(query):
        yield from walk(part)


def flattened(query: Query, kind: type[And | Or]) -> Iterator[Query]:
    """The parts of a group, through groups of the same kind inside it; anything else is its own only part."""
    if isinstance(query, kind):
        for part in children(query):
            yield from flattened(part, kind)
    else:
        yield query


def asks_for(query: Query, field: str) -> bool:
    """Whether a query asks what a post's `field` is."""
    return any(isinstance(part, Field) and part.name == field for part in walk(query))
