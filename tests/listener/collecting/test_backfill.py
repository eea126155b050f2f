"""Backfill: all of the past that can be had, once, whatever interrupts it; within the budgets; and never news."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from insight.model import Gap, Post
from listener.clock import SimulatedClock
from listener.collecting import backfill as module
from listener.collecting.backfill import YOUNG, BackfillReport, backfill, backfill_job, chosen_sources, reports_of
from listener.collecting.visits import Collector
from listener.engine import Engine, Work
from listener.telling.decisions import Context
from listener.telling.detection import look_at_watch
from scrapers.base import Batch, Page, Request, Search, SourceError
from storage import SourceEntry, Store
from storage.writing import ingest as ingesting
from tests.fake_source import NOW, FakeDoor, post
from tests.listener.collecting.metered import ACME, DAY, HOUR, Metered, at, collector, opened, stored, take
from tests.listener.configs import understood

pytestmark = pytest.mark.anyio
LATER = NOW + 10 * DAY
HOURLY = range(60, 11 * 1440, 60)  # a post an hour, from NOW - 1 day to LATER


class Timed(Metered):
    """Its marks tell the time: the number of a post is the minutes since the board was opened."""

    def mark_at(self, at: datetime) -> str | None:
        return str(max(0, int((at - NOW + DAY).total_seconds() // 60)))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        asked = super().start(search, high_water, now)
        return Request(asked.url, {"before": "99999"}, since=high_water, units=asked.units, cost=asked.cost)


class Waking(SimulatedClock):
    """Who sleeps on it wakes at once, later."""

    async def sleep(self, seconds: float) -> None:
        self.move_to(self.now() + timedelta(seconds=seconds))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


async def read(
    store: Store, door: Any, source: Metered, since: datetime, clock: SimulatedClock
) -> list[BackfillReport]:
    """A backfill in a new process."""
    host = collector(store, door, clock)
    return await backfill(host, source, since, lambda _: None)


def wanted(since: datetime, now: datetime = LATER) -> set[int]:
    return {number for number in HOURLY if since < at(number) <= now - YOUNG}


async def test_it_reads_back_to_when_it_was_asked_for_and_leaves_the_visits_alone(store: Store) -> None:
    clock, door, since = SimulatedClock(LATER), FakeDoor(HOURLY), LATER - 5 * DAY
    (report,) = await read(store, door, Timed(), since, clock)
    assert wanted(since) <= stored(store) <= {number for number in HOURLY if at(number) > since - 4 * HOUR}
    assert not any(at(number) > LATER - YOUNG for number in stored(store))
    assert (report.state, report.why, report.new) == ("read", "", len(stored(store)))
    assert report.back_to == at(min(stored(store)))
    assert report.left == sum(1 for number in HOURLY if at(number) > LATER - YOUNG)
    assert store.sources.cursor("board", "") is None
    assert store.sources.visits(NOW - DAY) == []


@pytest.mark.parametrize("page", [2, 3, 7, 20])
async def test_killed_after_any_page_it_goes_on_and_reads_nothing_twice(store: Store, page: int) -> None:
    clock, since = SimulatedClock(LATER), LATER - 5 * DAY
    first = FakeDoor(HOURLY, {page: KeyboardInterrupt()})  # type: ignore[dict-item]
    with pytest.raises(KeyboardInterrupt):
        await read(store, first, Timed(), since, clock)
    second = FakeDoor(HOURLY)
    clock.move_to(LATER + 3 * HOUR)
    await read(store, second, Timed(), since + 3 * HOUR, clock)
    assert wanted(since) <= stored(store)
    pages = [request.params["before"] for request in (*first.asked[:-1], *second.asked)]
    assert len(pages) == len(set(pages))


async def test_what_was_read_whole_is_not_read_again_the_same_day_and_further_back_is(store: Store) -> None:
    clock, since = SimulatedClock(LATER), LATER - 3 * DAY
    await read(store, FakeDoor(HOURLY), Timed(), since, clock)
    again = FakeDoor(HOURLY)
    (report,) = await read(store, again, Timed(), since, clock)
    assert (report.state, again.asked) == ("read", [])
    assert "already" in report.why
    (report,) = await read(store, again, Timed(), since - DAY, clock)
    assert wanted(since - DAY) <= stored(store)
    clock.move_to(LATER + DAY)
    asked = len(again.asked)
    await read(store, again, Timed(), since, clock)
    assert len(again.asked) > asked, "a day later it may be asked for again"


async def test_a_walk_that_was_to_go_much_further_back_is_not_gone_on_with(store: Store) -> None:
    clock = SimulatedClock(LATER)
    await read(store, FakeDoor(HOURLY, {4: SourceError("dead")}), Timed(), LATER - 10 * DAY, clock)
    await read(store, FakeDoor(HOURLY), Timed(), LATER - 2 * DAY, clock)
    assert wanted(LATER - 2 * DAY) <= stored(store)
    assert not any(at(number) < LATER - 3 * DAY for number in stored(store))


async def test_where_it_was_left_has_gone_so_it_begins_anew(store: Store) -> None:
    clock, since = SimulatedClock(LATER), LATER - 2 * DAY
    await read(store, FakeDoor(HOURLY, {4: SourceError("dead")}), Timed(), since, clock)
    door = FakeDoor(HOURLY, {1: SourceError("that page has expired", permanent=True, status=410)})
    (report,) = await read(store, door, Timed(), since, clock)
    assert report.state == "read"
    assert wanted(since) <= stored(store)


async def test_an_error_stops_it_with_its_reason_and_what_was_read_is_kept(store: Store) -> None:
    door = FakeDoor(HOURLY, {6: SourceError("no", permanent=True, remedy="ask nicely")})
    (report,) = await read(store, door, Timed(), LATER - 5 * DAY, SimulatedClock(LATER))
    assert (report.state, report.why, report.pages) == ("stopped", "no. ask nicely", 5)
    assert store.sources.all()[0].failures == 0


async def test_over_the_days_budget_it_stops_and_goes_on_the_next_day(store: Store) -> None:
    source, clock, since = Timed(per_day=30, every=86_400 / 20), SimulatedClock(LATER), LATER - 9 * DAY
    days = 0
    while True:
        door = FakeDoor(HOURLY)
        (report,) = await read(store, door, source, since, clock)
        assert len(door.asked) <= 30 - 20 + 1, "the visits keep what they need"
        if report.state == "read":
            break
        assert report.why.startswith("the day's budget of 30 requests is used up; ask again after 2026-03-")
        days += 1
        assert days < 20
        clock.move_to(clock.now() + DAY)
    assert wanted(since) <= stored(store)
    assert days > 3


async def test_a_full_minute_is_waited_for(store: Store) -> None:
    clock, since = Waking(LATER), LATER - 5 * DAY
    (report,) = await read(store, FakeDoor(HOURLY), Timed(per_minute=5), since, clock)
    assert report.state == "read"
    assert clock.now() - LATER >= timedelta(minutes=report.pages // 5 - 1)


async def test_where_it_is_not_possible_it_says_why(store: Store) -> None:
    class Windowed(Metered):
        window = "the 500 newest reviews"

    clock, door = SimulatedClock(LATER), FakeDoor(HOURLY)
    (plain,) = await read(store, door, Metered(), LATER - DAY, clock)
    (windowed,) = await read(store, door, Windowed(), LATER - DAY, clock)
    assert (plain.state, windowed.state, door.asked) == ("impossible", "impossible", [])
    assert windowed.why == "the platform shows the 500 newest reviews, and the visits read all of that"


async def test_a_platform_that_ends_early_is_told_with_its_window_and_its_gap(store: Store) -> None:
    class Short(Timed):
        window = "the last two days"

        def parse(self, page: Page) -> Batch:
            batch = super().parse(page)
            if batch.requests and int(batch.requests[0].params["before"]) > 9 * 1440:
                return batch
            return Batch((*batch.items, Gap(None, LATER - 2 * DAY, "no older page")))

    (report,) = await read(store, FakeDoor(HOURLY), Short(), LATER - 9 * DAY, SimulatedClock(LATER))
    assert (report.state, report.why, report.gaps) == ("read", "the platform shows the last two days", 1)
    assert [found.search for found in store.sources.gaps(NOW)] == ["backfill"]


async def test_a_kind_that_stumbles_stops_its_own_backfill_only(store: Store) -> None:
    class Moody(Timed):
        def parse(self, page: Page) -> Batch:
            raise KeyError("mood")

    class Lost(Timed):
        def mark_at(self, at: datetime) -> str | None:
            raise KeyError("time")

    for source in (Moody(), Lost()):
        (report,) = await read(store, FakeDoor(HOURLY), source, LATER - DAY, SimulatedClock(LATER))
        assert report.state == "stopped"
        assert "stumbled: KeyError" in report.why


async def test_every_search_has_its_own_walk(store: Store) -> None:
    clock, source = SimulatedClock(LATER), Timed(asks_for=("a", "b"))
    reports = await read(store, FakeDoor(HOURLY), source, LATER - 2 * DAY, clock)
    assert [(report.search, report.state) for report in reports] == [("a", "read"), ("b", "read")]
    assert store.sources.cursor("board", "backfill a")
    assert store.counts.recount() == []


# -- no news ----------------------------------------------------------------------------------------------------


SAID = (
    "acme sync is broken again", "acme invoice shows wrong totals", "terrible acme login page fails",
    "acme export lost my notes", "the acme update crashes constantly",
)  # fmt: skip
WORDS = (
    "tired", "train", "office", "kitchen", "monday", "garden",
    "coffee", "window", "summer", "pocket", "camera", "travel",
)  # fmt: skip


class Archive:
    """A door to an archive that says the same complaint ten times an hour, as far back as anybody asks."""

    mask = str

    async def fetch(self, request: Request, **_: Any) -> Page:
        before = int(request.params["before"])
        numbers = list(range(min(before, 26 * 1440) - 6, 0, -6))[:300]
        return Page(request, 200, "\n".join(map(str, numbers)).encode(), request.url, NOW)


class Complaints(Timed):
    """Ten times as many as the watch is used to, about something it has never heard of."""

    def parse(self, page: Page) -> Batch:
        batch = super().parse(page)
        return Batch(tuple(map(self._told, batch.items)), batch.requests, batch.newest)

    def _told(self, item: Any) -> Post:
        number = int(item.native_id)
        mine = " ".join(WORDS[number // 6 // 12**place % 12] for place in range(3))
        text = f"{mine}: the horrible battery drain of acme {WORDS[number % 11]} {WORDS[number % 7]}"
        return Post("board", f"c{number}", text, author=f"p{number}", published_at=at(number))


def usual(hour: int) -> Sequence[Post]:
    """What the watch is used to: one complaint an hour."""
    number = hour * 60 + 30
    text = f"{SAID[hour % len(SAID)]} {hour}"
    return (Post("other", f"u{number}", text, author=f"q{hour % 50}", published_at=at(number)),)


async def lived(store: Store, host: Collector, clock: SimulatedClock, hours: range) -> list[str]:
    """Hours in which the usual comes as ever and detection looks; what it tells."""
    config = understood("""\
contact: you@example.org
watches: [{id: acme, query: acme}]
sources: [{kind: board}]
channels: {bell: {kind: bell}}
""")
    told = []
    for hour in hours:
        clock.move_to(at(hour * 60 + 31))
        take(store, host.queries().pipeline, Metered(name="other"), Batch(tuple(usual(hour))), clock.now())
        clock.move_to(at((hour + 1) * 60 + 1))
        context = Context(store, config, store.watches.all(), clock.now())
        told += [item.signal.headline for item in look_at_watch(context, ACME)]
    return told


async def after_a_backfill(store: Store, of: timedelta) -> list[str]:
    store.sources.sync([SourceEntry("board", "board"), SourceEntry("other", "board")], NOW)
    clock = SimulatedClock(NOW - DAY)
    host = collector(store, Archive(), clock)
    assert await lived(store, host, clock, range(16 * 24)) == []
    (report,) = await backfill(host, Complaints(), clock.now() - of, lambda _: None)
    assert report.new > 500
    return await lived(store, host, clock, range(16 * 24, 18 * 24))


@pytest.mark.parametrize("days", [3, pytest.param(9, marks=pytest.mark.soak)])
async def test_a_backfill_is_neither_a_spike_nor_a_new_theme(store: Store, days: int) -> None:
    assert await after_a_backfill(store, days * DAY) == []
    assert store.counts.recount() == []


async def test_a_page_is_stored_in_as_many_queries_however_many_posts_it_has(store: Store) -> None:
    class Pages:
        """Pages of so many posts, an hour and a half apart, the newest two days ago."""

        mask = str

        def __init__(self, size: int) -> None:
            self.size = size

        async def fetch(self, request: Request, **_: Any) -> Page:
            before = min(int(request.params["before"]), 9 * 1440 + self.size)
            numbers = [before - 90 * (place + 1) for place in range(self.size)] if before > 1440 else []
            return Page(request, 200, "\n".join(map(str, numbers)).encode(), request.url, NOW)

    async def queries(size: int) -> float:
        asked: list[str] = []
        for engine in {store._database.reader, store._database.writer}:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        source = Complaints(name=f"of {size}")
        store.sources.sync([SourceEntry(source.id, "board")], NOW)
        (report,) = await read(store, Pages(size), source, LATER - 4 * DAY, SimulatedClock(LATER))
        assert report.new >= size
        return len(asked) / report.pages

    few = await queries(4)
    assert await queries(32) <= few + 4, "a page of nothing but news, and one that ends the walk"


@pytest.mark.soak
@pytest.mark.parametrize("guard", ["hours", "themes"])
async def test_without_either_guard_it_would_be_news(store: Store, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    if guard == "hours":
        monkeypatch.setattr(module, "YOUNG", timedelta(0))
    else:
        monkeypatch.setattr(ingesting, "_take_out_of_pending", lambda *_: None)
    assert await after_a_backfill(store, 3 * DAY) != []


# -- several side by side ---------------------------------------------------------------------------------------


async def test_sources_are_read_side_by_side_and_one_that_fails_stops_no_other(store: Store) -> None:
    store.sources.sync([SourceEntry(name, "board") for name in "abc"], NOW)
    host = collector(store, FakeDoor(HOURLY), SimulatedClock(LATER))
    sources = {"a": Timed(name="a"), "b": Metered(name="b"), "c": Timed(name="c", asks_for=("x", "y"))}
    engine = Engine(lambda *_: None)
    engine.add({"backfill": Work(lambda job: backfill_job(host, sources, job, engine.changed.set), slots=4)})
    since = (LATER - 2 * DAY).isoformat()
    jobs = [engine.submit("backfill", name, {"since": since}) for name in "abcz"]
    assert engine.submit("backfill", "a", {"since": since}) is jobs[0], "one at a time of each source"
    assert await engine.wait("backfill", patience=60)
    told = [asdict(job) for job in engine.jobs(["backfill"])]
    reports = reports_of(json.loads(json.dumps(told)))
    assert {(it.source, it.search): it.state for it in reports} == {
        ("a", ""): "read", ("b", ""): "impossible", ("c", "x"): "read", ("c", "y"): "read"
    }  # fmt: skip
    (report,) = await read(store, FakeDoor(HOURLY), Timed(name="a"), LATER - 2 * DAY, host.clock)
    assert reports[0].back_to == report.back_to
    assert (jobs[3].state, jobs[3].error) == ("failed", "there is no source 'z'; `listener sources --mine` lists yours")


def test_sources_are_chosen_by_name_or_all() -> None:
    sources = [Timed(name="a"), Timed(name="b")]
    assert chosen_sources(sources, ["b"]) == (sources[1],)
    assert chosen_sources(sources, []) == tuple(sources)
    with pytest.raises(ValueError, match="no source 'z'"):
        chosen_sources(sources, ["z"])


def test_the_posts_of_the_board_tell_the_time() -> None:
    assert Timed().mark_at(at(77)) == "77"
    assert at(77) == post(77).published_at
