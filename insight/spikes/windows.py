"""Windows of closed hours beside what is usual in them: which one, if any, is too much to be chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from insight.counts import HOUR, LAGS, Hours, bounds, event_time, lag_index
from insight.model import Grain, Precision, StoredMention
from insight.spikes.baseline import WINDOWS, Baseline

LOOKS = (0, 5)
"""Highest lags (indices of `insight.counts.LAGS`) that are read.

First what was collected within its hour, looked at when the hour closes; then what came within twelve hours, looked at
twelve hours later: that is for late sources, and for hours in which nobody was listening.
"""

KNOWN = len(LAGS)
"""The lag that no mention exceeds: all that is known by now. People read these figures; no test is made with them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`false_alarms_per_day` is the promise; the rest is what a spike must be to be worth a person's attention."""

    false_alarms_per_day: float = 1 / 30
    mentions: int = 5
    ratio: float = 2.0
    authors: int = 3
    stories: int = 3

    @property
    def threshold(self) -> float:
        return self.false_alarms_per_day / (24 * len(WINDOWS) * len(LOOKS))


@dataclass(frozen=True, slots=True)
class Finding:
    """One window beside what is usual in it."""

    start: datetime
    hours: int
    observed: int
    expected: float
    chance: float

    @property
    def end(self) -> datetime:
        return self.start + self.hours * HOUR


def strongest(
    counts: Hours, end: datetime, baseline: Baseline, zone: ZoneInfo, limits: Limits, after: datetime | None = None
) -> Finding | None:
    """The least likely of the windows that end now and are big enough to matter; windows that began before `after`
    belong to a spike that was told already."""
    findings = []
    for hours in WINDOWS:
        start = end - hours * HOUR
        observed = total(counts, start, hours)
        if observed < limits.mentions or (after and start < after):
            continue
        expected = baseline.expected(start, hours, zone)
        if observed >= limits.ratio * expected:
            findings.append(Finding(start, hours, observed, expected, baseline.chance(observed, expected, hours)))
    return min(findings, key=lambda finding: finding.chance, default=None)


def within(
    mentions: Iterable[StoredMention], start: datetime, end: datetime, max_lag: int = KNOWN
) -> list[StoredMention]:
    """The mentions whose hour lies in the window, of those that came early enough; those known to the day are in
    no hour."""
    hourly = (stored for stored in mentions if stored.post.precision is Precision.SECOND)
    times = ((stored, event_time(stored.post, stored.collected_at)) for stored in hourly)
    return [stored for stored, at in times if at and start <= at < end and _lag(at, stored.collected_at) <= max_lag]


def _lag(at: datetime, collected_at: datetime) -> int:
    return lag_index(bounds(Grain.HOUR, at)[1], collected_at)


def total(counts: Hours, start: datetime, hours: int) -> int:
    return sum(counts.get(start + i * HOUR, 0) for i in range(hours))
