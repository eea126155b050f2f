"""Slack, by a bot token or by an incoming webhook: the only file that knows slack_sdk."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from alerts.base import Capabilities, Channel, Message, Ref, SendError
from alerts.slack_blocks import blocks, carries, fallback, metadata
from alerts.slack_errors import THREAD_GONE, broken, refused

# The SDK logs whole requests, with the webhook's secret address, as soon as anybody switches debug logging on.
_SILENT = logging.getLogger("listener.slack_sdk")
_SILENT.setLevel(logging.CRITICAL + 1)

_NO_ANSWER = (OSError, HTTPException, ValueError, LookupError, AttributeError, TypeError, RecursionError)
_PAGES = 20
_SKEW = timedelta(minutes=15)  # Slack's clock and ours


class Slack(Channel):
    """A bot in a channel. Scopes: chat:write; channels:history (groups:history where the channel is private), so that
    a message whose reply was lost is looked up and never sent twice; channels:read, so that `check` can name things.
    """

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack, by a bot"
    example: ClassVar[dict[str, Any]] = {"token": "${SLACK_TOKEN}", "channel": "C0123456789"}
    capabilities: ClassVar[Capabilities] = Capabilities(thread=True, lookup=True)

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
        return _web_address(value).rstrip("/") + "/"

    def addresses(self) -> tuple[str, ...]:
        return (self.base_url,)

    def send(self, message: Message, ref: Ref | None = None) -> Ref:
        thread = (ref or {}).get("ts")
        try:
            answer = self._post(message, thread)
        except _RefusedError as error:
            if error.code not in THREAD_GONE or not thread:
                raise
            answer = self._post(message, None)  # somebody deleted the thread: the news goes to the channel instead
        return {"channel": str(answer["channel"]), "ts": str(answer["ts"])}

    def lookup(self, message: Message, ref: Ref | None = None) -> Ref | None:
        """In the thread and in the channel, since shortly before the message was made."""
        oldest = f"{(message.at - _SKEW).timestamp():.6f}"
        places: list[tuple[str, dict[str, Any]]] = [("conversations.history", {})]
        if ref and ref.get("ts"):
            places.insert(0, ("conversations.replies", {"ts": ref["ts"]}))
        for method, where in places:
            for sent in self._messages(method, {**where, "oldest": oldest}):
                if carries(sent, message.id):
                    return {"channel": self.channel, "ts": str(sent["ts"])}
        return None

    def check(self) -> str:
        who = self._call("auth.test")
        place, member = self.channel, None
        try:
            found = self._call("conversations.info", channel=self.channel)["channel"] or {}
            place, member = f"#{found.get('name', self.channel)}", found.get("is_member")
            if found.get("is_archived"):
                raise refused("conversations.info", "is_archived", 200)
        except _RefusedError as error:
            if error.code != "missing_scope":
                raise refused("conversations.info", error.code, 200, details={"bot": who["user"]}) from None
        if member is False:
            raise refused("conversations.info", "not_in_channel", 200, details={"bot": who["user"]})
        return f"workspace {who['team']}, {place}, as @{who['user']}; {self._history(str(who['user']))}"

    def _history(self, bot: str) -> str:
        """Whether lost replies can be looked up; and, where nothing else told, whether the bot is in the channel."""
        try:
            self._call("conversations.history", channel=self.channel, limit=1)
        except _RefusedError as error:
            if error.code != "missing_scope":
                raise refused("conversations.history", error.code, 200, details={"bot": bot}) from None
            return f"add the scope {error.needed} and a lost reply is looked up: now it is sent again, marked"
        return "a lost reply can be looked up"

    def _post(self, message: Message, thread: str | None) -> Any:
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
        return self._call("chat.postMessage", json=body | ({"thread_ts": thread} if thread else {}))

    def _messages(self, method: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            for _ in range(_PAGES):
                answer = self._call(method, channel=self.channel, include_all_metadata=True, limit=200, **query)
                yield from answer.get("messages") or ()
                cursor = (answer.get("response_metadata") or {}).get("next_cursor")
                if not cursor:
                    return
                query = {**query, "cursor": cursor}
        except _RefusedError as error:
            if error.code in THREAD_GONE:
                return
            raise
        raise SendError("Slack: there are too many messages to look through", permanent=True)

    def _call(self, method: str, json: dict[str, Any] | None = None, **form: Any) -> Any:
        """Call Slack. Reading methods take a form only. Raises SendError; _RefusedError where Slack said no."""
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError, SlackClientError

        client = WebClient(
            self.token.get_secret_value(), self.base_url, timeout=self.timeout, retry_handlers=[], logger=_SILENT
        )
        client.proxy = None  # urllib reads the same variables by itself, and respects no_proxy, which the SDK does not
        try:
            return client.api_call(method, json=json, params=form or None)
        except SlackApiError as error:
            raise _RefusedError(method, error.response) from None
        except (SlackClientError, *_NO_ANSWER) as error:
            raise broken(method, error) from None


class _RefusedError(SendError):
    """An answer of the Web API that is not "ok", with its code."""

    def __init__(self, method: str, response: Any) -> None:
        data = response.data if isinstance(response.data, dict) else {}
        self.code, self.needed = str(data.get("error", "")), str(data.get("needed") or "it needs")
        error = refused(method, self.code, response.status_code, response.headers, {"needed": data.get("needed")})
        super().__init__(
            str(error),
            permanent=error.permanent,
            unknown=error.unknown,
            remedy=error.remedy,
            retry_after=error.retry_after,
        )


class SlackWebhook(Channel):
    """An incoming webhook: quick to set up, but it can neither answer in a thread nor be asked what has arrived."""

    kind: ClassVar[str] = "slack_webhook"
    title: ClassVar[str] = "Slack, by an incoming webhook"
    example: ClassVar[dict[str, Any]] = {"url": "${SLACK_WEBHOOK}"}

    url: SecretStr = Field(description="The webhook's address (https://hooks.slack.com/services/…). It is a secret.")
    timeout: int = Field(10, ge=1, le=60, description="Seconds to wait for Slack.")

    @model_validator(mode="after")
    def _is_address(self) -> Self:
        _web_address(self.url.get_secret_value())
        return self

    def addresses(self) -> tuple[str, ...]:
        """Without the path, which is the secret."""
        parts = urlsplit(self.url.get_secret_value())
        return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",)

    def send(self, message: Message, ref: Ref | None = None) -> Ref:
        from slack_sdk.errors import SlackClientError
        from slack_sdk.webhook import WebhookClient

        client = WebhookClient(self.url.get_secret_value(), timeout=self.timeout, retry_handlers=[], logger=_SILENT)
        client.proxy = None
        body = {"text": fallback(message), "blocks": blocks(message), "unfurl_links": False, "unfurl_media": False}
        try:
            answer = client.send_dict(body)
        except (SlackClientError, *_NO_ANSWER) as error:
            raise broken("webhook", error) from None
        if answer.status_code != 200 or answer.body.strip() != "ok":
            raise refused("webhook", answer.body.strip(), answer.status_code, dict(answer.headers))
        return {}

    def check(self) -> str:
        """A webhook cannot be tried without telling everybody in its channel, so only the address's form is checked."""
        path = urlsplit(self.url.get_secret_value()).path
        if self.addresses()[0] == "https://hooks.slack.com" and not re.fullmatch(
            r"/(services|workflows|triggers)/.+", path
        ):
            remedy = "copy it again from your app's page, Incoming Webhooks"
            raise SendError("Slack: the webhook's address is not whole", permanent=True, remedy=remedy)
        return "the address looks right; a webhook cannot be tried without posting (listener test-alert does)"


def _web_address(value: str) -> str:
    """An address that a secret may be sent to. Raises ValueError, without the address: it may be the secret."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return value
    if parts.scheme == "http" and (host == "localhost" or _is_loopback(host)):
        return value
    raise ValueError("write a whole address that begins with https:// (http:// only for this machine)")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
