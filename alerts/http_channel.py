"""What channels that speak HTTP share: how an exchange fails, and a whole channel for an incoming webhook."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from alerts.base import Channel, Fault, Message, Outgoing, Post, Ref, Reply, SendError

JSON = "application/json; charset=utf-8"
_GONE = "the address is not taken any more: make a new one, and put it in the config"
_NOT_THEM = "something else answered, such as a login page or a proxy: check the address and the network"


class HttpChannel(Channel):
    """A channel that posts JSON to one address, which is a secret. A subclass says what it posts: see `payload`.

    Such a receiver can usually not be asked what has arrived, so a message whose reply was lost is sent again, marked
    as a possible repeat. One that can be asked sets `capabilities` and has a `lookup` of its own.
    """

    error_prefix: ClassVar[str] = ""  # how its errors begin; by default with its title

    url: SecretStr = Field(description="The webhook's address. It is a secret.")
    timeout: int = Field(10, ge=1, le=60, description="Seconds to wait for an answer.")

    @field_validator("url")
    @classmethod
    def _is_safe(cls, value: SecretStr) -> SecretStr:
        safe_address(value.get_secret_value())
        return value

    def addresses(self) -> tuple[str, ...]:
        """Without the path, which is the secret."""
        parts = urlsplit(self.url.get_secret_value())
        return (f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",)

    def headers(self) -> Mapping[str, str]:
        """Headers besides the content type, such as a token's."""
        return {}

    def payload(self, message: Message) -> Mapping[str, Any]:
        """The message in the receiver's own form, to be sent as JSON: within its limits, and nothing in it acts."""
        raise NotImplementedError

    def refusal(self, reply: Reply) -> SendError | None:
        """What an answer says against the message; None when it was taken. By its status, unless overridden."""
        return refused_by_status(self.error_prefix or self.title, reply)

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        headers, body = {"Content-Type": JSON, **self.headers()}, as_json(self.payload(message))
        asked = Outgoing(self.url.get_secret_value(), headers, body, deadline=self.timeout)
        if error := self.refusal(exchange(post, self.error_prefix or self.title, asked)):
            raise error
        return {}

    def check(self, post: Post) -> str:
        """Only the address's form is checked: whatever is posted to a webhook is seen by everybody behind it."""
        return "the address looks right; a webhook cannot be tried without posting (listener test-alert does)"


def exchange(post: Post, step: str, asked: Outgoing) -> Reply:
    """What was answered, whatever its status. A failure's SendError says at which step (`Slack: chat.postMessage`)."""
    try:
        return post(asked)
    except SendError as error:
        error.args = (f"{step}: {error}",)
        error.remedy = error.remedy or ("" if error.unknown else "check the network, and the address in the config")
        raise


def refused_by_status(step: str, reply: Reply) -> SendError | None:
    """What a status means for the message; None for success. The codes: https://www.rfc-editor.org/rfc/rfc9110#section-15"""
    status, said = reply.status, f"{step}: status {reply.status}"
    if 200 <= status < 300:
        return None
    if status in {408, 425, 429}:
        return SendError(said, retry_after=retry_after(reply.headers))
    if status >= 500:  # the work may have been done before the error, or behind a gateway that gave up waiting
        return SendError(
            said, unknown=True, remedy="the receiver has a problem", retry_after=retry_after(reply.headers)
        )
    if status < 400 or status == 407:
        return SendError(said, remedy=_NOT_THEM)
    if status in {400, 413, 422}:
        remedy = "the receiver takes messages in another form: please report this"
        return SendError(said, permanent=True, remedy=remedy, fault=Fault.MESSAGE)
    known = status in {401, 403, 404, 410}
    return SendError(said, permanent=True, remedy=_GONE if known else "look up the status in the receiver's documents")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait that the receiver asks for, in whole seconds; the sender waits an hour at most.

    None for a date, the other form that it may have: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    value = headers.get("retry-after", "").strip()
    return min(float(value), 1e6) if re.fullmatch(r"\d{1,30}", value) else None


def as_json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def safe_address(value: str) -> str:
    """An address that a secret may be sent to. Raises ValueError, without the address: it may be the secret."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if host and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))):
        return value
    raise ValueError("write a whole address that begins with https:// (http:// only for this machine)")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
