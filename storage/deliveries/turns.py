"""Which delivery of a channel is next. Pure: rows in, a turn out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insight.model import DeliveryState


@dataclass(frozen=True, slots=True)
class Turn:
    number: int
    joined: tuple[int, ...] = ()
    outdated: bool = False


def next_turn(rows: Sequence[Any], held: set[str], now: datetime) -> Turn | None:
    """Pure. Of each conversation with each recipient: what may have arrived first, else the newest for all of them."""
    groups: dict[tuple[Any, str], list[Any]] = {}
    for row in rows:
        if row.recipient not in held:
            groups.setdefault((row.conversation or row.number, row.recipient), []).append(row)
    turns = []
    for group in groups.values():
        if any(is_leased(row, now) for row in group):
            continue
        uncertain = next((row for row in group if row.doubtful or row.state == DeliveryState.SENDING), None)
        head = uncertain if uncertain is not None else group[-1]
        if head.next_at <= now:
            joined = () if uncertain is not None else tuple(row.number for row in group[:-1])
            turns.append(Turn(head.number, joined, outdated=head is not group[-1]))
    return min(turns, key=lambda turn: turn.number, default=None)


def is_leased(row: Any, now: datetime) -> bool:
    return bool(row.state == DeliveryState.SENDING and row.next_at > now)
