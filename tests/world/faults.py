"""What can go wrong with an answer, by name: given to `World.fault(path, fault, times)`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.world.web import Fault, Headers, Reply, Wire


def answer(status: int, body: str = "", headers: Headers = ()) -> Fault:
    """Another answer than the handler's, which does not run."""
    reply = Reply(status, body.encode(), headers)
    return Fault(f"status {status}", lambda wire, _reply: wire.send(reply))


def too_many(retry_after: float | str | None = None) -> Fault:
    """429, with Retry-After where one is given (seconds, a date, or nonsense)."""
    return answer(429, "too many requests", {} if retry_after is None else {"retry-after": str(retry_after)})


def server_error(status: int = 503, retry_after: float | str | None = None) -> Fault:
    return answer(status, "out of order", {} if retry_after is None else {"retry-after": str(retry_after)})


def redirect(to: str, status: int = 302) -> Fault:
    return answer(status, headers={"location": to})


def raw(data: bytes) -> Fault:
    """These bytes and the end of the connection."""

    async def play(wire: Wire, _reply: Reply) -> None:
        await wire.write(data)
        wire.close()

    return Fault("raw bytes", play)


GARBAGE = raw(b"\x16\x03\x01 this is not HTTP \xff\xfe\r\n\r\n")
CLOSED = raw(b"")  # closed without a word; the handler has not run


async def _wait(_wire: Wire, _reply: Reply) -> None:
    await asyncio.Event().wait()


async def _reset(wire: Wire, _reply: Reply) -> None:
    wire.reset()


async def _lose(wire: Wire, _reply: Reply) -> None:
    wire.close()


TIME_OUT = Fault("never answers", _wait)
RESET = Fault("connection reset", _reset)
LOST_REPLY = Fault("the reply is lost after acceptance", _lose, accepted=True)
LATE_REPLY = Fault("accepted, then never answered", _wait, accepted=True)


def drip(step: int = 1, pause: float = 0.02, start: int | None = None) -> Fault:
    """The handler's answer, `step` bytes at a time with a pause; at once up to byte `start` (default: the body's)."""

    async def play(wire: Wire, reply: Reply) -> None:
        data = reply.wire()
        begin = len(reply.head()) if start is None else start
        await wire.write(data[:begin])
        for position in range(begin, len(data), step):
            await asyncio.sleep(pause)
            await wire.write(data[position : position + step])

    return Fault("slow drip", play, accepted=True)


SLOW_HEADERS = drip(start=0)


async def _endless_headers(wire: Wire, _reply: Reply) -> None:
    await wire.write(b"HTTP/1.1 200 OK\r\n")
    while wire.open:
        await wire.write(b"x-more: " + b"a" * 1000 + b"\r\n")


async def _endless_body(wire: Wire, _reply: Reply) -> None:
    await wire.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while wire.open:
        await wire.write(b"a" * 65536)


ENDLESS_HEADERS = Fault("headers without end", _endless_headers)
ENDLESS_BODY = Fault("a body without end", _endless_body)


async def _cut(wire: Wire, reply: Reply) -> None:
    await wire.write(reply.head() + reply.body[: len(reply.body) // 2])
    wire.close()


async def _half_gzip(wire: Wire, reply: Reply) -> None:
    whole = reply.gzipped()
    await wire.send(replace(whole, body=whole.body[: len(whole.body) // 2]))


CUT_SHORT = Fault("closed half way through the body", _cut, accepted=True)
TRUNCATED_GZIP = Fault("half a gzip, in a whole reply", _half_gzip, accepted=True)
