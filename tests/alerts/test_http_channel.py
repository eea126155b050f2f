"""What every channel for a webhook gets from its base: safe addresses, and errors that say what has to wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from alerts.base import Fault, Message, Outgoing, Reply, SendError
from alerts.http_channel import HttpChannel, refused_by_status, retry_after
from tests.alerts.samples import message


class Bell(HttpChannel):
    kind: ClassVar[str] = "bell"
    title: ClassVar[str] = "A bell"
    example: ClassVar[dict[str, Any]] = {"url": "${BELL}"}

    def payload(self, message: Message) -> Mapping[str, Any]:
        return {"text": message.headline}

    def headers(self) -> Mapping[str, str]:
        return {"X-Bell": "ding"}


BELL = Bell(url="https://bell.example/hooks/s3cret", timeout=7)


def test_a_message_is_posted_as_json_to_the_address_and_nowhere_else() -> None:
    asked: list[Outgoing] = []

    def post(outgoing: Outgoing) -> Reply:
        asked.append(outgoing)
        return Reply(204, {}, b"")

    assert BELL.send(message(), None, post) == {}
    (sent,) = asked
    assert (sent.url, sent.method, sent.deadline) == ("https://bell.example/hooks/s3cret", "POST", 7)
    assert json.loads(sent.body) == {"text": message().headline}
    assert sent.headers == {"Content-Type": "application/json; charset=utf-8", "X-Bell": "ding"}
    assert BELL.addresses() == ("https://bell.example",)


@pytest.mark.parametrize(
    ("status", "permanent", "unknown", "fault"),
    [
        (302, False, False, Fault.CHANNEL),
        (400, True, False, Fault.MESSAGE),
        (401, True, False, Fault.CHANNEL),
        (404, True, False, Fault.CHANNEL),
        (407, False, False, Fault.CHANNEL),
        (418, True, False, Fault.CHANNEL),
        (429, False, False, Fault.CHANNEL),
        (500, False, True, Fault.CHANNEL),
        (503, False, True, Fault.CHANNEL),
    ],
)
def test_a_status_says_what_has_to_wait(status: int, permanent: bool, unknown: bool, fault: Fault) -> None:
    error = refused_by_status("bell", Reply(status, {"retry-after": "70"}, b""))
    assert error is not None
    assert (error.permanent, error.unknown, error.fault) == (permanent, unknown, fault)
    assert str(error) == f"bell: status {status}"
    assert error.remedy or status == 429
    assert error.retry_after == (70 if status in (429, 500, 503) else None)


def test_success_is_no_error_and_only_whole_seconds_are_a_wait() -> None:
    assert refused_by_status("bell", Reply(200, {}, b"")) is None
    waits = {"7": 7.0, " 7 ": 7.0, "9" * 30: 1e6, "9" * 40: None, "soon": None, "-1": None, "": None}
    assert {value: retry_after({"retry-after": value}) for value in waits} == waits


def test_an_error_of_the_way_out_says_whose_it_is() -> None:
    def post(_: Outgoing) -> Reply:
        raise SendError("no answer in 7 s", unknown=True)

    with pytest.raises(SendError) as caught:
        BELL.send(message(), None, post)
    assert (str(caught.value), caught.value.unknown, caught.value.remedy) == ("A bell: no answer in 7 s", True, "")


@pytest.mark.parametrize("url", ["bell.example/s3cret", "http://bell.example/s3cret", "ftp://bell.example/s3cret"])
def test_a_secret_goes_to_safe_addresses_only_and_is_not_shown_when_it_may_not(url: str) -> None:
    with pytest.raises(ValidationError, match="https://") as caught:
        Bell(url=url)
    assert "s3cret" not in str(caught.value)
    assert Bell(url="http://127.0.0.1:8080/hook").addresses() == ("http://127.0.0.1:8080",)
