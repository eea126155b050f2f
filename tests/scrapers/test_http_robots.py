"""What robots.txt says is done: on every host a fetch comes to, for a day, and with its crawl delay."""

from __future__ import annotations

import contextlib
import time as real
from datetime import timedelta

import pytest

from scrapers.base import SourceError
from scrapers.network.pace import PassingError
from scrapers.network.robots import Robots
from tests.scrapers.http_door import QUICK, Time, failure, get, open_door
from tests.world import faults
from tests.world.web import Reply, World

pytestmark = pytest.mark.anyio

RULES = """\
User-agent: *
Disallow: /

User-agent: Listener
Disallow: /private/*.html$
Disallow: /*?session=
Allow: /private/open.html
Crawl-delay: 3
"""


def with_robots(world: World, rules: str | Reply = RULES) -> World:
    world.route("/robots.txt", Reply.text(rules) if isinstance(rules, str) else rules)
    return world


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private/a.html", False),
        ("/private/a.html?x", True),
        ("/private/open.html", True),
        ("/list?session=1", False),
    ],
)
async def test_a_page_that_is_off_limits_is_not_asked(path: str, allowed: bool) -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world)
        if allowed:
            await get(door, world.url + path, obey_robots=True)
        else:
            error = await failure(door, world.url + path, obey_robots=True)
            assert error.permanent
            assert "robots.txt does not allow Listener" in str(error)
            assert error.remedy
    assert len(world.ledger) == 1 + allowed


async def test_who_does_not_ask_to_obey_is_not_held_up() -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world)
        assert (await get(door, world.url + "/private/a.html")).status == 404
    assert not world.calls("/robots.txt")


async def test_the_rules_hold_for_a_day() -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        with_robots(world)
        await get(door, world.url + "/a", obey_robots=True)
        time.at += timedelta(hours=23)
        await get(door, world.url + "/a", obey_robots=True)
        assert len(world.calls("/robots.txt")) == 1
        time.at += timedelta(hours=2)
        await get(door, world.url + "/a", obey_robots=True)
        assert len(world.calls("/robots.txt")) == 2


@pytest.mark.parametrize(("wish", "wait"), [("3", 3), ("86400", 60), ("-1", 1), ("soon", 1)])
async def test_the_crawl_delay_is_kept_up_to_a_minute(wish: str, wait: float) -> None:
    time = Time()
    async with World() as world, open_door([world.url], time) as door:
        with_robots(world, f"User-agent: *\nCrawl-delay: {wish}\nDisallow:\n")
        for _ in range(3):
            await get(door, world.url + "/a", pace=1, obey_robots=True)
    assert time.naps == [wait] * 3


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_site_without_rules_may_be_read(status: int) -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, Reply.text("User-agent: *\nDisallow: /", status))
        assert (await get(door, world.url + "/a", obey_robots=True)).status == 404


@pytest.mark.parametrize("fault", [faults.server_error(500), faults.RESET, faults.TIME_OUT], ids=lambda f: f.name)
async def test_a_site_that_cannot_say_is_left_alone_for_now(fault: faults.Fault) -> None:
    async with World() as world, open_door([world.url], limits=QUICK) as door:
        with_robots(world)
        world.fault("/robots.txt", fault)
        error = await failure(door, world.url + "/a", obey_robots=True)
        assert isinstance(error, PassingError)
        assert not world.calls("/a")
        assert (await get(door, world.url + "/a", obey_robots=True)).status == 404, "and asked again the next time"


@pytest.mark.parametrize("to", ["/robots.txt", "/1"])
async def test_rules_whose_redirects_lead_nowhere_are_none(to: str) -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, Reply.redirect(to))
        world.route("/[0-9]*", lambda call: Reply.redirect(f"/{int(call.path[1:]) + 1}"))
        assert (await get(door, world.url + "/a", obey_robots=True)).status == 404


async def test_a_redirect_of_the_rules_is_followed() -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, Reply.redirect("/elsewhere"))
        world.route("/elsewhere", Reply.text("User-agent: *\nDisallow: /a"))
        assert (await failure(door, world.url + "/a", obey_robots=True)).permanent


async def test_every_hop_is_asked_for() -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world)
        world.route("/a", Reply.redirect("/private/a.html"))
        assert (await failure(door, world.url + "/a", obey_robots=True)).permanent
    assert not world.calls("/private/*")


async def test_rules_count_up_to_half_a_megabyte() -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, "User-agent: *\nDisallow: /a\n" + "# filler\n" * 100_000 + "Disallow: /b\n")
        assert (await failure(door, world.url + "/a", obey_robots=True)).permanent
        assert (await get(door, world.url + "/b", obey_robots=True)).status == 404


HOSTILE = {
    "many robots with many rules": "".join(f"User-agent: r{n}\n" for n in range(16_000)) + "Disallow: /x\n" * 15_000,
    "many stars": "User-agent: *\n" + ("Disallow: /" + "*a" * 900 + "b\n") * 270,
    "one line": "User-agent: *\nDisallow: /" + "*a" * 240_000,
    "not text": "\x00\ufffd\x07" * 100_000,
    "no robots": "Disallow: /\n" * 40_000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_rules_cost_little_time(name: str) -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, HOSTILE[name])
        start = real.perf_counter()
        with contextlib.suppress(SourceError):
            await get(door, world.url + "/" + "a" * 2000, obey_robots=True)
    assert real.perf_counter() - start < 6


async def test_robots_named_beside_us_still_count_as_ours() -> None:
    async with World() as world, open_door([world.url]) as door:
        with_robots(world, "User-agent: First\nUser agent: LISTENER # that is us\nUseragent Third\nDisallow: /a\n")
        assert (await failure(door, world.url + "/a", obey_robots=True)).permanent
        assert (await get(door, world.url + "/b", obey_robots=True)).status == 404


GROUPS = {
    "our name and its version": ("User-agent: *\nAllow: /\n\nUser-agent: Listener/0.1\nDisallow: /a", False),
    "our name and a word": ("User-agent: Listener bot\nDisallow: /a", False),
    "our name in two groups": ("User-agent: listener\nDisallow: /a\n\nUser-agent: LISTENER\nAllow: /b", False),
    "a name that begins as ours": ("User-agent: Listen\nDisallow: /a\nUser-agent: Listener-Images\nDisallow: /a", True),
    "a name that holds ours": ("User-agent: NewsListener\nDisallow: /a", True),
    "all, and a word": ("User-agent: * \nDisallow: /a", False),
    "a name that is not given": ("User-agent:\nDisallow: /a", True),
    "an unknown line between the names of a group": (
        "User-agent: Other\nContent-Signal: search=yes, ai-train=no\nUser-agent: Listener\nDisallow: /a", False
    ),
    "an unknown line between the rules of a group": (
        "User-agent: Listener\nDisallow: /b\nNoindex: /c\nSitemap: /map.xml\nClean-param: ref\nDisallow: /a", False
    ),
    "an empty rule ends the names": ("User-agent: Listener\nDisallow\nUser-agent: Other\nDisallow: /a", True),
    "a rule in another spelling": ("user agent: listener\ndissallow: /a", False),
    "a rule without a colon": ("User-agent Listener\nDisallow /a", False),
    "a page of HTML": ("<html><body>User-agent: *<br>Disallow: /a</body></html>", True),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPS)
async def test_whom_a_group_binds(name: str) -> None:
    rules, allowed = GROUPS[name]

    async def read(_: str) -> tuple[int, bytes]:
        return 200, rules.encode()

    robots = Robots(Time().now)
    with contextlib.nullcontext() if allowed else pytest.raises(SourceError, match="does not allow Listener"):
        await robots.crawl_delay("https://site.test", "https://site.test/a", read)
