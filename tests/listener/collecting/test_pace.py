"""The pace: within its limits whatever comes, steady where the source is steady, and quick where it gets busy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post, Precision
from listener.clock import SimulatedClock
from listener.collecting.budget import Amount
from listener.collecting.pace import PauseLimits, VisitPace, longest_pause, pause_limits
from listener.collecting.result import VisitResult
from scrapers.base import Batch, Page, Request, Search
from tests.fake_source import NOW, FakeDoor, post
from tests.listener.collecting.metered import DAY, HOUR, Metered, collector, opened

USUAL = 300.0
WITHIN = PauseLimits(75, USUAL, 1200)


def visited(rhythm: VisitPace, at: float, new: int, fresh: Sequence[int] = (), page: int = 0) -> VisitPace:
    result = VisitResult(NOW + timedelta(seconds=at), before=NOW, page=page, new=new)
    result.fresh.update({str(number): many for number, many in enumerate(fresh)})
    return rhythm.after(USUAL, result)


def paces(
    per_hour: float, visits: int, within: PauseLimits = WITHIN, page: int = 20, share: float = 1.0
) -> list[float]:
    """The pauses of a source that publishes steadily, of which a share is new to us."""
    rhythm, at, found = visited(VisitPace(), 0, 0), 0.0, []
    for _ in range(visits):
        pause = rhythm.pause(within)
        found.append(pause)
        published = int((at + pause) * per_hour / 3600) - int(at * per_hour / 3600)
        new = int((at + pause) * per_hour * share / 3600) - int(at * per_hour * share / 3600)
        at += pause
        rhythm = visited(rhythm, at, new, [published], page)
    return found


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.floats(1, 1e6)), max_size=30),
    st.floats(0.1, 1e4),
    st.floats(0.1, 1e5),
    st.floats(0.1, 1e6),
    st.floats(0.1, 1e5),
)
def test_never_faster_than_the_terms_allow_and_never_slower_than_wished(
    visits: list[tuple[int, int, float]], every: float, max_delay: float, per_day: float, searches: float
) -> None:
    source = Metered(max_delay=max_delay, per_day=per_day)
    need = Amount(searches)
    within = pause_limits(source, need)
    allowed = max(source.terms.pace * searches, 86_400 * searches / per_day)
    rhythm, at = VisitPace(), 0.0
    for new, fresh, elapsed in visits:
        at += elapsed
        rhythm = visited(rhythm, at, new, [fresh], fresh)
        pause = rhythm.pause(within)
        assert pause >= allowed
        assert pause <= max(max_delay, allowed)
    assert rhythm.pause(pause_limits(Metered(every=every), need)) == every, "what the operator sets is kept"


@pytest.mark.parametrize("visits", [(6000 + 10 * 365 * 86_400, 6000), (2400,)], ids=["ten years ahead", "put back"])
def test_a_clock_that_was_set_changes_no_pace(visits: tuple[int, ...]) -> None:
    rhythm = visited(VisitPace(), 0, 0)
    for number in range(1, 20):
        rhythm = visited(rhythm, 300 * number, 1, [1], 20)
    before = rhythm.pause(WITHIN)
    for at in visits:
        rhythm = visited(rhythm, at, 1, [1], 20)
    assert rhythm.pause(WITHIN) == before


@given(st.floats(0.05, 200), st.sampled_from([0.01, 0.2, 1.0]), st.sampled_from([0, 20, 100]))
def test_a_steady_source_is_visited_steadily(per_hour: float, share: float, page: int) -> None:
    later = paces(per_hour, 60, page=page, share=share)[30:]
    assert max(later) <= 1.7 * min(later), "whole posts come, so it breathes a little"
    assert sum(later) / len(later) == pytest.approx(sum(later[:15]) / 15, rel=0.15)


@pytest.mark.parametrize(("per_hour", "pause"), [(0.1, 1200), (3, 1200), (12, 300), (24, 150), (500, 75)])
def test_about_one_new_post_comes_with_a_visit(per_hour: float, pause: float) -> None:
    later = paces(per_hour, 60)[30:]
    assert sum(later) / len(later) == pytest.approx(pause, rel=0.2)


def test_a_busy_list_is_read_before_it_has_moved_on_though_it_concerns_nobody() -> None:
    later = paces(90, 60, page=20, share=0)[30:]
    assert max(later) * 90 / 3600 <= 12, "about half a page"
    assert max(paces(90, 60, page=200, share=0)[30:]) == 1200, "a longer list has time"


def test_the_busiest_search_sets_the_pace() -> None:
    rhythm = visited(VisitPace(), 0, 0, page=100)
    one = visited(rhythm, 300, 0, [90], 100)
    shared = visited(rhythm, 300, 0, [45, 45], 100)
    assert shared.pause(PauseLimits(1, 300, 1e6)) == pytest.approx(2 * one.pause(PauseLimits(1, 300, 1e6)))


def test_a_burst_is_answered_with_the_next_visit_and_forgotten_within_a_day() -> None:
    rhythm, at = visited(VisitPace(), 0, 0), 0.0
    for _ in range(20):
        at += rhythm.pause(WITHIN)
        rhythm = visited(rhythm, at, 0)
    assert rhythm.pause(WITHIN) == 1200
    rhythm = visited(rhythm, at + 1200, 60)
    assert rhythm.pause(WITHIN) < 120
    at += 1200
    for _ in range(60):
        at += rhythm.pause(WITHIN)
        rhythm = visited(rhythm, at, 0)
    assert rhythm.pause(WITHIN) == 1200


def test_a_long_absence_is_no_burst() -> None:
    rhythm = visited(visited(VisitPace(), 0, 0), 1200, 1)
    assert visited(rhythm, 1200 + 3 * 86_400, 72).pause(WITHIN) == pytest.approx(1200, rel=0.5)


def test_the_first_visit_says_nothing_about_the_pace() -> None:
    assert visited(VisitPace(), 0, 5000, [5000], 100).pause(WITHIN) == USUAL
    assert VisitPace().pause(WITHIN) == USUAL


@given(st.integers(0, 10_000), st.floats(1, 1e6), st.integers(0, 200))
def test_it_comes_back_from_the_store_as_it_was(new: int, at: float, page: int) -> None:
    rhythm = visited(visited(VisitPace(), 0, 0), at, new, [new], page)
    back = VisitPace.from_json(json.loads(json.dumps(rhythm.to_json())))
    assert back.pause(WITHIN) == pytest.approx(rhythm.pause(WITHIN), rel=1e-3)
    assert (back.at, back.page, back.newest) == (rhythm.at, rhythm.page, rhythm.newest)


def test_what_is_fresh_is_told_by_its_time() -> None:
    result = VisitResult(NOW, before=NOW - HOUR)
    by_day = replace(post(1), published_at=NOW, precision=Precision.DAY)
    future = replace(post(2), published_at=NOW + DAY)
    listed: list[Post] = [replace(post(n), published_at=NOW - n * HOUR) for n in range(4)]
    page = Page(Request(""), 200, b"", "", NOW)
    result.read(Search("a"), page, Batch((*listed, by_day, future, replace(post(9), published_at=None))))
    assert (result.fresh["a"], result.page, result.newest) == (1, 7, NOW)
    first = VisitResult(NOW)
    first.read(Search("a"), page, Batch(tuple(listed)))
    assert (sum(first.fresh.values()), first.newest) == (0, NOW)


def test_the_limits_follow_the_settings() -> None:
    assert pause_limits(Metered()) == PauseLimits(75, 300, 1200)
    assert pause_limits(Metered(max_delay=60)) == PauseLimits(60, 60, 60)
    assert pause_limits(Metered(max_delay=86_400)).slowest == longest_pause(Metered(max_delay=86_400)) == 86_400
    assert pause_limits(Metered(per_minute=1, asks_for=("a",)), Amount(30)) == PauseLimits(1800, 1800, 1800)
    assert (pause_limits(Metered(every=7)).fixed, longest_pause(Metered(every=7))) == (7, 7)


@pytest.mark.anyio
async def test_a_quiet_source_is_asked_less_and_a_restart_does_not_change_that(tmp_path: Path) -> None:
    clock, source, pauses = SimulatedClock(NOW), Metered(), []
    with opened(tmp_path) as store:
        for _ in range(12):
            await collector(store, FakeDoor([1, 2]), clock).visit(source)
            following = store.sources.all()[0].next_at
            pauses.append((following - clock.now()).total_seconds())
            clock.move_to(following)
    assert pauses[0] == 300
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1200
