"""How a fetch goes on until it has an answer: robots.txt, pace, redirects by hand, retries. No network in here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from scrapers.base import SourceError
from scrapers.network.hops import Answer, Hop, Limits, Target, redirected
from scrapers.network.pace import Pace, PassingError, asked_pause
from scrapers.network.robots import SIZE as ROBOTS_SIZE
from scrapers.network.robots import Robots

_RETRIED = {429, 500, 502, 503, 504}
_NOT_ACCEPTED = {429, 503}  # said before anything was done, so a POST too may be sent again

Exchange = Callable[[Hop, float, int, bool], Awaitable[Answer]]
"""One request and its whole answer: the hop, the seconds left, the cap of the body, whether to cut it there."""


class UnsentError(Exception):
    """Whoever asks has decided, as a request was about to go out, that it must not: the fetch ends there."""


class Exchanged(Enum):
    """What became of one request: it never left, nobody knows whether it arrived, or an answer came.

    That is `PAGE` where it is the page that was asked for, `ANSWERED` for a redirect, an error, a robots.txt.
    """

    UNSENT = auto()
    UNKNOWN = auto()
    ANSWERED = auto()
    PAGE = auto()


class RequestCounter(Protocol):
    """Told of every single request that a fetch sends: each try, each redirect, each robots.txt."""

    async def before(self) -> None:
        """One is about to go out. Raises UnsentError, or SourceError, where it must not."""

    def after(self, exchanged: Exchanged) -> None:
        """What became of it."""


class ParseTarget(Protocol):
    """Take an address apart, as seen from `base`; raises SourceError."""

    def __call__(self, text: str, *, base: str = "") -> Target: ...


class Manners:
    """Fetches as a polite guest does; `exchange` sends one request. The pace and the robots.txt of hosts are kept."""

    def __init__(
        self,
        exchange: Exchange,
        parse_target: ParseTarget,
        limits: Limits,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        self._exchange, self._parse_target, self._limits = exchange, parse_target, limits
        self._now, self._sleep, self._jitter = now, sleep, jitter
        self._pace = Pace(now, sleep, slots=limits.per_host, patience=limits.patience)
        self._robots = Robots(now)

    async def fetch_with_retries(
        self, hop: Hop, pace: float, robots: bool, wire: RequestCounter | None = None
    ) -> Answer:
        """Try until there is an answer that another try would not better, or no other try may go out.

        `pace`: seconds between two requests to one host. `robots`: whether robots.txt is obeyed. `wire`: asked before
        every request that goes out, told after it. Raises SourceError, UnsentError, and what `wire` raises.
        """
        retried = _RETRIED if hop.repeatable else _NOT_ACCEPTED
        before: Answer | PassingError | None = None
        for tried in range(1, self._limits.tries + 1):
            pause: float | None = None
            try:
                answer = await self._follow_redirects(hop, pace, robots, self._limits.body, wire)
            except PassingError as error:
                if tried == self._limits.tries or (error.sent and not hop.repeatable):
                    raise
                before = error
            except UnsentError:
                if before is None:
                    raise
                if isinstance(before, Answer):
                    return before
                raise before from None
            else:
                if tried == self._limits.tries or answer.status not in retried:
                    return answer
                pause, before = asked_pause(answer.status, answer.headers, self._now()), answer
            if not pause:  # one that was asked for is kept by the host's next turn
                await self._sleep(2 ** (tried - 1) * (0.5 + self._jitter()))  # doubled, and spread out
        raise AssertionError("the last try returns or raises")

    async def _follow_redirects(
        self, hop: Hop, pace: float, robots: bool, cap: int, wire: RequestCounter | None, *, cut: bool = False
    ) -> Answer:
        """Ask, and follow redirects by hand: each hop is judged, paced and held against robots.txt like a first one."""
        clock, left = asyncio.get_running_loop().time, self._limits.seconds
        seen = {hop.step}
        for _ in range(self._limits.redirects + 1):
            delay = await self._crawl_delay(hop, pace, wire) if robots else 0.0
            async with self._pace.turn(hop.target.netloc, max(pace, delay)):
                if wire:
                    await wire.before()
                start, exchanged = clock(), Exchanged.UNKNOWN
                try:
                    answer = await self._exchange(hop, left, cap, cut)
                    whole = 200 <= answer.status < 300 and not cut
                    exchanged = Exchanged.PAGE if whole else Exchanged.ANSWERED
                except SourceError as error:
                    exchanged = Exchanged.UNKNOWN if error.sent else Exchanged.UNSENT
                    raise
                finally:
                    if wire:
                        wire.after(exchanged)
                left = max(0.01, left - (clock() - start))
            self._note_pause(answer)
            if answer.location is None:
                return answer
            target = self._parse_target(answer.location, base=hop.target.url)
            hop = redirected(hop, answer.status, target, answer.cookies)
            if hop.step in seen:
                raise SourceError(f"{hop.target.shown} redirects in a circle", status=answer.status)
            seen.add(hop.step)
        raise SourceError(f"{hop.target.shown}: more than {self._limits.redirects} redirects", status=answer.status)

    def _note_pause(self, answer: Answer) -> None:
        """Note for everybody how long the host wants to be left alone. Raises SourceError where that is too long."""
        pause = asked_pause(answer.status, answer.headers, self._now())
        if not pause:
            return
        self._pace.close(answer.target.netloc, pause)
        if pause > self._limits.patience and answer.status in _NOT_ACCEPTED:
            asks = f"answered {answer.status} and asks to be left alone for {pause:.0f} seconds"
            raise SourceError(f"{answer.target.shown} {asks}", retry_after=pause, status=answer.status)

    async def _crawl_delay(self, hop: Hop, pace: float, wire: RequestCounter | None) -> float:
        async def read(url: str) -> tuple[int, bytes]:
            first = Hop(self._parse_target(url), private=hop.private)
            answer = await self._follow_redirects(first, pace, False, ROBOTS_SIZE, wire, cut=True)
            return answer.status, answer.body

        return await self._robots.crawl_delay(hop.target.origin, hop.target.url, read)
