"""Every node of a query's tree."""

from __future__ import annotations

from collections.abc import Iterator

from insight.query import And, In, Near, Not, Or, Plain, Query


def nodes(tree: Query) -> Iterator[Query]:
    yield tree
    match tree:
        case And(parts) | Or(parts):
            inner: tuple[Query, ...] = parts
        case Not(part) | In(_, part) | Plain(part):
            inner = (part,)
        case Near(_, _, left, right):
            inner = (*left, *right)
        case _:
            inner = ()
    for part in inner:
        yield from nodes(part)
