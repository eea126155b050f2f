"""How often a source is visited: a busy one more, a quiet one less, within its limits. Pure, and stored with it.

The pace follows two rates of the last visits. Of what was new, about one post is to come with a visit. And of what was
published at all, whether or not it concerns anybody, a visit is to find at most half a page in any one search: then
nothing falls out of a list that shows only so much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from listener.collecting.budget import DAY, Need
from listener.collecting.result import VisitResult
from scrapers.base import Source

KEEP = 0.75  # what the visits before the last one weigh
WANTED = 1.0  # new posts a visit
FULL = 0.5  # of a page that may be fresh
SMALLEST_PAGE = 20  # posts; a list that never was longer is not taken for a full one
QUICKER, SLOWER = 4.0, 4.0  # times the kind's own pace
ONE = Need(requests=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds between two visits. `fixed`: the operator has set it."""

    fastest: float
    usual: float
    slowest: float
    fixed: float | None = None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of a source's pace: new posts and, in its busiest search, fresh ones, in so many seconds.

    `page`: the longest page so far. `at`: when the last visit began. `newest`: the newest post so far.
    """

    posts: float = 0.0
    fresh: float = 0.0
    seconds: float = 0.0
    page: int = 0
    at: datetime | None = None
    newest: datetime | None = None

    def after(self, usual: float, visit: VisitResult, longest: float = 2 * DAY) -> Rhythm:
        """After a visit. The first one brings what had gathered before: it tells no pace yet, so `usual` holds.

        Nor does one `longest` seconds after the one before, or before it: nobody looked, or the clock was set.
        """
        page, newest = max(self.page, visit.page), max(filter(None, (visit.newest, self.newest)), default=None)
        if self.at is None:
            return Rhythm(WANTED, 0.0, usual, page, visit.started, newest)
        seconds = (visit.started - self.at).total_seconds()
        if not 0 <= seconds <= longest:
            return replace(self, page=page, at=visit.started, newest=newest)
        return Rhythm(
            posts=KEEP * self.posts + visit.new,
            fresh=KEEP * self.fresh + max(visit.fresh.values(), default=0),
            seconds=KEEP * self.seconds + max(1.0, seconds),
            page=page,
            at=visit.started,
            newest=newest,
        )

    def pause(self, within: Limits) -> float:
        """Seconds from the start of one visit to the next."""
        if within.fixed is not None:
            return within.fixed
        if not self.seconds:
            return within.usual
        wanted = WANTED * self.seconds / self.posts if self.posts else within.slowest
        room = FULL * max(self.page, SMALLEST_PAGE)
        full = room * self.seconds / self.fresh if self.fresh else within.slowest
        return min(max(min(wanted, full), within.fastest), within.slowest)

    def to_json(self) -> dict[str, Any]:
        return {
            "posts": round(self.posts, 6),
            "fresh": round(self.fresh, 6),
            "seconds": round(self.seconds, 3),
            "page": self.page,
            "at": self.at and self.at.isoformat(),
            "newest": self.newest and self.newest.isoformat(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Rhythm:
        if not value:
            return cls()
        at, newest = (datetime.fromisoformat(value[name]) if value[name] else None for name in ("at", "newest"))
        return cls(value["posts"], value["fresh"], value["seconds"], value["page"], at, newest)


def limits(source: Source, visit: Need = ONE) -> Limits:
    """The limits of a source of which a visit needs so much. What a platform allows goes before `max_delay`."""
    allowed = _allowed(source, visit)
    wished = longest(source)
    fastest = max(min(source.default_every / QUICKER, wished), allowed)
    slowest = max(wished, fastest)
    usual = min(max(source.default_every, fastest), slowest)
    return Limits(fastest, usual, slowest, source.every)


def longest(source: Source) -> float:
    """The longest pause that its settings leave it."""
    return source.every or source.max_delay or source.default_every * SLOWER


def _allowed(source: Source, visit: Need) -> float:
    """Seconds that a visit needs by the platform's terms, so that the budget of a day lasts a day."""
    budget = source.budget()
    spans = [source.pace * visit.requests]
    if budget.per_minute:
        spans.append(60 * visit.requests / budget.per_minute)
    if budget.per_day:
        spans.append(DAY * visit.requests / budget.per_day)
    if budget.units:
        spans.append(DAY * visit.units / budget.units)
    return max(spans)
