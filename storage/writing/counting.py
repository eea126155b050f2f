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
from storage.writing.merge import PostRecord

_cell_order = attrgetter(*(one.name for one in fields(Cell)))  # as cells compare, and ten times faster


def count_changes(changes: Iterable[tuple[PostRecord | None, PostRecord | None]]) -> dict[Cell, int]:
    """By how much each counter changes when these records become those."""
    total: Counter[Cell] = Counter()
    for old, new in changes:
        for record, change in ((new, 1), (old, -1)):
            if record is None:
                continue
            for mention in record.mentions.values():
                for cell in contributions(mention, record.post, record.source, record.collected_at):
                    total[cell] += change
    return {cell: change for cell, change in total.items() if change}


def add_to_counts(connection: Connection, changes: Mapping[Cell, int]) -> None:
    """Add to the counters; those that come to nothing are removed. Call it once in a transaction.

    In sorted order: two transactions that lock the same rows in the same order never deadlock.
    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS
    """
    rows = [{**CELL.write(cell), "number": changes[cell]} for cell in sorted(changes, key=_cell_order)]
    put(connection, tables.counts, rows, add=("number",))
    lowered = [{f"b_{name}": row[name] for name in CELL.names} for row in rows if row["number"] <= 0]
    if lowered:
        table = tables.counts
        matches = [table.c[name] == bind(f"b_{name}") for name in CELL.names]
        connection.execute(delete(table).where(*matches, table.c.number == 0), lowered)
