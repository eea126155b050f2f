"""What is usual for a watch at an hour: a level by the hour of the day and the day of the week, and its spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp
from operator import mul
from typing import Any
from zoneinfo import ZoneInfo

from insight.counts import DAY, HOUR, Hours
from insight.statistics import negative_binomial_tail, overdispersion

WINDOWS = (1, 3, 6, 12, 24)
"""Lengths in hours of the windows that are tested. Each divides 24, so that a day is cut into whole windows."""

MEMORY = 30.0  # days after which a day weighs e times less in the level: growth is followed within weeks
THIN_HOUR = 6.0  # mentions that an hour's own habit weighs against; fewer seen, and the hour is drawn to the average
THIN_WEEKDAY = 4.0  # average days, the same for weekdays: one talkative Tuesday is not a habit
DISPERSION_ERROR = 0.3  # standard error of what is believed of the dispersion before any count is seen (0.3, too)


@dataclass(frozen=True, slots=True)
class Baseline:
    """`level` is mentions per hour, `by_hour` and `by_weekday` factors on it (hours in local time, Monday first).

    `spread` is the dispersion of a sum by window length (variance = mean + dispersion * mean**2), its uncertainty
    included; `days` how many it was fitted from.
    """

    level: float
    by_hour: tuple[float, ...]
    by_weekday: tuple[float, ...]
    spread: Mapping[int, float]
    days: int

    def expected(self, start: datetime, hours: int, zone: ZoneInfo) -> float:
        """How many mentions are usual in so many hours from `start` on."""
        local = ((start + i * HOUR).astimezone(zone) for i in range(hours))
        return sum(self.level * self.by_hour[at.hour] * self.by_weekday[at.weekday()] for at in local)

    def chance(self, observed: float, expected: float, hours: int) -> float:
        """How likely so many mentions, or more, are when nothing is going on."""
        spread = next((self.spread[window] for window in WINDOWS if hours <= window), self.spread[WINDOWS[-1]])
        return negative_binomial_tail(observed, expected, spread)

    def to_json(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "by_hour": list(self.by_hour),
            "by_weekday": list(self.by_weekday),
            "spread": {str(window): dispersion for window, dispersion in self.spread.items()},
            "days": self.days,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Baseline:
        spread = {int(window): dispersion for window, dispersion in value["spread"].items()}
        by_hour, by_weekday = tuple(value["by_hour"]), tuple(value["by_weekday"])
        return cls(value["level"], by_hour, by_weekday, spread, value["days"])


def fit(counts: Hours, since: datetime, until: datetime, zone: ZoneInfo) -> Baseline:
    """The baseline from whole days back from `until`, at most as many as lie after `since` (at least one).

    Factors and dispersion are shrunk: a few mentions move them little from "every hour alike" (additive smoothing:
    https://en.wikipedia.org/wiki/Additive_smoothing), so that a young or quiet watch has no habits made of chance.
    """
    # 1. Blocks of 24 real hours, so that a day of 23 or 25 is no trouble; the profile alone goes by local time.
    days = max(1, (until - since) // DAY)
    hours = [until - (days * 24 - i) * HOUR for i in range(days * 24)]
    local = [hour.astimezone(zone) for hour in hours]
    values = _without_past_spikes([counts.get(hour, 0) for hour in hours])

    # 2. The profile.
    by_hour = _hour_factors(values, [at.hour for at in local])
    by_weekday = _weekday_factors(values, by_hour, local)
    shape = [by_hour[at.hour] * by_weekday[at.weekday()] for at in local]

    # 3. The level, and how far sums of hours stray from it.
    weights = [exp((i / 24 - days) / MEMORY) for i in range(days * 24)]
    seen = sum(map(mul, weights, values)) + 0.5  # half a mention: never seen is not impossible
    level = seen / sum(map(mul, weights, shape))
    spread = _dispersions(values, [level * factor for factor in shape], days, seen)
    return Baseline(level, by_hour, by_weekday, spread, days)


def _without_past_spikes(values: Sequence[int]) -> list[float]:
    """The highest day of each four weeks is scaled down to the next lower: what happened once is no habit."""
    totals = [sum(values[i : i + 24]) for i in range(0, len(values), 24)]
    trimmed = max(1, len(totals) // 28)
    cap = max(1, sorted(totals, reverse=True)[min(trimmed, len(totals) - 1)])
    return [value * min(1.0, cap / max(1, totals[i // 24])) for i, value in enumerate(values)]


def _hour_factors(values: Sequence[float], hours: Sequence[int]) -> tuple[float, ...]:
    """By hour of the day, what it has beside the average. Rounded, because the state keeps them as JSON."""
    rate = sum(values) / len(values)
    sums, times = [0.0] * 24, [0] * 24
    for value, hour in zip(values, hours, strict=True):
        sums[hour] += value
        times[hour] += 1
    pairs = zip(_smoothed(sums), _smoothed(times), strict=True)
    return tuple(round((s + THIN_HOUR) / (rate * n + THIN_HOUR), 4) for s, n in pairs)


def _smoothed(around: Sequence[float]) -> list[float]:
    """Each hour with a quarter of both its neighbours: nobody's evening ends on the stroke."""
    return [(around[i - 1] + 2 * around[i] + around[(i + 1) % 24]) / 4 for i in range(24)]


def _weekday_factors(values: Sequence[float], by_hour: Sequence[float], local: Sequence[datetime]) -> tuple[float, ...]:
    rate = sum(values) / len(values)
    sums, usual = [0.0] * 7, [0.0] * 7
    for value, at in zip(values, local, strict=True):
        sums[at.weekday()] += value
        usual[at.weekday()] += rate * by_hour[at.hour]
    thin = THIN_HOUR + THIN_WEEKDAY * rate * 24
    return tuple(round((s + thin) / (u + thin), 4) for s, u in zip(sums, usual, strict=True))


def _dispersions(values: Sequence[float], means: Sequence[float], days: int, seen: float) -> dict[int, float]:
    """By window length, from the longest, which is the best known, to the shortest; each leans on the one before.

    On top comes what is not known: of the dispersion itself (one standard error) and of the level.
    """
    spread: dict[int, float] = {}
    belief = DISPERSION_ERROR
    for window in reversed(WINDOWS):
        starts = range(0, len(values), window)
        sums, usual = ([sum(series[i : i + window]) for i in starts] for series in (values, means))
        belief, error = overdispersion(sums, usual, belief, DISPERSION_ERROR)
        spread[window] = round(belief + error + belief / days + 1 / seen, 5)
    return spread
