"""What the schedule will use of each budget in a day, before it uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.collecting.budget import DAY, Need, next_day
from listener.collecting.rhythm import Limits, limits
from scrapers.base import Budget, Search, Source

FOR_VISITS = 0.75
"""The share of a day's budget that backfills and second looks leave to the visits at most, if those need so much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The visits of a day at one pace, and what they need at least: one page a search."""

    pause: float
    visit: Need

    @property
    def day(self) -> Need:
        return self.visit.times(DAY / self.pause)

    def __str__(self) -> str:
        day = self.day
        parts = [f"{_number(day.requests)} requests"]
        parts += [f"{_number(day.units)} units"] if day.units else []
        parts += [f"at most ${day.cost:,.2f}"] if day.cost else []
        return f"{', '.join(parts)} a day"


def need_of(source: Source, searches: Sequence[Search], now: datetime) -> Need:
    """What one visit asks for at least. A kind that cannot say what it asks for first is taken for a free one."""
    units = cost = 0.0
    for search in searches:
        try:
            request = source.start(search, None, now)
        except Exception:  # noqa: BLE001, S112 - a kind of the user's own may raise anything; its visit will say so
            continue
        units, cost = units + request.units, cost + request.cost
    return Need(len(searches), units, cost)


def left_to_visits(budget: Budget, plan: Plan, now: datetime) -> Need:
    """What everything beside the visits has to leave over for those of the rest of the day."""
    share = (next_day(budget, now) - now).total_seconds() / DAY
    day = plan.day.times(share)
    most = FOR_VISITS * share
    return Need(min(day.requests, most * (budget.per_day or 0.0)), min(day.units, most * (budget.units or 0.0)))


def shortfalls(source: Source, searches: Sequence[Search], now: datetime) -> Iterator[str]:
    """Where the schedule needs more than the budget allows, in words."""
    budget, visit = source.budget(), need_of(source, searches, now)
    slowest = limits(source, visit)
    day = Plan(_wanted(source, slowest), visit).day
    for needed, allowed, what in (
        (day.requests, budget.per_day, "requests a day"),
        (day.requests, budget.per_minute and budget.per_minute * 1440, "requests a day"),
        (day.units, budget.units, "units a day"),
    ):
        if allowed is not None and needed > allowed:
            yield f"its schedule needs {_number(needed)} {what}, its budget is {_number(allowed)}"
    if budget.money is not None and 0 < budget.money < visit.cost:
        yield f"one visit may cost ${visit.cost:,.2f}, its budget of a month is ${budget.money:,.2f}"


def _wanted(source: Source, found: Limits) -> float:
    """The pause that the operator insists on; where a budget sets the pace, that one."""
    return source.every or source.max_delay or found.slowest


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:,.2g}"
