"""Channels that are held: in trouble, or refused for good, as a whole or one recipient of theirs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, select, update

from insight.model import ChannelTrouble
from storage.databases.database import Database
from storage.rows import tables
from storage.rows.bulk import upsert

_C, _T = tables.channels, tables.deliveries


class HeldChannels:
    """The part of the outbox that knows which channels are not to be sent to, and why."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(
        self, channel: str, recipient: str, error: str, now: datetime, pause: Callable[[int], float], *, parked: bool
    ) -> datetime:
        """Claim nothing of a channel, or of one recipient, for `pause(failures in a row)` seconds; until when."""
        mine = and_(_C.c.channel == channel, _C.c.recipient == recipient)
        with self._database.write({f"channel:{channel}"}) as connection:
            before = connection.execute(select(_C.c.failures).where(mine)).scalar() or 0
            until = now + timedelta(seconds=pause(before + 1))
            change = {"held_until": until, "failures": before + 1, "error": error, "parked": parked}
            row = {"channel": channel, "recipient": recipient, "since": now, **change}
            statement = upsert(connection, _C).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["channel", "recipient"], set_=change))
        return until

    def works(self, channel: str, recipient: str = "") -> None:
        """Something arrived there: whatever trouble it had is over."""
        mine = and_(_C.c.channel == channel, _C.c.recipient.in_({"", recipient}))
        with self._database.read() as connection:
            if not connection.execute(select(_C.c.channel).where(mine).limit(1)).first():
                return
        with self._database.write({f"channel:{channel}"}) as connection:
            connection.execute(delete(_C).where(mine))

    def trouble(self, channel: str) -> ChannelTrouble | None:
        """What holds the channel itself."""
        return next((one for one in self.troubles() if (one.channel, one.recipient) == (channel, "")), None)

    def troubles(self) -> list[ChannelTrouble]:
        """Every channel, and every recipient of one, that is in trouble, with how many messages wait for it."""
        each = (_T.c.channel, _T.c.recipient)
        counted = select(*each, func.count()).where(_T.c.next_at.is_not(None)).group_by(*each)
        with self._database.read() as connection:
            rows = connection.execute(select(_C).order_by(_C.c.channel, _C.c.recipient)).all()
            waiting = connection.execute(counted).all() if rows else []
        return [
            ChannelTrouble(
                row.channel, row.recipient, row.since, row.held_until, row.failures, row.error, row.parked,
                sum(n for channel, to, n in waiting if channel == row.channel and row.recipient in {"", to}),
            )
            for row in rows
        ]  # fmt: skip

    def try_now(self, now: datetime, channels: Collection[str] | None = None) -> None:
        """Let held channels (None: all) be tried at once: their settings may have changed."""
        mine = _C.c.channel.in_(channels) if channels is not None else _C.c.channel.is_not(None)
        with self._database.write() as connection:
            connection.execute(update(_C).where(mine, _C.c.held_until > now).values(held_until=now))

    def forget(self, channel: str, recipient: str) -> None:
        """Drop the trouble of a channel, or of a recipient, that is not in the config any more."""
        with self._database.write({f"channel:{channel}"}) as connection:
            connection.execute(delete(_C).where(_C.c.channel == channel, _C.c.recipient == recipient))
