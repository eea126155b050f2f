"""Deliveries as people and the program ask about them: what waits, what was given up, who was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update

from insight.model import DIGESTS, DeliveryState
from storage.deliveries.channels import HeldChannels
from storage.outputs import DeliveryRecord
from storage.rows import tables

_T = tables.deliveries
_WAITS, _GIVEN_UP = _T.c.next_at.is_not(None), text(tables.GIVEN_UP)
_ABOUT_ALERTS = _T.c.conversation.not_in(("", DIGESTS))


class DeliveryRecords(HeldChannels):
    """The part of the outbox that is read, and by which what was given up comes back."""

    def waiting(self) -> dict[str, int]:
        """How many deliveries of each channel have not ended."""
        # counted here: for GROUP BY, as for DISTINCT, SQLite would rather read all that was ever sent in that order
        with self._database.read() as connection:
            return dict(Counter(connection.execute(select(_T.c.channel).where(_WAITS)).scalars()))

    def rows(self, states: Collection[DeliveryState] | None = None, limit: int | None = 100) -> list[DeliveryRecord]:
        """Deliveries as a person wants to see them, the newest first."""
        query = select(_T).order_by(_T.c.number.desc()).limit(limit)
        return self._records(query if states is None else query.where(_T.c.state.in_([one.value for one in states])))

    def outstanding(self, since: datetime, limit: int = 200) -> list[DeliveryRecord]:
        """What waits, and what was given up since then (joined ones are told by another), the newest first."""
        given_up = select(_T.c.number).where(_GIVEN_UP, _T.c.updated_at >= since)
        waiting = select(_T.c.number).where(_WAITS)
        return self._records(
            select(_T).where(_T.c.number.in_(given_up.union_all(waiting))).order_by(_T.c.number.desc()).limit(limit)
        )

    def undelivered(self, since: datetime) -> list[DeliveryRecord]:
        """The messages about alerts that were given up since then, the oldest first: the next digest names them."""
        mine = select(_T).where(_GIVEN_UP, _T.c.updated_at >= since, _ABOUT_ALERTS)
        return self._records(mine.order_by(_T.c.updated_at, _T.c.number))

    def resend(self, now: datetime, ids: Collection[str] | None = None, channel: str | None = None) -> list[str]:
        """Put what was given up back in the queue, as if it were new: these ids (as printed), or all of the channel.

        None for both: everything. Held channels that are concerned are tried at once. The ids that were put back.
        """
        query = select(_T.c.id, _T.c.channel).where(_GIVEN_UP)
        query = query.where(_T.c.id.in_(ids)) if ids is not None else query
        query = query.where(_T.c.channel == channel) if channel is not None else query
        with self._database.write() as connection:
            found = connection.execute(query.order_by(_T.c.number)).all()
            again = {"next_at": now, "created_at": now, "updated_at": now, "error": None}
            for row in found:
                connection.execute(update(_T).where(_T.c.id == row.id).values(state=DeliveryState.NEW.value, **again))
        self.try_now(now, {row.channel for row in found})
        return [row.id for row in found]

    def spent(self, since: datetime) -> dict[str, int]:
        """Each channel's messages about alerts since then, whatever became of them, and to however many people."""
        mine = select(_T.c.channel, _T.c.conversation, _T.c.created_at).where(_T.c.created_at >= since, _ABOUT_ALERTS)
        with self._database.read() as connection:
            return dict(Counter(row.channel for row in set(connection.execute(mine).all())))

    def told(self, conversation: str) -> frozenset[str]:
        """The channels that have a delivery of this conversation."""
        query = select(_T.c.channel).where(_T.c.conversation == conversation).distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def _records(self, query: Any) -> list[DeliveryRecord]:
        with self._database.read() as connection:
            return [
                DeliveryRecord(
                    row.id, row.channel, row.conversation, DeliveryState(row.state), row.attempt,
                    str(row.message.get("headline", "")), row.error, row.next_at, row.created_at, row.updated_at,
                    row.recipient,
                )
                for row in connection.execute(query)
            ]  # fmt: skip
