"""What a source has used of what it may ask: requests, quota units, money. Pure: the time is an argument."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from scrapers.base import Budget, Request
from scrapers.network.http import UnsentError

DAY = 86_400.0  # seconds
LONGEST_CLOSED = timedelta(days=1)
MONTHS = 3  # whose money is remembered


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a budget: what one visit asks for at least, or what is to be left over. `cost` is in dollars."""

    requests: float = 0.0
    units: float = 0.0
    cost: float = 0.0

    def times(self, often: float) -> Amount:
        return Amount(self.requests * often, self.units * often, self.cost * often)


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when a source is left alone, and why."""

    until: datetime
    why: str


class OverBudgetError(UnsentError):
    """Nothing was sent, because the budget is used up or the platform wants to be left alone. This is no failure."""

    def __init__(self, rest: Rest) -> None:
        super().__init__(rest.why)
        self.rest = rest


@dataclass(slots=True)
class Meter:
    """What a source has used: requests and units of its day (in the budget's time zone), dollars of each month (UTC).

    `reserved`: dollars for pages that are being asked for. `months`: the last few, for a clock may be put forward and
    back. `dearest`: the most that one page has cost. `closed`: the platform wants to be left alone until then.
    `recent`: when the requests of the last minute went out, where those are limited.
    """

    day: str = ""
    asked: int = 0
    units: float = 0.0
    month: str = ""
    months: dict[str, float] = field(default_factory=dict)
    reserved: float = 0.0
    dearest: float = 0.0
    closed: datetime | None = None
    recent: deque[datetime] = field(default_factory=deque)

    def roll_over(self, budget: Budget, now: datetime) -> None:
        """Begin a new day or month when one has come. A clock that was set back gives no money a second time."""
        day, month = f"{now.astimezone(ZoneInfo(budget.zone)):%Y-%m-%d}", f"{now.astimezone(UTC):%Y-%m}"
        if day != self.day:
            self.day, self.asked, self.units = day, 0, 0.0
        self.month, following = month, f"{next_month(now):%Y-%m}"
        for ahead in [one for one in self.months if one > following]:  # the clock was ahead: it is this month's money
            self.charge(self.months.pop(ahead))
        for old in sorted(self.months)[:-MONTHS]:
            del self.months[old]

    def refusal(self, budget: Budget, request: Request, now: datetime, leave: Amount = NOTHING) -> Rest | None:
        """Why the request must not be sent now, and until when; None when it may. `leave`: what must be left after."""
        self.roll_over(budget, now)
        if self.closed is not None and now < self.closed <= now + LONGEST_CLOSED:  # else the clock was ahead
            return Rest(self.closed, "the platform asked to be left alone")
        if budget.per_day is not None and self.asked + 1 + leave.requests > budget.per_day:
            return Rest(next_day(budget, now), f"the day's budget of {budget.per_day:,.0f} requests is used up")
        if budget.units is not None and request.units and self.units + request.units + leave.units > budget.units:
            return Rest(next_day(budget, now), f"the day's quota of {budget.units:,.0f} units is used up")
        return self.out_of_money(budget, self.cost_at_most(request), now) or self._minute_is_full(budget, now)

    def out_of_money(self, budget: Budget, cost: float, now: datetime) -> Rest | None:
        """Why so many dollars must not be spent now."""
        if budget.money is None or (self.committed < budget.money and self.committed + cost <= budget.money):
            return None
        return Rest(next_month(now), f"the month's budget of ${budget.money:,.2f} is used up")

    def count(self, budget: Budget, request: Request, now: datetime) -> float:
        """Count a request that is about to be sent. Gives the money reserved for it, for `pay`."""
        self.asked += 1
        self.units += request.units
        if budget.per_minute is not None:
            self.recent.append(now)
        reserved = self.cost_at_most(request)
        self.reserved += reserved
        return reserved

    def give_back(self, request: Request, reserved: float) -> None:
        """The request has never left."""
        self.asked = max(0, self.asked - 1)
        self.units = max(0.0, self.units - request.units)
        self.reserved = max(0.0, self.reserved - reserved)
        if self.recent:
            self.recent.pop()

    def pay(self, reserved: float, spent: float) -> None:
        """The page has come: what it did cost takes the place of what was reserved. Both in dollars."""
        self.reserved = max(0.0, self.reserved - reserved)
        self.charge(spent)
        self.dearest = max(self.dearest, spent)

    def charge(self, dollars: float) -> None:
        """Money that no request was for."""
        self.months[self.month] = self.months.get(self.month, 0.0) + dollars

    def close(self, seconds: float, now: datetime) -> None:
        """The platform wants to be left alone for so long; at most a day, then it is asked again."""
        until = now + timedelta(seconds=min(max(seconds, 0.0), DAY))
        self.closed = max(until, self.closed) if self.closed and self.closed <= now + LONGEST_CLOSED else until

    @property
    def spent(self) -> float:
        """Dollars of this month, with those of later ones: they were spent before the clock was put back."""
        return sum(dollars for month, dollars in self.months.items() if month >= self.month)

    @property
    def committed(self) -> float:
        return self.spent + self.reserved

    def cost_at_most(self, request: Request) -> float:
        """What the page may cost: what the kind says, or the dearest one so far where it does not say."""
        return request.cost or self.dearest

    def left(self, budget: Budget, now: datetime) -> dict[str, float]:
        """What is left today and this month, of what is limited."""
        self.roll_over(budget, now)
        left: dict[str, float] = {}
        if budget.per_day is not None:
            left["requests today"] = max(0.0, budget.per_day - self.asked)
        if budget.units is not None:
            left["units today"] = max(0.0, budget.units - self.units)
        if budget.money is not None:
            left["dollars this month"] = max(0.0, round(budget.money - self.committed, 4))
        return left

    def _minute_is_full(self, budget: Budget, now: datetime) -> Rest | None:
        """Whether the minute's requests are used up. A budget of less than one a minute is one in so many minutes."""
        if budget.per_minute is None:
            return None
        most = max(1, int(budget.per_minute))
        span = timedelta(seconds=60 * most / budget.per_minute)
        while self.recent and not now - span < self.recent[0] <= now:
            self.recent.popleft()
        if len(self.recent) < most:
            return None
        return Rest(self.recent[-most] + span, f"{budget.per_minute:g} requests a minute are allowed")

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = _STORED.dump_python(self, mode="json")
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Meter:
        """As it was stored. What was reserved counts as spent: nobody saw whether the platform charged for it."""
        meter = _STORED.validate_python({"months": {value.get("month", ""): value.get("spent", 0.0)}, **value})
        meter.charge(meter.reserved)
        meter.reserved = 0.0
        return meter


_STORED = TypeAdapter(Meter)


def has_limits(budget: Budget) -> bool:
    """Whether anything is counted that must outlive the process: by day or month, not by minute."""
    return not (budget.per_day is None and budget.units is None and budget.money is None)


def next_day(budget: Budget, now: datetime) -> datetime:
    zone = ZoneInfo(budget.zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)


def next_month(now: datetime) -> datetime:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
