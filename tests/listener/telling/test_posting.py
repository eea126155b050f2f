"""The post of channels: one exchange with an end, on the address that was judged, its secret never taken along."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from alerts.base import Channel, Outgoing, Post, Reply, SendError
from listener.config import Redactor
from listener.telling.posting import post_for
from scrapers.network.guard import Resolve
from scrapers.network.poster import Poster
from tests.scrapers.http_door import names, no_names
from tests.world import faults, http_messages
from tests.world.web import World

SECRET = "T0/B0/hunter2hunter2"


class Hook(Channel):
    """A channel whose whole address is a secret."""

    kind: ClassVar[str] = "hook"
    title: ClassVar[str] = "A hook"
    example: ClassVar[dict[str, Any]] = {}

    url: SecretStr

    def addresses(self) -> tuple[str, ...]:
        return (self.url.get_secret_value().removesuffix("/" + SECRET),)


def hook(origin: str) -> Hook:
    return Hook(url=SecretStr(f"{origin}/{SECRET}"))


def poster(resolve: Resolve = no_names) -> Poster:
    return Poster(contact="team@example.org", now=lambda: datetime(2025, 3, 1, tzinfo=UTC), resolve=resolve)


def made(origin: str, resolve: Resolve = no_names) -> Post:
    channel = hook(origin)
    return post_for(channel, poster(resolve), Redactor([channel.url.get_secret_value()]).mask)


def asked(origin: str, **more: Any) -> Outgoing:
    headers = {"Authorization": "Bearer xoxb-hunter2", "Content-Type": "application/json"}
    return Outgoing(f"{origin}/{SECRET}", **{"headers": headers, "body": b'{"a": "\xc3\xbc"}', "deadline": 5.0, **more})


def failing(post: Post, out: Outgoing) -> tuple[SendError, float]:
    """The error that posting ends with, and the seconds it took."""
    begun = time.monotonic()
    with pytest.raises(SendError) as caught:
        post(out)
    assert "hunter2" not in str(caught.value) + caught.value.remedy
    return caught.value, time.monotonic() - begun


@contextmanager
def world(**options: Any) -> Iterator[World]:
    with World(**options).run_in_thread() as found:
        yield found


def test_what_is_posted_arrives_and_what_is_answered_comes_back() -> None:
    with world() as slack:
        slack.route(
            "/*", http_messages.Reply(201, gzip.compress(b'{"ok": true}'), {"Content-Encoding": "gzip", "X-One": "1"})
        )
        reply = made(slack.url)(asked(slack.url))
        assert (reply.status, reply.body, reply.headers["x-one"]) == (201, b'{"ok": true}', "1")
        (call,) = slack.ledger
    assert (call.method, call.path, call.json()) == ("POST", f"/{SECRET}", {"a": "ü"})
    assert call.headers["authorization"] == "Bearer xoxb-hunter2"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["content-length"] == "11"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_an_answer_of_any_status_is_a_reply_and_is_asked_for_once(status: int) -> None:
    with world() as slack:
        slack.route("/*", http_messages.Reply(status, b"no", {"retry-after": "7"}))
        reply = made(slack.url)(asked(slack.url))
        assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, b"no", "7")
        assert len(slack.ledger) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_reply_and_nothing_travels_on(status: int) -> None:
    with world() as slack, world() as elsewhere:
        slack.route("/*", http_messages.Reply.redirect(f"{elsewhere.url}/steal", status))
        reply = made(slack.url)(asked(slack.url))
        assert (reply.status, reply.headers["location"]) == (status, f"{elsewhere.url}/steal")
        assert len(slack.ledger) == 1
        assert elsewhere.ledger == []


async def interim(peer: http_messages.Wire, _reply: http_messages.Reply) -> None:
    while peer.open:
        await peer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await asyncio.sleep(0.01)


ENDLESS: dict[str, http_messages.Fault] = {
    "interim answers": http_messages.Fault("interim answers without end", interim),
    "headers, byte by byte": faults.drip(pause=0.01, start=0),
    "a body, byte by byte": faults.drip(pause=0.05),
    "no answer": faults.TIME_OUT,
    "accepted, no answer": faults.LATE_REPLY,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_whatever_never_ends_ends_at_the_deadline(name: str) -> None:
    with world() as slack:
        slack.route("/*", http_messages.Reply(200, b"x" * 5_000))
        slack.fault("/*", ENDLESS[name], times=None)
        error, seconds = failing(made(slack.url), asked(slack.url, deadline=0.5))
    assert error.unknown, "the receiver may have taken it"
    assert not error.permanent
    assert 0.4 < seconds < 3


@pytest.mark.parametrize("fault", [faults.ENDLESS_BODY, faults.ENDLESS_HEADERS], ids=lambda fault: fault.name)
def test_an_answer_without_end_costs_little_memory_and_no_deadline(fault: http_messages.Fault) -> None:
    with world() as slack:
        slack.fault("/*", fault, times=None)
        tracemalloc.start()
        error, seconds = failing(made(slack.url), asked(slack.url, deadline=20.0, cap=100_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.unknown
    assert seconds < 15
    assert peak < 8_000_000


def test_a_bomb_ends_at_the_cap() -> None:
    with world() as slack:
        slack.route("/*", http_messages.Reply(200, gzip.compress(bytes(50_000_000)), {"content-encoding": "gzip"}))
        error, _ = failing(made(slack.url), asked(slack.url))
    assert "larger than 1,000,000 bytes" in str(error)
    assert error.unknown


@pytest.mark.parametrize("fault", [faults.LOST_REPLY, faults.RESET, faults.CLOSED, faults.GARBAGE, faults.CUT_SHORT])
def test_what_breaks_after_the_request_may_have_been_taken(fault: http_messages.Fault) -> None:
    with world() as slack:
        slack.route("/*", http_messages.Reply(200, b"ok" * 50))
        slack.fault("/*", fault)
        error, _ = failing(made(slack.url), asked(slack.url))
        assert error.unknown
        assert len(slack.ledger) == 1, "nobody sends it again by themselves"


def test_a_refused_connection_has_certainly_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    error, _ = failing(made(origin), asked(origin))
    assert not error.unknown
    assert not error.permanent


def test_a_handshake_that_never_ends_has_certainly_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"https://127.0.0.1:{listening.getsockname()[1]}"
        error, seconds = failing(made(origin), asked(origin, deadline=0.5))
    assert not error.unknown
    assert seconds < 3


def test_a_name_server_that_never_answers_ends_at_the_deadline() -> None:
    async def never(name: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    error, seconds = failing(made("https://hooks.test", never), asked("https://hooks.test", deadline=0.5))
    assert not error.unknown
    assert seconds < 3


def test_a_network_that_is_gone_is_offline() -> None:
    error, _ = failing(made("https://hooks.test"), asked("https://hooks.test"))
    assert error.offline
    assert not error.unknown


def test_the_address_that_is_dialled_is_judged() -> None:
    with world() as inside:
        port = inside.port
        error, _ = failing(
            made("https://hooks.test", names(inner="127.0.0.1")), asked(f"http://inner.test:{port}", deadline=5.0)
        )
        assert not error.unknown
        literal, _ = failing(made("https://hooks.test"), asked(inside.url))
        assert literal.permanent
        assert inside.ledger == []
        own = f"http://inner.test:{port}"
        assert made(own, names(inner="127.0.0.1"))(asked(own)).status == 404, "what the operator wrote may be inside"


def test_neither_proxies_nor_cookies_have_a_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with world() as slack, world() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        slack.route("/*", http_messages.Reply(200, b"ok", {"set-cookie": "a=b"}))
        post = made(slack.url)
        replies = [post(asked(slack.url)) for _ in range(2)]
        assert replies == [Reply(200, {"content-length": "2"}, b"ok")] * 2
        assert [call.headers.get("cookie") for call in slack.ledger] == [None, None]
        assert proxy.ledger == []


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (asked("https://user:pass@hooks.test"), "holds a user name or password"),
        (asked("ftp://hooks.test"), "is not an http or https address"),
        (asked("https://hooks.test", headers={"X": "a\nb"}), "holds characters that no header can carry"),
        (asked("https://hooks.test", headers={"Host": "a"}), "may not send the header"),
    ],
)
def test_what_cannot_be_asked_is_refused_for_good_and_unsent(out: Outgoing, says: str) -> None:
    error, _ = failing(made("https://hooks.test"), out)
    assert says in str(error)
    assert error.permanent
    assert not error.unknown


def test_many_threads_post_at_once() -> None:
    with world() as slack, ThreadPoolExecutor(8) as threads:
        slack.route("/*", lambda call: http_messages.Reply(200, call.body))
        post = made(slack.url)
        bodies = [b"%d" % number for number in range(40)]
        replies = list(threads.map(lambda body: post(asked(slack.url, body=body)), bodies))
    assert [reply.body for reply in replies] == bodies


@pytest.mark.parametrize(("fault", "unknown"), [(faults.TIME_OUT, True), (faults.drip(pause=0.05), True)])
def test_the_end_of_the_program_ends_what_is_under_way(fault: http_messages.Fault, unknown: bool) -> None:
    with world() as slack:
        slack.route("/*", http_messages.Reply(200, b"x" * 5_000))
        slack.fault("/*", fault, times=None)
        door = poster()
        post = post_for(hook(slack.url), door, str)
        closing = threading.Thread(target=once(lambda: bool(slack.ledger), door.close))
        closing.start()
        error, seconds = failing(post, asked(slack.url, deadline=60.0))
        closing.join()
        assert error.unknown is unknown
        assert seconds < 10
        later, _ = failing(post, asked(slack.url))
        assert not later.unknown
        assert len(slack.ledger) == 1


def once(happened: Callable[[], bool], then: Callable[[], None]) -> Callable[[], None]:
    def wait() -> None:
        for _ in range(1_000):
            if happened():
                break
            time.sleep(0.01)
        then()

    return wait


def test_a_request_shows_nothing_of_itself() -> None:
    assert "hunter2" not in repr(asked("https://hooks.test"))
