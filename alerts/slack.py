"""Slack, by a bot token: plain JSON over the post that channels get."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from pydantic import Field, SecretStr, field_validator, model_validator

from alerts.base import Capabilities, Channel, Message, Outgoing, Post, Ref, SendError
from alerts.http_channel import JSON, as_json, exchange, safe_address
from alerts.slack_blocks import blocks, carries, fallback, metadata
from alerts.slack_errors import FIRST_GONE, RefusedError, refused
from insight.model import Action

_PAGES = 20
_SKEW = timedelta(minutes=15)  # Slack's clock and ours
_FORM = "application/x-www-form-urlencoded"


class Slack(Channel):
    """A bot in a channel. Scopes: chat:write; channels:history (groups:history where the channel is private), so that
    a message whose reply was lost is looked up and never sent twice; channels:read, so that `check` can name things.
    """

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack, by a bot"
    example: ClassVar[dict[str, Any]] = {"token": "${SLACK_TOKEN}", "channel": "C0123456789"}
    capabilities: ClassVar[Capabilities] = Capabilities(edit=True, thread=True, lookup=True, probe=True)

    token: SecretStr = Field(description="The bot token (xoxb-…), from your app's page, OAuth & Permissions.")
    channel: str = Field(description="The channel's ID (C…): at the foot of the channel's details, not its name.")
    base_url: str = Field("https://slack.com/api/", description="Where Slack's API is.")
    timeout: int = Field(10, ge=1, le=60, description="Seconds to wait for Slack.")

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, data: Any) -> Any:
        if isinstance(data, dict) and "webhook_url" in data:
            raise ValueError('an incoming webhook is a kind of its own: write "kind: slack_webhook" and its url')
        return data

    @field_validator("channel")
    @classmethod
    def _is_id(cls, value: str) -> str:
        if not re.fullmatch(r"[CGD][A-Z0-9]{2,20}", value):
            raise ValueError(
                f"{value!r} is not a channel's ID: click the channel's name in Slack; the ID is at the foot"
            )
        return value

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return safe_address(value).rstrip("/") + "/"

    def addresses(self) -> tuple[str, ...]:
        return (self.base_url,)

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        body = {
            "channel": self.channel,
            "text": fallback(message),
            "blocks": blocks(message),
            "metadata": metadata(message),
            "parse": "none",
            "link_names": False,
            "mrkdwn": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        first = (ref or {}).get("ts")
        try:
            if first and message.action is Action.EDIT:
                answer = self._call(post, "chat.update", body=body | {"ts": first})
            elif first:
                shown = {"reply_broadcast": True} if message.action is Action.BROADCAST else {}
                answer = self._call(post, "chat.postMessage", body=body | {"thread_ts": first} | shown)
            else:
                answer = self._call(post, "chat.postMessage", body=body)
        except RefusedError as error:
            if error.code not in FIRST_GONE or not first:
                raise  # else somebody deleted the first message: the news goes to the channel instead
            answer = self._call(post, "chat.postMessage", body=body)
        return {"channel": str(answer.get("channel", self.channel)), "ts": str(answer.get("ts", ""))}

    def lookup(self, message: Message, ref: Ref | None, post: Post) -> Ref | None:
        """In the thread and in the channel, since shortly before the message was made."""
        oldest = f"{(message.at - _SKEW).timestamp():.6f}"
        places: list[tuple[str, dict[str, Any]]] = [("conversations.history", {})]
        if ref and ref.get("ts"):
            places.insert(0, ("conversations.replies", {"ts": ref["ts"]}))
        for method, where in places:
            for sent in self._messages(post, method, {**where, "oldest": oldest}):
                if carries(sent, message.id):
                    return {"channel": self.channel, "ts": str(sent["ts"])}
        return None

    def check(self, post: Post) -> str:
        """Who and where; that the bot is in the channel; whether lost replies can be looked up."""
        who = self._call(post, "auth.test")
        bot, place = str(who.get("user", "")), self.channel
        try:
            found = self._call(post, "conversations.info", bot, channel=self.channel).get("channel") or {}
            place = f"#{found.get('name', self.channel)}"
            if found.get("is_archived"):
                raise refused("conversations.info", "is_archived")
            if found.get("is_member") is False:
                raise refused("conversations.info", "not_in_channel", bot=bot)
        except RefusedError as error:
            if error.code != "missing_scope":
                raise
        asked = "a lost reply can be looked up"
        try:
            self._call(post, "conversations.history", bot, channel=self.channel, limit=1)
        except RefusedError as error:
            if error.code != "missing_scope":
                raise
            asked = (
                f"{error.remedy.partition(' under ')[0]} and a lost reply is looked up: now it is sent again, marked"
            )
        return f"workspace {who.get('team')}, {place}, as @{bot}; {asked}"

    def _messages(self, post: Post, method: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            for _ in range(_PAGES):
                answer = self._call(post, method, channel=self.channel, include_all_metadata=1, limit=200, **query)
                yield from (sent for sent in answer.get("messages") or () if isinstance(sent, dict))
                cursor = (answer.get("response_metadata") or {}).get("next_cursor")
                if not cursor:
                    return
                query = {**query, "cursor": cursor}
        except RefusedError as error:
            if error.code in FIRST_GONE:
                return
            raise
        raise SendError("Slack: there are too many messages to look through", permanent=True)

    def _call(
        self, post: Post, method: str, bot: str = "", *, body: dict[str, Any] | None = None, **form: Any
    ) -> dict[str, Any]:
        """Call Slack. Reading methods take a form only. Raises SendError; RefusedError where Slack said no."""
        kind, content = (_FORM, urlencode(form).encode()) if body is None else (JSON, as_json(body))
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}", "Content-Type": kind}
        asked = Outgoing(self.base_url + method, headers, content, deadline=self.timeout)
        reply = exchange(post, f"Slack: {method}", asked)
        try:
            found = json.loads(reply.body)
        except (ValueError, RecursionError):  # no JSON, or deeper than any answer of Slack
            found = None
        answer: dict[str, Any] = found if isinstance(found, dict) else {}
        if reply.status == 200 and answer.get("ok") is True:
            return answer
        code, needed = str(answer.get("error", "")), str(answer.get("needed") or "")
        raise refused(method, code, reply.status, reply.headers, bot=bot, needed=needed)
