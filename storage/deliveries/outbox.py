"""Deliveries on their way: claimed one at a time, and told apart by how they ended.

`new → sending → sent | failed | unknown | joined`. A delivery with a `next_at` is to be claimed then: a new one, one
that is to be tried again, one that nobody knows about, or one whose sender has died (its lease is its `next_at`).
Without a `next_at` it has ended, and nothing but `resend` brings it back. An index over those that wait makes looking
for them cost the same however many were ever sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy import bindparam as bind

from insight.model import DIGESTS, Delivery, DeliveryState, NewDelivery
from storage.deliveries.claim import claim_next, is_leased, read_waiting
from storage.deliveries.records import DeliveryRecords
from storage.rows import tables
from storage.rows.bulk import put

KEPT = timedelta(days=7)
"""For how long a message about an alert waits for its channel. A digest waits until there is a newer one."""
TOO_LATE = f"not delivered in {KEPT.days} days"
FAR = timedelta(hours=2)
"""No delivery and no channel waits so long for its next try: an hour, and some room for chance."""
_T, _C = tables.deliveries, tables.channels
_WAITS = _T.c.next_at.is_not(None)
_SENDING = DeliveryState.SENDING.value
_FREE = (
    ~select(_C.c.channel)
    .where(_C.c.channel == _T.c.channel, _C.c.recipient.in_(("", _T.c.recipient)), _C.c.held_until > bind("now"))
    .exists()
)
_DUE = select(_T.c.channel).where(_WAITS, _T.c.next_at <= bind("now"), _FREE)
_TO_PROBE = select(_C.c.channel).where(_C.c.parked, _C.c.recipient == "", _C.c.held_until <= bind("now"))


class Outbox(DeliveryRecords):
    """Every call is one transaction. How messages are claimed stands in `claim.py`."""

    # -- what there is to do --------------------------------------------------------------------------------------

    def due(self, now: datetime) -> list[str]:
        """The channels with something to do: a delivery to send, or a parked channel to ask whether it works again."""
        with self._database.read() as connection:
            return sorted({*connection.execute(_DUE, {"now": now}).scalars(),
                           *connection.execute(_TO_PROBE, {"now": now}).scalars()})  # fmt: skip

    def claim(self, channel: str, recipients: tuple[str, ...], now: datetime, lease: timedelta) -> Delivery | None:
        """Take the next delivery of a channel that is due, the oldest first; nobody else gets it before the lease ends.

        Of what waits for one recipient in one conversation only the newest is given, and the older ones are joined
        into it; but first one that may have arrived already. A message for everybody becomes one for each of the
        `recipients`.
        """
        with self._database.write({f"channel:{channel}"}) as connection:
            return claim_next(connection, channel, recipients, now, lease)

    def give_up(self, channel: str, now: datetime) -> None:
        """End what has waited too long: failed, or never to be known."""
        with self._database.read() as connection:
            rows = read_waiting(connection, channel)
        late = [row for row in rows if row.conversation != DIGESTS and now - row.created_at > KEPT]
        for row in late:
            if not is_leased(row, now):
                state = DeliveryState.UNKNOWN if row.doubtful or row.state == _SENDING else DeliveryState.FAILED
                change = {"state": state.value, "next_at": None, "token": None, "updated_at": now}
                said = func.coalesce(f"{TOO_LATE}: " + _T.c.error, TOO_LATE)
                with self._database.write({f"channel:{channel}"}) as connection:
                    mine = and_(_T.c.number == row.number, _T.c.state == row.state)
                    connection.execute(update(_T).where(mine).values(error=said, **change))

    # -- how it ended ---------------------------------------------------------------------------------------------

    def sent(self, delivery: Delivery, ref: Mapping[str, str], now: datetime, *, tried: bool = True) -> bool:
        """It arrived, at `ref`: its channel works. False, here and below: the claim was lost, nothing is recorded."""
        ended = self._end(delivery, now, tried=tried, state=DeliveryState.SENT, ref=dict(ref), next_at=None, error=None)
        if ended:
            self.works(delivery.channel, delivery.recipient)
        return ended

    def joined(self, delivery: Delivery, now: datetime) -> bool:
        """It did not arrive, and a newer message of its conversation goes out in its place."""
        return self._end(delivery, now, tried=False, state=DeliveryState.JOINED, next_at=None)

    def failed(self, delivery: Delivery, error: str, now: datetime) -> bool:
        """It did not arrive, and will not."""
        return self._end(delivery, now, state=DeliveryState.FAILED, error=error, next_at=None)

    def later(
        self, delivery: Delivery, error: str, now: datetime, next_at: datetime, *, unknown: bool, tried: bool = True
    ) -> bool:
        """It did not arrive and is due again at `next_at`. `unknown`: it may have arrived; the next claim says so."""
        doubtful = unknown or delivery.was_unknown
        state = DeliveryState.UNKNOWN if doubtful else DeliveryState.NEW
        said = {"error": error} if error else {}
        return self._end(delivery, now, tried=tried, state=state, doubtful=doubtful, next_at=next_at, **said)

    def _end(
        self, delivery: Delivery, now: datetime, *, state: DeliveryState, tried: bool = True, **values: Any
    ) -> bool:
        mine = and_(_T.c.id == delivery.id, _T.c.token == delivery.token, _T.c.state == _SENDING)
        attempt = delivery.attempt - (not tried)
        change = update(_T).where(mine).values(state=state.value, attempt=attempt, token=None, updated_at=now, **values)
        with self._database.write({f"channel:{delivery.channel}"}) as connection:
            return connection.execute(change).rowcount == 1

    # -- after a clock that was ahead ------------------------------------------------------------------------------

    def mend(self, now: datetime) -> int:
        """Make due what waits for a time too far ahead, because the clock was; how many rows there were."""
        far, latest = now + FAR, select(func.max(_T.c.next_at), func.max(_T.c.created_at)).where(_WAITS)
        with self._database.read() as connection:
            times = [at for at in connection.execute(latest).one() if at]
            times += connection.execute(select(_C.c.held_until)).scalars()
        if max(times, default=now) <= far:
            return 0
        changes = (
            update(_T).where(_WAITS, _T.c.next_at > far).values(next_at=now),
            update(_T).where(_WAITS, _T.c.created_at > far).values(created_at=now),
            update(_C).where(_C.c.held_until > far).values(held_until=now, since=now),
        )
        with self._database.write() as connection:
            return sum(connection.execute(change).rowcount for change in changes)


def put_deliveries(connection: Connection, deliveries: Iterable[NewDelivery], now: datetime) -> None:
    """New messages, in order. One whose `unique` is known on its channel has been asked for before, and is left out."""
    put(connection, _T, [
        {"id": one.id, "channel": one.channel, "recipient": "", "conversation": one.conversation,
         "action": one.action.value, "once": one.unique, "message": dict(one.message),
         "state": DeliveryState.NEW.value, "attempt": 0, "doubtful": False,
         "next_at": now, "created_at": now, "updated_at": now}
        for one in deliveries
    ])  # fmt: skip
