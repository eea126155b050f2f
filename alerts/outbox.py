"""Claim, send, record: nothing lost, and nothing twice wherever the receiver can be asked.

1. Claim what is due. A delivery whose lease ran out, or whose reply was lost, comes back with `was_unknown`.
2. Send, each channel in a lane of its own, so that none waits for another; inside a lane in order, so that the
   first message of a conversation is there before its replies. Before a repeat the receiver is asked for the first
   copy; where it cannot be asked, the repeat says that it may be one.
3. Record. A crash between any two of these steps leaves a delivery that step 1 finds again.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import anyio
from anyio.lowlevel import checkpoint
from anyio.to_thread import run_sync

from alerts.base import Channel, Message, Ref, SendError
from insight.model import Delivery, DeliveryState

LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 12
MAX_AGE = timedelta(hours=24)
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3600.0


class Outbox(Protocol):
    """Where deliveries are kept; synchronous, each call one transaction.

    `claim` gives what is due, oldest first, and never a delivery while an earlier one of the same channel and
    conversation is still to be sent. `release` gives a claim back as it was. `next_at` None: given up.
    """

    def claim(self, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]: ...
    def sent(self, delivery: Delivery, ref: Mapping[str, str], now: datetime) -> Any: ...
    def failed(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> Any: ...
    def unknown(self, delivery: Delivery, error: str, now: datetime, next_at: datetime | None) -> Any: ...
    def release(self, delivery: Delivery, now: datetime) -> Any: ...


OnStore = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, for the log. `state` NEW: it will be tried again at `next_at`."""

    delivery: str
    channel: str
    state: DeliveryState
    attempt: int
    headline: str = ""
    error: str = ""
    next_at: datetime | None = None
    ref: Ref | None = None
    looked_up: bool = False


@dataclass
class Postman:
    """Empties the outbox. One `run` at a time in a process; any number of processes on one database.

    `on_store` runs a call in the store's own thread. `jitter` gives numbers from 0 to 1, so that many deliveries
    that failed together do not come back together. `monotonic` measures the age of a claim in real seconds.
    """

    outbox: Outbox
    channels: Mapping[str, Channel]
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    on_store: OnStore = run_sync
    on_outcome: Callable[[Outcome], None] = lambda _: None
    lease: timedelta = LEASE
    limit: int = 100
    monotonic: Callable[[], float] = time.monotonic
    _outcomes: list[Outcome] = field(default_factory=list, init=False)

    async def run(self) -> list[Outcome]:
        """Send what is due now, and what comes into turn because something before it has ended."""
        self._outcomes = []
        try:
            async with anyio.create_task_group() as tasks:  # a task of our own, so that a shield holds any cancel off
                tasks.start_soon(self._passes)
        except ExceptionGroup as group:
            raise _first(group) from group
        return self._outcomes

    async def _passes(self) -> None:
        while True:
            with anyio.CancelScope(shield=True):
                claimed = await self.on_store(lambda: self.outbox.claim(self.now(), self.lease, self.limit))
            before = len(self._outcomes)
            lanes: dict[str, list[Delivery]] = {}
            for delivery in claimed:
                lanes.setdefault(delivery.channel, []).append(delivery)
            deadline = self.monotonic() + self.lease.total_seconds() / 2
            async with anyio.create_task_group() as tasks:
                for lane in lanes.values():
                    tasks.start_soon(self._lane, lane, deadline)
            if all(outcome.next_at is not None for outcome in self._outcomes[before:]):
                return

    async def _lane(self, deliveries: list[Delivery], deadline: float) -> None:
        """One channel's deliveries, in order; what is not sent goes back, also when the program is told to stop."""
        waiting = list(deliveries)
        try:
            while waiting and self.monotonic() < deadline:
                outcome = await self._deliver(waiting.pop(0))
                if outcome.next_at is not None:  # the channel is in trouble: no use to knock again for the others
                    while waiting:
                        await self._postpone(waiting.pop(0), outcome)
        finally:
            with anyio.CancelScope(shield=True):
                for delivery in waiting:
                    await self._store(self.outbox.release, delivery, self.now())

    async def _deliver(self, delivery: Delivery) -> Outcome:
        """Send and record, as one piece that a cancel cannot cut in two."""
        with anyio.CancelScope(shield=True):
            attempt = await run_sync(_attempt, self.channels.get(delivery.channel), delivery)
            outcome = await self._record(delivery, attempt)
        self._outcomes.append(outcome)
        self.on_outcome(outcome)
        await checkpoint()
        return outcome

    async def _record(self, delivery: Delivery, attempt: _Attempt) -> Outcome:
        now, error = self.now(), attempt.error
        outcome = Outcome(
            delivery.id, delivery.channel, DeliveryState.SENT, delivery.attempt, attempt.headline,
            ref=attempt.ref, looked_up=attempt.looked_up,
        )  # fmt: skip
        if error is None:
            await self._store(self.outbox.sent, delivery, attempt.ref or {}, now)
            return outcome
        said = f"{error}. {error.remedy}".rstrip(". ") if error.remedy else str(error)
        tired = delivery.attempt >= MAX_ATTEMPTS or (attempt.at is not None and now - attempt.at > MAX_AGE)
        next_at: datetime | None = None
        if error.permanent:
            state = DeliveryState.FAILED
        elif tired:
            said = f"{said}; given up after {delivery.attempt} attempts"
            state = DeliveryState.UNKNOWN if error.unknown else DeliveryState.FAILED
        else:
            next_at = now + timedelta(seconds=pause(delivery.attempt, error.retry_after, self.jitter()))
            state = DeliveryState.UNKNOWN if error.unknown else DeliveryState.NEW
        put_off = self.outbox.unknown if state is DeliveryState.UNKNOWN else self.outbox.failed
        await self._store(put_off, delivery, said, now, next_at)
        return replace(outcome, state=state, error=said, next_at=next_at)

    async def _postpone(self, delivery: Delivery, trouble: Outcome) -> None:
        """Put off what met the same trouble unsent; a possible first copy of it stays possible."""
        put_off = self.outbox.unknown if delivery.was_unknown else self.outbox.failed
        with anyio.CancelScope(shield=True):
            await self._store(put_off, delivery, trouble.error, self.now(), trouble.next_at)

    async def _store(self, method: Callable[..., Any], *arguments: Any) -> None:
        await self.on_store(lambda: method(*arguments))


def pause(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Seconds until the next attempt: 30, 60, 120, … up to an hour, and never less than the receiver asked for."""
    backoff = min(FIRST_PAUSE * 2.0 ** max(0, attempt - 1), LONGEST_PAUSE) * (0.8 + 0.4 * jitter)
    return backoff if retry_after is None else max(retry_after * (1 + 0.1 * jitter), 1.0)


def _first(error: BaseException) -> BaseException:
    """What really went wrong, out of the groups that task groups make."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


# -- one attempt, in a thread -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Attempt:
    ref: Ref | None = None
    error: SendError | None = None
    headline: str = ""
    at: datetime | None = None
    looked_up: bool = False


def _attempt(channel: Channel | None, delivery: Delivery) -> _Attempt:
    """Send one message, or find that it was sent already. Never raises."""
    try:
        message = Message.from_json(delivery.message)
    except ValueError:
        return _Attempt(error=SendError("the stored message cannot be read", permanent=True))
    attempt = _Attempt(headline=message.headline, at=message.at)
    if channel is None:
        remedy = f"add the channel {delivery.channel!r} to the config again, or leave the delivery failed"
        return replace(
            attempt, error=SendError("no such channel is configured any more", permanent=True, remedy=remedy)
        )
    try:
        if delivery.was_unknown:
            found, message = _look_up(channel, message, delivery.ref)
            if found is not None:
                return replace(attempt, ref=found, looked_up=True)
        return replace(attempt, ref=channel.send(message, delivery.ref))
    except SendError as error:
        if message.sent_before and not error.permanent:
            error.unknown = True  # this copy was refused, but the first may still have arrived
        return replace(attempt, error=error)
    except Exception as error:  # noqa: BLE001 - a mistake in one channel must neither stop the others nor send twice
        broken = SendError(f"the channel failed unexpectedly: {type(error).__name__}", unknown=True)
        return replace(attempt, error=broken)


def _look_up(channel: Channel, message: Message, ref: Ref | None) -> tuple[Ref | None, Message]:
    """Where the first copy is; else the message to send, marked when nobody can tell whether there is one."""
    if not channel.capabilities.lookup:
        return None, replace(message, sent_before=True)
    try:
        return channel.lookup(message, ref), message
    except SendError as error:
        if error.permanent:
            return None, replace(message, sent_before=True)
        error.unknown = True
        raise
