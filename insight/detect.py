"""What the program calls to learn what changed: counts and mentions in, signals out.

    wanted = needs(state, watch, now)
    state, found = step(state, Observation(watch, recent, mentions, history, pending), now)

State is JSON; it is committed together with the signals and with what was consumed, or neither is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from insight import silence, spikes, themes
from insight.baseline import Hours
from insight.model import PostKey, Sighted, Signal, Watch
from insight.silence import SourceHealth
from insight.windows import LOOKS

State = dict[str, Any]

VERSION = 1
"""Replay is exact within a version; a state of another one is not read: detection warms up from the counts again."""

HISTORY = spikes.HISTORY
RECENT = spikes.RECENT
PENDING = themes.PENDING
__all__ = [
    "HISTORY",
    "LOOKS",
    "PENDING",
    "RECENT",
    "VERSION",
    "Found",
    "Needs",
    "Observation",
    "SourceHealth",
    "needs",
    "step",
    "step_sources",
]


@dataclass(frozen=True, slots=True)
class Needs:
    """What the next observation should hold beside the recent counts and mentions."""

    history: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a watch. All counts are of negative mentions, by look: `hours(max_lag=look)` for each of LOOKS.

    `recent` and `mentions` (negative, kept) reach back RECENT, `history` HISTORY. `pending`: the mentions no theme step
    has consumed, oldest first, at most PENDING. None: not read this time.
    """

    watch: Watch
    recent: Mapping[int, Hours]
    mentions: Sequence[Sighted] = ()
    history: Mapping[int, Hours] | None = None
    pending: Sequence[Sighted] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`verdicts` say by detector why something, or nothing, was told; `warm_up_days_left` is 0 when it is ready."""

    signals: tuple[Signal, ...]
    verdicts: Mapping[str, str]
    consumed: tuple[PostKey, ...]
    themes: tuple[themes.Theme, ...]
    warm_up_days_left: float


def needs(state: Mapping[str, Any] | None, watch: Watch, now: datetime) -> Needs:
    known = _known(state)
    return Needs(spikes.needs_history(known["spikes"], watch, now), themes.due(known["themes"], now))


def step(
    state: Mapping[str, Any] | None, observation: Observation, now: datetime, false_alarms_per_day: float = 1 / 30
) -> tuple[State, Found]:
    """Spikes and themes of one watch; each keeps its promise, half of the whole."""
    known, watch, share = _known(state), observation.watch, false_alarms_per_day / 2
    seen = spikes.Seen(observation.recent, observation.mentions, observation.history)
    limits = replace(spikes.LIMITS, false_alarms_per_day=share)
    spiked, spike = spikes.step(known["spikes"], watch, seen, now, limits)
    themed, theme = known["themes"], themes.Result(verdict="not looked at this time")
    if observation.pending is not None:
        themed, theme = themes.step(themed, watch, observation.pending, now, share)
    verdicts = {"spikes": spike.verdict, "themes": theme.verdict}
    left = max(spike.warm_up_days_left, theme.warm_up_days_left)
    found = Found(spike.signals + theme.signals, verdicts, theme.consumed, theme.themes, left)
    return {"version": VERSION, "spikes": spiked, "themes": themed}, found


def step_sources(
    state: Mapping[str, Any] | None, sources: Sequence[SourceHealth], now: datetime
) -> tuple[State, tuple[Signal, ...]]:
    """All sources at once: which have gone silent, fail, or stopped, and which are right again."""
    return silence.step(state or {}, sources, now)


def _known(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return state if state and state.get("version") == VERSION else {"spikes": {}, "themes": {}}
