"""Budgets: never more than is allowed, whoever asks, across days, restarts and crashes; and no failure when used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.clock import SimulatedClock
from listener.collecting.budget import Amount, Meter, OverBudgetError, next_day, next_month
from listener.collecting.fetching import Fetcher
from listener.collecting.notes import SourceNotes, name_of
from listener.collecting.pace import VisitPlan, pause_limits, reserved_for_visits, shortfalls, visit_needs
from scrapers.base import Budget, Page, Request, SourceError
from scrapers.network.pace import PassingError
from storage import Store
from tests.fake_source import NOW, FakeDoor
from tests.listener.collecting.metered import DAY, HOUR, Metered, asked, collector, opened, stored
from tests.listener.inline_threads import Inline

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
ASK = Request("https://example.com")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


# -- the meter --------------------------------------------------------------------------------------------------


@given(st.floats(0.2, 30), st.lists(st.integers(0, 90), min_size=1, max_size=200))
def test_no_minute_ever_has_more_requests_than_allowed(per_minute: float, steps: list[int]) -> None:
    meter, budget, now, sent = Meter(), Budget(per_minute=per_minute), NOW, []
    for seconds in steps:
        now += timedelta(seconds=seconds)
        rest = meter.refusal(budget, ASK, now)
        if rest is None:
            meter.count(budget, ASK, now)
            sent.append(now)
        else:
            assert now < rest.until <= now + timedelta(seconds=60 * max(1.0, 1 / per_minute))
    most = max(1, int(per_minute))
    span = timedelta(seconds=60 * most / per_minute)
    assert all(later - earlier >= span for earlier, later in zip(sent, sent[most:], strict=False))


@given(st.floats(0.5, 20), st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_money_never_exceeds_the_cap_whatever_pages_cost_and_whenever_it_crashes(
    money: float, pages: list[tuple[float, bool]]
) -> None:
    meter, budget, charged = Meter(), Budget(money=money), 0.0
    for cost, crash in pages:
        request = Request("https://example.com", cost=1.0)
        if meter.refusal(budget, request, NOW):
            break
        reserved = meter.count(budget, request, NOW)
        stored_before = json.loads(json.dumps(meter.to_json()))
        charged += cost  # the platform charges, whether or not anybody lives to read the page
        if crash:
            meter = Meter.from_json(stored_before)
        else:
            meter.pay(reserved, cost)
        assert charged <= money + 1e-9
        assert meter.committed >= charged - 1e-9


def test_a_kind_that_does_not_say_what_a_page_costs_reserves_the_dearest_so_far() -> None:
    meter, budget = Meter(), Budget(money=1.0)
    assert meter.refusal(budget, ASK, NOW) is None
    meter.pay(meter.count(budget, ASK, NOW), 0.6)
    rest = meter.refusal(budget, ASK, NOW)
    assert rest
    assert rest.until == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_day_begins_where_the_platform_says() -> None:
    pacific = Budget(units=100, zone="America/Los_Angeles")
    meter, request = Meter(), Request("https://example.com", units=100)
    meter.roll_over(pacific, NOW)
    meter.count(pacific, request, NOW)
    rest = meter.refusal(pacific, request, NOW)
    assert rest
    assert rest.until == datetime(2026, 3, 2, 8, tzinfo=UTC), "midnight in California"
    assert meter.refusal(pacific, request, rest.until) is None
    assert meter.refusal(pacific, ASK, NOW) is None, "what costs no units needs none"


@pytest.mark.parametrize("day", [datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 10, 31, 20, tzinfo=UTC)])
def test_the_next_day_comes_when_clocks_are_put_forward_or_back(day: datetime) -> None:
    found = next_day(Budget(zone="America/Los_Angeles"), day)
    assert timedelta(0) < found - day <= timedelta(hours=25)
    assert next_day(Budget(zone="America/Los_Angeles"), found) - found in {23 * HOUR, 24 * HOUR, 25 * HOUR}


@pytest.mark.parametrize(("month", "following"), [(1, (2026, 2)), (2, (2026, 3)), (12, (2027, 1))])
def test_a_month_ends_on_its_last_day(month: int, following: tuple[int, int]) -> None:
    assert next_month(datetime(2026, month, 28, 23, tzinfo=UTC)) == datetime(*following, 1, tzinfo=UTC)


def test_a_clock_that_was_set_back_gives_no_money_again() -> None:
    meter, budget = Meter(), Budget(money=1.0)
    request = Request("https://example.com", cost=1.0)
    assert meter.refusal(budget, request, NOW) is None
    meter.pay(meter.count(budget, request, NOW), 1.0)
    assert meter.refusal(budget, request, NOW - 10 * DAY) is not None


def test_a_clock_that_was_years_ahead_is_forgotten_and_what_was_spent_is_not() -> None:
    meter, budget, ahead = Meter(), Budget(money=1.0, per_day=5), NOW + 3650 * DAY
    request = Request("https://example.com", cost=0.6)
    assert meter.refusal(budget, request, ahead) is None
    meter.pay(meter.count(budget, request, ahead), 0.6)
    meter.close(3600, ahead)
    meter = Meter.from_json(json.loads(json.dumps(meter.to_json())))
    rest = meter.refusal(budget, request, NOW)
    assert rest
    assert (rest.until, "month" in rest.why) == (datetime(2026, 4, 1, tzinfo=UTC), True)
    assert meter.refusal(budget, request, datetime(2026, 4, 1, tzinfo=UTC)) is None


def test_what_was_spent_before_the_clock_was_put_forward_counts_again_when_it_is_put_back() -> None:
    meter, budget = Meter(), Budget(money=1.0)
    request = Request("https://example.com", cost=0.4)
    for at in (NOW, NOW + 3650 * DAY, NOW):
        meter = Meter.from_json(json.loads(json.dumps(meter.to_json())))
        assert (meter.refusal(budget, request, at) is None) == (meter.committed <= 0.6), at
        meter.pay(meter.count(budget, request, at), 0.4)
    assert meter.spent == pytest.approx(1.2)
    rest = meter.refusal(budget, request, NOW)
    assert rest
    assert rest.until == datetime(2026, 4, 1, tzinfo=UTC)
    assert meter.refusal(budget, request, datetime(2026, 4, 1, tzinfo=UTC)) is None


def test_a_meter_that_an_older_version_stored_is_read() -> None:
    stored = {"day": "2026-03-02", "asked": 3, "units": 1.5, "month": "2026-03", "spent": 0.5, "reserved": 0.25}
    recent = {"dearest": 0.5, "closed": None, "recent": ["2026-03-02T00:00:00+00:00"]}
    meter = Meter.from_json(stored | recent)
    assert (meter.day, meter.asked, meter.units, meter.dearest, meter.closed) == ("2026-03-02", 3, 1.5, 0.5, None)
    assert (meter.spent, meter.reserved, list(meter.recent)) == (0.75, 0.0, [NOW])


@pytest.mark.parametrize("seconds", [1e9, float("inf"), 86_401])
def test_a_platform_that_wants_to_be_left_alone_for_ever_is_asked_again_tomorrow(seconds: float) -> None:
    meter = Meter()
    meter.close(seconds, NOW)
    assert meter.closed == NOW + DAY
    rest = meter.refusal(Budget(), ASK, NOW)
    assert rest
    assert rest.until == NOW + DAY


async def test_a_month_without_money_is_looked_at_each_day_and_asks_for_nothing(store: Store) -> None:
    clock, source, door = SimulatedClock(NOW), Metered(money=0.5, dearest=1.0, every=3600), FakeDoor([1])
    for _ in range(3):
        await collector(store, door, clock).visit(source)
        assert store.sources.all()[0].next_at == clock.now() + DAY
        clock.move_to(store.sources.all()[0].next_at)
    assert door.asked == []


def test_what_is_left_is_said_of_what_is_limited() -> None:
    meter, budget = Meter(), Budget(per_day=10, money=2.0)
    meter.roll_over(budget, NOW)
    meter.pay(meter.count(budget, Request("https://example.com", cost=0.5), NOW), 0.25)
    assert meter.left(budget, NOW) == {"requests today": 9, "dollars this month": 1.75}
    assert meter.left(budget, NOW + DAY) == {"requests today": 10, "dollars this month": 1.75}


# -- visits -----------------------------------------------------------------------------------------------------


async def test_over_the_days_budget_the_source_rests_until_midnight_without_a_failure(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(per_day=2)
    door = FakeDoor(range(1, 12))
    tally = await collector(store, door, clock).visit(source)
    (state,) = store.sources.all()
    assert (len(door.asked), tally.rest is not None) == (2, True)
    assert (state.next_at, state.failures, state.error) == (NOW + DAY, 0, None)


async def test_a_restart_does_not_give_the_day_a_second_time(store: Store) -> None:
    clock, source, door = SimulatedClock(NOW), Metered(per_day=1), FakeDoor([1, 2])
    await collector(store, door, clock).visit(source)
    again = FakeDoor([1, 2])
    await collector(store, again, clock).visit(source)
    assert (len(door.asked), len(again.asked)) == (1, 0)
    assert sum(visit.fetches for visit in store.sources.visits(NOW)) == 1, "nothing asked is no visit"
    clock.move_to(NOW + DAY)
    await collector(store, again, clock).visit(source)
    assert len(again.asked) == 1


async def test_a_restart_does_not_give_the_minute_a_second_time(store: Store) -> None:
    clock, source, door = SimulatedClock(NOW), Metered(per_minute=2), FakeDoor([])
    for _ in range(5):
        await collector(store, door, clock).visit(source)
    assert len(door.asked) == 2


async def test_the_next_visit_begins_with_the_search_that_was_not_reached(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(per_minute=2, asks_for=("a", "b", "c", "d", "e"))
    door = FakeDoor([])
    for _ in range(5):
        await collector(store, door, clock).visit(source)
        clock.move_to(store.sources.all()[0].next_at)
    assert asked(door) == ["a", "b", "c", "d", "e", "a", "b", "c", "d"]


async def test_a_first_visit_that_is_cut_short_does_not_walk_back_for_ever(store: Store) -> None:
    clock, source, door = SimulatedClock(NOW), Metered(per_minute=2), FakeDoor(range(1, 100))
    for _ in range(4):
        await collector(store, door, clock).visit(source)
        clock.move_to(store.sources.all()[0].next_at)
    assert stored(store) == set(range(94, 100))


async def test_a_walk_that_is_cut_short_loses_nothing(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(per_minute=2)
    await collector(store, FakeDoor([1]), clock).visit(source)
    door = FakeDoor(range(1, 30))
    for _ in range(8):
        clock.move_to(max(store.sources.all()[0].next_at, clock.now() + MINUTE))
        await collector(store, door, clock).visit(source)
    assert stored(store) == set(range(1, 30))


async def test_a_platform_that_asks_for_a_pause_gets_it_from_everybody(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(pauses=1800, asks_for=("a", "b"))
    door = FakeDoor([])
    visits = collector(store, door, clock)
    await visits.visit(source)
    assert asked(door) == ["a"]
    assert store.sources.all()[0].next_at == NOW + 30 * MINUTE
    with pytest.raises(OverBudgetError, match="left alone"):
        await visits.fetcher.page(source, ASK)
    await collector(store, door, clock).visit(source)
    assert asked(door) == ["a"], "a restart forgets nothing"
    clock.move_to(NOW + 30 * MINUTE)
    await visits.visit(source)
    assert asked(door) == ["a", "b"]
    assert store.sources.all()[0].next_at == NOW + 60 * MINUTE


async def test_a_rest_is_said_once(store: Store) -> None:
    said: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def info(self, event: str, **more: Any) -> None:
            said.append((event, more))

        warning = error = info

    clock, source = SimulatedClock(NOW), Metered(per_day=1)
    visits = collector(store, FakeDoor([1, 2, 3, 4]), clock)
    visits.log = Log()  # type: ignore[assignment]
    for _ in range(3):
        await visits.visit(source)
    (rest,) = [more for event, more in said if event == "resting"]
    assert (rest["until"], rest["why"]) == ("2026-03-03 00:00Z", "the day's budget of 1 requests is used up")


# -- money ------------------------------------------------------------------------------------------------------


class Till(FakeDoor):
    """A door that charges, dies on the way, or both."""

    def __init__(self, trouble: Exception | None = None, status: int = 200) -> None:
        super().__init__([], dict.fromkeys(range(1, 99), trouble) if trouble else {})
        self.answer = lambda request: Page(request, status, b"1", request.url, NOW)


def meter_of(store: Store) -> Meter:
    return Meter.from_json(store.state.get(name_of("board"))["meter"])


async def test_money_is_reserved_before_it_is_spent_and_settled_after(store: Store) -> None:
    source = Metered(money=10, page_price=0.5, dearest=2.0)
    reserved: list[float] = []

    class Looking(Till):
        def __init__(self) -> None:
            super().__init__()
            page = self.answer
            self.answer = lambda request: (
                reserved.append(store.state.get(name_of("board"))["meter"]["reserved"]) or page(request)
            )

    await collector(store, Looking(), SimulatedClock(NOW)).visit(source)
    assert reserved[0] == 2.0, "a crash right now is paid for"
    assert meter_of(store).committed == 0.5 * len(reserved)


@pytest.mark.parametrize(
    ("trouble", "charged"),
    [
        (SourceError("half a body", sent=True), 2.0),
        (PassingError("it stopped talking", sent=True), 2.0),
        (PassingError("nobody there", sent=False), 0.0),
        (SourceError("no certificate"), 0.0),
        (KeyboardInterrupt(), 2.0),
    ],
)
async def test_what_may_have_been_charged_for_counts_as_spent(
    store: Store, trouble: BaseException, charged: float
) -> None:
    source, clock = Metered(money=10, page_price=0.5, dearest=2.0), SimulatedClock(NOW)
    visits = collector(store, Till(trouble), clock)
    try:
        await visits.visit(source)
    except KeyboardInterrupt:
        assert meter_of(store).committed == charged, "also where nobody lives to store it"
    assert (await visits.fetcher.notes.meter("board")).committed == charged


async def test_an_answer_that_is_an_error_costs_nothing_and_one_that_cannot_be_read_all_it_may(store: Store) -> None:
    source, clock = Metered(money=10, page_price=0.5, dearest=2.0), SimulatedClock(NOW)
    await collector(store, Till(status=500), clock).visit(source)
    assert meter_of(store).committed == 0

    class Garbled(Metered):
        def parse(self, page: Page) -> Any:
            raise SourceError("not what it used to be", status=200)

    clock.move_to(store.sources.all()[0].next_at)
    await collector(store, Till(), clock).visit(Garbled(money=10, page_price=0.5, dearest=2.0))
    assert meter_of(store).committed == 2.0


async def test_what_comes_by_a_stream_is_counted_too(store: Store) -> None:
    source, clock = Metered(money=1.0, per_minute=1), SimulatedClock(NOW)
    fetcher = collector(store, FakeDoor([]), clock).fetcher
    await fetcher.spend(source)
    await fetcher.spend(source, 0.75)
    with pytest.raises(OverBudgetError, match=r"\$1.00"):
        await fetcher.page(source, Request("https://example.com", cost=0.5))
    await collector(store, FakeDoor([]), clock).fetcher.spend(source)
    with pytest.raises(SourceError, match=r"\$1.00") as over:
        await fetcher.spend(source, 0.25)
    assert over.value.retry_after == 30 * 86_400
    clock.move_to(datetime(2026, 4, 1, tzinfo=UTC))
    await fetcher.spend(source)
    await fetcher.spend(Metered(), 99)


# -- the plan ---------------------------------------------------------------------------------------------------


def searches(source: Metered) -> Any:
    return source.searches(())


def test_the_plan_says_what_a_day_needs_before_it_is_used() -> None:
    source = Metered(every=3600, asks_for=("a", "b"), unit_price=100, dearest=0.5)
    plan = VisitPlan(3600, visit_needs(source, searches(source), NOW))
    assert plan.day == Amount(48, 4800, 24)
    assert str(plan) == "48 requests, 4,800 units, at most $24.00 a day"


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"every": 300, "per_day": 100}, ["its schedule needs 288 requests a day, its budget is 100"]),
        ({"every": 300, "per_day": 300}, []),
        ({"per_day": 1}, []),  # its pace follows the budget
        ({"max_delay": 60, "per_day": 100}, ["its schedule needs 1,440 requests a day, its budget is 100"]),
        ({"every": 60, "per_minute": 1, "asks_for": ("a", "b")},
         ["its schedule needs 2,880 requests a day, its budget is 1,440"]),
        ({"every": 3600, "units": 1000, "unit_price": 100},
         ["its schedule needs 2,400 units a day, its budget is 1,000"]),
        ({"money": 0.2, "dearest": 0.5}, ["one visit may cost $0.50, its budget of a month is $0.20"]),
    ],
)  # fmt: skip
def test_a_schedule_that_needs_more_than_the_budget_is_warned_of(settings: dict[str, Any], warned: list[str]) -> None:
    source = Metered(**settings)
    assert list(shortfalls(source, searches(source), NOW)) == warned


def test_a_budget_of_a_day_lasts_a_day_where_nobody_insists() -> None:
    source = Metered(per_day=24, asks_for=("a", "b"))
    assert pause_limits(source, visit_needs(source, searches(source), NOW)).fastest == 7200


@given(st.integers(0, 86_399), st.floats(1, 5000), st.floats(60, 86_400))
def test_what_others_leave_to_the_visits_is_what_those_need_and_never_all(
    second: int, per_day: float, pause: float
) -> None:
    now = NOW + timedelta(seconds=second)
    keep = reserved_for_visits(Budget(per_day=per_day), VisitPlan(pause, Amount(3)), now)
    share = (NOW + DAY - now) / DAY
    assert keep.requests <= 0.75 * per_day * share + 1e-6
    assert keep.requests <= 3 * 86_400 / pause * share + 1e-6


async def test_others_stop_where_the_visits_begin_to_need_the_rest(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(per_day=10)
    fetcher: Fetcher = collector(store, FakeDoor([]), clock).fetcher
    for _ in range(4):
        await fetcher.page(source, ASK, leave=Amount(6))
    with pytest.raises(OverBudgetError):
        await fetcher.page(source, ASK, leave=Amount(6))
    await fetcher.page(source, ASK)


async def test_one_memory_serves_a_process_and_is_read_once(store: Store) -> None:
    reads: list[Any] = []

    def note(call: Any) -> Any:
        reads.append(call)
        return call()

    memory = SourceNotes(store, Inline(note))
    (await memory.of("board"))["rhythm"] = {}
    await memory.meter("board")
    await memory.keep("board", NOW)
    assert len(reads) == 2, "one read, one write"
    assert set(store.state.get(name_of("board"))) == {"rhythm", "meter"}
