"""How counters move: new contributions minus old ones, written in sorted key order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import Connection, delete
from sqlalchemy import bindparam as bind

from insight.counts import contributions
from insight.model import Cell
from storage.rows import tables
from storage.rows.bulk import put
from storage.rows.tables import CELL
from storage.writing.merge import Record

in_order = attrgetter(*(one.name for one in fields(Cell)))  # as cells compare, and ten times faster


def moves(changes: Iterable[tuple[Record | None, Record | None]]) -> dict[Cell, int]:
    """By how much each counter changes when these records become those."""
    total: Counter[Cell] = Counter()
    for old, new in changes:
        _count(total, new, 1)
        _count(total, old, -1)
    return {cell: change for cell, change in total.items() if change}


def _count(total: Counter[Cell], record: Record | None, change: int) -> None:
    if record is None:
        return
    for mention in record.mentions.values():
        for cell in contributions(mention, record.post, record.source, record.collected_at):
            total[cell] += change


def move(connection: Connection, changes: Mapping[Cell, int]) -> None:
    """Add to the counters; those that come to nothing are removed. Once a transaction: two that move the same counters
    in the same order never wait for each other in a circle.
    """
    rows = [{**CELL.write(cell), "number": changes[cell]} for cell in sorted(changes, key=in_order)]
    put(connection, tables.counts, rows, add=("number",))
    fallen = [{f"b_{name}": row[name] for name in CELL.names} for row in rows if row["number"] <= 0]
    if fallen:
        table = tables.counts
        matches = [table.c[name] == bind(f"b_{name}") for name in CELL.names]
        connection.execute(delete(table).where(*matches, table.c.number == 0), fallen)
