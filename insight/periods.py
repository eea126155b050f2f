"""When a weekly digest is due and which week it covers, by the wall clock of a named time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, in UTC: a week by the wall clock, so one of 167 or 169 hours when the clocks change.

    `key` names it: one digest a key. It is the ISO week in which the period begins, and the zone.
    """

    start: datetime
    end: datetime
    key: str
    time_zone: str

    def before(self) -> Period:
        """The week before this one."""
        local = self.start.astimezone(ZoneInfo(self.time_zone))
        return week_before(local.date(), local.hour, self.time_zone)

    def days(self) -> tuple[tuple[datetime, datetime], ...]:
        """Its seven days in UTC, each from the digest's hour to the same hour of the next day."""
        local = self.start.astimezone(ZoneInfo(self.time_zone))
        marks = [_at(local.date() + timedelta(days=i), local.hour, self.time_zone) for i in range(8)]
        return tuple(zip([self.start, *marks[1:7]], [*marks[1:7], self.end], strict=True))


def due_period(now: datetime, weekday: int, hour: int, time_zone: str) -> Period:
    """The period whose digest was due last. `weekday`: 0 is Monday."""
    today = now.astimezone(ZoneInfo(time_zone)).date()
    day = today - timedelta(days=(today.weekday() - weekday) % 7)
    if _at(day, hour, time_zone) > now:
        day -= WEEK
    return week_before(day, hour, time_zone)


def week_before(day: date, hour: int, time_zone: str) -> Period:
    """The week that ends on that local day at that hour.

    An hour that the clocks skip begins when they have moved; one that comes twice is taken the first time.
    """
    first = day - WEEK
    year, week, _ = first.isocalendar()
    key = f"{year}-W{week:02} {time_zone}"
    return Period(_at(first, hour, time_zone), _at(day, hour, time_zone), key, time_zone)


def _at(day: date, hour: int, time_zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(time_zone)).astimezone(UTC)
