"""How counters move: new contributions minus old ones, written in sorted key order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete
from sqlalchemy import bindparam as bind

from insight.counts import contributions
from insight.model import Cell
from storage import tables
from storage.bulk import put
from storage.merge import Record


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
    """Add to the counters; those that come to nothing are removed."""
    put(
        connection,
        tables.counts,
        [{**cell_key(cell), "value": changes[cell]} for cell in sorted(changes, key=in_order)],
        add=("value",),
    )
    drop_zeros(connection, [cell for cell, change in changes.items() if change < 0])


def drop_zeros(connection: Connection, cells: Iterable[Cell]) -> None:
    table = tables.counts
    keys = [{f"b_{name}": value for name, value in cell_key(cell).items()} for cell in sorted(cells, key=in_order)]
    if keys:
        matches = [column == bind(f"b_{column.name}") for column in table.primary_key.columns]
        connection.execute(delete(table).where(*matches, table.c.value == 0), keys)


in_order = attrgetter("watch", "source", "grain", "start", "label", "lag")  # as cells compare, and ten times faster


def cell_key(cell: Cell) -> dict[str, Any]:
    return {
        "watch": cell.watch,
        "grain": cell.grain.value,
        "start": cell.start,
        "source": cell.source,
        "label": cell.label.value,
        "lag": cell.lag,
    }
