"""How often a source is visited: a busy one more, a quiet one less, within its limits. Pure, and stored with it.

The pace follows two rates of the last visits. Of what was new, about one post is to come with a visit. And of what was
published at all, whether or not it concerns anybody, a visit is to find at most half a page in any one search: then
nothing falls out of a list that shows only so much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from insight.model import Post, Precision
from listener.collecting.budget import DAY, Need
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


@dataclass
class Brought:
    """What one visit brings, page by page. `since`: the newest post of the visits before."""

    since: datetime | None = None
    newest: datetime | None = None
    page: int = 0
    fresh: Counter[str] = field(default_factory=Counter)

    def read(self, search: str, posts: Iterable[Post], now: datetime) -> None:
        listed = list(posts)
        times = [post.published_at for post in listed if post.published_at and post.precision is Precision.SECOND]
        times = [at for at in times if at <= now]
        self.page = max(self.page, len(listed))
        self.newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        if self.since is not None:
            self.fresh[search] += sum(1 for at in times if at > self.since)


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

    def after(self, usual: float, brought: Brought, new: int, started: datetime) -> Rhythm:
        """After a visit that began then and stored `new` posts. The first one brings what had gathered: no pace yet."""
        page, newest = max(self.page, brought.page), brought.newest or self.newest
        if self.newest is not None and newest is not None:
            newest = max(newest, self.newest)
        if self.at is None:
            return Rhythm(WANTED, 0.0, usual, page, started, newest)
        elapsed = max(1.0, (started - self.at).total_seconds())
        fresh = max(brought.fresh.values(), default=0)
        known = replace(self, page=page, at=started, newest=newest)
        return replace(
            known,
            posts=KEEP * self.posts + new,
            fresh=KEEP * self.fresh + fresh,
            seconds=KEEP * self.seconds + elapsed,
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
