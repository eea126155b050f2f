"""A sender for each channel on a real store, channels that do as they are told, and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import anyio
from anyio.to_thread import run_sync
from pydantic import Field

from alerts.base import Capabilities, Channel, Message, Post, Ref, SendError
from alerts.outbox import Outcome, Sender
from insight.model import Action, DeliveryState, NewDelivery
from storage import StepResult, Store
from tests.alerts.guarded_channel import post
from tests.alerts.killer import Killer
from tests.alerts.samples import NOW


class Scripted(Channel):
    """Does as it is told, send by send: an error to raise, or nothing, which is to accept."""

    kind: ClassVar[str] = "scripted"
    capabilities: ClassVar[Capabilities] = Capabilities(thread=True)
    script: list[Any] = Field(default_factory=list)
    accepted: list[tuple[Message, Ref | None]] = Field(default_factory=list)
    answers: list[Any] = Field(default_factory=list)
    checks: list[Any] = Field(default_factory=list)
    to: tuple[str, ...] = ("",)
    refuses: dict[str, Any] = Field(default_factory=dict)
    before: Any = None
    tries: list[str] = Field(default_factory=list)

    def recipients(self) -> tuple[str, ...]:
        return self.to

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        self.tries.append(message.id)
        if self.before:
            self.before()
        step = self.script.pop(0) if self.script else self.refuses.get(message.recipient)
        if step is None or getattr(step, "unknown", False):
            self.accepted.append((message, ref))
        if step is not None:
            raise step
        return {"ts": message.id}

    def check(self, post: Post) -> str:
        if self.checks and (error := self.checks.pop(0)):
            raise error
        return "fine"


class Askable(Scripted):
    capabilities: ClassVar[Capabilities] = Capabilities(thread=True, lookup=True, probe=True)

    def lookup(self, message: Message, ref: Ref | None, post: Post) -> Ref | None:
        if self.answers:
            raise self.answers.pop(0)
        return next(({"ts": message.id} for sent, _ in self.accepted if sent.id == message.id), None)


def scripted(*script: Any, kind: type[Scripted] = Scripted, **settings: Any) -> Any:
    fresh = {name: [] for name in ("accepted", "answers", "checks", "tries")} | {"to": ("",), "refuses": {}}
    return kind.model_construct(script=list(script), **(fresh | settings))


def lost() -> SendError:
    return SendError("the reply is lost", unknown=True)


class Run:
    """A program on its own clock. `on` sends what is due at a time and says what became of each delivery."""

    def __init__(self, store: Store, **channels: Channel) -> None:
        self.store, self.channels, self.now = store, channels, NOW
        self.killer: Killer | None = None

    def put(self, *messages: Message, channel: str = "team", action: Action = Action.REPLY) -> None:
        new = [NewDelivery(m.id, channel, m.to_json(), m.conversation, m.id, action) for m in messages]
        self.store.commit(StepResult(self.now, deliveries=tuple(new)))

    async def on(self, after: timedelta = timedelta(0), **options: Any) -> list[Outcome]:
        self.now += after
        outcomes: list[Outcome] = []

        async def send(name: str) -> None:
            channel = self.channels.get(name)
            outcomes.extend(
                await Sender(
                    name, channel, self.store.outbox, post(channel) if channel else _nowhere, lambda: self.now,
                    lambda: 0.5, on_store=self._on_store, **options,
                ).run()
            )  # fmt: skip

        async with anyio.create_task_group() as tasks:
            for name in await self._on_store(lambda: self.store.outbox.due(self.now)):
                tasks.start_soon(send, name)
        return outcomes

    async def through(self, end: timedelta, every: timedelta = timedelta(minutes=1)) -> list[Outcome]:
        """As the daemon does: look again and again until so much time has passed."""
        outcomes, until = [], self.now + end
        while self.now < until:
            outcomes += await self.on(every)
        return outcomes

    async def _on_store(self, call: Callable[[], Any]) -> Any:
        return await run_sync(self.killer.guard(call) if self.killer else call)

    def states(self) -> list[DeliveryState]:
        return [row.state for row in reversed(self.store.outbox.rows(limit=None))]

    def held_until(self, channel: str = "team") -> datetime:
        trouble = self.store.outbox.trouble(channel)
        assert trouble is not None
        return trouble.held_until


def _nowhere(_: Any) -> Any:
    raise AssertionError
