"""What every channel is: `send(message, ref) -> ref`, and what it can do besides."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter

from insight.model import Action, Quote


class Fault(StrEnum):
    """What a refusal is about: this one message, one of the channel's recipients, or the channel itself."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    CHANNEL = "channel"


class SendError(Exception):
    """A message that did not arrive. `permanent`: the same message will fail again until `remedy` is done.

    `unknown`: the receiver may have accepted it (the reply was lost), so nobody may simply send it again.
    `offline`: nothing can be reached from here. `retry_after` is in seconds, where the receiver named it. `fault`:
    what is in trouble, and so what has to wait. The words never hold a secret.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unknown: bool = False,
        offline: bool = False,
        remedy: str = "",
        retry_after: float | None = None,
        fault: Fault = Fault.CHANNEL,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.unknown = unknown
        self.offline = offline
        self.fault = fault
        self.remedy = remedy
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that a channel asks for. `deadline`: seconds for the whole exchange; `cap`: bytes of the answer."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    method: str = "POST"
    deadline: float = 10.0
    cap: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered, whatever the status; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Post = Callable[[Outgoing], Reply]
"""The only way out for a channel that speaks HTTP, handed in by the program; it blocks, and is called from a thread.

It follows no redirect, checks the address that is dialled, and ends by its deadline and cap. Raises SendError:
`unknown` once the request may have been sent, `offline` when nothing can be reached.
"""


class MessageKind(StrEnum):
    ALERT = "alert"
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of a message: what it is, its value, already written for a reader."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, before any channel has given it a form. `id` is the delivery's id: the same when sent again.

    `headline` is one line; `body` plain text; `html` only where a template made one (the digest). `sent_before`
    marks a possible repeat, after an outcome that nobody could look up. `zone`: the reader's, for the quotes' times.
    `action` and `recipient` are the delivery's: what the message does, and to whom ("": whomever the channel reaches).
    """

    id: str
    kind: MessageKind
    headline: str
    body: str
    at: datetime
    facts: tuple[Fact, ...] = ()
    quotes: tuple[Quote, ...] = ()
    html: str | None = None
    conversation: str = ""
    over: bool = False
    sent_before: bool = False
    zone: str = "UTC"
    action: Action = Action.POST
    recipient: str = ""

    def to_json(self) -> dict[str, Any]:
        return _MESSAGE.dump_python(self, mode="json")  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Message:
        return _MESSAGE.validate_python(value)


_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do. `lookup`: it can be asked whether a message with this id has arrived. `probe`: `check`
    tells whether a message would arrive, so that a channel which refused for good is asked that way first.
    """

    edit: bool = False
    thread: bool = False
    lookup: bool = False
    buttons: bool = False
    probe: bool = False


Ref = Mapping[str, str]
"""Where a message ended up, in the channel's own terms (Slack: channel and ts)."""


SHORTEST_SECRET = 4
"""A shorter one would take every other word with it, and hides nothing."""


class Channel(BaseModel):
    """A way to people. The fields of a subclass are its settings; a new channel is one file and one line in CHANNELS.

    `send` and its siblings block and run in a thread. They raise SendError and nothing else. What speaks HTTP speaks it
    over the `post` that it is given, which has an end whatever the other side does.
    """

    # an error that shows its input would show a secret
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: ClassVar[str]
    title: ClassVar[str]
    example: ClassVar[dict[str, Any]]
    capabilities: ClassVar[Capabilities] = Capabilities()

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        """Deliver to `message.recipient` as `message.action` says. `ref`: where the conversation's first message is."""
        raise NotImplementedError

    def lookup(self, message: Message, ref: Ref | None, post: Post) -> Ref | None:
        """Where the message with this id is, or None when it did not arrive. Only with `capabilities.lookup`.

        `ref` as in `send`. A permanent SendError says that this receiver cannot be asked after all.
        """
        raise NotImplementedError

    def check(self, post: Post) -> str:
        """Try the channel without telling anybody anything; a line that says what was found. Raises SendError."""
        raise NotImplementedError

    def recipients(self) -> tuple[str, ...]:
        """To whom each message goes, one delivery each, so that one who is refused costs the others nothing."""
        return ("",)

    def addresses(self) -> tuple[str, ...]:
        """Host names or addresses this channel talks to (a simulated clock allows loopback only)."""
        return ()

    def masked(self, text: str) -> str:
        """The text without this channel's secrets: the other side may have repeated one, as it is or as base64."""
        for secret in (value.get_secret_value() for _, value in self if isinstance(value, SecretStr)):
            for shown in (secret, b64encode(secret.encode()).decode()) if len(secret) >= SHORTEST_SECRET else ():
                text = text.replace(shown, "***")
        return text
