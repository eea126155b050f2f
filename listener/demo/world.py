"""The simulated market's loopback internet: one small HTTP server, in a thread, with the platforms behind it.

It serves what exists at the time that a request's `Date` header names, so a daemon on a simulated clock sees ten weeks
pass in a minute. It listens on 127.0.0.1 alone. Everything it serves is invented: nobody is real.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from listener.demo.market import Market
from listener.demo.platforms import HttpAnswer, Platforms

LONGEST_HEAD = 32_768


class World:
    """`with World(market) as world:` serves it at `world.url`.

    `requests` counts what was asked, by platform ("hackernews", …, "heartbeat", "" for an unknown path); `statuses`
    by platform and status.
    """

    def __init__(self, market: Market, port: int = 0) -> None:
        self.market = market
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.url = ""
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._started = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="simulated market", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        if self._failure:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and drop the connections that are still open."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    # -- the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except OSError as error:
                self._failure = error
            finally:
                self._started.set()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve_connection, "127.0.0.1", self._port, limit=LONGEST_HEAD)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._platforms = Platforms(self.market, self.url)
        self._started.set()
        await self._stop.wait()
        server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)  # lets the transports close their sockets before the loop ends

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive for as many requests as the other side makes."""
        self._open.add(writer)
        try:
            while await self._answer_request(reader, writer):
                pass
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the other side left, or did not speak HTTP
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, version = head[0].split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError(f"not a request: {head[0]!r}")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self._respond(target, headers)
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        has_body = answer.status not in (204, 304)  # RFC 9110, 6.4.1: these never have one
        if has_body:
            lines.append(f"content-length: {len(answer.body)}")
        response_head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        writer.write(response_head + (answer.body if has_body and method != "HEAD" else b""))  # in one packet
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def _respond(self, target: str, headers: Mapping[str, str]) -> HttpAnswer:
        try:
            now = parsedate_to_datetime(headers["date"])
            now = now if now.tzinfo else now.replace(tzinfo=UTC)
        except (KeyError, ValueError):
            now = self.market.end  # of a request without a time all of the market has happened
        parts = urlsplit(target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True))
        if path == "/heartbeat":
            name, answer = "heartbeat", HttpAnswer(204, {}, b"")
        else:
            name = self._platforms.platform(path)
            answer = self._platforms.respond(path, query, now, headers)
        self.requests[name] += 1
        self.statuses[name, answer.status] += 1
        return answer
