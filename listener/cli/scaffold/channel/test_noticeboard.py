"""Noticeboard: what is posted, and what its answers mean."""

from __future__ import annotations

import json

import pytest

from alerts.base import Outgoing, Reply, SendError
from alerts.noticeboard import Noticeboard
from tests.alerts.samples import message

CHANNEL = Noticeboard(url="https://noticeboard.example/hooks/s3cret")


# Change this: the receiver's own form.
def test_a_message_is_posted_in_the_form_that_the_board_takes() -> None:
    asked: list[Outgoing] = []

    def post(outgoing: Outgoing) -> Reply:
        asked.append(outgoing)
        return Reply(200, {}, b"{}")

    assert CHANNEL.send(message(), None, post) == {}
    posted = json.loads(asked[0].body)
    assert asked[0].url == "https://noticeboard.example/hooks/s3cret"
    assert posted["title"] == message().headline
    assert "42, where 9.3 are usual" in posted["text"]


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (429, False), (503, False)])
def test_a_refusal_says_whether_to_try_again(status: int, permanent: bool) -> None:
    with pytest.raises(SendError) as caught:
        CHANNEL.send(message(), None, lambda _: Reply(status, {}, b""))
    assert caught.value.permanent is permanent
