"""Deliveries on their way, and the channels that are held: claimed one at a time, and told apart by how they ended.

`new → sending → sent | failed | unknown | joined`. A delivery with a `next_at` is to be claimed then: a new one, one
that is to be tried again, one that nobody knows about, or one whose sender has died (its lease is its `next_at`).
Without a `next_at` it has ended, and nothing but `resend` brings it back. An index over those that wait makes looking
for them cost the same however many were ever sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, text, update
from sqlalchemy import bindparam as bind

from insight.model import DIGESTS, Action, Delivery, DeliveryState, NewDelivery
from storage.deliveries.records import DeliveryRecords
from storage.deliveries.turns import Turn, is_leased, next_turn
from storage.rows import tables
from storage.rows.bulk import put

KEPT = timedelta(days=7)
"""For how long a message about an alert waits for its channel. A digest waits until there is a newer one."""
TOO_LATE = f"not delivered in {KEPT.days} days"
FAR = timedelta(hours=2)
"""No delivery and no channel waits so long for its next try: an hour, and some room for chance."""
READ_AT_ONCE = 1000

_T, _C = tables.deliveries, tables.channels
_WAITS = _T.c.next_at.is_not(None)
_GIVEN_UP = text(tables.GIVEN_UP)
_SENDING, _NEW, _UNKNOWN = (DeliveryState.SENDING.value, DeliveryState.NEW.value, DeliveryState.UNKNOWN.value)
_FREE = (
    ~select(_C.c.channel)
    .where(_C.c.channel == _T.c.channel, _C.c.recipient.in_(("", _T.c.recipient)), _C.c.held_until > bind("now"))
    .exists()
)
_DUE = select(_T.c.channel).where(_WAITS, _T.c.next_at <= bind("now"), _FREE)
_TO_PROBE = select(_C.c.channel).where(_C.c.parked, _C.c.recipient == "", _C.c.held_until <= bind("now"))
_BRIEF = (_T.c.number, _T.c.conversation, _T.c.recipient, _T.c.state, _T.c.doubtful, _T.c.next_at, _T.c.created_at)
_WAITING = select(*_BRIEF).where(_T.c.channel == bind("channel"), _WAITS).order_by(_T.c.number).limit(READ_AT_ONCE)


class Outbox(DeliveryRecords):
    """Every call is one transaction."""

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
            rows: Sequence[Any] = connection.execute(_WAITING, {"channel": channel}).all()
            undirected = [row for row in rows if not (row.recipient or is_leased(row, now))]
            if recipients[0] and undirected:
                _split(connection, [row.number for row in undirected], recipients)
                rows = connection.execute(_WAITING, {"channel": channel}).all()
            held = set(connection.execute(_held(channel, now)).scalars())
            turn = None if "" in held else next_turn(rows, held, now)
            if turn is None:
                return None
            _join(connection, turn.joined, now)
            return _claimed(connection, turn, now + lease, now)

    def give_up(self, channel: str, now: datetime) -> None:
        """End what has waited too long: failed, or never to be known."""
        with self._database.read() as connection:
            rows = connection.execute(_WAITING, {"channel": channel}).all()
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

    # -- for people and for the program----------

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
    rows = [
        {
            "id": one.id,
            "channel": one.channel,
            "recipient": "",
            "conversation": one.conversation,
            "action": one.action.value,
            "once": one.unique,
            "message": dict(one.message),
            "state": _NEW,
            "attempt": 0,
            "doubtful": False,
            "next_at": now,
            "created_at": now,
            "updated_at": now,
        }
        for one in deliveries
    ]
    put(connection, _T, rows)


def _held(channel: str, now: datetime) -> Any:
    return select(_C.c.recipient).where(_C.c.channel == channel, _C.c.held_until > now)


def _join(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    if numbers:
        change = {"state": DeliveryState.JOINED.value, "next_at": None, "updated_at": now}
        connection.execute(update(_T).where(_T.c.number.in_(numbers)).values(**change))


def _split(connection: Connection, numbers: Iterable[int], recipients: tuple[str, ...]) -> None:
    """Make messages for everybody one for each recipient; copies have ids of their own, and carry the same message."""
    for number in numbers:
        row = connection.execute(select(_T).where(_T.c.number == number)).one()._asdict()
        connection.execute(update(_T).where(_T.c.number == number).values(recipient=recipients[0]))
        del row["number"]
        for to in recipients[1:]:
            copy = {"id": f"{row['id']}-{sha256(to.encode()).hexdigest()[:8]}", "recipient": to, "once": None}
            connection.execute(insert(_T).values(**row | copy))


def _claimed(connection: Connection, turn: Turn, until: datetime, now: datetime) -> Delivery:
    row, token = connection.execute(select(_T).where(_T.c.number == turn.number)).one(), secrets.token_hex(16)
    doubtful = row.doubtful or row.state == _SENDING  # its sender died, perhaps after sending
    change = {"state": _SENDING, "token": token, "next_at": until, "doubtful": doubtful,
              "attempt": row.attempt + 1, "updated_at": now}  # fmt: skip
    connection.execute(update(_T).where(_T.c.number == row.number).values(**change))
    action, ref = Action(row.action), None
    if row.conversation and action is not Action.POST:
        ref = _first_ref(connection, row)
    return Delivery(
        row.id, row.channel, row.message, row.attempt + 1, token, doubtful, ref, action, row.recipient, turn.outdated
    )


def _first_ref(connection: Connection, row: Row[Any]) -> Mapping[str, str] | None:
    """Where the conversation's first message is; one that an older Listener sent to everybody counts for each."""
    same = and_(_T.c.conversation == row.conversation, _T.c.channel == row.channel)
    mine = and_(_T.c.recipient.in_({row.recipient, ""}), _T.c.state == DeliveryState.SENT.value)
    query = select(_T.c.ref).where(same, mine).order_by(_T.c.number).limit(1)
    found: Mapping[str, str] | None = connection.execute(query).scalar()
    return found
