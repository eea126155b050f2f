"""The simulated market on the loopback: real HTTP, the time of the Date header, a count of what was asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit

import httpx
import pytest

from listener.demo.market import Market
from listener.demo.world import World

TAG = "/api/v1/timelines/tag/lanternfish"


@cache
def market() -> Market:
    return Market(5, weeks=2)


@pytest.fixture
def world() -> Iterator[World]:
    with World(market()) as running:
        yield running


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=world.url, trust_env=False) as connected:
        yield connected


def test_a_request_sees_what_exists_at_its_date(client: httpx.Client) -> None:
    dates = [market().start + timedelta(days=day) for day in (0, 1, 2)]
    answers = [client.get(TAG, headers={"date": format_datetime(at, usegmt=True)}).json() for at in dates]
    newest = [answer[0]["created_at"] if answer else None for answer in answers]
    assert newest[0] is None
    assert newest[1] is not None
    assert newest[2] is not None
    assert newest[1][:19] < newest[2][:19] <= f"{dates[2]:%Y-%m-%dT%H:%M:%S}"


def test_without_a_date_all_of_it_has_happened(client: httpx.Client) -> None:
    newest = max(post.at for post in market().posts if post.platform == "mastodon" and "Lanternfish" in post.tags)
    assert client.get(TAG).json()[0]["created_at"].startswith(f"{newest:%Y-%m-%dT%H:%M:%S}")


def test_links_lead_back_to_this_world(world: World, client: httpx.Client) -> None:
    assert client.get(TAG).links["next"]["url"].startswith(world.url)


def test_requests_are_counted_by_platform_and_status(world: World, client: httpx.Client) -> None:
    client.get(TAG)
    client.get("/nowhere")
    tag = client.get("/feeds/press.xml").headers["etag"]
    client.get("/feeds/press.xml", headers={"if-none-match": tag})
    assert world.requests == {"mastodon": 1, "": 1, "feed": 2}
    assert world.statuses["feed", 304] == 1
    assert world.statuses["", 404] == 1


def test_the_heartbeat_is_counted(world: World, client: httpx.Client) -> None:
    assert client.get("/heartbeat").status_code == 204
    assert client.post("/heartbeat", content=b"alive").status_code == 204
    assert world.requests["heartbeat"] == 2


def test_it_says_what_it_is(client: httpx.Client) -> None:
    assert "nobody is real" in client.get("/").text
    assert "nobody is real" in client.get("/feeds/forum.atom").text
    assert "nobody is real" in client.get("/reviews/lanternfish").text


def test_many_ask_at_once(world: World) -> None:
    def read(_: int) -> int:
        return httpx.get(world.url + TAG, trust_env=False).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(40))) == {200}
    assert world.requests["mastodon"] == 40


def test_nonsense_ends_its_own_connection_alone(world: World, client: httpx.Client) -> None:
    address = urlsplit(world.url)
    with socket.create_connection((address.hostname, address.port)) as raw:
        raw.sendall(b"GET / NONSENSE\r\n\r\n")
        assert raw.recv(100) == b""
    assert client.get("/robots.txt").status_code == 200


def test_an_ended_world_serves_nothing() -> None:
    with World(market()) as world, httpx.Client(base_url=world.url, trust_env=False) as client:
        assert client.get("/").status_code == 200
        world.close()
        with pytest.raises(httpx.TransportError):
            client.get("/")


def test_a_taken_port_is_an_error_here_and_not_in_a_thread(world: World) -> None:
    with pytest.raises(OSError, match="in use"), World(market(), port=urlsplit(world.url).port or 0):
        pass
