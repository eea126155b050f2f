"""Second looks and canaries: what changed is taken up at the ages a kind names, after the visits and within budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from insight.model import Post, PostKey
from listener.clock import SimulatedClock
from listener.collecting.looks import CanaryResult
from listener.collecting.notes import name_of
from scrapers.base import Batch, Page, Request, SourceError
from storage import Store
from tests.fake_source import NOW, FakeDoor, serve
from tests.listener.collecting.metered import DAY, HOUR, Looking, Metered, at, collector, opened, texts

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


class Desk(FakeDoor):
    """Lists its posts, and shows single ones: as they are in `now`, none that is not in it."""

    def __init__(self, ids: Sequence[int], now: dict[int, str] | None = None) -> None:
        super().__init__(ids)
        self.now = now if now is not None else {number: f"acme is broken, post {number}" for number in ids}
        self.answer = self._answer

    def _answer(self, request: Request) -> Page:
        if "ids" not in request.params:
            return serve(self.posts, request)
        body = "\n".join(
            f"{one}|{self.now[int(one)]}" for one in request.params["ids"].split(",") if int(one) in self.now
        )
        return Page(request, 200, body.encode(), request.url, NOW)

    @property
    def looked(self) -> list[str]:
        return [request.params["ids"] for request in self.asked if "ids" in request.params]


async def live(store: Store, door: Any, clock: SimulatedClock, source: Any, until: timedelta, step: timedelta) -> None:
    """Visit it again and again, each time as a new process."""
    while clock.now() < NOW + until:
        await collector(store, door, clock).visit(source)
        clock.move_to(clock.now() + step)


async def test_each_post_is_looked_at_once_at_each_age(store: Store) -> None:
    clock, door = SimulatedClock(at(6) + timedelta(minutes=1)), Desk(range(1, 7))
    await live(store, door, clock, Looking(), 4 * DAY, timedelta(minutes=20))
    looked = [one for ids in door.looked for one in ids.split(",")]
    assert sorted(looked) == sorted([*map(str, range(1, 7))] * 2)
    assert len(door.looked) <= 4, "together, once an hour"


async def test_edits_become_revisions_and_what_is_gone_is_taken_out(store: Store) -> None:
    clock, door = SimulatedClock(NOW - 20 * HOUR), Desk([1, 2], {1: "acme is fine again"})
    await live(store, door, clock, Looking(), 2 * DAY, HOUR)
    assert texts(store)["1"] == "acme is fine again"
    assert [one.post.text for one in store.posts.revisions(PostKey("board", "1"))] == ["acme is broken, post 1"]
    gone = store.posts.get(PostKey("board", "2"))
    assert gone
    assert (gone.post.text, gone.deleted_at is not None) == ("", True)
    assert sum(visit.seen for visit in store.sources.visits(NOW - 2 * DAY)) < 200, "a look is no visit"
    assert store.counts.recount() == []


async def test_a_kind_that_cannot_show_single_posts_is_left_alone(store: Store) -> None:
    class Aged(Metered):
        looks_again = Looking.looks_again

    clock, door = SimulatedClock(NOW), Desk([1, 2])
    await live(store, door, clock, Aged(), DAY, HOUR)
    assert door.looked == []


async def test_a_look_takes_only_what_the_visits_leave(store: Store) -> None:
    source = Looking(per_day=30, together=1, every=3600)
    clock, door = SimulatedClock(NOW - DAY), Desk(range(1, 7))
    await live(store, door, clock, source, timedelta(0), HOUR)
    assert 3 <= len(door.looked) < 6
    visits = store.sources.visits(NOW - 2 * DAY)
    assert sum(visit.fetches for visit in visits) == 24, "no visit was missed for a look"


async def test_a_pass_that_was_cut_short_goes_on_where_it_was(store: Store) -> None:
    source = Looking(per_minute=3, together=1)
    clock, door = SimulatedClock(at(12) + timedelta(minutes=1)), Desk(range(1, 13))
    for _ in range(200):
        await collector(store, door, clock).visit(source)
        clock.move_to(clock.now() + timedelta(minutes=5))
    assert set(door.looked) == set(map(str, range(4, 13))), "the first visit was cut short, too"
    assert len(door.looked) == 9


async def test_an_error_is_no_failure_of_the_source_and_not_asked_for_again_and_again(store: Store) -> None:
    clock, door = SimulatedClock(at(3) + timedelta(minutes=1)), Desk([1, 2, 3])
    usual = door.answer

    def broken(request: Request) -> Page:
        if "ids" in request.params:
            raise SourceError("the desk is closed")
        return usual(request)

    door.answer = broken
    await live(store, door, clock, Looking(together=1), DAY, HOUR)
    (state,) = store.sources.all()
    assert (state.failures, state.paused) == (0, False)
    assert 1 <= len(door.looked) <= 3


async def test_a_clock_that_was_years_ahead_stops_neither_looks_nor_canaries(store: Store) -> None:
    source, door = Looking(canary="1"), Desk([1, 2])
    await collector(store, door, SimulatedClock(NOW + 3650 * DAY)).visit(source)
    store.sources.mend_due(NOW - 20 * HOUR, DAY)
    door.asked.clear()
    await live(store, door, SimulatedClock(NOW - 20 * HOUR), source, 2 * DAY, HOUR)
    assert {"1", "2"} <= {one for ids in door.looked for one in ids.split(",")}
    found = canary(store)
    assert found
    assert NOW + DAY < found.at < NOW + 2 * DAY


async def test_what_is_long_past_is_given_up_after_an_absence(store: Store) -> None:
    clock, door = SimulatedClock(NOW - 20 * HOUR), Desk([1, 2])
    await collector(store, door, clock).visit(Looking())
    clock.move_to(NOW + 30 * DAY)
    await collector(store, door, clock).visit(Looking())
    assert door.looked == []


# -- canaries ---------------------------------------------------------------------------------------------------


def canary(store: Store) -> CanaryResult | None:
    return CanaryResult.from_json((store.state.get(name_of("board")) or {}).get("canary"))


class Ear:
    """A log that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def info(self, event: str, **_: Any) -> None:
        self.said.append(event)

    warning = error = info

    @property
    def canary(self) -> list[str]:
        return [event for event in self.said if event.startswith("canary")]


async def listening(store: Store, door: FakeDoor, clock: SimulatedClock, source: Metered, hours: int, ear: Ear) -> None:
    visits = collector(store, door, clock)
    visits.looks._log = ear  # type: ignore[assignment]
    for _ in range(hours * 4):
        await visits.visit(source)
        clock.move_to(clock.now() + timedelta(minutes=15))


async def test_a_canary_is_asked_for_once_an_hour_and_missed_once(store: Store) -> None:
    clock, ear, source = SimulatedClock(NOW), Ear(), Looking(canary="1")
    door = Desk([1, 2])
    await listening(store, door, clock, source, 3, ear)
    assert door.looked.count("1") == 3
    found = canary(store)
    assert found
    assert (found.found, found.since, ear.canary) == (True, NOW, [])
    del door.now[1]
    await listening(store, door, clock, source, 3, ear)
    found = canary(store)
    assert found
    assert (found.found, found.since) == (False, NOW + 3 * HOUR)
    assert ear.canary == ["canary not found"]
    door.now[1] = "acme is broken, post 1"
    await listening(store, door, clock, source, 2, ear)
    assert ear.canary == ["canary not found", "canary found again"]


async def test_of_a_kind_that_shows_no_single_posts_it_must_be_among_those_that_are_read(store: Store) -> None:
    class Pinned(Metered):
        def parse(self, page: Page) -> Any:
            whole = super().parse(Page(Request(""), page.status, page.body, page.url, page.fetched_at))
            return replace(whole, requests=())

    clock, ear, door = SimulatedClock(NOW), Ear(), FakeDoor([1, 2])
    door.answer = lambda request: Page(request, 200, b"\n".join(b"%d" % one for one in door.posts), request.url, NOW)
    await listening(store, door, clock, Pinned(canary="1", base_url="https://example.com"), 2, ear)
    assert (canary(store) or CanaryResult("", False, NOW, NOW)).found
    door.posts = [2, 3]
    await listening(store, door, clock, Pinned(canary="1", base_url="https://example.com"), 2, ear)
    assert ear.canary == ["canary not found"]


async def test_what_could_not_be_asked_is_not_called_missing(store: Store) -> None:
    clock, ear, door = SimulatedClock(NOW), Ear(), Desk([1])
    door.answer = lambda request: (
        serve([1], request) if "ids" not in request.params else Page(request, 500, b"", "https://example.com", NOW)
    )

    class Strict(Looking):
        def parse_error(self, page: Page) -> Any:
            raise SourceError("it is ill")

    await listening(store, door, clock, Strict(canary="1"), 2, ear)
    assert (canary(store), ear.canary) == (None, [])
    unchanged = FakeDoor([])
    unchanged.answer = lambda request: Page(request, 304, b"", request.url, NOW)
    await listening(store, unchanged, clock, Metered(canary="1"), 2, ear)
    assert (canary(store), ear.canary) == (None, []), "nothing changed, so it was not missed"


async def test_another_canary_begins_anew(store: Store) -> None:
    clock, ear, door = SimulatedClock(NOW), Ear(), Desk([1])
    await listening(store, door, clock, Looking(canary="9"), 1, ear)
    await listening(store, door, clock, Looking(canary="1"), 1, ear)
    assert ear.canary == ["canary not found"]
    found = canary(store)
    assert found
    assert (found.id, found.found) == ("1", True)


class ByAlias(Looking):
    """Shows single posts by what they are called there, and lists them by their ids everywhere."""

    looks_by_alias = True

    def parse(self, page: Page) -> Batch:
        batch = super().parse(page)
        named = (replace(item, aliases=(f"here/{item.native_id}",)) for item in batch.items if isinstance(item, Post))
        return replace(batch, items=tuple(named))

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        return super().look_again([one.removeprefix("here/") for one in ids if one.startswith("here/")])


async def test_a_kind_that_knows_posts_by_another_name_is_given_that_after_a_restart_too(store: Store) -> None:
    clock, door = SimulatedClock(at(3) + timedelta(minutes=1)), Desk(range(1, 4))
    await live(store, door, clock, ByAlias(), 2 * DAY, timedelta(hours=1))
    assert {one for ids in door.looked for one in ids.split(",")} == {"1", "2", "3"}
