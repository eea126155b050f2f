"""What goes wrong in a simulated week, and when: showers now and then everywhere, a storm of a day over half of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from tests.world import faults
from tests.world.hidden_posts import START
from tests.world.web import Call, Fault

CALM = START + timedelta(days=2)
STORM = START + timedelta(days=3)
OVER = STORM + timedelta(days=1)
"""A day without any fault, then one on which half of all places answer nothing else."""

BLOCKED = faults.answer(200, "<html><title>Just a moment...</title><body>Are you a person?</body></html>")
EMPTY_BODY = faults.answer(200, "")
STORMS = (
    faults.server_error(500), faults.server_error(503, retry_after=3600), BLOCKED, faults.CLOSED, EMPTY_BODY,
    faults.too_many(1800), faults.RESET, faults.CUT_SHORT, faults.TRUNCATED_GZIP, faults.GARBAGE,
    faults.server_error(502), faults.too_many(),
)  # fmt: skip
SHOWERS = (
    faults.server_error(500), faults.too_many(30), faults.too_many(), BLOCKED, EMPTY_BODY, faults.RESET,
    faults.CUT_SHORT, faults.TRUNCATED_GZIP, faults.server_error(503, retry_after=120), faults.drip(2000, 0.005),
)  # fmt: skip
ONE_IN = 8  # requests that meet a shower
SILENT = 5  # places of which one request is never answered


@dataclass
class Weather:
    """The weather over one place, the `number`th. `struck`: the storm passes over it."""

    number: int
    struck: bool
    met: Counter[str] = field(default_factory=Counter)
    _asked: int = 0

    def fault(self, call: Call) -> Fault | None:
        found = self._at(call.date)
        if found is not None:
            self.met[found.name] += 1
        return found

    def _at(self, now: datetime | None) -> Fault | None:
        if now is None or CALM <= now < STORM:
            return None
        if STORM <= now < OVER:
            return STORMS[self.number % len(STORMS)] if self.struck else None
        return self._shower()

    def _shower(self) -> Fault | None:
        self._asked += 1
        if self._asked == 10 and self.number % SILENT == 0:
            return faults.TIME_OUT
        dice = crc32(f"{self.number} {self._asked}".encode())
        return SHOWERS[dice // ONE_IN % len(SHOWERS)] if dice % ONE_IN == 0 else None
