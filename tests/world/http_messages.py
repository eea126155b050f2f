"""What travels in the loopback world: calls, replies, the bytes in between, and the faults that befall them."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived. `at` is monotonic; `date` is the simulated time, where the client sent one.

    `raw_query`: the query as it was written, for parameters that come more than once.
    """

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    raw_query: str = ""

    @property
    def date(self) -> datetime | None:
        value = self.headers.get("date")
        return parsedate_to_datetime(value) if value else None

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. Content-Length is added unless `headers` has its own; `chunked` sends the body in two chunks.

    `then` goes on with the connection behind the head and the body, for as long as it likes, before it is closed.
    """

    status: int = 200
    body: bytes = b""
    headers: Headers = ()
    chunked: bool = False
    then: Callable[[Wire], Awaitable[None]] | None = None

    @classmethod
    def text(cls, text: str, status: int = 200, kind: str = "text/plain; charset=utf-8", **headers: str) -> Reply:
        """`headers` as keywords: `retry_after="3"` is sent as `retry-after: 3`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, text.encode(), {"content-type": kind, **named})

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls.text(json.dumps(value), status, "application/json", **headers)

    @classmethod
    def redirect(cls, to: str, status: int = 302) -> Reply:
        return cls(status, headers={"location": to})

    def gzipped(self) -> Reply:
        return replace(self, body=gzip.compress(self.body), headers=[*self.pairs(), ("content-encoding", "gzip")])

    def pairs(self) -> list[tuple[str, str]]:
        return [
            (name, value)
            for name, value in (self.headers.items() if isinstance(self.headers, Mapping) else self.headers)
        ]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.pairs() if key.lower() == name), None)

    def head(self) -> bytes:
        pairs = self.pairs()
        if self.chunked:
            pairs.append(("transfer-encoding", "chunked"))
        elif self.header("content-length") is None and self.status not in {204, 304} and self.then is None:
            pairs.append(("content-length", str(len(self.body))))
        lines = [f"HTTP/1.1 {self.status} {'OK' if self.status < 300 else 'Answer'}"]
        lines += [f"{name}: {value}" for name, value in pairs]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def wire(self) -> bytes:
        if not self.chunked:
            return self.head() + self.body
        half = len(self.body) // 2
        chunks = [chunk for chunk in (self.body[:half], self.body[half:]) if chunk]
        return self.head() + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


class Wire:
    """The server's end of one connection, for faults that want the bytes in their own hands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @property
    def open(self) -> bool:
        return not self._writer.is_closing()

    async def read(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send(self, reply: Reply) -> None:
        await self.write(reply.wire())
        if reply.then is not None:
            await reply.then(self)
            self.close()

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """End with RST instead of FIN, as a crashed peer does."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer. `accepted`: the handler has already run, only its reply meets the fault."""

    name: str
    play: Callable[[Wire, Reply], Awaitable[None]]
    accepted: bool = False
