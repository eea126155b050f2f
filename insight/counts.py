"""What a mention adds to the counters that detection reads, and how late it was when it became known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from insight.model import Cell, Grain, Mention, MentionState, Post, Precision

Hours = Mapping[datetime, int]
"""Counts by the start of their hour (UTC); an hour that is not there counts nothing."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

LAGS: tuple[int, ...] = (0, 1, 2, 3, 6, 12, 24, 48, 168)
"""Hours from the end of a cell to the collection of a post in it; a cell's `lag` is the first index not below it.

`len(LAGS)` means later than that. A cell that ended `a` hours ago is compared with older cells "as they were at the
age `a`", that is, with the sum over the lags up to that age: neither a backlog nor a backfill looks like a spike then.
"""

SENTIMENT = "sentiment"
COMPLAINT = "complaint"
YES = "yes"
HOURLY = frozenset({SENTIMENT, COMPLAINT})
"""The facets that are counted by the hour (of posts known to the day, by the day); every other one by the day."""

COUNTED = (MentionState.KEPT, MentionState.DELETED)

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=10)


def event_time(post: Post, collected_at: datetime) -> datetime | None:
    """When the post counts: its own time, clamped to what is plausible; None when it is not known.

    A time in the future (a wrong client clock) becomes the time of collection; one before the web is unknown.
    """
    at = post.published_at or (collected_at if post.precision is Precision.COLLECTED else None)
    if at is None or post.precision is Precision.UNKNOWN or at < EARLIEST:
        return None
    return collected_at if at > collected_at + CLOCK_SKEW else at


def contributions(mention: Mention, post: Post, source: str, collected_at: datetime) -> tuple[Cell, ...]:
    """The counters that this mention raises by one: of its sentiment, of complaints, and of each value of a facet.

    `source` is the one that saw the post first, `collected_at` when: neither changes with an edit.
    """
    at = event_time(post, collected_at)
    if mention.state not in COUNTED or at is None:
        return ()
    hourly = grain_of(post.precision)
    start, end = bounds(hourly, at)
    lag = lag_index(end, collected_at)
    sentiment = Cell(mention.watch, source, hourly, start, SENTIMENT, mention.sentiment.label.value, lag)
    found = [sentiment]
    if mention.complaint:
        found.append(Cell(mention.watch, source, hourly, start, COMPLAINT, YES, lag))
    if not mention.facets:
        return tuple(found)
    day, end = bounds(Grain.DAY, at)
    daily_lag = lag_index(end, collected_at)
    further = {
        Cell(mention.watch, source, hourly, start, facet.name, facet.value, lag)
        if facet.name in HOURLY
        else Cell(mention.watch, source, Grain.DAY, day, facet.name, facet.value, daily_lag)
        for facet in mention.facets
    }
    return (*found, *further)


def grain_of(precision: Precision) -> Grain:
    """The finest counter that may hold a post whose time is known so exactly."""
    return Grain.DAY if precision in (Precision.DAY, Precision.COLLECTED) else Grain.HOUR


def bounds(grain: Grain, at: datetime) -> tuple[datetime, datetime]:
    """The cell around a time: its start and its end, in UTC."""
    hour = floor_hour(at)
    if grain is Grain.HOUR:
        return hour, hour + HOUR
    day = hour.replace(hour=0)
    return day, day + DAY


def floor_hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def lag_index(end: datetime, collected_at: datetime) -> int:
    """The lag of something collected then, in a cell with this end."""
    return bisect_left(LAGS, (collected_at - end) / HOUR)
