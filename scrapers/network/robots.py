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

# what we heed, in the spellings that Google reads, too: https://github.com/google/robotstxt
_LINE = re.compile(
    r"\s*(?:(?P<agent>user[ -]?agent)|(?P<disallow>dis{1,2}al{1,2}ow|diasllow|disallaw)|(?P<allow>allow)"
    r"|(?P<delay>crawl[ -]delay))(?:\s*:|\s|$)\s*(?P<value>[^#]*)",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z_-]*", re.IGNORECASE)  # https://www.rfc-editor.org/rfc/rfc9309#section-2.2.1

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

        A site that answers 4xx has no rules, nor has one whose redirects lead nowhere. One that does not answer, or
        with 5xx, may have any: it is left alone for now (https://www.rfc-editor.org/rfc/rfc9309#section-2.3.1).
        """
        site = self._site(origin)
        async with site.lock:
            if site.until is None or site.until <= self._now():
                site.rules = await _read_rules(f"{origin}/robots.txt", read)
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


async def _read_rules(address: str, read: ReadRobots) -> Protego | None:
    """The rules that a site has; None: none. Raises SourceError where that cannot be known now."""
    try:
        status, body = await read(address)
    except SourceError as error:
        if error.status is None or not 300 <= error.status < 400:
            raise
        return None
    if status >= 500 or status == 429:
        raise PassingError(f"{address} answered {status}, so the site is left alone for now", sent=False)
    if status >= 300:
        return None
    return await asyncio.to_thread(_rules, body)  # half a second for a large one


def _rules(body: bytes) -> Protego:
    lines = body.decode("utf-8-sig", errors="replace").splitlines()
    return Protego.parse("\n".join(filter(None, map(_rule, lines))))


def _rule(line: str) -> str:
    """The line in protego's own spelling, with every robot that is not us under one name; nothing for other lines.

    protego takes any unknown line for the end of the names of a group, where RFC 9309 (2.2) reads over it; and it keeps
    each rule once for each of its robots: a file of thousands of both would take minutes.
    """
    found = _LINE.match(line[:_MAX_LINE])
    if found is None:
        return ""
    value = found["value"].strip()
    if not found["agent"]:
        return f"{'disallow' if found['disallow'] else 'allow' if found['allow'] else 'crawl-delay'}: {value}"
    if value.split()[:1] == ["*"]:
        return "user-agent: *"
    name = _NAME.match(value.lstrip("*"))
    return f"user-agent: {ROBOT if name and name[0].lower() == ROBOT.lower() else 'another'}"
