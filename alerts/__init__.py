"""The inside world, told. CHANNELS is the whole catalogue."""

from __future__ import annotations

from difflib import get_close_matches

from alerts.base import Channel
from alerts.console import Console
from alerts.email import Email
from alerts.slack import Slack, SlackWebhook

CHANNELS: dict[str, type[Channel]] = {
    "console": Console,
    "email": Email,
    "slack": Slack,
    "slack_webhook": SlackWebhook,
}


class UnknownChannelError(ValueError):
    """There is no such kind of channel; the message names the nearest one."""


def channel_kind(name: str) -> type[Channel]:
    """The class behind a kind's name."""
    if name in CHANNELS:
        return CHANNELS[name]
    near = get_close_matches(name, CHANNELS, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(CHANNELS)}"
    raise UnknownChannelError(f'there is no channel "{name}": {hint}')
