"""How far a spike reaches, by all that is known now: what came late may have been its beginning, or most of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from insight.counts import HOUR, Hours
from insight.spikes.baseline import Baseline
from insight.spikes.windows import total

CALM_WINDOW = 3
CALM = 0.05  # the chance from which so many mentions are nothing special


@dataclass(frozen=True, slots=True)
class Usual:
    """Counts beside what is usual at the same maturity."""

    counts: Hours
    baseline: Baseline
    zone: ZoneInfo

    def calm(self, end: datetime, hours: int = CALM_WINDOW) -> bool:
        """Whether the hours up to `end` are as usual."""
        start = end - hours * HOUR
        seen = total(self.counts, start, hours)
        return seen < 2 or self.baseline.chance(seen, self.expected(start, hours), hours) >= CALM

    def expected(self, start: datetime, hours: int) -> float:
        return self.baseline.expected(start, hours, self.zone)


def first_hour(known: Usual, start: datetime, end: datetime, earliest: datetime) -> datetime:
    """The first hour of what was found in this window: earlier while the hours before are unusual, never empty."""
    while start - HOUR >= earliest and not known.calm(start, 1):
        start -= HOUR
    while start + HOUR < end and not known.counts.get(start):
        start += HOUR
    return start


def busy_until(known: Usual, busy: datetime, end: datetime, newest: datetime) -> datetime:
    """The end of the last hours up to `end` that are not calm, looked for after `busy`, which was such an end before;
    and of those that follow without a pause, up to the newest."""
    while end > busy and known.calm(end):
        end -= HOUR
    busy = max(busy, end)
    while busy < newest and not known.calm(busy + HOUR, 1):
        busy += HOUR
    return busy


def last_hour(known: Usual, first: datetime, end: datetime) -> datetime:
    """The end of the last hour before `end` in which anybody said something."""
    while end - HOUR > first and not known.counts.get(end - HOUR):
        end -= HOUR
    return end
