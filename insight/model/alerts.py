"""Who was told: alerts, their deliveries, and channels that are held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from insight.model.signals import SignalKind


class AlertState(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One conversation about the signals that share a key. `told_at`: when anybody last heard of it."""

    id: str
    key: str
    kind: SignalKind
    watch: str | None
    source: str | None
    state: AlertState
    headline: str
    opened_at: datetime
    updated_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelDecision:
    """Whether a channel hears of a signal; "" stands for all of them. `reason`: "told", or the named reason why not.

    `delivery`: the id of the message that tells it.
    """

    channel: str
    reason: str
    delivery: str | None = None


class Action(StrEnum):
    """What a message does on its channel; one that cannot do it, or has no first message yet, posts instead."""

    POST = "post"  # a message of its own
    EDIT = "edit"  # in place of the conversation's first message
    REPLY = "reply"  # in its thread
    BROADCAST = "broadcast"  # in its thread, and shown to the whole channel


DIGESTS = "digest"
"""The conversation of all digests: only the newest is worth sending."""


class DeliveryState(StrEnum):
    """new → sending → sent | failed | unknown | joined.

    Unknown: it may have arrived; looked up or marked before a repeat. Joined: a newer message of its conversation was
    sent in its place.
    """

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message for one channel, to each of its recipients. `unique`: it happens once however often it is asked for.

    `message` is the message as JSON; `conversation` joins the deliveries of one alert (its id), or all digests.
    """

    id: str
    channel: str
    message: Mapping[str, Any]
    conversation: str = ""
    unique: str | None = None
    action: Action = Action.POST


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery. `token` proves the claim; `ref` is where the conversation's first message is.

    `recipient`: "" where the channel has one place only. `attempt`: how often it was sent, this time included.
    `outdated`: a newer message of its conversation is waiting.
    """

    id: str
    channel: str
    message: Mapping[str, Any]
    attempt: int
    token: str
    was_unknown: bool = False
    ref: Mapping[str, str] | None = None
    action: Action = Action.POST
    recipient: str = ""
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class ChannelTrouble:
    """A channel that is held, or one recipient of it ("": the channel itself), and until when nothing is sent there.

    `parked`: refused for good, so somebody has to act. `waiting`: messages that wait for it.
    """

    channel: str
    recipient: str
    since: datetime
    held_until: datetime
    failures: int
    error: str
    parked: bool
    waiting: int = 0
