"""Deliveries on their way: claimed with a token and a lease, and told apart by how they ended.

`new → sending → sent | failed | unknown`. A delivery with a `next_at` is to be claimed then: a new one, one that is to
be tried again, one that nobody knows about, or one whose sender has died (its lease is its `next_at`). Without a
`next_at` it has ended, and nothing brings it back.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, select, update
from sqlalchemy import bindparam as bind

from insight.model import Delivery, DeliveryState, NewDelivery
from storage import tables
from storage.bulk import put
from storage.database import Database
from storage.values import DeliveryRecord

_T = tables.deliveries
_EARLIER = _T.alias("earlier")
_WAITS = exists().where(
    _EARLIER.c.conversation == _T.c.conversation,
    _EARLIER.c.channel == _T.c.channel,
    _EARLIER.c.number < _T.c.number,
    _EARLIER.c.next_at.is_not(None),
)
_DUE = (
    select(_T)
    .where(_T.c.next_at <= bind("now"), (_T.c.conversation == "") | ~_WAITS)
    .order_by(_T.c.number)
    .limit(bind("limit"))
)


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
        """Take what is due, oldest first; nobody else gets it before the lease has run out.

        Never a delivery while an earlier one of the same channel and conversation is still to be sent.
        """
        with self._database.write() as connection:
            rows = connection.execute(_DUE, {"now": now, "limit": limit}).all()
            return [_claimed(connection, row, now + lease, now) for row in rows]

    def sent(self, delivery: Delivery, ref: Mapping[str, str], now: datetime) -> bool:
        """It arrived, at `ref`. False, here and below: the claim was lost, and nothing is recorded."""
        return self._end(delivery, now, state=DeliveryState.SENT, ref=dict(ref), next_at=None, error=None)

    def failed(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> bool:
        """It did not arrive. `next_at` None: given up."""
        state = DeliveryState.FAILED if next_at is None else DeliveryState.NEW
        return self._end(delivery, now, state=state, error=error, next_at=next_at)

    def unknown(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> bool:
        """It may have arrived. The next claim says so. `next_at` None: nobody will find out."""
        return self._end(delivery, now, state=DeliveryState.UNKNOWN, error=error, next_at=next_at, doubtful=True)

    def release(self, delivery: Delivery, now: datetime) -> bool:
        """Give the claim back as it was, with nothing tried."""
        state = DeliveryState.UNKNOWN if delivery.was_unknown else DeliveryState.NEW
        return self._end(delivery, now, state=state, attempt=delivery.attempt - 1, next_at=now)

    def _end(self, delivery: Delivery, now: datetime, *, state: DeliveryState, **values: Any) -> bool:
        mine = and_(_T.c.id == delivery.id, _T.c.token == delivery.token, _T.c.state == DeliveryState.SENDING.value)
        change = update(_T).where(mine).values(state=state.value, token=None, updated_at=now, **values)
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def rows(self, states: Collection[DeliveryState] | None = None, limit: int | None = 100) -> list[DeliveryRecord]:
        """Deliveries as a person wants to see them, the newest first."""
        query = select(_T).order_by(_T.c.number.desc()).limit(limit)
        if states is not None:
            query = query.where(_T.c.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def spent(self, since: datetime) -> dict[str, int]:
        """Each channel's messages of alerts since then, whatever became of them."""
        query = (
            select(_T.c.channel, func.count())
            .where(_T.c.created_at >= since, _T.c.conversation != "")
            .group_by(_T.c.channel)
        )
        with self._database.read() as connection:
            return dict(connection.execute(query).all())

    def told(self, conversation: str) -> frozenset[str]:
        """The channels that have a delivery of this conversation."""
        query = select(_T.c.channel).where(_T.c.conversation == conversation).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())


def put_deliveries(connection: Connection, deliveries: Iterable[NewDelivery], now: datetime) -> None:
    """New messages, in order. One whose `unique` is known on its channel has been asked for before, and is left out."""
    rows = [
        {
            "id": one.id,
            "channel": one.channel,
            "conversation": one.conversation,
            "once": one.unique,
            "message": dict(one.message),
            "state": DeliveryState.NEW.value,
            "attempt": 0,
            "doubtful": False,
            "next_at": now,
            "created_at": now,
            "updated_at": now,
        }
        for one in deliveries
    ]
    put(connection, _T, rows)


def _claimed(connection: Connection, row: Row[Any], until: datetime, now: datetime) -> Delivery:
    token = secrets.token_hex(16)
    doubtful = row.doubtful or row.state == DeliveryState.SENDING.value  # its sender died, perhaps after sending
    change = {"state": DeliveryState.SENDING.value, "token": token, "next_at": until, "doubtful": doubtful,
              "attempt": row.attempt + 1, "updated_at": now}  # fmt: skip
    connection.execute(update(_T).where(_T.c.number == row.number).values(**change))
    ref = _first_ref(connection, row)
    return Delivery(row.id, row.channel, row.message, row.attempt + 1, token, doubtful, ref)


def _first_ref(connection: Connection, row: Row[Any]) -> Mapping[str, str] | None:
    """Where the conversation's first message is on this channel."""
    if not row.conversation:
        return None
    same = and_(_T.c.conversation == row.conversation, _T.c.channel == row.channel)
    query = select(_T.c.ref).where(same, _T.c.state == DeliveryState.SENT.value).order_by(_T.c.number).limit(1)
    found: Mapping[str, str] | None = connection.execute(query).scalar()
    return found


def _record(row: Row[Any]) -> DeliveryRecord:
    return DeliveryRecord(
        row.id,
        row.channel,
        row.conversation,
        DeliveryState(row.state),
        row.attempt,
        str(row.message.get("headline", "")),
        row.error,
        row.next_at,
        row.created_at,
        row.updated_at,
    )
