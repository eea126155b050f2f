"""What happens in the simulated market beside ordinary life: one spike, one new complaint, one outage, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEKS = 10


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, its end not in it."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Events:
    """Times of the events, for a market that begins then.

    `spike`: an afternoon without sync, week 7, Tuesday. `theme`: from week 8 the export loses images; `theme_fades` is
    when most people have complained. `outage`: in week 5 the server `outage_of` answers 503.
    """

    spike: Span
    theme: Span
    theme_fades: datetime
    outage: Span
    outage_of: str = "mastodon"


def events(start: datetime, end: datetime) -> Events:
    """The events of a market between these times; in a short market the later ones never happen."""
    spike = start + timedelta(weeks=6, days=1, hours=14)
    theme = start + timedelta(weeks=7)
    outage = start + timedelta(weeks=4, days=2, hours=6)
    return Events(
        spike=Span(spike, spike + timedelta(hours=7)),
        theme=Span(theme, max(theme, end)),
        theme_fades=theme + timedelta(days=12),
        outage=Span(outage, outage + timedelta(hours=30)),
    )
