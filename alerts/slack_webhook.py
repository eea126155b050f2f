"""Slack, by an incoming webhook: one address, one channel, no questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from alerts.base import Message, Post, Reply, SendError
from alerts.http_channel import HttpChannel
from alerts.slack_blocks import blocks, fallback
from alerts.slack_errors import refused


class SlackWebhook(HttpChannel):
    """An incoming webhook: quick to set up, but it can neither answer in a thread nor be asked what has arrived."""

    kind: ClassVar[str] = "slack_webhook"
    title: ClassVar[str] = "Slack, by an incoming webhook"
    example: ClassVar[dict[str, Any]] = {"url": "${SLACK_WEBHOOK}"}

    error_prefix: ClassVar[str] = "Slack: webhook"

    url: SecretStr = Field(description="The webhook's address (https://hooks.slack.com/services/…). It is a secret.")
    timeout: int = Field(10, ge=1, le=60, description="Seconds to wait for Slack.")

    def payload(self, message: Message) -> Mapping[str, Any]:
        return {"text": fallback(message), "blocks": blocks(message), "unfurl_links": False, "unfurl_media": False}

    def refusal(self, reply: Reply) -> SendError | None:
        """Slack answers "ok", or an error's code, as plain text."""
        said = reply.body[:200].decode("utf-8", "replace").strip()
        if reply.status == 200 and said == "ok":
            return None
        return refused("webhook", said, reply.status, reply.headers)

    def check(self, post: Post) -> str:
        path = urlsplit(self.url.get_secret_value()).path
        is_slack = self.addresses()[0] == "https://hooks.slack.com"
        if is_slack and not re.fullmatch(r"/(services|workflows|triggers)/.+", path):
            remedy = "copy it again from your app's page, Incoming Webhooks"
            raise SendError("Slack: the webhook's address is not whole", permanent=True, remedy=remedy)
        return super().check(post)
