"""How often a source is visited, and what a day of that asks for. Pure; `VisitPace` is stored with each visit.

A busy source is visited more often, a quiet one less, within its limits. The pace follows two rates of the last visits.
Of what was new, about one post is to come with a visit. And of what was published at all, whether or not it concerns
anybody, a visit is to find at most half a page in any one search: then nothing falls out of a list that shows only so
much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from listener.collecting.budget import DAY, Amount, next_day
from listener.collecting.result import VisitResult
from scrapers.base import Budget, Search, Source

KEEP = 0.75  # what the visits before the last one weigh
WANTED = 1.0  # new posts a visit
FULL = 0.5  # of a page that may be fresh
SMALLEST_PAGE = 20  # posts; a list that never was longer is not taken for a full one
QUICKER, SLOWER = 4.0, 4.0  # times the kind's own pace
FOR_VISITS = 0.75
"""The share of a day's budget that backfills and second looks leave to the visits at most, if those need so much."""
LONGEST_WAIT = timedelta(days=1)
"""How far away a visit may be, whatever a platform or a clock says, unless the source's settings ask for more."""
ONE = Amount(requests=1)


# -- what the settings of a source say, and what one visit of it needs


def usual_pause(source: Source) -> float:
    """Seconds between two visits, where nothing is known of its pace."""
    return source.every or source.default_every


def longest_pause(source: Source) -> float:
    """Seconds between two visits at most, while all goes well."""
    return source.every or source.max_delay or source.default_every * SLOWER


def longest_wait(source: Source) -> timedelta:
    """How far away the next visit may be: a day, or what its settings say."""
    return max(LONGEST_WAIT, timedelta(seconds=source.every or source.max_delay or 0))


def visit_needs(source: Source, searches: Sequence[Search], now: datetime) -> Amount:
    """What one visit asks for at least: a page a search. A kind that cannot say for what is free."""
    units = cost = 0.0
    for search in searches:
        try:
            request = source.start(search, None, now)
        except Exception:  # noqa: BLE001, S112 - a kind of the user's own may raise anything; its visit will say so
            continue
        units, cost = units + request.units, cost + request.cost
    return Amount(len(searches), units, cost)


@dataclass(frozen=True, slots=True)
class PauseLimits:
    """Seconds between two visits. `fixed`: the operator has set it."""

    fastest: float
    usual: float
    slowest: float
    fixed: float | None = None


def pause_limits(source: Source, visit: Amount = ONE) -> PauseLimits:
    """The limits of a source whose visits need so much. What the platform allows goes before `max_delay`.

    A budget of a day is to last a day, one of a minute is not to be waited for.
    """
    budget, wished = source.budget(), longest_pause(source)
    allowed = source.pace * visit.requests
    if budget.per_minute:
        allowed = max(allowed, 60 * visit.requests / budget.per_minute)
    if budget.per_day:
        allowed = max(allowed, DAY * visit.requests / budget.per_day)
    if budget.units:
        allowed = max(allowed, DAY * visit.units / budget.units)
    fastest = max(min(source.default_every / QUICKER, wished), allowed)
    slowest = max(wished, fastest)
    usual = min(max(source.default_every, fastest), slowest)
    return PauseLimits(fastest, usual, slowest, source.every)


# -- the pace, learnt from visit to visit


@dataclass(frozen=True, slots=True)
class VisitPace:
    """What is known of a source's pace: new posts and, in its busiest search, fresh ones, in so many seconds.

    `page`: the longest page so far. `at`: when the last visit began. `newest`: the newest post so far.
    """

    posts: float = 0.0
    fresh: float = 0.0
    seconds: float = 0.0
    page: int = 0
    at: datetime | None = None
    newest: datetime | None = None

    def after(self, usual: float, visit: VisitResult, longest: float = 2 * DAY) -> VisitPace:
        """After a visit. The first one brings what had gathered before: it tells no pace yet, so `usual` holds.

        Nor does one `longest` seconds after the one before, or before it: nobody looked, or the clock was set.
        """
        page, newest = max(self.page, visit.page), max(filter(None, (visit.newest, self.newest)), default=None)
        if self.at is None:
            return VisitPace(WANTED, 0.0, usual, page, visit.started, newest)
        seconds = (visit.started - self.at).total_seconds()
        if not 0 <= seconds <= longest:
            return replace(self, page=page, at=visit.started, newest=newest)
        return VisitPace(
            posts=KEEP * self.posts + visit.new,
            fresh=KEEP * self.fresh + max(visit.fresh.values(), default=0),
            seconds=KEEP * self.seconds + max(1.0, seconds),
            page=page,
            at=visit.started,
            newest=newest,
        )

    def pause(self, within: PauseLimits) -> float:
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
    def from_json(cls, value: Mapping[str, Any] | None) -> VisitPace:
        if not value:
            return cls()
        at, newest = (datetime.fromisoformat(value[name]) if value[name] else None for name in ("at", "newest"))
        return cls(value["posts"], value["fresh"], value["seconds"], value["page"], at, newest)


# -- what a day of visits asks for


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """The visits of a day at one pace, and what they need at least: one page a search."""

    pause: float
    visit: Amount

    @property
    def day(self) -> Amount:
        return self.visit.times(DAY / self.pause)

    def __str__(self) -> str:
        day = self.day
        parts = [f"{_number(day.requests)} requests"]
        parts += [f"{_number(day.units)} units"] if day.units else []
        parts += [f"at most ${day.cost:,.2f}"] if day.cost else []
        return f"{', '.join(parts)} a day"


def reserved_for_visits(budget: Budget, plan: VisitPlan, now: datetime) -> Amount:
    """What second looks and backfills have to leave over for the visits of the rest of the day."""
    rest_of_day = (next_day(budget, now) - now).total_seconds() / DAY
    needed, most = plan.day.times(rest_of_day), FOR_VISITS * rest_of_day
    return Amount(min(needed.requests, most * (budget.per_day or 0.0)), min(needed.units, most * (budget.units or 0.0)))


def shortfalls(source: Source, searches: Sequence[Search], now: datetime) -> Iterator[str]:
    """Where the schedule needs more than the budget allows, in words."""
    budget, visit = source.budget(), visit_needs(source, searches, now)
    pause = (
        source.every or source.max_delay or pause_limits(source, visit).slowest
    )  # where nobody insists: what the budget allows
    day = VisitPlan(pause, visit).day
    for needed, allowed, what in (
        (day.requests, budget.per_day, "requests a day"),
        (day.requests, budget.per_minute and budget.per_minute * 1440, "requests a day"),
        (day.units, budget.units, "units a day"),
    ):
        if allowed is not None and needed > allowed:
            yield f"its schedule needs {_number(needed)} {what}, its budget is {_number(allowed)}"
    if budget.money is not None and 0 < budget.money < visit.cost:
        yield f"one visit may cost ${visit.cost:,.2f}, its budget of a month is ${budget.money:,.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:,.2g}"
