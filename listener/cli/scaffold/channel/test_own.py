"""Noticeboard: what is posted, and what its answers mean. Run it with `python -m pytest test_noticeboard.py`."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from alerts.base import Outgoing, Reply, SendError
from alerts.messages import trial_message
from noticeboard import Noticeboard

CHANNEL = Noticeboard(url="https://noticeboard.example/hooks/s3cret")
MESSAGE = trial_message("team", datetime(2026, 3, 3, 12, tzinfo=UTC))


# Change this: the receiver's own form.
def test_a_message_is_posted_in_the_form_that_the_board_takes() -> None:
    asked: list[Outgoing] = []

    def post(outgoing: Outgoing) -> Reply:
        asked.append(outgoing)
        return Reply(200, {}, b"{}")

    assert CHANNEL.send(MESSAGE, None, post) == {}
    posted = json.loads(asked[0].body)
    assert asked[0].url == "https://noticeboard.example/hooks/s3cret"
    assert posted["title"] == "Listener can reach you here"
    assert "nothing has happened" in posted["text"]


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (429, False), (503, False)])
def test_a_refusal_says_whether_to_try_again(status: int, permanent: bool) -> None:
    with pytest.raises(SendError) as caught:
        CHANNEL.send(MESSAGE, None, lambda _: Reply(status, {}, b""))
    assert caught.value.permanent is permanent


def test_the_address_which_is_the_secret_is_never_shown() -> None:
    assert "s3cret" not in f"{CHANNEL!r} {CHANNEL.addresses()} {CHANNEL.model_dump_json()}"
