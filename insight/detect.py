"""What the program calls to learn what changed: counts and mentions in, signals out.

    wanted = needs(state, watch, now, mark)
    state, found = step(state, Observation(watch, recent, mentions, history, pending), now)

State and memory are JSON; they are committed together with the signals, the themes and what was consumed, or none is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from insight import understanding
from insight.counts import Hours
from insight.model import Signal, StoredMention, Theme, Watch
from insight.source_health import trouble as source_trouble
from insight.source_health.trouble import SourceHealth
from insight.spikes import detector as spikes
from insight.spikes import state as spike_state
from insight.spikes.windows import ANY_LAG, MATURITIES
from insight.themes import detector as themes

State = dict[str, Any]

VERSION = 2
"""Replay is exact within a version; a state of another one is not read: detection warms up from the counts again."""

HISTORY = spike_state.HISTORY
RECENT = spike_state.RECENT
PENDING = themes.PENDING
COOLDOWN = themes.COOLDOWN
LAGS_READ = (*MATURITIES, ANY_LAG)
__all__ = [
    "COOLDOWN",
    "HISTORY",
    "LAGS_READ",
    "PENDING",
    "RECENT",
    "VERSION",
    "DetectionResult",
    "Needs",
    "Observation",
    "Pending",
    "SourceHealth",
    "due",
    "needs",
    "step",
    "step_sources",
    "understood_anew",
]


@dataclass(frozen=True, slots=True)
class Needs:
    """What the next observation should hold. `since`: how far back the recent counts and mentions should reach."""

    history: bool
    pending: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """The mentions that no theme step has consumed, oldest first, at most PENDING, and what the steps remember: a
    memory of phrases, and the themes (`known`) that are open or were heard of within COOLDOWN.

    `mark` is what `needs` was asked with: another one says that the pending mentions have changed.
    """

    mentions: Sequence[StoredMention] = ()
    memory: Mapping[str, Any] | None = None
    mark: str = ""
    known: Sequence[Theme] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a watch. All counts are of complaints, by lag: `hours(max_lag=lag)` for LAGS_READ.

    `recent` and `mentions` (complaints, kept) reach back to `Needs.since`, `history` HISTORY. None: not read this time.
    Most steps do not look at `mentions`, so they may be read when they are iterated.
    """

    watch: Watch
    recent: Mapping[int, Hours]
    mentions: Iterable[StoredMention] = ()
    history: Mapping[int, Hours] | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """`verdicts` say by detector why something, or nothing, was told; `warm_up_days_left` is 0 when it is ready.

    `theme`: what the theme step leaves behind, besides its signals; its `memory` goes into the next `Pending`.
    """

    signals: tuple[Signal, ...]
    verdicts: Mapping[str, str]
    theme: themes.ThemeResult
    warm_up_days_left: float


def due(state: Mapping[str, Any] | None, watch: Watch, now: datetime) -> bool:
    """Whether there is anything to look at: only an hour that closed, or a new query, makes a step worth its reads."""
    before = _of_this_version(state)
    spikes_before = before["spikes"]
    fresh = spike_state.due(spikes_before, now) or spike_state.needs_history(spikes_before, watch, now)
    return fresh or bool(before.get("takes_stock"))


def needs(state: Mapping[str, Any] | None, watch: Watch, now: datetime, mark: str = "") -> Needs:
    """`mark` is any text that changes when the pending mentions do."""
    before = _of_this_version(state)
    return Needs(
        history=spike_state.needs_history(before["spikes"], watch, now),
        pending=themes.due(before["themes"], now, mark),
        since=spike_state.needs_since(before["spikes"], now),
    )


def step(
    state: Mapping[str, Any] | None, observation: Observation, now: datetime, false_alarms_per_day: float = 1 / 30
) -> tuple[State, DetectionResult]:
    """Spikes and themes of one watch; each keeps its promise, half of the whole."""
    before, watch, share = _of_this_version(state), observation.watch, false_alarms_per_day / 2

    # 1. Spikes.
    given = spikes.SpikeInput(observation.recent, observation.mentions, observation.history)
    limits = replace(spikes.LIMITS, false_alarms_per_day=share)
    spikes_after, spike = spikes.step(before["spikes"], watch, given, now, limits)

    # 2. Themes, which are not told again of what a spike has just told.
    themes_after, theme = before["themes"], themes.ThemeResult(verdict="not looked at this time")
    if (pending := observation.pending) is not None:
        themes_after, theme = themes.step(
            before["themes"], watch, pending.mentions, now, share,
            known=pending.known, memory=pending.memory if before["themes"] else None, mark=pending.mark,
            spike=spike_state.last_spike(spikes_after, now),
        )  # fmt: skip

    # 3. What is heard for the first time because history was understood anew is no news. Until all is learnt from.
    stock = {}
    if before.get("takes_stock"):
        theme = replace(theme, signals=tuple(signal for signal in theme.signals if signal.over))
        if pending is None or len(pending.mentions) >= PENDING:
            stock, themes_after = {"takes_stock": True}, _to_look_at_once(themes_after)

    # 4. Both together.
    versions = {"query": str(watch.version), "understanding": understanding.VERSION, "detector": str(VERSION)}
    result = DetectionResult(
        tuple(replace(signal, versions=versions) for signal in spike.signals + theme.signals),
        {"spikes": spike.verdict, "themes": theme.verdict},
        theme,
        max(spike.warm_up_days_left, theme.warm_up_days_left),
    )
    return {"version": VERSION, "spikes": spikes_after, "themes": themes_after} | stock, result


def understood_anew(state: Mapping[str, Any] | None, now: datetime) -> State | None:
    """The state of a watch whose stored mentions have been understood anew, for its next step (None: its first one).

    What is usual is learnt again from the counts and mentions as they are now, and the past is no news as it is heard
    now: the step that follows takes stock, and hours before now are not told. It is to be given no memory of phrases.
    """
    if state is None:
        return None
    before = _of_this_version(state)
    spikes_before = spike_state.learn_anew(before["spikes"], now)
    themes_before = _to_look_at_once(before["themes"])
    return {"version": VERSION, "spikes": spikes_before, "themes": themes_before, "takes_stock": True}


def step_sources(
    state: Mapping[str, Any] | None, sources: Sequence[SourceHealth], now: datetime
) -> tuple[State, tuple[Signal, ...]]:
    """All sources at once: which have gone silent, fail, or stopped, and which are right again."""
    after, signals = source_trouble.step(state or {}, sources, now)
    return after, tuple(replace(signal, versions={"detector": str(VERSION)}) for signal in signals)


def _to_look_at_once(state: Mapping[str, Any]) -> State:
    """The state of themes by which the next look is due."""
    return {name: value for name, value in state.items() if name != "looked_at"}


def _of_this_version(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return state if state and state.get("version") == VERSION else {"spikes": {}, "themes": {}}
