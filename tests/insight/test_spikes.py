"""A spike is told when it is one: once, with its figures; and quiet watches stay quiet, as often as was promised."""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from insight.counts import COMPLAINT, contributions
from insight.model import Signal, StoredMention
from insight.spikes.baseline import fit
from insight.spikes.detector import SpikeInput, step
from insight.spikes.state import HISTORY, needs_history, needs_since
from insight.spikes.windows import ANY_LAG, MATURITIES
from tests.insight.small_worlds import ACME, DAY, HOUR, MONDAY, by_hour, poisson, quiet, stored, voices_of
from tests.shared import BENCH, needs_benchmarks

LEVEL = 12.0
START = 40 * 24  # the hour in which bursts begin


@dataclass
class Many:
    """Mentions that are made only when somebody looks at them."""

    counts: Mapping[datetime, int]
    until: datetime

    def __iter__(self) -> Iterator[StoredMention]:
        return iter(voices_of(between(self.counts, self.until - 3 * DAY, self.until)))


def between(counts: Mapping[datetime, int], since: datetime, until: datetime) -> dict[datetime, int]:
    first = since.replace(minute=0) + (HOUR if since.minute else timedelta(0))
    hours = (first + i * HOUR for i in range((until - first) // HOUR + 1))
    return {hour: counts[hour] for hour in hours if hour in counts and hour < until}


@dataclass
class Program:
    """What the program does each hour: keeps the state as JSON, and hands over what the detector asked for."""

    counts: Mapping[int, Mapping[datetime, int]]
    mentions: Callable[[datetime], Iterable[StoredMention]]
    state: dict[str, Any] = field(default_factory=dict)
    told: list[tuple[datetime, Signal]] = field(default_factory=list)
    verdict: str = ""

    def look(self, now: datetime) -> tuple[Signal, ...]:
        history = self._since(now - HISTORY, now) if needs_history(self.state, ACME, now) else None
        seen = SpikeInput(self._since(needs_since(self.state, now), now), self.mentions(now), history)
        before = json.dumps(self.state)
        after, result = step(self.state, ACME, seen, now)
        assert json.dumps(self.state) == before, "a step must not change the state it is given"
        self.state = json.loads(json.dumps(after))
        assert self.state == after, "the state must survive as JSON"
        self.told += [(now, signal) for signal in result.signals]
        self.verdict = result.verdict
        return result.signals

    def run(self, first: int, last: int) -> list[Signal]:
        return [signal for hour in range(first, last) for signal in self.look(MONDAY + hour * HOUR + HOUR / 12)]

    def _since(self, since: datetime, now: datetime) -> dict[int, dict[datetime, int]]:
        return {look: between(counts, since, now) for look, counts in self.counts.items()}


def program(counts: Sequence[int], mentions: Callable[[datetime], Iterable[StoredMention]] | None = None) -> Program:
    hours = by_hour(counts)
    many = mentions or (lambda now: Many(hours, now))
    return Program(dict.fromkeys((*MATURITIES, ANY_LAG), hours), many)


def burst(extra: int = 48, hours: int = 6, level: float = LEVEL, seed: int = 1, days: int = 50) -> list[int]:
    counts, rng = quiet(level, days, seed), random.Random(seed)
    for hour in range(START, START + hours):
        counts[hour] += poisson(rng, extra / hours)
    return counts


def opened(signals: Iterable[Signal]) -> set[str]:
    return {signal.key for signal in signals if not signal.over}


def test_a_burst_is_told_once_with_its_figures_and_quotes_and_ends() -> None:
    acme = program(burst())
    told = acme.run(START - 30, START + 48)
    first, last = told[0], told[-1]
    assert len(opened(told)) == 1
    assert [signal.over for signal in told].count(True) == 1
    assert last.over
    assert last.key == first.key
    assert first.key.startswith(f"spike:acme:{MONDAY + START * HOUR:%Y-%m-%d}T")
    assert first.figures["observed"] >= 2 * first.figures["expected"]
    assert first.figures["p_value"] < first.figures["threshold"]
    assert first.figures["authors"] >= 3
    assert len(first.posts) == first.figures["observed"]
    assert set(first.posts) < set(last.posts)
    assert first.headline.startswith(f"Complaints about Acme: {first.figures['observed']:.0f} in ")
    assert "Europe/Paris" in first.detail
    assert "back to usual" in last.headline


def test_it_is_told_within_three_hours() -> None:
    acme = program(burst())
    acme.run(START - 30, START + 48)
    assert acme.told[0][0] <= MONDAY + (START + 3) * HOUR + HOUR / 2


def test_a_spike_is_told_again_only_when_it_has_doubled() -> None:
    counts = burst(extra=30, hours=3)
    for hour in range(START + 3, START + 12):
        counts[hour] += 25
    rises = [s.figures["observed"] for s in program(counts).run(START - 30, START + 40) if not s.over]
    assert len(rises) >= 2
    assert all(later >= 2 * earlier for earlier, later in pairwise(rises))


def test_it_warms_up_in_silence_and_says_so() -> None:
    counts = quiet(LEVEL, 13, 2)
    counts[9 * 24] += 200
    acme = program(counts)
    assert acme.run(8 * 24, 10 * 24) == []
    assert acme.verdict == "warming up: 9 of 14 days"


def test_a_watch_that_nobody_ever_complained_about_warms_up_from_its_first_step() -> None:
    acme = program([0] * 24 * 30)
    acme.run(0, 14 * 24)
    assert acme.verdict == "warming up: 13 of 14 days"
    acme.run(14 * 24, 14 * 24 + 2)
    assert acme.verdict == "nothing unusual"


def test_the_same_hour_twice_changes_nothing() -> None:
    acme = program(burst())
    acme.run(START - 30, START)
    for hour in range(START, START + 12):
        at = MONDAY + hour * HOUR
        acme.look(at)
        state, told = acme.state, len(acme.told)
        assert acme.look(at + timedelta(minutes=20)) == ()
        assert (acme.state, len(acme.told)) == (state, told)
    assert acme.told


def test_the_long_history_is_asked_for_once_a_day() -> None:
    acme, asked = program(quiet(LEVEL, 30, 3)), 0
    for hour in range(20 * 24, 23 * 24):
        now = MONDAY + hour * HOUR
        asked += needs_history(acme.state, ACME, now)
        acme.look(now)
    assert asked == 3
    assert needs_history(acme.state, replace(ACME, version=2), now)
    fitted = datetime.fromisoformat(acme.state["fitted_at"])
    assert needs_history(acme.state, ACME, fitted - DAY), "it was fitted by a clock that was ahead"


@pytest.mark.parametrize("who", ["one author", "two authors", "one loud author", "one story"])
def test_one_loud_voice_is_no_spike(who: str) -> None:
    def mentions(now: datetime) -> list[StoredMention]:
        names = {"one author": ["a"], "two authors": ["a", "b"], "one loud author": ["a"] * 28 + ["b", "c", "d"]}
        return [
            stored(
                f"{i}",
                MONDAY + START * HOUR + timedelta(minutes=i),
                author=names[who][i % len(names[who])] if who in names else "",
                story="copied" if who == "one story" else None,
            )
            for i in range(50)
        ]

    acme = program(burst(extra=48, hours=1, level=1.0), mentions)
    assert acme.run(START - 30, START + 12) == []


def test_after_a_pause_the_missed_hours_are_looked_at_but_stale_ones_are_not_told() -> None:
    missed = program(burst())
    missed.run(START - 30, START - 1)
    assert opened(missed.look(MONDAY + (START + 10) * HOUR))
    stale = program(burst())
    stale.run(START - 30, START - 1)
    assert stale.look(MONDAY + (START + 72) * HOUR) == ()


def test_what_was_collected_late_is_no_spike_of_the_fresh_hours_but_is_seen_twelve_hours_later() -> None:
    usual, truth = by_hour(quiet(LEVEL, 50, 1)), by_hour(burst())
    acme = Program({MATURITIES[0]: usual, MATURITIES[1]: truth, ANY_LAG: truth}, lambda now: Many(truth, now))
    assert acme.run(START - 30, START + 11) == []
    told = acme.run(START + 11, START + 60)
    assert len(opened(told)) == 1
    assert told[-1].over


@dataclass
class Polled(Program):
    """A source that is asked every four hours: what it says of an hour comes in the end, and most of it late."""

    posts: list[StoredMention] = field(default_factory=list)

    def _since(self, since: datetime, now: datetime) -> dict[int, dict[datetime, int]]:
        known = [it for it in self.posts if it.collected_at <= now]
        found: dict[int, dict[datetime, int]] = {lag: {} for lag in (*MATURITIES, ANY_LAG)}
        for it in known:
            for cell in contributions(it.mention, it.post, it.source, it.collected_at):
                if cell.facet != COMPLAINT:
                    continue
                for lag in (lag for lag in found if cell.lag <= lag and since <= cell.start < now):
                    found[lag][cell.start] = found[lag].get(cell.start, 0) + 1
        return found


def polled(counts: Sequence[int]) -> Polled:
    """Four hours pass between two visits; the first hour after a visit waits longest."""
    said = [
        stored(f"{hour}-{i}", MONDAY + hour * HOUR + timedelta(minutes=59 * i // count), late=timedelta(0))
        for hour, count in enumerate(counts)
        for i in range(count)
    ]
    posts = [replace(it, collected_at=_next_visit(it.post.published_at or MONDAY)) for it in said]
    return Polled({}, lambda now: [it for it in posts if it.collected_at <= now], posts=posts)


def _next_visit(at: datetime) -> datetime:
    visits = (at - MONDAY) // (4 * HOUR) + 1
    return MONDAY + visits * 4 * HOUR - timedelta(seconds=1)


@pytest.mark.parametrize("shift", range(4))
def test_what_people_read_is_all_that_is_known_and_in_the_end_all_that_was_said(shift: int) -> None:
    counts, first = quiet(2.0, 45, 6), START + shift
    for hour in range(first - 12, first + 24):
        counts[hour] = 0
    counts[first : first + 3] = [12, 15, 13]
    acme = polled(counts)
    acme.run(START - 30, START + 48)
    for now, signal in acme.told:
        start = MONDAY + first * HOUR
        known = [it for it in acme.mentions(now) if start <= (it.post.published_at or MONDAY) < start + DAY]
        assert signal.figures["observed"] == len(known), signal.headline
        assert f": {len(known)} in " in signal.headline
        if not signal.over:
            assert signal.figures["authors"] == signal.figures["stories"] == len(known)
            assert "The test compares what came equally early: " in signal.detail
    last = acme.told[-1][1]
    assert last.over
    assert (last.figures["observed"], last.figures["hours"]) == (40, 3)
    assert ": 40 in 3 hours since " in last.headline
    assert acme.told[0][1].key == f"spike:acme:{MONDAY + first * HOUR:%Y-%m-%dT%H}"


def test_little_is_said_as_less_than_one() -> None:
    acme = program(burst(level=0.5))
    acme.run(START - 30, START + 6)
    assert acme.told[0][1].headline.endswith(" hour, usually less than 1")


def test_a_backfill_is_in_no_look_and_so_no_spike() -> None:
    acme = program(quiet(LEVEL, 50, 1), lambda now: Many(by_hour(burst()), now))
    assert acme.run(START - 30, START + 48) == []


def test_two_bursts_are_two_spikes() -> None:
    counts = burst()
    for hour in range(START + 60, START + 66):
        counts[hour] += 8
    assert len(opened(program(counts).run(START - 30, START + 90))) == 2


def test_a_spike_is_found_after_another_one_was_ended_by_a_clock_that_was_years_ahead() -> None:
    counts = burst(days=80)
    for hour in range(START + 30 * 24, START + 30 * 24 + 6):
        counts[hour] += 48
    seen = program(counts)
    seen.run(0, START + 6)
    assert len(opened(signal for _, signal in seen.told)) == 1
    seen.look(MONDAY + (START + 6) * HOUR + 3650 * DAY)
    seen.run(START + 6, START + 31 * 24)
    assert len(opened(signal for _, signal in seen.told)) == 2


def test_a_watch_that_was_first_looked_at_by_a_clock_that_was_years_ahead_warms_up_as_any_other() -> None:
    seen = program(burst())
    seen.look(MONDAY + 3650 * DAY)
    seen.run(0, START + 6)
    assert len(opened(signal for _, signal in seen.told)) == 1


def test_a_level_that_stays_high_becomes_the_new_usual() -> None:
    counts = quiet(LEVEL, 80, 5)
    for hour in range(START, len(counts)):
        counts[hour] += 4
    acme = program(counts)
    told = acme.run(START - 30, START + 30 * 24)
    assert "new usual" in next(signal for signal in told if signal.over).headline
    assert len(opened(told)) == 1


def test_a_past_spike_hardly_moves_what_is_usual() -> None:
    zone, end = ZoneInfo("UTC"), MONDAY + 50 * DAY
    plain = fit(by_hour(quiet(LEVEL, 50, 1)), MONDAY, end, zone)
    moved = fit(by_hour(burst(extra=300)), MONDAY, end, zone)
    assert moved.level == pytest.approx(plain.level, rel=0.1)
    assert moved.spread[24] == pytest.approx(plain.spread[24], abs=0.05)


@pytest.mark.parametrize("end", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_profile_goes_by_the_wall_clock_through_a_change_of_the_clocks(end: datetime) -> None:
    zone, until = ZoneInfo("Europe/Paris"), end + 10 * DAY
    counts = {}
    for i in range(56 * 24):
        hour = until - (i + 1) * HOUR
        counts[hour] = 30 if hour.astimezone(zone).hour == 9 else 1
    usual = fit(counts, until - 56 * DAY, until, zone)
    for day in (end - 5 * DAY, end + 5 * DAY):
        nine = datetime(day.year, day.month, day.day, 9, tzinfo=zone).astimezone(UTC)
        assert usual.expected(nine, 1, zone) > 1.5 * usual.expected(nine - HOUR, 1, zone)
        assert usual.expected(nine, 1, zone) > 1.5 * usual.expected(nine + HOUR, 1, zone)


def test_little_history_gives_a_flat_and_doubtful_baseline() -> None:
    thin = fit({MONDAY + 9 * HOUR: 2}, MONDAY, MONDAY + 14 * DAY, ZoneInfo("UTC"))
    assert max(thin.by_hour) < 1.5
    assert thin.spread[24] > 0.5


MOODS: dict[str, Callable[[random.Random], float] | None] = {
    "even": None,
    "moody": lambda rng: rng.lognormvariate(-0.125, 0.5),
}


@pytest.mark.parametrize(("levels", "seeds"), [((6.0,), 1), pytest.param((0.5, 6.0, 60.0), 2, marks=pytest.mark.soak)])
def test_quiet_watches_stay_quiet_as_promised(levels: tuple[float, ...], seeds: int) -> None:
    """1 in 30 days was promised; of n watches for 30 days after warming up, n false alarms would still keep it."""
    alarms = {
        (mood, level, seed): len(opened(program(quiet(level, 44, seed, draw)).run(1, 44 * 24)))
        for mood, draw in MOODS.items()
        for level in levels
        for seed in range(seeds)
    }
    assert sum(alarms.values()) <= len(alarms) * 30 / 30 / 2, alarms  # and half of that is what is asked for


@pytest.mark.parametrize(("level", "extra"), [(0.5, 15), (6.0, 30), (60.0, 90)])
def test_bursts_are_found(level: float, extra: int) -> None:
    found = sum(
        bool(opened(program(burst(extra, level=level, seed=seed)).run(START - 3, START + 10))) for seed in range(5)
    )
    assert found >= 4


@needs_benchmarks
@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("world", ["seasonal", "heavy", "memory"])
def test_the_promise_holds_in_null_worlds_that_were_made_elsewhere(world: str) -> None:
    spec = importlib.util.spec_from_file_location("worlds", BENCH / "spikes" / "worlds.py")
    assert spec
    assert spec.loader
    worlds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worlds)
    alarms = days = 0
    for _, _, counts in worlds.nulls(days=50, repeats=1, levels=(5,), worlds=(world,)):
        alarms += len(opened(program(counts).run(1, len(counts))))
        days += 50 - 14
    assert alarms <= days / 30
