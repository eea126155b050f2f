"""Windows of closed hours beside what is usual in them: which one is too full to be chance, how far a spike reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from insight.counts import HOUR, LAGS, Hours, bounds, event_time, lag_index
from insight.model import Grain, Precision, StoredMention
from insight.spikes.baseline import WINDOWS, Baseline

MATURITIES = (0, 5)
"""The maturities at which hours are compared: highest lags (indices of `insight.counts.LAGS`) that are counted.

First what was collected within its hour, looked at when the hour closes; then what came within twelve hours, looked at
twelve hours later: that is for late sources, and for hours in which nobody was listening.
"""

ANY_LAG = len(LAGS)
"""The lag that no mention exceeds: all that is known by now. People read these figures; no test is made with them."""

CALM_HOURS = 3  # a single empty hour inside a spike is no end of it
CALM_CHANCE = 0.05  # from this chance on so many mentions are nothing special: the usual level of significance


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
        """The chance below which one window is told: the promise shared among all windows of a day (Bonferroni)."""
        return self.false_alarms_per_day / (24 * len(WINDOWS) * len(MATURITIES))


@dataclass(frozen=True, slots=True)
class Finding:
    """One window beside what is usual in it. `chance`: of so many mentions or more when nothing is going on."""

    start: datetime
    hours: int
    observed: int
    expected: float
    chance: float

    @property
    def end(self) -> datetime:
        return self.start + self.hours * HOUR


@dataclass(frozen=True, slots=True)
class Extent:
    """The hours of a spike, all that is known of them by now, and what is usual in them in the end."""

    start: datetime
    hours: int
    observed: int
    expected: float

    @property
    def end(self) -> datetime:
        return self.start + self.hours * HOUR


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts by hour beside what is usual at the same maturity."""

    counts: Hours
    baseline: Baseline
    zone: ZoneInfo

    def expected(self, start: datetime, hours: int) -> float:
        return self.baseline.expected(start, hours, self.zone)

    def is_calm(self, end: datetime, hours: int = CALM_HOURS) -> bool:
        """Whether the hours up to `end` are as usual."""
        start = end - hours * HOUR
        seen = total(self.counts, start, hours)
        return seen < 2 or self.baseline.chance(seen, self.expected(start, hours), hours) >= CALM_CHANCE

    def least_likely_window(self, end: datetime, limits: Limits, after: datetime | None = None) -> Finding | None:
        """Of the windows that end at `end` and are big enough to matter.

        Windows that began before `after` belong to a spike that was told already.
        """
        findings = []
        for hours in WINDOWS:
            start = end - hours * HOUR
            observed = total(self.counts, start, hours)
            if observed < limits.mentions or (after and start < after):
                continue
            expected = self.expected(start, hours)
            if observed >= limits.ratio * expected:
                chance = self.baseline.chance(observed, expected, hours)
                findings.append(Finding(start, hours, observed, expected, chance))
        return min(findings, key=lambda finding: finding.chance, default=None)

    def first_hour(self, start: datetime, end: datetime, earliest: datetime) -> datetime:
        """Where the spike in a window begins: earlier while the hours before are unusual, and never in an empty hour.

        What came late may have been its beginning.
        """
        while start - HOUR >= earliest and not self.is_calm(start, 1):
            start -= HOUR
        while start + HOUR < end and not self.counts.get(start):
            start += HOUR
        return start

    def busy_until(self, busy: datetime, end: datetime, newest: datetime) -> datetime:
        """The end of the last hours up to `end` that are not calm, and of those that follow without a pause.

        Looked for after `busy`, which was such an end before, and up to `newest`.
        """
        while end > busy and self.is_calm(end):
            end -= HOUR
        busy = max(busy, end)
        while busy < newest and not self.is_calm(busy + HOUR, 1):
            busy += HOUR
        return busy

    def extent(self, first: datetime, busy: datetime) -> Extent:
        """From the first hour to the last one before `busy` in which anybody said something."""
        while busy - HOUR > first and not self.counts.get(busy - HOUR):
            busy -= HOUR
        hours = (busy - first) // HOUR
        return Extent(first, hours, total(self.counts, first, hours), self.expected(first, hours))


def mentions_in(
    mentions: Iterable[StoredMention], start: datetime, end: datetime, max_lag: int = ANY_LAG
) -> list[StoredMention]:
    """The mentions whose hour lies in the window, of those that came early enough.

    Mentions known to the day only are in no hour.
    """
    hourly = (stored for stored in mentions if stored.post.precision is Precision.SECOND)
    times = ((stored, event_time(stored.post, stored.collected_at)) for stored in hourly)
    return [
        stored
        for stored, at in times
        if at and start <= at < end and lag_index(bounds(Grain.HOUR, at)[1], stored.collected_at) <= max_lag
    ]


def total(counts: Hours, start: datetime, hours: int) -> int:
    return sum(counts.get(start + i * HOUR, 0) for i in range(hours))
