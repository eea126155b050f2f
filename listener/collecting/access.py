"""How sources reach the network: the doors to it, the headers of each source, and its login, renewed when it ended."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from listener.clock import Clock
from listener.engine import pause
from listener.simulation import is_loopback
from scrapers.answers import read_login
from scrapers.base import Page, Request, Source, SourceError
from scrapers.errors import Mask
from scrapers.network.http import Http, RequestCounter
from scrapers.network.stream import Streams

Sessions = dict[str, tuple[Source, Mapping[str, str]]]
OnWire = Callable[[Request], RequestCounter]


class Door(Protocol):
    """What fetches. Raises SourceError, what `on_wire` raises, and nothing else. `mask` takes the config's secrets out
    of a text."""

    mask: Mask

    async def fetch(
        self,
        request: Request,
        *,
        headers: Any,
        terms_pace: float,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = False,
        vouched: tuple[str, ...] = (),
        on_wire: OnWire | None = None,
    ) -> Page: ...


class Admission:
    """Fetches on behalf of sources. `sessions`: what logins gave, by source, and by which settings of it."""

    def __init__(self, door: Door, sessions: Sessions | None = None) -> None:
        self._door = door
        self._given: Sessions = {} if sessions is None else sessions
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def mask(self, text: str) -> str:
        """A text without the secrets of the config that holds now."""
        return self._door.mask(text)

    async def fetch(
        self,
        source: Source,
        request: Request,
        on_wire: OnWire | None = None,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Page:
        """The page behind a request. Where the session has ended, there is one new login and one more try.

        `on_wire` is told of all that goes out, logins as well.
        """
        headers = await self.headers(source, on_wire)
        page = await self._ask(source, request, headers, on_wire, etag, last_modified)
        if source.login() is not None and source.session_expired(page):
            self.renew(source, headers)
            page = await self._ask(source, request, await self.headers(source, on_wire), on_wire, etag, last_modified)
        return page

    async def headers(self, source: Source, on_wire: OnWire | None = None) -> dict[str, str]:
        """The source's own headers and those of its session. Raises SourceError."""
        async with self._turns[source.id]:
            before, given = self._given.get(source.id, (None, {}))
            if before != source:  # a changed config may name another account
                try:
                    given = await self._log_in(source, on_wire)
                except SourceError as error:
                    error.of_login = True
                    raise
                self._given[source.id] = source, given
        return {**source.headers(), **given}

    def renew(self, source: Source, refused: Mapping[str, str]) -> None:
        """Forget the session that these headers were of, unless somebody has got a newer one meanwhile."""
        _, given = self._given.get(source.id, (source, {}))
        if all(refused.get(name) == value for name, value in given.items()):
            self._given.pop(source.id, None)

    async def _log_in(self, source: Source, on_wire: OnWire | None) -> Mapping[str, str]:
        login = source.login()
        if login is None:
            return {}
        page = await self._ask(source, login.request, {**source.headers(), **login.headers}, on_wire)
        return read_login(source, login, page)

    async def _ask(
        self,
        source: Source,
        request: Request,
        headers: Mapping[str, str],
        on_wire: OnWire | None,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Page:
        return await self._door.fetch(
            request,
            headers=headers,
            terms_pace=0.0 if is_loopback(request.url) else source.pace,
            etag=etag,
            last_modified=last_modified,
            obey_robots=source.obey_robots,
            vouched=tuple(source.origins()),
            on_wire=on_wire,
        )


def door_for(contact: str, clock: Clock, sources: Iterable[Source], mask: Mask) -> Http:
    """The door to the network, to be entered with `async with`. `mask`: see `scrapers.errors`."""
    origins = [origin for source in sources for origin in source.origins()]
    sleep = partial(pause, clock.sleep)
    return Http(contact=contact, now=clock.now, sleep=sleep, vouched=origins, send_date=clock.simulated, mask=mask)


def streams_for(contact: str, clock: Clock, sources: Iterable[Source], mask: Mask) -> Streams:
    """The door for streams, to be entered with `async with`."""
    origins = [origin for source in sources for origin in source.origins()]
    return Streams(
        contact=contact, now=clock.now, sleep=clock.sleep, vouched=origins, send_date=clock.simulated, mask=mask
    )
