"""What a site's robots.txt says to Listener (RFC 9309), remembered for a day."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protego import Protego

from scrapers.base import SourceError
from scrapers.network.pace import PassingError

ROBOT = "Listener"
SIZE = 500_000
"""Bytes that are read of a robots.txt; the rest is left out. https://www.rfc-editor.org/rfc/rfc9309#section-2.5"""

_DAY = timedelta(days=1)  # the longest that it may be remembered: https://www.rfc-editor.org/rfc/rfc9309#section-2.4
_MAX_DELAY = 60.0  # seconds; Crawl-delay is no part of the standard, and some sites ask for hours
_MAX_SITES = 500
_MAX_LINE = 2_000  # no rule is longer, and matching costs its length

_AGENT = re.compile(r"\s*user[ -]?agent\b\s*:?\s*([^#\s]*)", re.IGNORECASE)

ReadRobots = Callable[[str], Awaitable[tuple[int, bytes]]]
"""The address of a robots.txt to the status and body found there; raises SourceError."""


@dataclass(slots=True)
class _Site:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Protego | None = None
    until: datetime | None = None


class Robots:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sites: dict[str, _Site] = {}

    async def crawl_delay(self, origin: str, url: str, read: ReadRobots) -> float:
        """Seconds between two requests that the site wishes for. Raises SourceError where it does not want us.

        A site that answers 4xx has no rules. One that does not answer, or with 5xx, may have any: it is left alone
        for now (https://www.rfc-editor.org/rfc/rfc9309#section-2.3.1).
        """
        site = self._site(origin)
        async with site.lock:
            if site.until is None or site.until <= self._now():
                address = f"{origin}/robots.txt"
                status, body = await read(address)
                if status >= 500 or status == 429:
                    raise PassingError(f"{address} answered {status}, so the site is left alone for now", sent=False)
                lines = body.decode("utf-8-sig", errors="replace").splitlines()
                site.rules = Protego.parse("\n".join(map(_one_other_robot, lines))) if status < 300 else None
                site.until = self._now() + _DAY
        if site.rules is None:
            return 0.0
        if not site.rules.can_fetch(url, ROBOT):
            raise SourceError(
                f"{origin}/robots.txt does not allow {ROBOT} to read {url}",
                permanent=True,
                remedy="ask the site for leave, use its API or a feed, or take the source out of the config",
            )
        return min(site.rules.crawl_delay(ROBOT) or 0.0, _MAX_DELAY)

    def _site(self, origin: str) -> _Site:
        if origin not in self._sites and len(self._sites) >= _MAX_SITES:
            oldest = next((name for name, site in self._sites.items() if not site.lock.locked()), None)
            if oldest is not None:
                del self._sites[oldest]
        return self._sites.setdefault(origin, _Site())


def _one_other_robot(line: str) -> str:
    """The line, with every robot that is not us under one name.

    protego keeps each rule once for each of its robots: a file of thousands of both would take minutes.
    """
    named = _AGENT.match(line)
    if named is None:
        return line[:_MAX_LINE]
    name = named[1].replace("*", "").lower()
    return f"user-agent: {named[1] if ROBOT.lower().startswith(name) else 'another'}"
