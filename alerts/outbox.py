"""Sends what waits for one channel: nothing lost, and nothing twice wherever the receiver can be asked.

1. A channel in trouble is left alone until its next try; one that refused for good is asked first whether it works.
2. Claim one delivery, the oldest that is due. One whose sender died, or whose reply was lost, says `was_unknown`: then
   the receiver is asked for the first copy, and where it cannot be asked, the repeat says that it may be one.
3. Send it in a thread of its own, and record what came of it. Trouble of the channel (or of one recipient) holds the
   channel (or that recipient), and costs the message nothing; trouble of the message puts off that message alone.

A crash between any two of these steps leaves a delivery that step 2 finds again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from anyio.to_thread import run_sync

from alerts.attempt import Attempt, in_own_thread, send_one
from alerts.base import Channel, Fault, Message, Post, Ref, SendError
from insight.model import ChannelTrouble, Delivery, DeliveryState

T = TypeVar("T")
LEASE = timedelta(minutes=10)
PATIENCE = 300.0
"""Seconds after which a call of a channel is given up as hanging: well within the lease."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3600.0
OFFLINE_PAUSE = 120.0
"""Seconds at most between two tries while nothing can be reached: they cost nobody anything."""


class Outbox(Protocol):
    """Where deliveries are kept; synchronous, each call one transaction.

    `give_up` ends what has waited too long. `claim` gives the next delivery of a channel that is due, unless the
    channel is held. `later`: due again at that time; `tried` False: nothing was sent after all. `hold`: until when
    nothing is claimed of it, by the number of failures in a row. `sent` ends a trouble, too.
    """

    def give_up(self, channel: str, now: datetime) -> Any: ...
    def trouble(self, channel: str) -> ChannelTrouble | None: ...
    def claim(self, channel: str, recipients: tuple[str, ...], now: datetime, lease: timedelta) -> Delivery | None: ...
    def sent(self, delivery: Delivery, ref: Mapping[str, str], now: datetime, *, tried: bool) -> Any: ...
    def joined(self, delivery: Delivery, now: datetime) -> Any: ...
    def failed(self, delivery: Delivery, error: str, now: datetime) -> Any: ...
    def later(
        self, delivery: Delivery, error: str, now: datetime, next_at: datetime, *, unknown: bool, tried: bool
    ) -> Any: ...
    def hold(
        self, channel: str, recipient: str, error: str, now: datetime, pause: Callable[[int], float], *, parked: bool
    ) -> datetime: ...
    def works(self, channel: str, recipient: str = "") -> Any: ...


OnStore = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery, for the log. `state` NEW: it will be tried again, not before `next_at`.

    `held`: what has to wait with it, if anything. `parked`: it was refused for good, and is tried once an hour.
    """

    delivery: str
    channel: str
    state: DeliveryState
    attempt: int
    headline: str = ""
    recipient: str = ""
    error: str = ""
    next_at: datetime | None = None
    held: Fault | None = None
    parked: bool = False
    ref: Ref | None = None
    looked_up: bool = False


@dataclass
class Sender:
    """The one sender of a channel in this process. `channel` None: the config has none of this name any more.

    `on_store` runs a call in the store's thread. `jitter` gives numbers from 0 to 1, so that channels which failed
    together do not come back together. `stopping`: begin nothing new. `may_give_up`: whether the clock can be believed
    that something has waited too long. Cancelled while a channel hangs, it leaves that delivery as it is: its lease
    ends, and the next start finds out what became of it.
    """

    name: str
    channel: Channel | None
    outbox: Outbox
    post: Post
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    on_store: OnStore = run_sync
    on_outcome: Callable[[Outcome], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False
    may_give_up: Callable[[], bool] = lambda: True
    patience: float = PATIENCE

    async def run(self) -> list[Outcome]:
        """Send what is due now, oldest first."""
        outcomes: list[Outcome] = []
        try:
            async with anyio.create_task_group() as tasks:  # a task of our own, so that a shield holds any cancel off
                tasks.start_soon(self._run, outcomes)
        except BaseExceptionGroup as group:
            raise _first(group) from group
        return outcomes

    async def _run(self, outcomes: list[Outcome]) -> None:
        if not await self._is_open():
            return
        recipients = self.channel.recipients() if self.channel else ("",)
        while not self.stopping() and (
            delivery := await self._store(self.outbox.claim, self.name, recipients, self.now(), LEASE)
        ):
            try:
                await checkpoint_if_cancelled()
            except BaseException:
                now, unknown = self.now(), delivery.was_unknown
                await self._store(self.outbox.later, delivery, "", now, now, unknown=unknown, tried=False)
                raise
            outcome = await self._record(delivery, await self._attempt(delivery))
            outcomes.append(outcome)
            self.on_outcome(outcome)

    async def _is_open(self) -> bool:
        """Whether there is any use in trying: a channel that refused for good is asked first, where asking tells."""
        if self.may_give_up():
            await self._store(self.outbox.give_up, self.name, self.now())
        trouble = await self._store(self.outbox.trouble, self.name)
        if trouble is None or self.channel is None:
            return True
        if trouble.held_until > self.now():
            return False
        if not trouble.parked:
            return True
        if not self.channel.capabilities.probe:
            if not trouble.waiting:  # nothing to find out with: it stays parked until there is
                await self._hold(SendError(trouble.error, permanent=True), "", parked=True)
            return trouble.waiting > 0
        try:
            await in_own_thread(partial(self.channel.check, self.post), self.patience)
        except SendError as error:
            await self._hold(error, "", parked=True)
            return False
        if not trouble.waiting:  # else the oldest message is the proof
            await self._store(self.outbox.works, self.name)
        return True

    async def _attempt(self, delivery: Delivery) -> Attempt:
        """Send one message, or find that it was sent already."""
        try:
            message = Message.from_json(delivery.message)
        except ValueError:
            return Attempt(error=SendError("the stored message cannot be read", permanent=True, fault=Fault.MESSAGE))
        attempt, channel = Attempt(message.headline), self.channel
        if channel is None or (delivery.recipient and delivery.recipient not in channel.recipients()):
            gone = "no such channel is configured any more" if channel is None else "no recipient of the channel now"
            remedy = f"put it back into the channel {self.name!r} of the config and run `listener alerts resend`"
            error = SendError(gone, permanent=True, remedy=remedy, fault=Fault.MESSAGE)
            return replace(attempt, error=error, tried=False)
        message = replace(message, action=delivery.action, recipient=delivery.recipient)
        try:
            return await in_own_thread(lambda: send_one(channel, message, delivery, self.post), self.patience)
        except SendError as error:
            return replace(attempt, error=error)

    async def _record(self, delivery: Delivery, attempt: Attempt) -> Outcome:
        now, error, parked, held = self.now(), attempt.error, False, None
        outcome = Outcome(
            delivery.id, self.name, DeliveryState.SENT, delivery.attempt - (not attempt.tried), attempt.headline,
            delivery.recipient, ref=attempt.ref, looked_up=attempt.looked_up,
        )  # fmt: skip
        if attempt.joined:
            await self._store(self.outbox.joined, delivery, now)
            return replace(outcome, state=DeliveryState.JOINED)
        if error is None:
            await self._store(self.outbox.sent, delivery, attempt.ref or {}, now, tried=attempt.tried)
            return outcome
        said = self._words(error)
        if error.permanent and error.fault is Fault.MESSAGE:
            await self._store(self.outbox.failed, delivery, said, now)
            return replace(outcome, state=DeliveryState.FAILED, error=said)
        if error.fault is Fault.MESSAGE:
            next_at = free_at = now + timedelta(seconds=pause(delivery.attempt, error, self.jitter()))
        else:  # the message itself is due as soon as the channel, or the recipient, is free again
            held, parked, next_at = error.fault, error.permanent, now
            recipient = delivery.recipient if error.fault is Fault.RECIPIENT else ""
            free_at = await self._hold(error, recipient, parked=parked)
        await self._store(self.outbox.later, delivery, said, now, next_at, unknown=error.unknown, tried=attempt.tried)
        state = DeliveryState.UNKNOWN if error.unknown or delivery.was_unknown else DeliveryState.NEW
        return replace(outcome, state=state, error=said, next_at=free_at, held=held, parked=parked)

    async def _hold(self, error: SendError, recipient: str, *, parked: bool) -> datetime:
        jitter = self.jitter()

        def wait(failures: int) -> float:
            return LONGEST_PAUSE if parked else pause(failures, error, jitter)

        words = self._words(error)
        until: datetime = await self._store(
            self.outbox.hold, self.name, recipient, words, self.now(), wait, parked=parked
        )
        return until

    def _words(self, error: SendError) -> str:
        said = f"{error}. {error.remedy}".rstrip(". ") if error.remedy else str(error)
        return self.channel.masked(said) if self.channel else said

    async def _store(self, method: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """As one piece that a cancel cannot cut in two."""
        with anyio.CancelScope(shield=True):
            found: T = await self.on_store(lambda: method(*arguments, **named))
        return found


def pause(failures: int, error: SendError, jitter: float) -> float:
    """Seconds until the next try: 30, 60, 120, … up to an hour, or what the receiver asked for, up to an hour."""
    if error.retry_after is not None:
        return min(max(error.retry_after * (1 + 0.1 * jitter), 1.0), LONGEST_PAUSE)
    longest = OFFLINE_PAUSE if error.offline else LONGEST_PAUSE
    return float(min(FIRST_PAUSE * 2.0 ** min(max(0, failures - 1), 20), longest) * (0.8 + 0.4 * jitter))


def _first(error: BaseException) -> BaseException:
    """What really went wrong, out of the groups that task groups make."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
