"""What may be wrong with a week's figures, in sentences: failed sources, gaps, hours without a visit, undated posts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from insight.model import Gap
from insight.periods import Period
from insight.source_health.trouble import SourceHour

HOUR = timedelta(hours=1)
WORTH_A_LINE = 3  # hours; shorter failures are made up for by the next visit


@dataclass(frozen=True, slots=True)
class SourceWeek:
    """A source's visits and gaps of the week, its usual pause, and the posts that count on the day they came."""

    id: str
    hours: Sequence[SourceHour]
    gaps: Sequence[Gap] = ()
    every: timedelta = timedelta(minutes=5)
    undated: int = 0


def coverage(sources: Sequence[SourceWeek], period: Period) -> tuple[str, ...]:
    """The lines, most general first; none when all was heard."""
    zone = ZoneInfo(period.time_zone)
    lines = [
        f"Listener was not running for {hours} h from {_when(start, zone)}: numbers may be low."
        for start, hours in _absences(sources, period)
    ]
    for source in sorted(sources, key=lambda it: it.id):
        for start, hours in _failures(source):
            lines.append(f"{source.id} was unreachable for {hours} h from {_when(start, zone)}: numbers may be low.")
        for gap in source.gaps:
            since = f"from {_when(gap.since, zone)} to " if gap.since else "before "
            lines.append(f"{source.id}: posts {since}{_when(gap.until, zone)} may be missing ({gap.reason}).")
        if source.undated:
            lines.append(f"{source.id}: posts that name no time ({source.undated:,}) count on the day they came.")
    return tuple(lines)


def _absences(sources: Sequence[SourceWeek], period: Period) -> Iterator[tuple[datetime, int]]:
    """Stretches in which no source was visited at all: Listener was not running. Before its first visit it was new."""
    visited = sorted({it.hour for source in sources for it in source.hours if it.fetches})
    pause = min((source.every for source in sources), default=HOUR)
    if sources and not visited:
        yield period.start, (period.end - period.start) // HOUR
    for last, following in pairwise([*visited, period.end] if visited else ()):
        hours = (following - last) // HOUR - 1
        if hours >= max(WORTH_A_LINE, 2 * pause / HOUR):
            yield last + HOUR, hours


def _failures(source: SourceWeek) -> Iterator[tuple[datetime, int]]:
    """Stretches of hours in which every visit failed."""
    stretch: list[SourceHour] = []
    for it in [*sorted(source.hours, key=lambda it: it.hour), None]:
        if it and it.fetches and not it.answered:
            stretch.append(it)
        elif it is None or it.answered:
            hours = (stretch[-1].hour - stretch[0].hour) // HOUR + 1 if stretch else 0
            if hours >= WORTH_A_LINE:
                yield stretch[0].hour, hours
            stretch = []


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A %H:%M}"
