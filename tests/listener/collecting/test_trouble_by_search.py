"""Trouble stays where it is: one search that fails takes nothing from the others; only who asks can end a visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from insight.model import Watch
from listener.clock import SimulatedClock
from listener.collecting.budget import OverBudgetError, Rest
from listener.collecting.completeness import Completeness
from listener.collecting.ingest import Ingest
from listener.collecting.pace import VisitPace
from scrapers import walk
from scrapers.base import Login, Page, Request, Search, SourceError
from scrapers.network.pace import PassingError
from storage import Store, StoreError
from storage.sources import Sources
from tests.fake_source import NOW, Board, FakeDoor, serve
from tests.listener.collecting.metered import DAY, HOUR, collector, opened
from tests.listener.four_searches import BLANK, SHELVES, Shelves, Site, Trouble, failing, shelf

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


async def visit_when_due(store: Store, door: Any, source: Board) -> SimulatedClock:
    """In a new process."""
    clock = SimulatedClock(max(NOW, store.sources.all()[0].next_at))
    await collector(store, door, clock).visit(source)
    return clock


A_DAY = 96 + 1  # visits a quarter of an hour apart, of which the first one asks for a second page


async def a_day(store: Store, door: FakeDoor, source: Board) -> Counter[str]:
    """Visit it whenever it is due, as the program does; how often each search was asked for."""
    clock = SimulatedClock(NOW)
    visits = collector(store, door, clock)
    while clock.now() < NOW + DAY:
        await visits.visit(source)
        (state,) = store.sources.all()
        assert clock.now() < state.next_at <= clock.now() + DAY
        clock.move_to(state.next_at)
    return Counter(map(shelf, door.asked))


@pytest.mark.parametrize(
    "trouble",
    [
        (500, {}), BLANK,
        *(pytest.param(trouble, marks=pytest.mark.soak) for trouble in (
            (404, {}), (403, {}), (500, {"retry-after": "7"}), PassingError("half a body", sent=True),
            SourceError("robots.txt forbids it", permanent=True),
        )),
    ],
)  # fmt: skip
async def test_a_search_that_always_fails_takes_no_turn_from_the_others(store: Store, trouble: Trouble) -> None:
    asked = await a_day(store, Site(second=trouble), Shelves(every=900))
    assert asked.pop("second") < 45, "it is asked less and less often"
    assert asked == dict.fromkeys(("first", "third", "fourth"), A_DAY), "as often as if nothing were wrong"
    (state,) = store.sources.all()
    assert (state.failures, state.error, state.paused) == (0, None, False)
    assert failing(store).keys() == {"second"}


async def test_where_nothing_is_wrong_all_are_asked_at_the_pace(store: Store) -> None:
    assert await a_day(store, Site(), Shelves(every=900)) == dict.fromkeys(SHELVES, A_DAY)


async def test_one_that_answers_again_is_as_it_was(store: Store) -> None:
    door, source = Site(second=(503, {})), Shelves()
    await visit_when_due(store, door, source)
    (found,) = [it for it in store.sources.searches("board") if it.search == "second"]
    assert (found.failures, found.last_success, found.cursor) == (1, None, None)
    assert found.error == "https://example.com/second answered 503: no"
    assert NOW + timedelta(seconds=48) <= store.sources.all()[0].next_at == found.next_at
    door.troubles = {}
    door.asked.clear()
    clock = await visit_when_due(store, door, source)
    assert door.searched == ["second"], "the others have their own time"
    assert failing(store) == {}
    read = {it.search: it.last_success for it in store.sources.searches("board")}
    assert read == {**dict.fromkeys(SHELVES, NOW), "second": clock.now()}
    assert store.sources.all()[0].next_at == NOW + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("trouble", "paused"),
    [
        ((401, {}), True), ((429, {}), False), (SourceError("no network", offline=True), False),
        (PassingError("nobody there", sent=False), False), (SourceError("left alone", retry_after=600), False),
        (SourceError("too fast", retry_after=60, status=403), False),
    ],
)  # fmt: skip
async def test_trouble_with_who_asks_ends_the_visit_and_starves_nobody(
    store: Store, trouble: Trouble, paused: bool
) -> None:
    door = Site(second=trouble)
    await visit_when_due(store, door, Shelves())
    (state,) = store.sources.all()
    assert (door.searched, state.failures, state.paused) == (["first", "second"], 1, paused)
    assert failing(store) == {}, "it is not the search's own"
    door.asked.clear()
    await visit_when_due(store, door, Shelves())
    assert door.searched == ["third", "fourth", "first", "second"], "it goes on behind the one that was refused"


async def test_a_visit_that_the_budget_cut_short_is_gone_on_with_behind_the_one_that_is_refused(store: Store) -> None:
    door = Site()
    clock, ask = SimulatedClock(NOW), door.fetch

    async def no_more(request: Request, **more: Any) -> Page:
        if shelf(request) == "second":
            raise OverBudgetError(Rest(clock.now() + HOUR, "the day's budget is used up"))
        return await ask(request, **more)

    door.fetch = no_more  # type: ignore[method-assign]
    await collector(store, door, clock).visit(Shelves())
    assert door.searched == ["first"]
    door.fetch, door.troubles = ask, {"second": (429, {})}  # type: ignore[method-assign]
    door.asked.clear()
    await visit_when_due(store, door, Shelves())
    assert door.searched == ["second"]
    door.asked.clear()
    await visit_when_due(store, door, Shelves())
    assert door.searched == ["third", "fourth", "first", "second"]


async def test_a_host_that_leaves_two_in_a_row_without_an_answer_is_down(store: Store) -> None:
    silent = PassingError("it stopped talking", sent=True)
    door = Site(second=silent, third=silent)
    await visit_when_due(store, door, Shelves())
    assert (door.searched, store.sources.all()[0].failures) == (["first", "second", "third"], 1)


async def test_a_login_that_is_refused_ends_the_visit(store: Store) -> None:
    class Members(Shelves):
        def login(self) -> Login:
            return Login(Request(f"{self.base_url}/login"))

        def session_headers(self, page: Page) -> Mapping[str, str]:
            return {}

    door = Site(login=(403, {}))
    await visit_when_due(store, door, Members())
    (state,) = store.sources.all()
    assert (door.searched, state.failures, state.paused) == (["login"], 1, True)


@pytest.mark.parametrize(("status", "paused"), [(404, True), (500, False)])
async def test_a_source_fails_when_none_of_its_searches_can_be_read(store: Store, status: int, paused: bool) -> None:
    door = Site(**dict.fromkeys(SHELVES, (status, {})))
    await visit_when_due(store, door, Shelves())
    (state,) = store.sources.all()
    assert (door.searched, state.paused, state.failures) == (list(SHELVES), paused, 1)
    assert state.next_at == min(it.next_at for it in store.sources.searches("board") if it.next_at)
    assert (state.error or "").startswith(f"https://example.com/first answered {status}: no")
    store.sources.resume("board", NOW)
    assert failing(store) == {}
    await visit_when_due(store, Site(first=(status, {})), Shelves())
    assert (store.sources.all()[0].failures, failing(store)) == (0, {"first": (1, paused)})


async def test_a_search_that_nobody_asks_for_any_more_fails_no_longer(store: Store) -> None:
    class Fewer(Shelves):
        def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
            return super().searches(watches)[2:]

    await visit_when_due(store, Site(second=(404, {})), Shelves())
    assert [it.search for it in store.sources.failing_searches()] == ["second"]
    await visit_when_due(store, Site(), Fewer())
    assert store.sources.failing_searches() == []


async def test_a_walk_that_hangs_holds_up_no_other_cursor(store: Store) -> None:
    class Stuck(Site):
        async def fetch(self, request: Request, **_: Any) -> Page:
            hangs = shelf(request) == "second" and request.params["before"] != "999"
            return Page(request, 500, b"no", request.url, NOW) if hangs else serve(range(1, 9), request)

    await visit_when_due(store, Stuck(), Shelves())
    marks = {it.search: (it.cursor or {}).get("high_water") for it in store.sources.searches("board")}
    assert marks == {**dict.fromkeys(SHELVES, "8"), "second": None}
    assert failing(store) == {"second": (1, False)}


# -- whatever happens -------------------------------------------------------------------------------------------


def stumble(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("oh")


@pytest.mark.parametrize("place", ["searches", "start", "parse", "walk", "rhythm", "ingest", "completeness"])
async def test_whatever_stumbles_is_said_and_the_next_time_lies_ahead(
    store: Store, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = type("Odd", (Board,), {place: stumble})() if place in ("searches", "start", "parse") else Board()
    broken: dict[str, tuple[Any, str]] = {
        "walk": (walk, "advance"),
        "rhythm": (VisitPace, "after"),
        "ingest": (Ingest, "__call__"),
        "completeness": (Completeness, "page_came"),
    }
    if place in broken:
        monkeypatch.setattr(*broken[place], stumble)
    door, clock = FakeDoor(range(1, 4)), SimulatedClock(NOW)
    await collector(store, door, clock).visit(source)
    (state,) = store.sources.all()
    assert NOW < state.next_at <= NOW + timedelta(minutes=6)
    assert state.failures == 1
    assert "ZeroDivisionError: oh" in (state.error or "")


@pytest.mark.parametrize("error", [StoreError("the disk is full"), ZeroDivisionError("oh")])
@pytest.mark.parametrize("call", ["succeeded", "failed", "rests", "searches"])
async def test_what_cannot_be_stored_is_kept_in_mind(
    store: Store, call: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise error

    doors = {"failed": Site(**dict.fromkeys(SHELVES, (500, {})))}
    door, clock, source = doors.get(call, Site()), SimulatedClock(NOW), Shelves(max_delay=60)
    visits = collector(store, door, clock)
    with monkeypatch.context() as patch:
        patch.setattr(Sources, call, full)
        await visits.visit(source)
    asked = len(door.asked)
    for seconds in (0, 30, 59):
        clock.move_to(NOW + timedelta(seconds=seconds))
        if call != "rests" and isinstance(error, StoreError):
            await visits.visit(source)
    assert len(door.asked) == asked
    clock.move_to(NOW + HOUR)
    await visits.visit(source)
    assert len(door.asked) > asked
    assert store.sources.all()[0].next_at > clock.now()


async def test_a_clock_that_was_years_ahead_holds_nothing_up(store: Store) -> None:
    ahead = NOW + 3650 * DAY
    source, door = Shelves(), Site(second=(500, {"retry-after": "3600"}))
    await collector(store, door, SimulatedClock(ahead)).visit(source)
    assert store.sources.all()[0].next_at > ahead
    assert store.sources.due(NOW) == []
    assert store.sources.mend_due(NOW, DAY) == ["board"]
    assert [state.id for state in store.sources.due(NOW)] == ["board"]
    door.asked.clear()
    await collector(store, door, SimulatedClock(NOW)).visit(source)
    assert door.searched == list(SHELVES)
    assert NOW < store.sources.all()[0].next_at <= NOW + timedelta(minutes=6)
    assert failing(store) == {"second": (2, False)}
