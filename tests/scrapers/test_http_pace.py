"""The door's manners: pace, another try, and leaving alone who asks for it. Time passes in sleep only."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.clock import SimulatedClock
from scrapers.base import Request, SourceError
from scrapers.network.http import Limits
from scrapers.network.pace import DAY, MANY_HOSTS, Pace, asked_pause
from tests.scrapers.http_door import QUICK, Time, failure, get, open_door
from tests.world import faults
from tests.world.web import Fault, Reply, World

pytestmark = pytest.mark.anyio
NOW = Time().at


# -- pace -------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from([0, 0.5, 1, 1.5, 10]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0, 0.1, 3, 40]), min_size=1),
    st.integers(1, 3),
)
def test_turns_begin_no_closer_than_their_terms_say_and_never_too_many_at_once(
    paces: list[float], lasts: list[float], slots: int
) -> None:
    clock = SimulatedClock(NOW)
    begun: list[tuple[datetime, float]] = []
    most = running = 0

    async def visit(pace: Pace, seconds: float, lasting: float) -> None:
        nonlocal most, running
        async with pace.turn("host", seconds):
            begun.append((clock.now(), seconds))
            running += 1
            most = max(most, running)
            await clock.sleep(lasting)
            running -= 1

    async def all_of_them() -> None:
        pace = Pace(clock.now, clock.sleep, slots=slots, patience=30)
        visits = [visit(pace, *each) for each in zip(paces, itertools.cycle(lasts), strict=False)]
        waiting = asyncio.gather(*visits)
        while not waiting.done():
            for _ in range(10):
                await asyncio.sleep(0)
            if wake := clock.next_wake():
                clock.move_to(wake)
        await waiting

    asyncio.run(all_of_them())
    assert len(begun) == len(paces)
    assert most <= slots
    for (earlier, _), (later, seconds) in itertools.pairwise(begun):
        assert (later - earlier).total_seconds() >= seconds


async def test_the_stricter_of_two_terms_holds() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        for pace in (1, 60, 1, 1):
            await get(door, world.url + "/a", pace=pace)
    assert time.naps == [60, 60, 1]


async def test_time_that_has_passed_anyway_counts() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        await get(door, world.url + "/a", pace=10)
        time.at += timedelta(seconds=4)
        await get(door, world.url + "/a", pace=10)
        time.at += timedelta(seconds=30)
        await get(door, world.url + "/a", pace=10)
    assert time.naps == [6]


async def test_hosts_do_not_wait_for_each_other() -> None:
    time = Time()
    async with World() as one, World() as two, open_door([one.url, two.url], time) as door:
        await get(door, one.url + "/a", pace=100)
        await get(door, two.url + "/a", pace=100)
    assert not time.naps


async def test_a_clock_that_is_set_back_holds_nobody_up() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        await get(door, world.url + "/a", pace=5)
        time.at -= timedelta(days=365)
        await get(door, world.url + "/a", pace=5)
    assert sum(time.naps) <= 10


async def test_each_hop_of_a_redirect_is_paced() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        world.route("/a", Reply.redirect("/b"))
        await get(door, world.url + "/a", pace=3)
    assert time.naps == [3]


async def test_hosts_that_nobody_asks_are_forgotten() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep, slots=1, patience=30)
    pace.close("busy", 3600)
    for number in range(3 * MANY_HOSTS):
        async with pace.turn(f"host{number}", 1):
            time.at += timedelta(seconds=1)
    assert len(pace._hosts) <= MANY_HOSTS + 1
    with pytest.raises(SourceError, match="busy asked to be left alone"):
        async with pace.turn("busy", 1):
            pass


# -- another try ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        *map(faults.server_error, (500, 502, 503, 504)),
        *(faults.too_many(), faults.RESET, faults.GARBAGE, faults.CUT_SHORT, faults.TRUNCATED_GZIP, faults.LOST_REPLY),
    ],
    ids=lambda fault: fault.name,
)
async def test_what_may_pass_is_tried_twice_more(fault: Fault) -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        world.route("/a", Reply.text("at last" * 99))
        world.fault("/a", fault, times=2)
        page = await get(door, world.url + "/a")
    assert page.text.startswith("at last")
    assert time.naps == [1, 2], "one second, then two, give or take the jitter"


async def test_silence_is_tried_again_too() -> None:
    async with World() as world, open_door([world.url], limits=Limits(seconds=0.2)) as door:
        world.fault("/a", faults.TIME_OUT)
        assert (await get(door, world.url + "/a")).status == 404


async def test_the_status_that_remains_is_the_pages() -> None:
    async with World() as world, open_door([world.url]) as door:
        world.fault("/a", faults.server_error(502), times=None)
        page = await get(door, world.url + "/a")
    assert (page.status, page.text) == (502, "out of order")
    assert len(world.ledger) == 3


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 410, 501])
async def test_other_answers_are_final(status: int) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.route("/a", Reply(status))
        assert (await get(door, world.url + "/a")).status == status
    assert len(world.ledger) == 1


@pytest.mark.parametrize(("status", "asked"), [(500, 1), (502, 1), (504, 1), (429, 3), (503, 3)])
async def test_a_post_is_repeated_only_when_it_was_not_accepted(status: int, asked: int) -> None:
    async with World() as world, open_door([world.url]) as door:
        world.fault("/a", faults.server_error(status), times=None)
        page = await door.fetch(Request(world.url + "/a", method="POST"), headers={}, terms_pace=0)
    assert (page.status, len(world.ledger)) == (status, asked)


async def test_a_post_that_was_never_sent_is_repeated() -> None:
    time = Time()
    async with World() as world:
        url = world.url
    async with open_door([url], time, limits=Limits(connect=0.2)) as door:
        with pytest.raises(SourceError, match="could not be reached"):
            await door.fetch(Request(url, method="POST"), headers={}, terms_pace=0)
    assert time.naps == [1, 2]


@pytest.mark.parametrize(("jitter", "nap"), [(0.0, 0.5), (0.999, 1.499)])
async def test_jitter_spreads_the_tries(jitter: float, nap: float) -> None:
    time = Time()
    async with World() as world, open_door([world.url], time, jitter=lambda: jitter) as door:
        world.fault("/a", faults.server_error(500))
        await get(door, world.url + "/a")
    assert time.naps == [nap]


# -- being asked to leave ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_a_short_wait_is_waited(status: int) -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        world.fault("/a", faults.server_error(status, retry_after=7))
        assert (await get(door, world.url + "/a")).status == 404
    assert time.naps == [7]


async def test_a_long_wait_is_handed_back_at_once_and_holds_for_everybody() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        world.fault("/a", faults.too_many(600))
        first = await failure(door, world.url + "/a")
        time.at += timedelta(seconds=100)
        other = await failure(door, world.url + "/b")
        time.at += timedelta(seconds=480)
        soon = await get(door, world.url + "/b")
    assert (first.retry_after, first.status, first.permanent) == (600, 429, False)
    assert other.retry_after == 500
    assert (soon.status, time.naps) == (404, [20]), "what is left is short enough to wait"
    assert len(world.ledger) == 2


@pytest.mark.parametrize("value", ["soon", "-5", "nan", "inf", "", "1e400", "\xff", "Wed, 99 Foo 2025 00:00:00 GMT"])
async def test_a_nonsense_wait_is_the_usual_backoff(value: str) -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        world.route("/a", Reply(204))
        world.fault("/a", Fault("odd", lambda wire, _: wire.send(Reply(429, headers={"retry-after": value}))))
        if value in {"inf", "1e400"}:
            assert (await failure(door, world.url + "/a")).retry_after == DAY
        else:
            assert (await get(door, world.url + "/a")).status == 204
            assert time.naps == [1]


async def test_a_used_up_allowance_is_remembered() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        reset = str(int(time.at.timestamp()) + 900)
        world.route("/a", Reply.text("last one", x_ratelimit_remaining="0", x_ratelimit_reset=reset))
        assert (await get(door, world.url + "/a")).text == "last one"
        error = await failure(door, world.url + "/b")
    assert (error.retry_after, len(world.ledger)) == (900, 1)


LATER = NOW + timedelta(seconds=90)
RESETS = {
    "delta": "90",
    "fraction": "90.0",
    "epoch": str(int(LATER.timestamp())),
    "milliseconds": str(int(LATER.timestamp() * 1000)),
    "iso": LATER.isoformat(),
    "zulu": LATER.isoformat().replace("+00:00", ".000Z"),
    "naive": LATER.replace(tzinfo=None).isoformat(),
    "http": format_datetime(LATER, usegmt=True),
    "twice": "90, 90",
    "parameters": "90;w=3600",
}


@pytest.mark.parametrize("form", RESETS)
def test_every_way_of_saying_when_is_understood(form: str) -> None:
    for prefix in ("x-ratelimit-", "x-rate-limit-", "ratelimit-"):
        headers = {prefix + "remaining": "0", prefix + "reset": RESETS[form]}
        assert asked_pause(200, headers, NOW) == asked_pause(200, {**headers, prefix + "remaining": "0.0"}, NOW) == 90
        assert asked_pause(200, {**headers, prefix + "remaining": "1"}, NOW) is None
    assert asked_pause(429, {"retry-after": RESETS[form]}, NOW) == 90
    assert asked_pause(200, {"retry-after": RESETS[form]}, NOW) is None


def test_a_time_that_has_passed_is_no_wait() -> None:
    assert asked_pause(429, {"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, NOW) == 0


@given(st.text(max_size=40) | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(str))
def test_whatever_is_said_the_wait_is_at_most_a_day(value: str) -> None:
    pause = asked_pause(429, {"retry-after": value}, NOW)
    assert pause is None or 0 <= pause <= DAY


async def test_after_the_last_try_a_short_wait_still_holds_for_others() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time, limits=QUICK) as door:
        world.fault("/a", faults.too_many(20))
        assert (await get(door, world.url + "/a")).status == 429
        await get(door, world.url + "/b")
    assert time.naps == [20]
