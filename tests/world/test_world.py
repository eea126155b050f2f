"""The loopback world keeps its promises: what it was told to answer, what it saw, what it broke."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException

import pytest

from tests.world import faults
from tests.world.web import Call, Reply, World


@pytest.fixture
def world() -> Iterator[World]:
    with World().run_in_thread() as running:
        yield running


def ask(url: str, body: bytes | None = None) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def test_the_route_that_was_added_last_wins(world: World) -> None:
    world.route("/a/*", Reply.text("any"))
    world.route("/a/b", lambda call: Reply.text("b " + call.query["q"]))
    world.route("/a/b", lambda call: Reply.text("posted " + call.form()["x"]), method="POST")
    assert [ask(world.url + "/a/x"), ask(world.url + "/a/b?q=1")] == ["any", "b 1"]
    assert ask(world.url + "/a/b", b"x=2") == "posted 2"
    assert [call.method for call in world.calls("/a/b")] == ["GET", "POST"]


def test_faults_happen_in_order_and_then_no_more(world: World) -> None:
    world.route("/a", Reply.text("fine"))
    world.fault("/a", faults.too_many(3))
    world.fault("/a", faults.server_error(502))
    for status in (429, 502):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(world.url + "/a")
        assert caught.value.code == status
        caught.value.close()
    world.fault("/b", faults.GARBAGE, times=None)
    world.calm()
    assert ask(world.url + "/a") == "fine"


@pytest.mark.parametrize(("fault", "accepted"), [(faults.LOST_REPLY, 1), (faults.CLOSED, 0), (faults.RESET, 0)])
def test_a_lost_reply_was_handled_and_a_reset_was_not(world: World, fault: faults.Fault, accepted: int) -> None:
    handled: list[bytes] = []

    def accept(call: Call) -> Reply:
        handled.append(call.body)
        return Reply.text("ok")

    world.route("/a", accept)
    world.fault("/a", fault)
    with pytest.raises((OSError, HTTPException)):
        ask(world.url + "/a", b"order")
    assert (len(handled), len(world.ledger)) == (accepted, 1)


def test_a_taken_port_is_said_at_once(world: World) -> None:
    with pytest.raises(RuntimeError, match="could not listen"), World(port=world.port).run_in_thread():
        pass


def test_the_weather_meets_a_call_by_what_it_is(world: World) -> None:
    world.route("/a", lambda call: Reply.text(call.raw_query))
    world.weather = lambda call: faults.server_error(500) if call.query.get("x") == "2" else None
    assert ask(world.url + "/a?x=1&x=3") == "x=1&x=3", "a parameter may come twice"
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(world.url + "/a?x=2")
    caught.value.close()
