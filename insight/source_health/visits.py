"""What is known of a source: its hours of visits, and since when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST = timedelta(hours=6)  # trouble that has lasted less is not told: most of it mends itself


@dataclass(frozen=True, slots=True)
class SourceHour:
    """One hour of visits to a source, by the time of collection."""

    hour: datetime
    fetches: int
    failures: int
    new: int

    @property
    def answered(self) -> bool:
        return self.fetches > self.failures


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What is known of a source. `every`: its usual pause, `slowest` its longest one (None: they are the same).

    `paused`: it stopped for good until `remedy` is done.
    """

    id: str
    hours: Sequence[SourceHour]
    every: timedelta
    last_success: datetime | None = None
    error: str | None = None
    paused: bool = False
    remedy: str = ""
    slowest: timedelta | None = None

    def failing_hours(self) -> list[SourceHour]:
        """The hours with failures since it answered last, oldest first."""
        hours = sorted(self.hours, key=lambda it: it.hour)
        last = max((i for i, it in enumerate(hours) if it.answered), default=-1)
        return [it for it in hours[last + 1 :] if it.failures]

    def failing_since(self) -> datetime | None:
        """The first failure after the last success; None when it does not fail."""
        failed = self.failing_hours()
        return max(failed[0].hour, self.last_success or failed[0].hour) if failed else None

    def visited_since(self, when: datetime) -> bool:
        return any(it.hour >= when for it in self.hours)


def in_words(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"
