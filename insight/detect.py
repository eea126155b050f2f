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

from insight.counts import Hours
from insight.model import Signal, StoredMention, Theme, Watch
from insight.source_health import trouble as source_trouble
from insight.source_health.trouble import SourceHealth
from insight.spikes import detector as spikes
from insight.spikes.windows import KNOWN, LOOKS
from insight.themes import detector as themes
from insight.understanding.sentiment import LEXICON

State = dict[str, Any]

VERSION = 2
"""Replay is exact within a version; a state of another one is not read: detection warms up from the counts again."""

HISTORY = spikes.HISTORY
RECENT = spikes.RECENT
PENDING = themes.PENDING
COOLDOWN = themes.COOLDOWN
LAGS_READ = (*LOOKS, KNOWN)
__all__ = [
    "COOLDOWN",
    "HISTORY",
    "LAGS_READ",
    "PENDING",
    "RECENT",
    "VERSION",
    "Found",
    "Needs",
    "Observation",
    "Pending",
    "SourceHealth",
    "due",
    "needs",
    "step",
    "step_sources",
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
    """What is known of a watch. All counts are of negative mentions, by lag: `hours(max_lag=lag)` for LAGS_READ.

    `recent` and `mentions` (negative, kept) reach back to `Needs.since`, `history` HISTORY. None: not read this time.
    Most steps do not look at `mentions`, so they may be read when they are iterated.
    """

    watch: Watch
    recent: Mapping[int, Hours]
    mentions: Iterable[StoredMention] = ()
    history: Mapping[int, Hours] | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`verdicts` say by detector why something, or nothing, was told; `warm_up_days_left` is 0 when it is ready.

    `theme`: what the theme step leaves behind, besides its signals; its `memory` goes into the next `Pending`.
    """

    signals: tuple[Signal, ...]
    verdicts: Mapping[str, str]
    theme: themes.Result
    warm_up_days_left: float


def due(state: Mapping[str, Any] | None, watch: Watch, now: datetime) -> bool:
    """Whether there is anything to look at: only an hour that closed, or a new query, makes a step worth its reads."""
    known = _known(state)["spikes"]
    return spikes.due(known, now) or spikes.needs_history(known, watch, now)


def needs(state: Mapping[str, Any] | None, watch: Watch, now: datetime, mark: str = "") -> Needs:
    """`mark` is any text that changes when the pending mentions do."""
    known = _known(state)
    spiked, themed = known["spikes"], known["themes"]
    return Needs(
        spikes.needs_history(spiked, watch, now), themes.due(themed, now, mark), spikes.needs_since(spiked, now)
    )


def step(
    state: Mapping[str, Any] | None, observation: Observation, now: datetime, false_alarms_per_day: float = 1 / 30
) -> tuple[State, Found]:
    """Spikes and themes of one watch; each keeps its promise, half of the whole."""
    known, watch, share = _known(state), observation.watch, false_alarms_per_day / 2
    seen = spikes.Seen(observation.recent, observation.mentions, observation.history)
    limits = replace(spikes.LIMITS, false_alarms_per_day=share)
    spiked, spike = spikes.step(known["spikes"], watch, seen, now, limits)
    themed, theme = known["themes"], themes.Result(verdict="not looked at this time")
    if (pending := observation.pending) is not None:
        memory = pending.memory if themed else None
        themed, theme = themes.step(
            themed, watch, pending.mentions, now, share,
            known=pending.known, memory=memory, mark=pending.mark, told=spikes.told(spiked, now),
        )  # fmt: skip
    versions = {"query": str(watch.version), "lexicon": LEXICON, "detector": str(VERSION)}
    found = Found(
        tuple(replace(signal, versions=versions) for signal in spike.signals + theme.signals),
        {"spikes": spike.verdict, "themes": theme.verdict},
        theme,
        max(spike.warm_up_days_left, theme.warm_up_days_left),
    )
    return {"version": VERSION, "spikes": spiked, "themes": themed}, found


def step_sources(
    state: Mapping[str, Any] | None, sources: Sequence[SourceHealth], now: datetime
) -> tuple[State, tuple[Signal, ...]]:
    """All sources at once: which have gone silent, fail, or stopped, and which are right again."""
    after, signals = source_trouble.step(state or {}, sources, now)
    return after, tuple(replace(signal, versions={"detector": str(VERSION)}) for signal in signals)


def _known(state: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return state if state and state.get("version") == VERSION else {"spikes": {}, "themes": {}}
