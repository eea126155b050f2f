"""Noticeboard, by an incoming webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from alerts.base import Message
from alerts.http_channel import HttpChannel
from alerts.render import plain
from alerts.text import one_line, trim

# Change this: what the receiver really takes. This one is invented: POST {"title": "…", "text": "…"} as JSON to a
# secret address, and any status from 200 to 299 says that it was taken.

LONGEST_TITLE, LONGEST_TEXT = 200, 10_000  # Change this: what the receiver takes at most, in characters.


class Noticeboard(HttpChannel):
    """Posts to a board of Noticeboard, which keeps no threads and cannot be asked what has arrived.

    Change this: say first what people see and what the channel cannot do, then which rights its address or token needs.
    The docs are made of this text and of the settings.
    """

    kind: ClassVar[str] = "noticeboard"
    title: ClassVar[str] = "Noticeboard"
    example: ClassVar[dict[str, Any]] = {"url": "${NOTICEBOARD_URL}"}

    # The fields are the settings in config.yaml; `timeout` comes with HttpChannel. Whatever is secret is a SecretStr.
    url: SecretStr = Field(description="The webhook's address, from the board's settings. It is a secret.")

    def payload(self, message: Message) -> Mapping[str, Any]:
        """What is posted. `plain` writes the headline, the body, every fact and quote, and whether it may be a repeat.

        Change this: the receiver's own form. Strangers' words are in it: where the receiver reads markup, escape them.
        """
        title = trim(one_line(message.headline), LONGEST_TITLE)
        return {"title": title or "Listener", "text": trim(plain(message), LONGEST_TEXT)}

    # Change this where an answer says more than its status: see HttpChannel.refusal, and SlackWebhook for an example.
