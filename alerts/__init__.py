"""The inside world, told. CHANNELS is the whole catalogue; one of your own is `kind: package.module:Class`."""

from __future__ import annotations

from alerts.base import Channel
from alerts.console import Console
from alerts.email import Email
from alerts.slack import Slack
from alerts.slack_webhook import SlackWebhook

CHANNELS: dict[str, type[Channel]] = {
    "console": Console,
    "email": Email,
    "slack": Slack,
    "slack_webhook": SlackWebhook,
}
