"""The one Clock: everything in the program that asks what time it is, or waits, asks here."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

LISTENING_SINCE = "listening since"
"""The key of the stored state that says when the first daemon began, and whether on simulated time."""

NOTICED = timedelta(minutes=1)
"""A clock that is moved by less is put right in the ordinary way."""
TRUSTED_AFTER = 600.0
"""Seconds after which a clock that was put forward is believed: somebody would have put it back."""


class Clock(Protocol):
    """Time and waiting. `now` is aware and in UTC; `steady` counts seconds, whoever sets the time."""

    @property
    def simulated(self) -> bool: ...
    def now(self) -> datetime: ...
    def steady(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        """Goes on while the machine sleeps, where there is such a clock."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)  # https://man7.org/linux/man-pages/man2/clock_gettime.2.html
        return time.monotonic() if boot is None else time.clock_gettime(boot)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ClockWatch:
    """Notices when a clock's time is put forward or back, by its steady seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._offset()
        self._put_forward: float | None = None

    def _offset(self) -> datetime:
        return self._clock.now() - timedelta(seconds=self._clock.steady())

    def moved(self) -> timedelta | None:
        """How far the clock was put forward (or back: less than nothing) since it was asked; None when it was not."""
        if self._clock.simulated:
            return None
        before, self._began = self._began, self._offset()
        moved = self._began - before
        if abs(moved) < NOTICED:
            return None
        self._put_forward = self._clock.steady() if moved > timedelta(0) else None
        return moved

    @property
    def trusted(self) -> bool:
        """Whether what cannot be taken back may be done by this clock: not soon after it was put forward."""
        if self._offset() - self._began >= NOTICED:
            return False  # just now
        return self._put_forward is None or self._clock.steady() - self._put_forward > TRUSTED_AFTER


class SimulatedClock:
    """A clock that stands still until it is moved; sleepers wake in order as it passes them."""

    simulated = True

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self.changed = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def steady(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), future))
        self.changed.set()
        await future

    @property
    def sleeping(self) -> int:
        """How many are asleep now (those that were cancelled in their sleep do not count)."""
        return sum(1 for _, _, future in self._sleepers if not future.done())

    def next_wake(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def move_to(self, when: datetime) -> None:
        """Let time pass up to `when`, and wake those whose time has come."""
        self._now = max(self._now, when)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
