"""One step a watch: it asks for what it needs, tells what it found or why not, and its state is JSON."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta

from insight import detect
from insight.detect import Observation, SourceHealth, needs, step, step_sources
from insight.model import Sighted, SignalKind
from insight.silence import SourceHour
from tests.insight.made import ACME, DAY, HOUR, MONDAY, sighted


def month() -> list[Sighted]:
    """Thirty days of ordinary complaints, then a bad morning on which many say the same new thing."""
    rng = random.Random(7)
    usual = [
        sighted(f"u{i}", MONDAY + rng.random() * 30 * DAY, f"acme is {rng.choice(['slow', 'dear', 'rude'])} today")
        for i in range(240)
    ]
    morning = MONDAY + 30 * DAY
    return usual + [sighted(f"m{i}", morning + i * timedelta(minutes=7), "acme login fails again") for i in range(40)]


def observe(mentions: list[Sighted], state: dict[str, object], consumed: set[object], now: datetime) -> Observation:
    """What the program hands over at that time, by what the detector says it needs."""
    known = [it for it in mentions if it.collected_at <= now]
    wanted = needs(state, ACME, now)
    counts: dict[datetime, int] = {}
    for it in known:
        assert it.post.published_at
        hour = it.post.published_at.replace(minute=0, second=0, microsecond=0)
        counts[hour] = counts.get(hour, 0) + 1
    recent = {hour: n for hour, n in counts.items() if hour >= now - detect.RECENT}
    return Observation(
        ACME,
        dict.fromkeys(detect.LOOKS, recent),
        [it for it in known if it.collected_at >= now - detect.RECENT],
        dict.fromkeys(detect.LOOKS, counts) if wanted.history else None,
        [it for it in known if it.post.key not in consumed] if wanted.pending else None,
    )


def test_a_bad_morning_is_a_spike_and_a_new_complaint() -> None:
    mentions, state, consumed = month(), {}, set()
    told, verdicts = [], []
    for hour in range(0, 32 * 24, 2):
        now = MONDAY + hour * HOUR
        state, found = step(state, observe(mentions, state, consumed, now), now)
        assert json.loads(json.dumps(state)) == state
        consumed |= set(found.consumed)
        told += found.signals
        verdicts.append(dict(found.verdicts))
    kinds = {signal.kind: signal for signal in told if not signal.over}
    assert set(kinds) == {SignalKind.SPIKE, SignalKind.THEME}
    assert "login fails" in kinds[SignalKind.THEME].headline
    assert all(signal.at >= MONDAY + 30 * DAY for signal in told)
    assert verdicts[9 * 12 + 6] == {"spikes": "warming up: 9 of 14 days", "themes": "warming up: 9 of 14 days"}


def test_it_asks_for_the_long_history_daily_and_for_pending_mentions_hourly() -> None:
    assert needs(None, ACME, MONDAY) == detect.Needs(history=True, pending=True)
    state, found = step(None, Observation(ACME, {}, (), {}, ()), MONDAY)
    assert found.warm_up_days_left == 14
    assert needs(state, ACME, MONDAY + HOUR / 2) == detect.Needs(history=False, pending=False)
    assert needs(state, ACME, MONDAY + HOUR) == detect.Needs(history=False, pending=True)
    assert needs(state, ACME, MONDAY + DAY) == detect.Needs(history=True, pending=True)


def test_what_was_not_read_is_not_consumed() -> None:
    _, found = step(None, Observation(ACME, {}, (), {}), MONDAY)
    assert found.consumed == ()
    assert found.verdicts["themes"] == "not looked at this time"


def test_a_state_of_another_version_is_not_read() -> None:
    state, _ = step(None, Observation(ACME, {}, (), {}, ()), MONDAY)
    assert needs(state | {"version": 0}, ACME, MONDAY).history


def test_sources_have_a_step_of_their_own() -> None:
    failing = SourceHealth("hn", [SourceHour(MONDAY + i * HOUR, 4, 4, 0) for i in range(12)], HOUR / 12)
    state, (signal,) = step_sources(None, [failing], MONDAY + 12 * HOUR)
    assert signal.key == "silence:hn"
    assert step_sources(state, [failing], MONDAY + 12 * HOUR)[1] == ()
