"""A platform on the loopback that streams: it keeps what it has said, resumes from a cursor, and fails on demand.

async with World() as world:
    station = Station(world, "/subscribe")                 # a websocket; station.url is ws://…
    station.say("one", "two")                              # events 1 and 2, to whoever listens and whoever comes
    station.play(drop_after(1))                            # what happens to the next connection instead
    station.connections[0].query                           # who came, in order

`sse=True` streams server-sent events instead. A cursor in the query is inclusive: `?cursor=2` begins with event 2;
without one a listener hears only what is said from then on.
"""

from __future__ import annotations

import asyncio
import struct
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha1

from tests.world.web import Call, Reply, Wire, World

_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
TEXT, CLOSE, PING = 0x1, 0x8, 0x9

Play = Callable[["Station", Wire, int], Awaitable[None]]
"""What happens on one connection: the station, the wire, and the number of the first event that is asked for."""


def frame(data: bytes, opcode: int = TEXT, *, final: bool = True) -> bytes:
    """A frame as a server sends it."""
    size = len(data)
    head = bytes([(0x80 if final else 0) | opcode])
    if size < 126:
        return head + bytes([size]) + data
    return (
        head + (bytes([126]) + struct.pack("!H", size) if size < 65_536 else b"\x7f" + struct.pack("!Q", size)) + data
    )


def handshake(call: Call, **other: str) -> dict[str, str]:
    key = call.headers.get("sec-websocket-key", "")
    accept = b64encode(sha1((key + _ACCEPT).encode()).digest()).decode()
    return {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": accept, **other}


@dataclass
class Station:
    world: World
    path: str = "/stream"
    sse: bool = False
    said: list[str] = field(default_factory=list)
    connections: list[Call] = field(default_factory=list)
    _plays: list[Play] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.world.route(self.path, self._answer)

    @property
    def url(self) -> str:
        address = self.world.url if self.sse else self.world.url.replace("http", "ws", 1)
        return address + self.path

    def say(self, *events: str) -> None:
        self.said += events
        self._changed.set()

    def play(self, *plays: Play) -> None:
        """What happens to the next connections, one each."""
        self._plays += plays

    def packed(self, event: str) -> bytes:
        return f"data: {event}\n\n".encode() if self.sse else frame(event.encode())

    async def met(self, count: int) -> None:
        """Wait until so many connections have been made."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.connections) >= count)

    async def _answer(self, call: Call) -> Reply:
        async with self._arrived:
            self.connections.append(call)
            self._arrived.notify_all()
        play = self._plays.pop(0) if self._plays else broadcast
        first = int(call.query.get("cursor") or len(self.said) + 1)

        async def then(wire: Wire) -> None:
            await play(self, wire, max(1, first))

        if self.sse:
            return Reply(200, headers={"content-type": "text/event-stream"}, then=then)
        return Reply(101, headers=handshake(call), then=then)


# -- what can happen on a connection ------------------------------------------------------------------------------


async def broadcast(station: Station, wire: Wire, first: int) -> None:
    """Everything from the first event on, and then what is said, for good."""
    position = first - 1
    while wire.open:
        for event in station.said[position:]:
            await wire.write(station.packed(event))
            position += 1
        station._changed.clear()
        if position >= len(station.said):
            await station._changed.wait()


def drop_after(count: int) -> Play:
    """So many events, and the connection is gone."""

    async def play(station: Station, wire: Wire, first: int) -> None:
        for event in station.said[first - 1 : first - 1 + count]:
            await wire.write(station.packed(event))
        wire.reset()

    return play


def close_with(code: int, reason: str = "", events: int = 0) -> Play:
    """So many events, and a close frame."""

    async def play(station: Station, wire: Wire, first: int) -> None:
        for event in station.said[first - 1 : first - 1 + events]:
            await wire.write(station.packed(event))
        await wire.write(frame(struct.pack("!H", code) + reason.encode(), CLOSE))

    return play


def raw(*pieces: bytes, pause: float = 0.0, stay: bool = False) -> Play:
    """These bytes after the handshake, and the end, or (`stay`) nothing more."""

    async def play(_station: Station, wire: Wire, _first: int) -> None:
        for piece in pieces:
            await wire.write(piece)
            await asyncio.sleep(pause)
        if stay:
            await asyncio.Event().wait()

    return play


def endless(piece: bytes, start: bytes = b"", pause: float = 0.0) -> Play:
    """The same again and again."""

    async def play(_station: Station, wire: Wire, _first: int) -> None:
        await wire.write(start)
        while wire.open:
            await wire.write(piece)
            await asyncio.sleep(pause)

    return play


async def echo(_station: Station, wire: Wire, _first: int) -> None:
    """Short messages come back as they were."""
    while True:
        head = await wire.read(6)
        size, mask = head[1] & 0x7F, head[2:]
        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(await wire.read(size)))
        await wire.write(frame(data, head[0] & 0x0F))


SILENT: Play = raw(stay=True)
