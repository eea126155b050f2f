"""An outbox in memory, with the promises of the real one, and a program that can be killed at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from alerts.base import Message
from insight.model import Delivery, DeliveryState

SENDING, NEW, UNKNOWN = DeliveryState.SENDING, DeliveryState.NEW, DeliveryState.UNKNOWN


@dataclass
class Row:
    id: str
    channel: str
    message: Mapping[str, Any]
    conversation: str
    next_at: datetime | None
    state: DeliveryState = NEW
    attempt: int = 0
    doubtful: bool = False
    token: str = ""
    ref: Mapping[str, str] | None = None
    error: str = ""


@dataclass
class MemoryOutbox:
    rows: list[Row] = field(default_factory=list)
    _tokens: Iterator[int] = field(default_factory=count)

    def put(self, channel: str, message: Message) -> Row:
        row = Row(message.id, channel, message.to_json(), message.conversation, message.at)
        self.rows.append(row)
        return row

    def claim(self, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
        due = [row for row in self.rows if row.next_at and row.next_at <= now and not self._waits(row)]
        return [self._claimed(row, now + lease) for row in due[:limit]]

    def _waits(self, row: Row) -> bool:
        earlier = self.rows[: self.rows.index(row)]
        same = (row.channel, row.conversation)
        return bool(row.conversation) and any((it.channel, it.conversation) == same and it.next_at for it in earlier)

    def _claimed(self, row: Row, until: datetime) -> Delivery:
        row.doubtful = row.doubtful or row.state is SENDING
        row.state, row.next_at, row.attempt, row.token = SENDING, until, row.attempt + 1, str(next(self._tokens))
        refs = [
            it.ref for it in self.rows if (it.channel, it.conversation) == (row.channel, row.conversation) and it.ref
        ]
        ref = refs[0] if refs and row.conversation else None
        return Delivery(row.id, row.channel, row.message, row.attempt, row.token, row.doubtful, ref)

    def sent(self, delivery: Delivery, ref: Mapping[str, str], now: datetime) -> None:
        self._end(delivery, DeliveryState.SENT, None, ref=ref)

    def failed(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> None:
        self._end(delivery, NEW if next_at else DeliveryState.FAILED, next_at, error=error)

    def unknown(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> None:
        self._end(delivery, UNKNOWN, next_at, error=error, doubtful=True)

    def release(self, delivery: Delivery, now: datetime) -> None:
        state = UNKNOWN if delivery.was_unknown else NEW
        self._end(delivery, state, now, attempt=delivery.attempt - 1)

    def _end(self, delivery: Delivery, state: DeliveryState, next_at: datetime | None, **values: Any) -> None:
        row = next(row for row in self.rows if row.id == delivery.id)
        if row.token == delivery.token and row.state is SENDING:
            row.state, row.next_at = state, next_at
            for name, value in values.items():
                setattr(row, name, value)


class Killed(BaseException):
    """The program is gone: nothing after this line has happened."""


@dataclass
class Killer:
    """Kills the program at its n-th step. A step is just before or just after a call through `guard`."""

    left: int
    dead: bool = False

    def guard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any) -> Any:
            self._step()
            found = call(*arguments)
            self._step()
            return found

        return stepped

    def _step(self) -> None:
        self.left -= 1
        if self.left <= 0 or self.dead:
            self.dead = True  # whatever else still runs in other threads is dead too
            raise Killed


@contextmanager
def survived() -> Iterator[None]:
    """Whatever the killed program leaves behind is left behind."""
    try:
        yield
    except BaseException as error:
        if not _was_killed(error):
            raise


def _was_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(map(_was_killed, error.exceptions))
    return isinstance(error, Killed)
