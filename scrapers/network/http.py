"""The only door to the network: polite, bounded, careful about addresses, and plain about what went wrong."""

from __future__ import annotations

import asyncio
import random
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Self

import httpx

from scrapers.base import NOT_FETCHED, Page, Request, SourceError
from scrapers.errors import Mask
from scrapers.network.addresses import literal, refuse_private
from scrapers.network.browser import Browser
from scrapers.network.decoding import ACCEPTED, Body
from scrapers.network.endings import headers_to_trust, says_its_length
from scrapers.network.guard import Resolve, guarded_pool, look_up
from scrapers.network.hops import REDIRECTS, Answer, Hop, Limits, own_headers
from scrapers.network.manners import Exchanged, Manners, RequestCounter, UnsentError
from scrapers.network.pace import PassingError
from scrapers.network.replies import cookies_of, headers_of, refuse_unasked, translated
from scrapers.network.urls import origins_of, parse_target, without_keys, without_secrets
from scrapers.validators import Validators

__all__ = ["Exchanged", "Http", "Limits", "OnFetch", "RequestCounter", "UnsentError"]

_POOLS = 4  # of at most 20 connections each, for public hosts and again for vouched ones
_REDIRECT_BODY = 65_536

OnFetch = Callable[[str, int | None, float, int, str | None], None]
"""Told after every answer or failure: host, status, seconds, decoded bytes, error."""


class _Transport(httpx.AsyncHTTPTransport):
    """httpx over a guarded pool, without a client above it: that would bring cookies, proxies and redirects along."""

    def __init__(self, tls: ssl.SSLContext | None, resolve: Resolve, *, private: bool, connections: int) -> None:
        self._pool = guarded_pool(tls, resolve, private=private, connections=connections)


class Wire:
    """Follows one request: `sent` once a byte of it may have gone out. https://www.encode.io/httpcore/extensions/#trace"""

    sent = False

    async def __call__(self, event: str, _: Mapping[str, Any]) -> None:
        self.sent = self.sent or event.endswith("send_request_headers.started")


class Http:
    """The door. An async context manager; `fetch` may be called from many tasks of one event loop.

    `vouched`: origins the operator wrote in the config. They may be private, but only when asked directly.
    `send_date`: tell loopback worlds the simulated time. `jitter`: from 0 to 1. `mask`: takes secrets out of errors.
    """

    def __init__(
        self,
        *,
        contact: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        vouched: Collection[str] = (),
        send_date: bool = False,
        limits: Limits | None = None,
        jitter: Callable[[], float] = random.random,
        on_fetch: OnFetch | None = None,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
        connections: int = 20,
        mask: Mask = str,
    ) -> None:
        self.mask = mask
        self._now, self._limits, self._connections = now, limits or Limits(), connections
        self._send_date, self._on_fetch, self._resolve, self._tls = send_date, on_fetch, resolve, tls
        self.agent = own_headers({"from": f"Listener/0.1 (+{contact})"})["from"]
        self._manners = Manners(self.exchange, parse_target, self._limits, now=now, sleep=sleep, jitter=jitter)
        self._browser = Browser(self.fetch)
        self._transports: dict[tuple[bool, bool, int], _Transport] = {}
        self._vouched = origins_of(vouched)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._transports:
            await self._transports.popitem()[1].aclose()

    async def fetch(
        self,
        request: Request,
        *,
        headers: Mapping[str, str],
        terms_pace: float,
        validators: Validators | None = None,
        obey_robots: bool = False,
        vouched: Collection[str] | None = None,
        on_wire: Callable[[Request], RequestCounter] | None = None,
    ) -> Page:
        """The page behind a request, whatever its status. Raises SourceError, what `on_wire` raises, and nothing else.

        `headers` may be secrets: they stay on the request's own origin. `terms_pace`: seconds between two requests
        to one host. `vouched`: what the asking source's own settings name; by default, every vouched origin. `on_wire`:
        asked once, for who is told of every request that goes out, before and after.
        """
        try:
            # an unchanged frame says nothing of what its JavaScript puts into it
            hop = self.hop(request, headers, vouched, None if request.render else validators)
            answer = await self._manners.fetch_with_retries(
                hop, terms_pace, obey_robots or request.article, on_wire and on_wire(request)
            )
            url = without_keys(answer.target.url, hop.target.url)
            page = Page(request, answer.status, answer.body, url, self._now(), answer.headers, self.mask)
            own = self._vouched if vouched is None else origins_of(vouched)
            return await self._browser.render(page, own & {answer.target.origin}) if request.render else page
        except SourceError as error:
            error.masked(self.mask)
            if not request.article or error.offline:
                raise
            return Page(request, NOT_FETCHED, str(error).encode(), request.url, self._now(), mask=self.mask)
        except UnsentError:
            raise
        except Exception as error:
            # the promise of the door: an answer nobody has thought of costs this fetch, never the daemon
            stumbled = SourceError(f"{without_secrets(request.url)}: {type(error).__name__} while fetching: {error}")
            raise stumbled.masked(self.mask) from error

    def hop(
        self,
        request: Request,
        headers: Mapping[str, str],
        vouched: Collection[str] | None = None,
        validators: Validators | None = None,
    ) -> Hop:
        """A request as the first step of a fetch, judged by what is written in its address. Raises SourceError."""
        target = parse_target(request.url, request.params)
        private = target.origin in (self._vouched if vouched is None else origins_of(vouched))
        written = literal(target.host)
        if written is not None and not private:
            refuse_private(target.host, written, permanent=True)
        method, body = request.method.upper(), None if request.body is None else request.body.encode()
        return Hop(target, method, body, own_headers(headers), validators, private=private)

    async def exchange(self, hop: Hop, seconds: float, cap: int, cut: bool, wire: Wire | None = None) -> Answer:
        """One request and its whole answer within the time, told to whoever observes. Raises SourceError."""
        clock, wire = asyncio.get_running_loop().time, wire or Wire()
        start, status, size = clock(), None, 0
        failure: SourceError | None = None
        try:
            async with asyncio.timeout(seconds):
                answer = await self._read_answer(hop, cap, cut, wire)
            status, size = answer.status, len(answer.body)
        except TimeoutError as error:
            failure = PassingError(f"{hop.target.shown} did not finish within {seconds:.3g} seconds", sent=wire.sent)
            raise failure from error
        except SourceError as error:
            failure = error
            failure.sent = wire.sent
            raise
        finally:
            if self._on_fetch:
                said = None if failure is None else str(failure.masked(self.mask))
                self._on_fetch(hop.target.netloc, status, clock() - start, size, said)
        return answer

    async def _read_answer(self, hop: Hop, cap: int, cut: bool, wire: Wire) -> Answer:
        async with self.response(hop, wire=wire) as response:
            headers = headers_of(response)
            refuse_unasked(response.status_code, hop)
            location = headers.get("location") if response.status_code in REDIRECTS else None
            with suppress(UnicodeDecodeError):  # an address in Location is often meant as UTF-8
                location = location and location.encode("latin-1").decode()
            if location is not None:
                body = Body("identity", _REDIRECT_BODY, subject=hop.target.shown, cut=True)
            else:
                body = Body(headers.get("content-encoding", ""), cap, subject=hop.target.shown, cut=cut)
            async for data in response.aiter_raw():
                body.feed(data)
                if body.full:
                    break
            whole = body.finish()
            ends = body.full or body.ends_itself or says_its_length(headers)
            if 200 <= response.status_code < 300 and not ends:
                headers = headers_to_trust(whole, headers, hop.target)
            cookies = () if location is None else cookies_of(response)
            return Answer(hop.target, response.status_code, headers, whole, location, cookies)

    @asynccontextmanager
    async def response(
        self, hop: Hop, accepted: str = ACCEPTED, wire: Wire | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The response to a hop, its errors in our own words, its connection given back."""
        headers = {**hop.headers, "user-agent": self.agent, "accept-encoding": accepted}
        if self._send_date:
            headers["date"] = format_datetime(self._now(), usegmt=True)
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        seconds = self._limits.seconds
        times = {"connect": min(self._limits.connect, seconds), "read": seconds, "write": seconds, "pool": seconds}
        extensions: dict[str, Any] = {"timeout": times, **({"trace": wire} if wire else {})}
        request = httpx.Request(hop.method, hop.target.url, headers=raw, content=hop.body, extensions=extensions)
        try:
            response = await self._transport(hop).handle_async_request(request)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise translated(error, hop.target) from error

    def _transport(self, hop: Hop) -> _Transport:
        """The host's pool. Vouched origins have their own: a connection inside must never serve a redirect there."""
        secure = hop.target.scheme == "https"
        key = (hop.private, secure, zlib.crc32(hop.target.host.encode()) % _POOLS)
        if key not in self._transports:
            tls = self.tls() if secure else None
            self._transports[key] = _Transport(tls, self._resolve, private=hop.private, connections=self._connections)
        return self._transports[key]

    def tls(self) -> ssl.SSLContext:
        """One context for all: it is large, and made only when it is needed."""
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls
