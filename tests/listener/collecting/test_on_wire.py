"""What a budget allows is what goes out on the wire: tries, redirects, robots.txt and logins, against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from listener.collecting.budget import Meter, OverBudgetError
from listener.collecting.fetching import Fetcher
from listener.collecting.notes import name_of
from scrapers.base import Login, Page, Request, SourceError
from scrapers.network.http import Http
from storage import Store
from tests.fake_source import NOW
from tests.listener.collecting.metered import Metered, collector, opened
from tests.listener.collecting.test_backfill import Waking
from tests.scrapers.http_door import open_door
from tests.world import faults
from tests.world.web import Reply, World

pytestmark = pytest.mark.anyio
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)  # a Date header knows seconds


class Member(Metered):
    """One that logs in, and is shut out at once."""

    def login(self) -> Login:
        return Login(Request(f"{self.base_url}/session", method="POST", body="x"), {})

    def session_headers(self, page: Page) -> Mapping[str, str]:
        return {"authorization": page.text}


class Obedient(Metered):
    obey_robots = True


@dataclass
class Place:
    """A world that fails in one way, and the parts that ask it."""

    world: World
    door: Http
    store: Store
    clock: Waking

    @property
    def sent_at(self) -> list[datetime]:
        return [call.date for call in self.world.ledger if call.date]

    def fetcher(self) -> Fetcher:
        """As after a restart."""
        return collector(self.store, self.door, self.clock).fetcher

    async def fetch(self, source: Metered, fetcher: Fetcher, cost: float = 0.0) -> str:
        """One fetch with all that follows from it; how it ended."""
        request = Request(f"{self.world.url}/page", units=source.unit_price, cost=cost)
        try:
            await fetcher.read(source, await fetcher.page(source, request))
        except (OverBudgetError, SourceError) as error:
            return type(error).__name__
        return "read"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


@asynccontextmanager
async def place(store: Store, trouble: Callable[[World], None]) -> AsyncIterator[Place]:
    clock = Waking(NOW)
    async with World() as world:
        world.route("/*", lambda call: Reply.text("1"))
        trouble(world)
        async with open_door([world.url], clock, send_date=True) as door:
            yield Place(world, door, store, clock)


def failing(status: int) -> Callable[[World], None]:
    return lambda world: world.fault("/*", faults.answer(status), times=None)


def redirecting(world: World) -> None:
    world.route("/*", lambda call: Reply(302, b"", {"location": f"{call.path}x"}))


def losing(world: World) -> None:
    world.fault("/*", faults.LOST_REPLY, times=None)


TROUBLES = [failing(500), failing(503), failing(401), redirecting, losing, lambda world: None]


@pytest.mark.sampled
@pytest.mark.parametrize("kind", [Metered, Member, Obedient])
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_more_requests_go_out_in_a_day_than_are_allowed(
    store: Store, trouble: Callable[[World], None], kind: type[Metered]
) -> None:
    async with place(store, trouble) as at:
        source = kind(per_day=7, base_url=at.world.url)
        for _ in range(9):
            await at.fetch(source, at.fetcher())  # each in a new process
        assert len(at.world.ledger) == 7, "all of it, and no more"
        assert Meter.from_json(store.state.get(name_of("board"))["meter"]).asked == 7


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_more_units_are_used_than_are_allowed(store: Store, trouble: Callable[[World], None]) -> None:
    async with place(store, trouble) as at:
        source = Metered(units=10, unit_price=3, base_url=at.world.url)
        for _ in range(6):
            await at.fetch(source, at.fetcher())
        assert len(at.world.ledger) == 3
        assert Meter.from_json(store.state.get(name_of("board"))["meter"]).units == 9


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_minute_has_more_requests_than_are_allowed(store: Store, trouble: Callable[[World], None]) -> None:
    async with place(store, trouble) as at:
        source, fetcher = Metered(per_minute=2, base_url=at.world.url), at.fetcher()
        for _ in range(12):
            await at.fetch(source, fetcher)
            at.clock.move_to(at.clock.now() + timedelta(seconds=10))
        assert len(at.sent_at) >= 4
        for begin in at.sent_at:
            assert sum(1 for when in at.sent_at if begin <= when < begin + MINUTE - SECOND) <= 2


async def test_what_may_be_charged_for_at_each_try_never_exceeds_the_money(store: Store) -> None:
    async with place(store, losing) as at:
        source = Metered(money=5.0, base_url=at.world.url)
        for _ in range(6):
            await at.fetch(source, at.fetcher(), cost=1.0)
        assert len(at.world.ledger) == 5
        meter = Meter.from_json(store.state.get(name_of("board"))["meter"])
        assert (meter.spent, meter.reserved) == (5.0, 0.0)


@pytest.mark.parametrize("trouble", [failing(500), failing(401), redirecting])
async def test_an_answer_that_is_no_page_costs_nothing(store: Store, trouble: Callable[[World], None]) -> None:
    async with place(store, trouble) as at:
        source, fetcher = Metered(money=5.0, base_url=at.world.url), at.fetcher()
        for _ in range(9):
            await at.fetch(source, fetcher, cost=1.0)
        assert len(at.world.ledger) >= 9
        meter = await fetcher.notes.meter("board")
        assert (meter.spent, meter.reserved) == (0.0, 0.0)


async def test_a_page_costs_what_it_says_and_the_tries_before_it_nothing(store: Store) -> None:
    async with place(store, lambda world: world.fault("/page", faults.answer(500), times=2)) as at:
        source = Metered(money=5.0, page_price=0.25, per_day=9, base_url=at.world.url)
        fetcher = at.fetcher()
        assert await at.fetch(source, fetcher, cost=1.0) == "read"
        meter = await fetcher.notes.meter("board")
        assert (meter.asked, meter.spent, meter.reserved) == (3, 0.25, 0.0)


async def test_a_request_that_never_left_is_given_back(store: Store) -> None:
    async with place(store, lambda world: None) as at:
        url = at.world.url
    async with open_door([url], at.clock) as door:  # nobody listens there any more
        source = Metered(money=5.0, per_day=3, units=9, unit_price=3, per_minute=1, base_url=url)
        fetcher = Place(at.world, door, store, at.clock).fetcher()
        for _ in range(4):
            with pytest.raises(SourceError):
                await fetcher.page(source, Request(f"{url}/page", units=3, cost=1.0))
        meter = await fetcher.notes.meter("board")
        assert (meter.asked, meter.units, meter.spent, meter.reserved, list(meter.recent)) == (0, 0.0, 0.0, 0.0, [])


async def test_a_failure_stays_a_failure_when_no_other_try_may_go_out(store: Store) -> None:
    async with place(store, failing(500)) as at:
        source, fetcher = Metered(per_minute=1, base_url=at.world.url), at.fetcher()
        assert await at.fetch(source, fetcher) == "SourceError", "not a rest: it was asked, and it failed"
        assert await at.fetch(source, fetcher) == "OverBudgetError"
        assert len(at.world.ledger) == 1


async def test_a_second_login_counts_as_well(store: Store) -> None:
    async with place(store, lambda world: world.fault("/page", faults.answer(401), times=None)) as at:
        source, fetcher = Member(per_day=99, base_url=at.world.url), at.fetcher()
        await at.fetch(source, fetcher)
        paths = [call.path for call in at.world.ledger]
        assert paths == ["/session", "/page", "/session", "/page"]
        assert (await fetcher.notes.meter("board")).asked == 4
