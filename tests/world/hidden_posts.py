"""The hidden truth of a simulated week: what people told on each platform, and when it was there to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=7)
LAST = END - timedelta(hours=12)
"""What is told later may not have been asked for when the week ends."""
BEFORE = timedelta(days=2)
"""For so long people had talked already."""
MARK = re.compile(r"told\d{5}")
PAIRS = 12
APART = timedelta(minutes=4)
OPENINGS = ("the sync of acme lost my", "acme has a new", "is there an acme for my", "we moved to acme for the")
THINGS = ("calendar", "notebook", "ledger", "recipes", "journal", "archive", "drawings", "diary", "catalogue", "atlas")


@dataclass(frozen=True, slots=True)
class Told:
    """One post of one platform. `shown_at`: when its lists and searches have it, which may be later than `at`."""

    place: str
    number: int
    at: datetime
    shown_at: datetime
    title: str
    text: str
    author: str

    @property
    def mark(self) -> str:
        """The word by which it is known wherever it turns up."""
        return f"told{self.number:05d}"

    @property
    def second(self) -> int:
        return int(self.at.timestamp())


@dataclass(frozen=True, slots=True)
class Burst:
    """So many posts more, evenly over a stretch of time."""

    begin: datetime
    hours: float
    posts: int

    def times(self) -> Iterator[datetime]:
        return (self.begin + timedelta(hours=self.hours * n / self.posts) for n in range(self.posts))


def week(a_day: Mapping[str, int], late: Mapping[str, timedelta], bursts: Mapping[str, Burst]) -> dict[str, list[Told]]:
    """By place, everything that is told, in the order in which it was.

    `a_day`: how much on an ordinary day. `late`: where some posts are shown so long after they were told, although one
    that was told after them is shown at once.
    """
    random = Random(7)
    times: dict[tuple[datetime, str], timedelta] = {}
    for place, number in a_day.items():
        for _ in range(number * ((END - START + BEFORE) // timedelta(days=1))):
            times[_moment(random, START - BEFORE), place] = timedelta(0)
        for at in bursts[place].times() if place in bursts else ():
            times[at.replace(microsecond=0), place] = timedelta(0)
        for _ in range(PAIRS if late[place] else 0):
            at = _moment(random, START)
            times |= {(at, place): late[place], (at + APART, place): timedelta(0)}
    found: dict[str, list[Told]] = {place: [] for place in a_day}
    for number, (at, place) in enumerate(sorted(times), 1):
        found[place].append(_told(random, number, at, place, times[at, place]))
    return found


def _moment(random: Random, begin: datetime) -> datetime:
    return begin + timedelta(seconds=random.randrange((END - begin) // timedelta(seconds=1)))


def _told(random: Random, number: int, at: datetime, place: str, late: timedelta) -> Told:
    words = f"{random.choice(OPENINGS)} {random.choice(THINGS)} and the {random.choice(THINGS)}"
    mark = f"told{number:05d}"
    return Told(place, number, at, at + late, f"{words} {mark}", f"{words}, says {mark} here", f"person{number % 97}")


def newest_first(told: Iterable[Told], now: datetime) -> list[Told]:
    """What a platform shows at that time."""
    return sorted((one for one in told if one.shown_at <= now), key=lambda one: (one.at, one.number), reverse=True)
