"""The door on a bad day: bombs, drips, halves, garbage. Each costs one SourceError, little time and little memory."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest

from scrapers.base import Request, SourceError
from scrapers.network.http import Limits
from scrapers.network.pace import PassingError
from tests.scrapers.http_door import QUICK, failure, get, open_door
from tests.world import faults
from tests.world.web import Fault, Reply, World

pytestmark = pytest.mark.anyio

TEXT = b"every unhappy family is unhappy in its own way; " * 2000


def bomb(wbits: int) -> bytes:
    """300 MB of nothing in 300 KB."""
    squeezer = zlib.compressobj(wbits=wbits)
    return b"".join(squeezer.compress(b"\0" * 1_000_000) for _ in range(300)) + squeezer.flush()


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_a_bomb_ends_at_the_cap(encoding: str, wbits: int) -> None:
    packed = bomb(wbits)
    async with World() as world, open_door([world.url], limits=Limits(body=1_000_000)) as door:
        world.route("/a", Reply(200, packed, {"content-encoding": encoding}))
        tracemalloc.start()
        error = await failure(door, world.url + "/a")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(packed) < 1_000_000
    assert "larger than 1,000,000 bytes" in str(error)
    assert peak < 5_000_000


@pytest.mark.parametrize("size", [999_999, 1_000_000, 1_000_001])
@pytest.mark.parametrize("packed", [False, True])
async def test_the_cap_is_exact(size: int, packed: bool) -> None:
    async with World() as world, open_door([world.url], limits=Limits(body=1_000_000)) as door:
        reply = Reply(200, b"\0" * size)
        world.route("/a", reply.gzipped() if packed else reply)
        if size > 1_000_000:
            assert "larger than" in str(await failure(door, world.url + "/a"))
        else:
            assert len((await get(door, world.url + "/a")).body) == size


async def test_a_gzip_of_countless_members_is_refused() -> None:
    empty = gzip.compress(b"")
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(200, empty * 50_000, {"content-encoding": "gzip"}))
        start = time.perf_counter()
        error = await failure(door, world.url + "/a")
    assert "members" in str(error)
    assert time.perf_counter() - start < 6


async def test_a_body_in_crumbs_is_refused() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with World() as world, open_door([world.url]) as door:
        world.fault("/a", faults.raw(head + b"1\r\na\r\n" * 200_000 + b"0\r\n\r\n"))
        assert "tiny pieces" in str(await failure(door, world.url + "/a"))


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip"])
async def test_an_encoding_nobody_asked_for_is_refused(encoding: str) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(200, b"\x1b" * 100, {"content-encoding": encoding}))
        assert "not asked for" in str(await failure(door, world.url + "/a"))


async def test_an_encoding_that_is_not_what_it_says_is_an_error() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(200, TEXT, {"content-encoding": "gzip"}))
        assert "said gzip and sent something else" in str(await failure(door, world.url + "/a"))


# -- time -------------------------------------------------------------------------------------------------------

NEVER_READY = {
    "never answers": faults.TIME_OUT,
    "drips its body": faults.drip(),
    "drips its headers": faults.SLOW_HEADERS,
}


@pytest.mark.parametrize("name", NEVER_READY)
async def test_time_runs_out_for_who_keeps_talking(name: str) -> None:
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        world.route("/a", Reply(200, TEXT))
        world.fault("/a", NEVER_READY[name])
        start = time.perf_counter()
        error = await failure(door, world.url + "/a")
        assert 0.3 < time.perf_counter() - start < 6
        assert isinstance(error, PassingError)
        assert "did not finish within 0.4 seconds" in str(error)
        assert (await get(door, world.url + "/a")).body == TEXT, "the door has not lost a slot"


async def test_the_time_is_for_all_redirects_together() -> None:
    async with World() as world, open_door([world.url], limits=QUICK) as door:

        async def slow(call: object) -> Reply:
            await asyncio.sleep(0.25)
            return Reply.redirect(f"/{len(world.ledger)}")

        world.route("*", slow)
        start = time.perf_counter()
        await failure(door, world.url + "/a")
    assert time.perf_counter() - start < 1.4


# -- broken answers ---------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[Fault, str]] = {
    "garbage": (faults.GARBAGE, "did not speak HTTP"),
    "closed without a word": (faults.CLOSED, "broke off"),
    "reset": (faults.RESET, "broke off"),
    "reply lost": (faults.LOST_REPLY, "broke off"),
    "closed half way": (faults.CUT_SHORT, "broke off"),
    "half a gzip": (faults.TRUNCATED_GZIP, "cut short"),
    "headers without end": (faults.ENDLESS_HEADERS, "did not speak HTTP"),
    "a status of nonsense": (faults.raw(b"HTTP/1.1 abc OK\r\n\r\n"), "did not speak HTTP"),
    "two lengths": (faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "HTTP"),
    "too short for its length": (faults.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), "broke off"),
    "a chunk that is none": (faults.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "HTTP"),
    "chunks without end": (
        faults.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
        "broke off",
    ),
    "a tail of a gzip": (
        faults.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 99) + b"\x1f\x8b\x08"),
        "cut short",
    ),
    "one byte of a gzip": (faults.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f"), "cut short"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_is_no_page(name: str) -> None:
    fault, words = BROKEN[name]
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        world.route("/a", Reply(200, TEXT))
        world.fault("/a", fault)
        error = await failure(door, world.url + "/a")
        assert isinstance(error, PassingError), "another try may mend it"
        assert words in str(error)
        assert (await get(door, world.url + "/a")).body == TEXT


async def test_a_body_without_end_ends_at_the_cap() -> None:
    async with World() as world, open_door([world.url], limits=Limits(body=1_000_000)) as door:
        world.fault("/a", faults.ENDLESS_BODY)
        assert "larger than" in str(await failure(door, world.url + "/a"))


async def test_what_nobody_thought_of_is_still_a_source_error() -> None:
    def observer(*told: object) -> None:
        raise RuntimeError("a bug in a callback")

    async with World() as world, open_door([world.url], on_fetch=observer) as door:
        assert "RuntimeError" in str(await failure(door, world.url + "/a"))


async def test_cancelling_gives_everything_back() -> None:
    async with World() as world, open_door([world.url], limits=Limits(per_host=1)) as door:
        world.route("/a", Reply(200, TEXT))
        world.fault("/a", faults.drip(), times=3)
        for _ in range(3):
            task = asyncio.create_task(get(door, world.url + "/a"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await get(door, world.url + "/a")).body == TEXT


async def test_a_slow_host_never_delays_another() -> None:
    async with World() as slow, World() as quick, open_door([slow.url, quick.url]) as door:
        slow.fault("/a", faults.TIME_OUT, times=None)
        stuck = [asyncio.create_task(get(door, slow.url + "/a", pace=5)) for _ in range(50)]
        start = time.perf_counter()
        for _ in range(10):
            await get(door, quick.url + "/a")
        assert time.perf_counter() - start < 4
        assert len(slow.ledger) <= 2, "and no host is asked more than twice at once"
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_a_lost_reply_to_a_post_is_not_sent_again() -> None:
    async with World() as world, open_door([world.url]) as door:
        for fault in (faults.LOST_REPLY, faults.RESET, faults.CUT_SHORT):
            world.fault("/a", fault)
            with pytest.raises(SourceError):
                await door.fetch(Request(world.url + "/a", method="POST", body="{}"), headers={}, terms_pace=0)
    assert len(world.ledger) == 3
