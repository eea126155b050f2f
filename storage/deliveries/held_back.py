"""What is not sent after a backup was put back, because nobody knows whether it was sent before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, update

from insight.model import DeliveryState, NewDelivery
from storage.rows import tables
from storage.state import put_states, read_state

STATE = "restored"
HELD_BACK = timedelta(hours=24)
"""For so long after it detection may find again what it told before."""
GIVEN_UP = "given up: restored from a backup, it may have been sent before"


def give_up_waiting(connection: Connection, now: datetime) -> int:
    """Give up what waits, and from now on, for HELD_BACK, what is new; how many waited."""
    put_states(connection, {STATE: {"until": (now + HELD_BACK).isoformat()}}, now)
    return _give_up(connection, tables.deliveries.c.next_at.is_not(None), now)


def hold_back(connection: Connection, deliveries: Iterable[NewDelivery], now: datetime) -> None:
    """Give up these new deliveries, where a restore is less than HELD_BACK ago. They can be sent by hand."""
    names = [one.id for one in deliveries]
    restored: Any = read_state(connection, STATE) if names else None
    if restored and now < datetime.fromisoformat(restored["until"]):
        _give_up(connection, tables.deliveries.c.id.in_(names), now)


def _give_up(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    change = {"state": DeliveryState.FAILED.value, "next_at": None, "token": None, "error": GIVEN_UP, "updated_at": now}
    return connection.execute(update(tables.deliveries).where(which).values(**change)).rowcount
