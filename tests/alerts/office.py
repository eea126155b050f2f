"""A post office to test with: channels that do as they are told, and a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from anyio.to_thread import run_sync
from pydantic import Field

from alerts.base import Capabilities, Channel, Message, Ref, SendError
from alerts.outbox import Outcome, Postman
from insight.model import DeliveryState
from tests.alerts.memory import Killer, MemoryOutbox
from tests.alerts.samples import NOW


class Scripted(Channel):
    """Does as it is told, send by send: an error to raise, or nothing, which is to accept."""

    kind: ClassVar[str] = "scripted"
    capabilities: ClassVar[Capabilities] = Capabilities(thread=True)
    script: list[Any] = Field(default_factory=list)
    accepted: list[tuple[Message, Ref | None]] = Field(default_factory=list)
    answers: list[Any] = Field(default_factory=list)
    before: Any = None

    def send(self, message: Message, ref: Ref | None = None) -> Ref:
        if self.before:
            self.before()
        step = self.script.pop(0) if self.script else None
        if step is None or getattr(step, "unknown", False):
            self.accepted.append((message, ref))
        if step is not None:
            raise step
        return {"ts": message.id}


class Askable(Scripted):
    capabilities: ClassVar[Capabilities] = Capabilities(thread=True, lookup=True)

    def lookup(self, message: Message, ref: Ref | None = None) -> Ref | None:
        if self.answers:
            raise self.answers.pop(0)
        return next(({"ts": message.id} for sent, _ in self.accepted if sent.id == message.id), None)


def scripted(*script: Any, kind: type[Scripted] = Scripted, **settings: Any) -> Any:
    return kind.model_construct(script=list(script), accepted=[], answers=[], **settings)


def lost() -> SendError:
    return SendError("the reply is lost", unknown=True)


class Run:
    """A post office on its own clock. `on` runs it at a time and says what became of each attempt."""

    def __init__(self, outbox: Any = None, **channels: Channel) -> None:
        self.outbox, self.channels, self.now = outbox or MemoryOutbox(), channels, NOW
        self.killer: Killer | None = None

    def put(self, *messages: Message, channel: str = "team") -> None:
        for one in messages:
            self.outbox.put(channel, one)

    async def on(self, after: timedelta = timedelta(0), **options: Any) -> list[Outcome]:
        self.now += after
        postman = Postman(self.outbox, self.channels, lambda: self.now, lambda: 0.5, on_store=self._on_store, **options)
        return await postman.run()

    async def _on_store(self, call: Callable[[], Any]) -> Any:
        return await run_sync(self.killer.guard(call) if self.killer else call)

    def states(self) -> list[DeliveryState]:
        return [row.state for row in self.outbox.rows]
