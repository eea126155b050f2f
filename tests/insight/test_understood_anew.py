"""Once history is understood anew detection learns from it again, and tells nothing that only sounds new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from insight import detect
from insight.model import Signal, SignalKind, StoredMention, Theme
from tests.insight.small_worlds import DAY, HOUR, MONDAY
from tests.insight.test_detect import month, observe

MORNING = MONDAY + 30 * DAY
"""When many begin to say the same thing, forty in less than five hours."""


def watched(before: list[StoredMention], after: list[StoredMention], change: datetime, end: datetime) -> list[Signal]:
    """Every signal, looked at each hour; from the change on all that is known is what comes after it."""
    state, memory, consumed, mentions = dict[str, Any](), None, set[Any](), before
    told, themes = [], dict[str, Theme]()
    for hour in range((end - MONDAY) // HOUR):
        now = MONDAY + hour * HOUR
        if now == change:
            mentions, memory, consumed = after, None, set()
            state = detect.understood_anew(state, now) or {}
        if now < MORNING - 2 * DAY and hour % 12:
            continue
        state, found = detect.step(state, observe(mentions, state, memory, consumed, [*themes.values()], now), now)
        memory = found.theme.memory or memory
        consumed |= set(found.theme.consumed)
        themes |= {theme.id: theme for theme in found.theme.themes}
        told += found.signals
    return told


def half(mentions: list[StoredMention]) -> list[StoredMention]:
    return mentions[::2]


def spikes(told: list[Signal]) -> list[float]:
    return [signal.figures["observed"] for signal in told if signal.kind is SignalKind.SPIKE and not signal.over]


def test_the_first_step_of_all_begins_with_nothing() -> None:
    assert detect.understood_anew(None, MORNING) is None


def test_hours_before_the_change_are_not_told_and_those_after_it_are() -> None:
    heard = month()
    deaf = [it for it in heard if it.post.native_id.startswith("u")]
    assert spikes(watched(deaf, heard, MORNING + 12 * HOUR, MORNING + 3 * DAY)) == []
    after = spikes(watched(deaf, heard, MORNING - HOUR, MORNING + 3 * DAY))
    assert after, "it came when all was understood"


def test_what_only_sounds_new_is_no_theme() -> None:
    heard = month()
    deaf = [it for it in heard if it.post.native_id.startswith("u")]
    assert watched(deaf, heard, MORNING + 12 * HOUR, MORNING + 3 * DAY) == []


def test_a_spike_that_goes_on_is_told_again_when_it_has_doubled_by_the_counts_of_now() -> None:
    heard = month()
    untouched = spikes(watched(half(heard), half(heard), MORNING + 3 * HOUR, MORNING + 3 * DAY))
    changed = spikes(watched(half(heard), heard, MORNING + 3 * HOUR, MORNING + 3 * DAY))
    assert changed == untouched, "what it was told of has doubled by the change alone"
