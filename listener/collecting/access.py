"""How sources reach the network: the doors to it, and what each source takes along: headers, and its session."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol

from listener.clock import Clock
from listener.engine import sleep_without_slot
from listener.simulation import is_loopback
from scrapers.answers import read_login
from scrapers.base import Page, Request, Source, SourceError, Stream
from scrapers.errors import Mask
from scrapers.network.http import Http, RequestCounter
from scrapers.network.stream import Streams
from scrapers.validators import Validators

Sessions = dict[str, tuple[Source, Mapping[str, str]]]
"""By source: its settings when it logged in, and the headers that this gave."""
OnWire = Callable[[Request], RequestCounter]
"""Gives, for each page or login that is asked for, who counts the requests that go out for it."""


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
        validators: Validators | None = None,
        obey_robots: bool = False,
        vouched: tuple[str, ...] = (),
        on_wire: OnWire | None = None,
    ) -> Page: ...


class StreamDoor(Protocol):
    """What opens streams. Raises SourceError and nothing else."""

    mask: Mask

    def events(
        self, stream: Stream, *, headers: Mapping[str, str], vouched: Collection[str] | None = None
    ) -> AsyncGenerator[tuple[str, ...]]: ...


@asynccontextmanager
async def open_doors(
    contact: str, clock: Clock, sources: Iterable[Source], mask: Mask
) -> AsyncIterator[tuple[Http, Streams]]:
    """The doors to the network: for pages, and for streams. The sources' own origins may be private addresses."""
    origins = [origin for source in sources for origin in source.origins()]
    sleep = partial(sleep_without_slot, clock.sleep)  # while it waits for its turn, another visit goes on
    http = Http(contact=contact, now=clock.now, sleep=sleep, vouched=origins, send_date=clock.simulated, mask=mask)
    streams = Streams(
        contact=contact, now=clock.now, sleep=clock.sleep, vouched=origins, send_date=clock.simulated, mask=mask
    )
    async with http, streams:
        yield http, streams


class SourceDoor:
    """The door as each source uses it: with its headers, its pace, and the session that its login gave."""

    def __init__(self, door: Door, sessions: Sessions | None = None) -> None:
        self._door = door
        self._sessions: Sessions = {} if sessions is None else sessions
        self._logins: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def mask(self, text: str) -> str:
        """A text without the secrets of the config that holds now."""
        return self._door.mask(text)

    async def fetch(
        self,
        source: Source,
        request: Request,
        on_wire: OnWire | None = None,
        *,
        validators: Validators | None = None,
    ) -> Page:
        """The page behind a request. Where the session has ended, there is one new login and one more try."""
        headers = await self.headers(source, on_wire)
        page = await self._send(source, request, headers, on_wire, validators)
        if source.login() is not None and source.session_expired(page):
            self.end_session(source, headers)
            headers = await self.headers(source, on_wire)
            page = await self._send(source, request, headers, on_wire, validators)
        return page

    async def headers(self, source: Source, on_wire: OnWire | None = None) -> dict[str, str]:
        """The source's own headers and those of its session, after a login where there is none. Raises SourceError."""
        async with self._logins[source.id]:  # one login, however many searches wait for it
            before, session = self._sessions.get(source.id, (None, {}))
            if before != source:  # a changed config may name another account
                try:
                    session = await self._log_in(source, on_wire)
                except SourceError as error:
                    error.of_login = True
                    raise
                self._sessions[source.id] = source, session
        return {**source.headers(), **session}

    async def _log_in(self, source: Source, on_wire: OnWire | None) -> Mapping[str, str]:
        login = source.login()
        if login is None:
            return {}
        page = await self._send(source, login.request, {**source.headers(), **login.headers}, on_wire)
        return await asyncio.to_thread(read_login, source, login, page)

    def end_session(self, source: Source, headers: Mapping[str, str]) -> None:
        """Forget the session that gave these headers, unless another search has got a newer one meanwhile."""
        _, session = self._sessions.get(source.id, (source, {}))
        if all(headers.get(name) == value for name, value in session.items()):
            self._sessions.pop(source.id, None)

    async def _send(
        self,
        source: Source,
        request: Request,
        headers: Mapping[str, str],
        on_wire: OnWire | None,
        validators: Validators | None = None,
    ) -> Page:
        return await self._door.fetch(
            request,
            headers=headers,
            terms_pace=0.0 if is_loopback(request.url) else source.pace,  # the demo on this machine suffers no harm
            validators=validators,
            obey_robots=source.obey_robots,
            vouched=tuple(source.origins()),
            on_wire=on_wire,
        )
