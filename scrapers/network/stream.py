"""The second door to the network: connections that stay open, behind the same guard as the first one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from scrapers.answers import refused
from scrapers.base import Page, Request, SourceError, Stream
from scrapers.errors import Mask
from scrapers.formats.events import Lines, ServerSent
from scrapers.network.decoding import packing
from scrapers.network.guard import Resolve, look_up
from scrapers.network.hops import REDIRECTS, Hop, Limits, over_http
from scrapers.network.http import Http
from scrapers.network.line import Line
from scrapers.network.pace import PassingError
from scrapers.network.replies import headers_of
from scrapers.network.websocket import RefusedError, WebSocket

_REFUSAL = 65_536  # bytes of an answer that is no stream
_MANY = 200  # streams at a time from one host

Events = AsyncGenerator[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """`event`: bytes of one. `silence`: seconds without a sign of life, a heartbeat being one. `opening`: seconds."""

    event: int = 1_000_000
    silence: float = 90.0
    opening: float = 15.0


class Streams:
    """The door. An async context manager; streams may be opened from many tasks of one event loop.

    `vouched`: origins the operator wrote in the config. They may be private. Redirects are never followed.
    """

    def __init__(
        self,
        *,
        contact: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        vouched: Collection[str] = (),
        send_date: bool = False,
        limits: StreamLimits | None = None,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
        mask: Mask = str,
    ) -> None:
        self._limits, self._now, self._resolve = limits or StreamLimits(), now, resolve
        patience = Limits(seconds=self._limits.silence, connect=self._limits.opening)
        self._http = Http(
            contact=contact, now=now, sleep=sleep, vouched=vouched, send_date=send_date,
            limits=patience, resolve=resolve, tls=tls, connections=_MANY, mask=mask,
        )  # fmt: skip

    @property
    def mask(self) -> Mask:
        return self._http.mask

    @mask.setter
    def mask(self, mask: Mask) -> None:
        self._http.mask = mask

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.__aexit__()

    async def events(
        self, stream: Stream, *, headers: Mapping[str, str], vouched: Collection[str] | None = None
    ) -> Events:
        """What arrives, as often as something does: nothing when the stream has opened, then one event or more.

        It never ends by itself: the other end's farewell is a SourceError, too, and nothing else is raised. Reading
        stops while nobody asks for more. To be closed with `aclosing`.
        """
        request = Request(over_http(stream.url), stream.params)
        try:
            hop = self._http.hop(request, headers, vouched)
            opened = self._websocket(hop, stream) if stream.protocol == "websocket" else self._body(hop, stream)
            async with aclosing(opened) as found:
                async for events in found:
                    yield events
        except SourceError as error:
            error.masked(self.mask)
            raise
        except RefusedError as answer:
            shown, now, mask = hop.target.shown, self._now(), self.mask
            page = Page(request, answer.status, answer.body, shown, now, answer.headers, mask).masked()
            raise _refusal(page).masked(mask) from answer
        except Exception as error:
            # the promise of the door: what nobody has thought of costs this stream, never the daemon
            raise SourceError(f"{stream.url}: {type(error).__name__}: {error}").masked(self.mask) from error

    # -- bodies without end -------------------------------------------------------------------------------------

    async def _body(self, hop: Hop, stream: Stream) -> Events:
        shown = hop.target.shown
        reader = (ServerSent if stream.protocol == "sse" else Lines)(self._limits.event, shown)
        async with self._http.response(hop, accepted="identity") as response:
            headers = headers_of(response)
            pieces = response.aiter_raw()
            if response.status_code != 200:
                raise RefusedError(response.status_code, headers, await self._start_of(pieces))
            if packing(headers.get("content-encoding", "")):
                raise SourceError(f"{shown} comes compressed, which was not asked for")
            if stream.protocol == "sse" and "event-stream" not in headers.get("content-type", "event-stream"):
                raise SourceError(f"{shown} answered with {headers['content-type'][:60]!r}, which is no event stream")
            yield ()
            async for data in pieces:
                if found := reader.feed(data):
                    yield tuple(found)
        raise PassingError(f"{shown} ended the stream", sent=True)

    async def _start_of(self, pieces: AsyncIterator[bytes]) -> bytes:
        body = b""
        with suppress(TimeoutError, SourceError):
            async with asyncio.timeout(self._limits.opening):
                async for data in pieces:
                    body += data
                    if len(body) > _REFUSAL:
                        break
        return body

    # -- websockets ---------------------------------------------------------------------------------------------

    async def _websocket(self, hop: Hop, stream: Stream) -> Events:
        headers = {**hop.own, "user-agent": self._http.agent}
        socket = WebSocket(hop.target, headers, self._limits.event)
        tls = self._http.tls() if hop.target.scheme == "https" else None
        seconds = self._limits.opening
        line: Line | None = None
        try:
            async with _deadline(seconds, f"{hop.target.shown} did not open the stream within {seconds:.3g} seconds"):
                line = await Line.dial(hop.target, self._resolve, tls, private=hop.private, seconds=seconds)
                early = await _open(line, socket, stream.hello)
            yield ()
            found = early
            while True:
                if found:
                    yield tuple(found)
                socket.raise_if_over()
                found = await self._next_messages(line, socket, hop.target.shown)
        finally:
            if line is not None:
                await _say_goodbye(line, socket)

    async def _next_messages(self, line: Line, socket: WebSocket, shown: str) -> list[str]:
        """The next messages, none when there was only a heartbeat; half way through a silence it asks for one."""
        half = self._limits.silence / 2
        try:
            async with asyncio.timeout(half):
                data = await line.read()
        except TimeoutError:
            socket.ping()
            async with _deadline(half, f"{shown} has given no sign of life for {2 * half:.3g} seconds"):
                await line.write(socket.outgoing())
                data = await line.read()
        found = socket.receive(data)
        if answer := socket.outgoing():
            async with _deadline(half, f"{shown} takes no answers"):
                await line.write(answer)
        return found


async def _open(line: Line, socket: WebSocket, hello: tuple[str, ...]) -> list[str]:
    """Shake hands and send the first messages. Gives what has arrived meanwhile."""
    await line.write(socket.outgoing())
    early: list[str] = []
    while not socket.opened:
        early += socket.receive(await line.read())
    for text in hello:
        socket.say(text)
    await line.write(socket.outgoing())
    return early


async def _say_goodbye(line: Line, socket: WebSocket) -> None:
    """Close as https://www.rfc-editor.org/rfc/rfc6455#section-7.1.2 wants it, where that takes no time."""
    with suppress(SourceError, TimeoutError):
        async with asyncio.timeout(1.0):
            socket.leave()
            await line.write(socket.outgoing())
    await line.close()


class _deadline:  # noqa: N801 - used like asyncio.timeout
    """asyncio.timeout, whose end is a PassingError that says what did not come in time."""

    def __init__(self, seconds: float, message: str) -> None:
        self._timeout, self._message = asyncio.timeout(seconds), message

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *raised: object) -> None:
        try:
            await self._timeout.__aexit__(*raised)  # type: ignore[arg-type]
        except TimeoutError as error:
            raise PassingError(self._message, sent=True) from error


def _refusal(page: Page) -> SourceError:
    """The error for an answer that opens no stream."""
    if page.status in REDIRECTS:
        remedy = "write the address that it leads to into the config"
        return SourceError(
            f"{page.url} redirects, which no stream follows", permanent=True, remedy=remedy, status=page.status
        )
    if 200 <= page.status < 300:
        return SourceError(f"{page.url} answered {page.status} instead of opening a stream", status=page.status)
    return refused(page)
