"""A source is told of when it is quieter than it ever was, when it fails for long, when it has stopped; and once."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from insight.model import Signal, SignalKind
from insight.source_health.trouble import SourceHealth, SourceHour, step, trouble_of
from tests.insight.small_worlds import DAY, HOUR, MONDAY

NOW = MONDAY + 28 * DAY
PAUSE = timedelta(minutes=5)


def visits(until: datetime, days: int = 28, rate: float = 0.5, seed: int = 1) -> list[SourceHour]:
    """A source that answers each hour, with something new in about `rate` of them by day, in few by night."""
    rng = random.Random(seed)
    hours = [until - i * HOUR for i in range(days * 24, 0, -1)]
    return [SourceHour(hour, 12, 0, int(rng.random() < rate * (0.1 if hour.hour < 6 else 1))) for hour in hours]


def health(hours: list[SourceHour], **known: object) -> SourceHealth:
    last = max((it.hour for it in hours if it.answered), default=None)
    return replace(SourceHealth("hn", hours, PAUSE, last), **known)  # type: ignore[arg-type]


def quiet_since(hours: list[SourceHour], since: datetime) -> list[SourceHour]:
    return [replace(it, new=0) if it.hour >= since else it for it in hours]


def failing_since(hours: list[SourceHour], since: datetime) -> list[SourceHour]:
    return [replace(it, new=0, failures=it.fetches) if it.hour >= since else it for it in hours]


def test_a_source_as_ever_is_no_trouble() -> None:
    for seed in range(20):
        hours = visits(NOW, seed=seed)
        assert all(trouble_of(health(hours[: len(hours) - i]), NOW - i * HOUR) is None for i in range(48))


def test_a_silence_far_longer_than_any_before_is_told_as_one_that_answers() -> None:
    hours = visits(NOW)
    trouble = trouble_of(health(quiet_since(hours, NOW - 2 * DAY)), NOW)
    assert trouble
    assert trouble.what == "silent"
    assert trouble.headline == f"hn has had nothing new for {trouble.figures['hours']:.0f} hours"
    assert trouble.figures["hours"] >= 48
    assert trouble.detail.startswith("It answers, but")


@pytest.mark.parametrize("short", ["known for three days", "few posts", "a short silence"])
def test_too_little_is_known_to_call_it_a_silence(short: str) -> None:
    hours = {
        "known for three days": visits(NOW, days=5),
        "few posts": visits(NOW, rate=0.01),
        "a short silence": visits(NOW),
    }[short]
    since = NOW - (5 * HOUR if short == "a short silence" else 2 * DAY)
    assert trouble_of(health(quiet_since(hours, since)), NOW) is None


def test_a_weekend_without_news_is_usual_where_weekends_are() -> None:
    monday = [replace(it, new=0 if it.hour.weekday() >= 5 else 1) for it in visits(NOW)]
    assert NOW.weekday() == 0
    assert trouble_of(health(monday), NOW) is None
    assert trouble_of(health(quiet_since(monday, NOW - 4 * DAY)), NOW) is not None


def test_hours_in_which_nobody_asked_are_not_its_silence() -> None:
    hours = [it for it in visits(NOW) if it.hour < NOW - 5 * DAY]
    assert trouble_of(health(hours), NOW) is None
    first_try = [*hours, SourceHour(NOW - HOUR, 3, 3, 0)]
    assert trouble_of(health(first_try), NOW) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_pace_that_changes_is_no_silence(seed: int) -> None:
    """A source that speaks every so often, asked once in six hours for three weeks and each hour since."""
    rng = random.Random(seed)
    spoke = {hour for hour in range(28 * 24) if rng.random() < 1 / 9}
    asked = [hour for hour in range(28 * 24 + 1) if hour >= 21 * 24 or hour % 6 == 0]
    pairs = zip([-6, *asked], asked, strict=False)
    hours = [
        SourceHour(MONDAY + hour * HOUR, 1, 0, sum(1 for at in range(before, hour) if at in spoke))
        for before, hour in pairs
    ]
    silent = max((b - a for a, b in pairwise(sorted(spoke))), default=0)
    for ago in range(150):
        until = health(hours[: len(hours) - ago], every=HOUR, slowest=6 * HOUR)
        assert trouble_of(until, NOW - ago * HOUR) is None
    assert trouble_of(health(quiet_since(hours, NOW - 2 * silent * HOUR - 3 * DAY), slowest=6 * HOUR), NOW)


def test_failing_for_long_is_told_with_the_error_and_for_short_is_not() -> None:
    hours = failing_since(visits(NOW), NOW - 9 * HOUR)
    trouble = trouble_of(health(hours, error="timed out after 30 s"), NOW)
    assert trouble
    assert (trouble.what, trouble.figures["hours"]) == ("failing", 9.0)
    assert trouble.headline == "hn has failed for 9 hours: timed out after 30 s"
    assert "listener check" in trouble.detail
    assert trouble_of(health(failing_since(visits(NOW), NOW - 4 * HOUR)), NOW) is None
    assert trouble_of(health(hours, every=timedelta(hours=3)), NOW) is None


def test_a_source_that_stopped_is_another_kind_with_its_remedy() -> None:
    stopped = health(visits(NOW), paused=True, error="401 Unauthorized", remedy="Make a new token.")
    state, (signal,) = step({}, [stopped], NOW)
    assert (signal.kind, signal.key, signal.source) == (SignalKind.SOURCE, "source:hn", "hn")
    assert "401 Unauthorized" in signal.headline
    assert signal.detail == "Make a new token."
    assert step(state, [stopped], NOW + HOUR) == (state, ())


def test_a_trouble_is_told_once_changes_under_its_key_and_ends() -> None:
    # 1. Silent: told once.
    silent = health(quiet_since(visits(NOW), NOW - 2 * DAY))
    state, first = step({}, [silent], NOW)
    assert [signal.key for signal in first] == ["silence:hn"]
    assert json.loads(json.dumps(state)) == state
    assert step(state, [silent], NOW + HOUR / 2) == (state, ())

    # 2. Failing: the same conversation.
    failing = health(failing_since(visits(NOW), NOW - 10 * HOUR), error="503")
    state, second = step(state, [failing], NOW)
    assert [(signal.key, signal.over) for signal in second] == [("silence:hn", False)]

    # 3. Well again: over.
    state, third = step(state, [health(visits(NOW))], NOW)
    assert [(signal.key, signal.over, signal.headline) for signal in third] == [("silence:hn", True, "hn speaks again")]
    assert state == {}


def test_from_failing_to_stopped_one_conversation_ends_and_another_begins() -> None:
    state, _ = step({}, [health(failing_since(visits(NOW), NOW - 10 * HOUR))], NOW)
    _, signals = step(state, [health(visits(NOW), paused=True)], NOW)
    assert [(signal.key, signal.over) for signal in signals] == [("silence:hn", True), ("source:hn", False)]


def test_a_source_that_is_no_longer_followed_ends_its_trouble() -> None:
    state, _ = step({}, [health(visits(NOW), paused=True)], NOW)
    after, (signal,) = step(state, [], NOW)
    assert signal.over
    assert "no longer followed" in signal.headline
    assert after == {}


OUTAGE = NOW - 20 * HOUR


def sources_at(now: datetime, back: datetime | None, failing: int, of: int) -> list[SourceHealth]:
    """So many sources of which some fail from OUTAGE until they are back."""
    hours = [it for it in visits(NOW + 10 * HOUR, days=29) if it.hour < now]
    broken = [
        replace(it, new=0, failures=it.fetches) if it.hour >= OUTAGE and (back is None or it.hour < back) else it
        for it in hours
    ]
    return [replace(health(broken if i < failing else hours), id=f"s{i}") for i in range(of)]


def outage(failing: int, of: int, back: datetime | None = None) -> list[Signal]:
    state, told = {}, []
    for i in range(-2, 29):
        now = OUTAGE + i * HOUR
        state, signals = step(state, sources_at(now, back, failing, of), now)
        assert json.loads(json.dumps(state)) == state
        told += signals
    return told


def test_when_nothing_can_be_reached_one_word_is_said_for_all() -> None:
    begun, ended = outage(5, 5, back=OUTAGE + 12 * HOUR)
    assert begun.key == ended.key == "silence:network"
    assert begun.headline == f"Nothing can be reached: 5 of 5 sources fail since {OUTAGE:%A %H:%M} UTC"
    assert not begun.over
    assert ended.over
    assert ended.at == OUTAGE + 13 * HOUR
    assert begun.at - OUTAGE <= 8 * HOUR


def test_most_is_not_nothing() -> None:
    (begun,) = outage(3, 5)
    assert begun.headline.startswith("Hardly anything can be reached: 3 of 5 sources fail since ")


@pytest.mark.parametrize(("failing", "of"), [(2, 2), (2, 3), (3, 6), (3, 12)])
def test_a_few_failing_sources_are_told_one_by_one(failing: int, of: int) -> None:
    assert {signal.key for signal in outage(failing, of)} == {f"silence:s{i}" for i in range(failing)}


def test_a_source_that_stays_away_after_an_outage_is_told_of_by_itself() -> None:
    state, told = {}, []
    for i in range(29):
        now = OUTAGE + i * HOUR
        healthy = sources_at(now, OUTAGE + 12 * HOUR, 5, 5)[1:]
        dead = sources_at(now, None, 1, 1)
        state, signals = step(state, [*dead, *healthy], now)
        told += [(signal.key, signal.over) for signal in signals]
    assert told == [("silence:network", False), ("silence:network", True), ("silence:s0", False)]
