"""The claim of a delivery: which of a channel's is next, and taking it so that nobody else does."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy import bindparam as bind

from insight.model import Action, Delivery, DeliveryState
from storage.rows import tables

READ_AT_ONCE = 1000
_T, _C = tables.deliveries, tables.channels
_SENDING = DeliveryState.SENDING.value
_BRIEF = (_T.c.number, _T.c.conversation, _T.c.recipient, _T.c.state, _T.c.doubtful, _T.c.next_at, _T.c.created_at)
_WAITING = (
    select(*_BRIEF)
    .where(_T.c.channel == bind("channel"), _T.c.next_at.is_not(None))
    .order_by(_T.c.number)
    .limit(READ_AT_ONCE)
)
_HELD = select(_C.c.recipient).where(_C.c.channel == bind("channel"), _C.c.held_until > bind("now"))


def read_waiting(connection: Connection, channel: str) -> Sequence[Any]:
    """What has not ended of a channel, without the messages, oldest first."""
    return connection.execute(_WAITING, {"channel": channel}).all()


def is_leased(row: Any, now: datetime) -> bool:
    return bool(row.state == _SENDING and row.next_at > now)


def claim_next(
    connection: Connection, channel: str, recipients: tuple[str, ...], now: datetime, lease: timedelta
) -> Delivery | None:
    """See `Outbox.claim`. The caller's transaction has the lock of the channel."""
    # 1. a message for everybody becomes one for each
    rows = read_waiting(connection, channel)
    undirected = [row.number for row in rows if not (row.recipient or is_leased(row, now))]
    if recipients[0] and undirected:
        _split(connection, undirected, recipients)
        rows = read_waiting(connection, channel)
    # 2. the oldest that is due, of recipients who are not held ("" holds them all)
    held = set(connection.execute(_HELD, {"channel": channel, "now": now}).scalars())
    turn = None if "" in held else _next_turn([row for row in rows if row.recipient not in held], now)
    if turn is None:
        return None
    chosen, older, outdated = turn
    if older:
        joined = {"state": DeliveryState.JOINED.value, "next_at": None, "updated_at": now}
        connection.execute(update(_T).where(_T.c.number.in_(older)).values(**joined))
    # 3. a lease on it: whoever records how it ended has to show its token
    row, token = connection.execute(select(_T).where(_T.c.number == chosen)).one(), secrets.token_hex(16)
    doubtful = row.doubtful or row.state == _SENDING  # its sender died, perhaps after sending
    change = {"state": _SENDING, "token": token, "next_at": now + lease, "doubtful": doubtful,
              "attempt": row.attempt + 1, "updated_at": now}  # fmt: skip
    connection.execute(update(_T).where(_T.c.number == chosen).values(**change))
    # 4. where the conversation is, for what replies to it or edits it
    action = Action(row.action)
    ref = _first_ref(connection, row) if row.conversation and action is not Action.POST else None
    return Delivery(
        row.id, row.channel, row.message, row.attempt + 1, token, doubtful, ref, action, row.recipient, outdated
    )


def _next_turn(rows: Iterable[Any], now: datetime) -> tuple[int, list[int], bool] | None:
    """The number of the delivery to send, those that it joins, and whether a newer one of its conversation waits.

    Of each conversation with each recipient: what may have arrived first, else the newest for all of them.
    """
    conversations: dict[tuple[Any, str], list[Any]] = {}
    for row in rows:
        conversations.setdefault((row.conversation or row.number, row.recipient), []).append(row)
    turns = []
    for group in conversations.values():
        if any(is_leased(row, now) for row in group):
            continue
        uncertain = next((row for row in group if row.doubtful or row.state == _SENDING), None)
        chosen = group[-1] if uncertain is None else uncertain
        if chosen.next_at <= now:
            older = [row.number for row in group[:-1]] if uncertain is None else []
            turns.append((chosen.number, older, chosen is not group[-1]))
    return min(turns, default=None)


def _split(connection: Connection, numbers: Iterable[int], recipients: tuple[str, ...]) -> None:
    """Make messages for everybody one for each recipient; copies have ids of their own, and carry the same message."""
    for number in numbers:
        row = connection.execute(select(_T).where(_T.c.number == number)).one()._asdict()
        connection.execute(update(_T).where(_T.c.number == number).values(recipient=recipients[0]))
        del row["number"]
        for recipient in recipients[1:]:
            name = f"{row['id']}-{sha256(recipient.encode()).hexdigest()[:8]}"
            connection.execute(insert(_T).values(**row | {"id": name, "recipient": recipient, "once": None}))


def _first_ref(connection: Connection, row: Row[Any]) -> Mapping[str, str] | None:
    """Where the conversation's first message is; one that an older Listener sent to everybody counts for each."""
    query = (
        select(_T.c.ref)
        .where(_T.c.conversation == row.conversation, _T.c.channel == row.channel)
        .where(_T.c.recipient.in_({row.recipient, ""}), _T.c.state == DeliveryState.SENT.value)
        .order_by(_T.c.number)
        .limit(1)
    )
    found: Mapping[str, str] | None = connection.execute(query).scalar()
    return found
