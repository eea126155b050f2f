"""Nothing outside may send the door to an address inside: not a link, not a redirect, not a name that changes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Request
from scrapers.network.addresses import is_host, literal, why_refused
from scrapers.network.guard import look_up
from scrapers.network.hops import Limits
from tests.scrapers.http_door import QUICK, failure, get, names, open_door
from tests.world.web import Reply, World

pytestmark = pytest.mark.anyio

INSIDE = """127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
    100.64.0.1 100.127.255.255 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1
    255.255.255.255 ::1 :: ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
    2002:7f00:1:: 2002:c0a8:101::1 2001::1 2001:db8::1 3fff::1 100::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1
    ff02::1 5f00::1 4000::1"""
OUTSIDE = """8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.167.0.1 198.17.0.1 198.20.0.1
    223.1.1.1 2606:4700::1111 2a00:1450:4001::200e ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_inside_addresses_are_refused(address: str) -> None:
    assert why_refused(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE.split())
def test_public_addresses_are_not(address: str) -> None:
    assert why_refused(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_judged_as_itself(inner: IPv4Address) -> None:
    number = int(inner)
    mapped = IPv6Address((0xFFFF << 32) | number)
    nat64 = IPv6Address((0x0064FF9B << 96) | number)
    six_to_four = IPv6Address((0x2002 << 112) | (number << 80))
    assert why_refused(mapped) == why_refused(nat64) == why_refused(six_to_four) == why_refused(inner)


@given(st.ip_addresses())
def test_what_python_does_not_call_global_is_never_called(address: IPv4Address | IPv6Address) -> None:
    disguised = isinstance(address, IPv6Address) and (address.sixtofour or address.ipv4_mapped)
    if why_refused(address) is None and not disguised:
        assert address.is_global


WRITTEN = """127.0.0.1 127.1 2130706433 0x7f.1 0177.0.0.1 0x7f000001 [::1] [::ffff:127.0.0.1] [0:0:0:0:0:ffff:7f00:1]
    0.0.0.0 0 169.254.169.254 10.1 127.0.0.1. 127。0。0。1 ①②⑦.⓪.⓪.①"""


@pytest.mark.parametrize("host", WRITTEN.split())
async def test_no_way_of_writing_an_inside_address_gets_through(host: str) -> None:
    async with open_door(limits=QUICK, resolve=look_up) as door:
        error = await failure(door, f"http://{host}/")
    assert error.permanent


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LOCALHOST"])
async def test_localhost_is_inside_by_whatever_name(host: str) -> None:
    async with World() as world, open_door(limits=QUICK, resolve=look_up) as door:
        error = await failure(door, f"http://{host}:{world.port}/")
    assert "localhost" in str(error)
    assert "loopback" in str(error)
    assert not world.ledger


async def test_the_very_origin_of_the_config_may_be_inside() -> None:
    async with World() as world, open_door([world.url + "/some/path"]) as door:
        assert (await get(door, world.url + "/a")).status == 404
        assert "loopback" in str(await failure(door, f"http://127.0.0.2:{world.port}/"))
        assert "loopback" in str(await failure(door, f"http://[::1]:{world.port}/"))


async def test_the_origins_of_the_asking_source_count_where_they_are_given() -> None:
    """A link found in one source's content must not reach what another source's settings vouch for."""
    async with World() as world, open_door([world.url]) as door:
        assert (await get(door, world.url + "/a", vouched=[world.url])).status == 404
        assert (await failure(door, world.url + "/a", vouched=["https://example.org"])).permanent
    assert len(world.ledger) == 1


async def test_a_redirect_into_another_inside_origin_is_refused_even_if_that_is_vouched_and_connected() -> None:
    async with World() as home, World() as vault, open_door([home.url, vault.url], limits=QUICK) as door:
        await get(door, vault.url + "/warm")  # an idle connection is waiting there now
        home.route("/a", Reply.redirect(vault.url + "/secret"))
        error = await failure(door, home.url + "/a")
    assert "loopback" in str(error)
    assert not error.permanent, "the site may mend it"
    assert not vault.calls("/secret")


async def test_a_redirect_from_outside_to_a_name_inside_is_refused() -> None:
    async with World() as world:
        site = f"http://shop.test:{world.port}"
        async with open_door([site], limits=QUICK, resolve=names(shop="127.0.0.1", inner="10.0.0.7")) as door:
            world.route("/a", Reply.redirect("http://inner.test/"))
            assert "inner.test (10.0.0.7) is private" in str(await failure(door, site + "/a"))


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    async with open_door(limits=QUICK, resolve=names(mixed="8.8.8.8 192.168.0.1")) as door:
        assert "192.168.0.1" in str(await failure(door, "http://mixed.test/"))


async def test_a_name_is_resolved_once_for_judging_and_dialling() -> None:
    """DNS rebinding: the second answer would lead inside. It is judged when it comes, and never dialled unjudged."""
    answers = ["192.0.2.1", "127.0.0.1"]
    async with World() as world, open_door(limits=QUICK, resolve=names(rebound=answers)) as door:
        first = await failure(door, f"http://rebound.test:{world.port}/")
        second = await failure(door, f"http://rebound.test:{world.port}/")
    assert "192.0.2.1" in str(first)
    assert "127.0.0.1" in str(second)
    assert not world.ledger


async def test_the_next_address_of_a_name_is_tried() -> None:
    async with World() as world:
        site = f"http://shop.test:{world.port}"
        async with open_door([site], limits=QUICK, resolve=names(shop="127.0.0.2 ::1 127.0.0.1")) as door:
            assert (await get(door, site + "/a")).status == 404
    assert world.ledger[0].headers["host"] == f"shop.test:{world.port}", "the host keeps its name"


HASTY = Limits(seconds=20, connect=0.2, tries=1)
DEAD = " ".join(f"127.0.1.{number}" for number in range(1, 41))


@pytest.mark.parametrize("before", [DEAD, "::1", "127.0.1.1 ::1", "hangs", "hangs hangs"])
async def test_dead_addresses_do_not_hide_a_good_one(before: str) -> None:
    patient = Limits(seconds=5, connect=5, tries=1)
    async with World() as world:
        with closed_ear(world.port) as deaf:
            found = f"{before.replace('hangs', deaf)} 127.0.0.1"
            site = f"http://shop.test:{world.port}"
            async with open_door([site], limits=patient, resolve=names(shop=found)) as door:
                begin = time.monotonic()
                assert (await get(door, site + "/a")).status == 404
    assert time.monotonic() - begin < 2


async def test_an_inside_address_among_many_is_seen_before_one_is_called() -> None:
    async with open_door(limits=QUICK, resolve=names(many="8.8.8.8 " * 60 + "2606:4700::1111 10.0.0.1")) as door:
        assert "many.test (10.0.0.1) is private" in str(await failure(door, "http://many.test/"))


async def test_who_does_not_take_the_connection_is_named() -> None:
    async with World() as world:
        with closed_ear(world.port) as deaf:
            site = f"http://shop.test:{world.port}"
            async with open_door([site], limits=HASTY, resolve=names(shop=deaf)) as door:
                error = await failure(door, site + "/a")
    assert str(error) == f"shop.test:{world.port} did not take the connection in time"


async def test_a_handshake_that_hangs_is_named() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_door([f"https://127.0.0.1:{port}"], limits=HASTY) as door:
        error = await failure(door, f"https://127.0.0.1:{port}/a")
    assert str(error) == f"127.0.0.1:{port} took the connection, and its TLS handshake did not end in time"
    assert not error.sent


@contextlib.contextmanager
def closed_ear(port: int) -> Iterator[str]:
    """An address at which nobody takes a connection, for its queue is full."""
    address = "127.0.0.9"
    with contextlib.ExitStack() as held:
        listening = held.enter_context(socket.socket())
        listening.bind((address, port))
        listening.listen(0)
        for _ in range(3):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        yield address


# -- no network -------------------------------------------------------------------------------------------------


async def test_without_names_there_is_no_network() -> None:
    async with open_door(limits=QUICK) as door:
        error = await failure(door, "https://example.org/")
    assert error.offline
    assert not error.permanent
    assert str(error).startswith("no network: the name example.org could not be resolved")


async def test_a_name_that_does_not_exist_is_not_taken_for_no_network() -> None:
    async def resolve(name: str, port: int) -> list[str]:
        if name == "example.com":
            return ["8.8.8.8"]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with open_door(limits=QUICK, resolve=resolve) as door:
        error = await failure(door, "https://tpyo.test/")
    assert not error.offline
    assert "tpyo.test" in str(error)


async def test_a_name_server_that_is_silent_takes_no_longer_than_the_connection_may() -> None:
    async def resolve(name: str, port: int) -> list[str]:
        raise TimeoutError

    async with open_door(limits=QUICK, resolve=resolve) as door:
        assert (await failure(door, "https://example.org/")).offline


async def test_a_closed_port_is_said_plainly() -> None:
    async with World() as world:
        url = world.url
    async with open_door([url], limits=QUICK) as door:
        error = await failure(door, url)
    assert "could not be reached (Connection refused)" in str(error)
    assert not error.offline


async def test_the_systems_resolver_answers_and_fails_as_sockets_do() -> None:
    assert "127.0.0.1" in await look_up("localhost", 80)
    for name in ("a" * 70 + ".test", "\N{SNOWMAN}" * 80):
        with pytest.raises(OSError, match=r"."):
            await look_up(name, 80)


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "::1", "1.2.3.4"])
def test_written_addresses_are_recognised(host: str) -> None:
    assert literal(host)


@pytest.mark.parametrize("host", ["example.org", "1.2.3.4.example.org", "1.2.3.4.5", "x1"])
def test_names_are_not(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize("text", ["", ".", "a..b", "a b", "a%20b", "a/b", "a@b", ":", "::g", "a\nb"])
def test_what_no_host_is_called(text: str) -> None:
    assert not is_host(text)


async def test_the_request_of_a_walk_cannot_smuggle_an_address_in_its_parameters() -> None:
    async with open_door(limits=QUICK) as door:
        request = Request("http://127.0.0.1", params={"@example.org/": ""})
        with pytest.raises(Exception, match="loopback"):
            await door.fetch(request, headers={}, terms_pace=0)
