"""When a host may be asked, and asked again: its pace, its slots, and how long it wants to be left alone."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from scrapers.base import SourceError

DAY = 86_400.0
MANY_HOSTS = 1000
_USED_UP = re.compile(r"\s*0+(\.0*)?\s*([,;]|$)")


class PassingError(SourceError):
    """A failure that another try may mend."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    users: int = 0
    started: datetime | None = None
    pace: float = 0.0
    closed_until: datetime | None = None
    closed_for: float = 0.0


class Pace:
    """One turn after the other for each host; no host waits for another one."""

    def __init__(
        self, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]], *, slots: int, patience: float
    ) -> None:
        self._now, self._sleep = now, sleep
        self._slots, self._patience = slots, patience
        self._hosts: dict[str, _Host] = {}
        self._many = MANY_HOSTS

    @asynccontextmanager
    async def turn(self, name: str, seconds: float) -> AsyncIterator[None]:
        """Hold one of the host's slots, at least `seconds` after its last turn began.

        Nobody holds a slot while they wait for a time to come. Raises SourceError when the host has asked to be left
        alone for longer than anybody's patience.
        """
        host = self._host(name)
        host.users += 1
        try:
            while True:
                if wait := self._seconds_left(name, host, seconds):
                    await self._sleep(wait)
                async with host.slots:
                    if not self._seconds_left(name, host, seconds):  # another had its turn, or the host has closed
                        host.started, host.pace = self._now(), seconds
                        yield
                        return
        finally:
            host.users -= 1

    def close(self, name: str, seconds: float) -> None:
        """The host wants to be left alone for so long; that concerns everybody who asks it."""
        host = self._host(name)
        if seconds > self._closed_for(host):
            host.closed_until, host.closed_for = self._now() + timedelta(seconds=seconds), seconds

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            if len(self._hosts) >= self._many:  # forget the hosts that nobody asks and nothing has to be known of
                long_ago = self._now() - timedelta(minutes=5)
                self._hosts = {
                    name: host
                    for name, host in self._hosts.items()
                    if host.users or self._closed_for(host) or (host.started and host.started > long_ago)
                }
                # not again for each new host, where all of them are asked all the time
                self._many = max(MANY_HOSTS, 2 * len(self._hosts))
            self._hosts[name] = _Host(asyncio.Semaphore(self._slots))
        return self._hosts[name]

    def _seconds_left(self, name: str, host: _Host, seconds: float) -> float:
        """Seconds until this turn may begin. Raises SourceError when that is past anybody's patience."""
        closed, now = self._closed_for(host), self._now()
        if closed > self._patience:
            raise SourceError(f"{name} asked to be left alone for another {closed:.0f} seconds", retry_after=closed)
        if host.started is None or now < host.started:  # a start in the future: the clock was set back, ignore it
            return closed
        start = host.started + timedelta(seconds=max(seconds, host.pace))
        return max(closed, (start - now).total_seconds())

    def _closed_for(self, host: _Host) -> float:
        """Seconds for which the host is still to be left alone; never more than it asked for, if the clock jumps."""
        if host.closed_until is None:
            return 0.0
        return max(0.0, min((host.closed_until - self._now()).total_seconds(), host.closed_for))


def asked_pause(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """For how many seconds the answer asks to be left alone; None when it does not say, or says nonsense.

    Retry-After (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3) counts on an answer that says "not now"; a
    used-up allowance (X-RateLimit-…, RateLimit-…) on any. Of the latter there are several spellings, and no standard
    yet: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    if status in {429, 503} and (pause := seconds_until(headers.get("retry-after"), now)) is not None:
        return pause
    for prefix in ("x-ratelimit-", "x-rate-limit-", "ratelimit-"):
        if _USED_UP.match(headers.get(prefix + "remaining", "")):
            return seconds_until(headers.get(prefix + "reset"), now)
    return None


def seconds_until(value: str | None, now: datetime) -> float | None:
    """A delay in seconds, an epoch (in seconds or milliseconds), an HTTP date or an ISO time, as seconds from now.

    At most a day: a platform that says more is asked again tomorrow.
    """
    if not value:
        return None
    try:
        number = float(re.split("[,;]", value)[0])  # of a header that was sent twice, or with parameters, the first
    except ValueError:
        when = _parse_date(value.strip())
        number = (when - now).total_seconds() if when else math.nan
    else:
        # A reset is given as a delay, as an epoch, or as an epoch in milliseconds: their sizes tell them apart.
        number = number / 1000 if number > 1e11 else number
        number = number - now.timestamp() if number > 1e9 else number if number >= 0 else math.nan
    return None if math.isnan(number) else min(max(0.0, number), DAY)


def _parse_date(value: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            when = read(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None
