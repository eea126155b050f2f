"""When people write: the hours of a day, the days of a week, and chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

# Shares of a day by hour, UTC: Europe wakes, America joins, both sleep.
DAY = (
    2.2, 1.7, 1.3, 1.0, 0.9, 1.1, 1.7, 2.7, 3.8, 4.6, 5.0, 5.0,
    5.2, 5.9, 6.5, 6.7, 6.5, 6.2, 5.8, 5.7, 5.7, 5.2, 4.3, 3.2,
)  # fmt: skip
WORKING_WEEK = (1.12, 1.15, 1.14, 1.10, 1.03, 0.72, 0.74)  # Monday first: threads, articles and forums
LEISURE_WEEK = (0.94, 0.92, 0.92, 0.95, 1.02, 1.15, 1.10)  # reviews are written on the sofa


def poisson(rng: Random, mean: float) -> int:
    """A count with this mean, by Knuth's method, which is quick while means are small, as they are here.

    https://en.wikipedia.org/wiki/Poisson_distribution#Random_variate_generation
    """
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def posting_times(
    rng: Random, start: datetime, end: datetime, daily: float, week: tuple[float, ...] = WORKING_WEEK
) -> Iterator[datetime]:
    """Times of posts between two times. Whole days are livelier or quieter than the mean, as days are."""
    at, liveliness = start, 1.0
    while at < end:
        if at.hour == 0 or at == start:
            liveliness = rng.gammavariate(30, 1 / 30)  # mean 1, so that the whole keeps its mean of `daily` a day
        expected = daily * week[at.weekday()] * DAY[at.hour] / sum(DAY)
        for _ in range(poisson(rng, liveliness * expected)):
            yield at + timedelta(seconds=rng.randrange(3600))
        at += timedelta(hours=1)


def spread_over_days(rng: Random, start: datetime, end: datetime, daily: tuple[int, int]) -> Iterator[datetime]:
    """Times that keep apart: so many a day (the fewest, the most), each in a stretch of the waking day of its own."""
    at = start
    while at < end:
        count = rng.randint(*daily)
        stretch = 18 * 3600 // count
        for nth in range(count):
            yield at + timedelta(hours=6, seconds=nth * stretch + rng.randrange(stretch))
        at += timedelta(days=1)
