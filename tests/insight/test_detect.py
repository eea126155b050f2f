"""One step a watch: it asks for what it needs, tells what it found or why not, and its state is JSON."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from insight import detect, understanding
from insight.detect import Observation, Pending, SourceHealth, due, needs, step, step_sources
from insight.model import PostKey, Signal, SignalKind, StoredMention, Theme
from insight.source_health.trouble import SourceHour
from tests.insight.small_worlds import ACME, DAY, HOUR, MONDAY, stored


def month(pause: timedelta = timedelta(minutes=7)) -> list[StoredMention]:
    """Thirty days of ordinary complaints, then many say the same new thing: on one bad morning, or one at a time."""
    rng = random.Random(7)
    usual = [
        stored(f"u{i}", MONDAY + rng.random() * 30 * DAY, f"acme is {rng.choice(['slow', 'dear', 'rude'])} today")
        for i in range(240)
    ]
    morning = MONDAY + 30 * DAY
    return usual + [stored(f"m{i}", morning + i * pause, "acme login fails again") for i in range(40)]


def observe(
    mentions: list[StoredMention],
    state: dict[str, object],
    memory: Any,
    consumed: set[object],
    known: list[Theme],
    now: datetime,
) -> Observation:
    """What the program hands over at that time, by what the detector says it needs."""
    heard = [it for it in mentions if it.collected_at <= now]
    pending = [it for it in heard if it.post.key not in consumed]
    mark = str(len(pending))
    wanted = needs(state, ACME, now, mark)
    counts: dict[datetime, int] = {}
    for it in heard:
        assert it.post.published_at
        hour = it.post.published_at.replace(minute=0, second=0, microsecond=0)
        counts[hour] = counts.get(hour, 0) + 1
    recent = {hour: n for hour, n in counts.items() if hour >= now - detect.RECENT}
    return Observation(
        ACME,
        dict.fromkeys(detect.LAGS_READ, recent),
        [it for it in heard if it.collected_at >= now - detect.RECENT],
        dict.fromkeys(detect.LAGS_READ, counts) if wanted.history else None,
        Pending(pending, memory, mark, known) if wanted.pending else None,
    )


def watched(mentions: list[StoredMention], days: int) -> tuple[list[Signal], list[dict[str, str]]]:
    """Every signal and verdict of so many days, looked at every other hour."""
    state, memory, consumed = {}, None, set()
    told, verdicts = [], []
    themes: dict[str, Theme] = {}
    for hour in range(0, days * 24, 2):
        now = MONDAY + hour * HOUR
        state, found = step(state, observe(mentions, state, memory, consumed, [*themes.values()], now), now)
        memory = found.theme.memory or memory
        assert json.loads(json.dumps([state, memory])) == [state, memory]
        consumed |= set(found.theme.consumed)
        themes |= {theme.id: theme for theme in found.theme.themes}
        told += found.signals
        verdicts.append(dict(found.verdicts))
    return told, verdicts


def test_a_complaint_of_one_person_after_the_other_is_a_theme_and_no_spike() -> None:
    told, _ = watched(month(pause=timedelta(hours=5)), 34)
    assert {signal.kind for signal in told} == {SignalKind.THEME}
    assert "login fails" in told[0].headline


def test_a_bad_morning_is_a_spike_and_what_it_was_about_is_not_told_a_second_time() -> None:
    told, verdicts = watched(month(), 32)
    assert {signal.kind for signal in told} == {SignalKind.SPIKE}
    assert {PostKey("net", f"m{i}") for i in range(5)} <= set(told[0].posts)
    said_by = {"query": "1", "understanding": understanding.VERSION, "detector": str(detect.VERSION)}
    assert dict(told[0].versions) == said_by
    assert all(signal.at >= MONDAY + 30 * DAY for signal in told)
    tenth = verdicts[9 * 12 + 1 : 10 * 12]
    assert {verdict["spikes"] for verdict in tenth} == {"warming up: 9 of 14 days"}
    assert {verdict["themes"] for verdict in tenth} == {"warming up: 9 of 14 days", "not looked at this time"}


def test_it_asks_for_the_long_history_daily_and_for_pending_mentions_when_they_have_changed() -> None:
    def asked(state: Any, now: datetime, mark: str) -> tuple[bool, bool]:
        wanted = needs(state, ACME, now, mark)
        assert wanted.since == now - detect.RECENT
        return wanted.history, wanted.pending

    assert asked(None, MONDAY, "one") == (True, True)
    state, found = step(None, Observation(ACME, {}, (), {}, Pending(mark="one")), MONDAY)
    assert found.warm_up_days_left == 14
    assert asked(state, MONDAY + HOUR / 2, "two") == (False, False)
    assert asked(state, MONDAY + HOUR, "one") == (False, False)
    assert asked(state, MONDAY + HOUR, "two") == (False, True)
    assert asked(state, MONDAY + DAY, "one") == (True, True)


def test_there_is_nothing_to_look_at_before_the_next_hour_has_closed_or_the_query_has_changed() -> None:
    assert due(None, ACME, MONDAY)
    state, _ = step(None, Observation(ACME, {}, (), {}, Pending()), MONDAY)
    assert not due(state, ACME, MONDAY + HOUR * 0.99)
    assert due(state, ACME, MONDAY + HOUR)
    assert due(state, replace(ACME, version=2), MONDAY + HOUR / 2)


def test_what_is_learnt_is_given_back_only_when_it_has_changed() -> None:
    mentions = [stored(f"m{i}", MONDAY + i * HOUR) for i in range(5)]
    state, first = step(None, Observation(ACME, {}, (), {}, Pending(mentions)), MONDAY + 6 * HOUR)
    assert first.theme.memory is not None
    later = Observation(ACME, {}, (), None, Pending(mentions, first.theme.memory))
    assert step(state, later, MONDAY + 7 * HOUR)[1].theme.memory is None
    learnt = step(state, later, MONDAY + 5 * DAY)[1]
    assert learnt.theme.memory not in (None, first.theme.memory)
    assert set(learnt.theme.consumed) == {it.post.key for it in mentions}


def test_what_was_not_read_is_not_consumed() -> None:
    _, found = step(None, Observation(ACME, {}, (), {}), MONDAY)
    assert found.theme.consumed == ()
    assert found.verdicts["themes"] == "not looked at this time"


def test_a_state_of_another_version_is_not_read() -> None:
    state, _ = step(None, Observation(ACME, {}, (), {}, Pending()), MONDAY)
    assert needs(state | {"version": 0}, ACME, MONDAY).history


def test_sources_have_a_step_of_their_own() -> None:
    failing = SourceHealth("hn", [SourceHour(MONDAY + i * HOUR, 4, 4, 0) for i in range(12)], HOUR / 12)
    state, (signal,) = step_sources(None, [failing], MONDAY + 12 * HOUR)
    assert signal.key == "silence:hn"
    assert step_sources(state, [failing], MONDAY + 12 * HOUR)[1] == ()
