"""A loopback HTTP server that plays the internet: routes answer, a ledger remembers, faults happen on demand.

async with World() as world:                      # inside an asyncio test
with World().run_in_thread() as world:            # beside a subprocess, or beside blocking code
    world.route("/api/items", Reply.json([1, 2]))                 # always this answer
    world.route("/users/*", lambda call: Reply.text(call.path))   # or a handler, plain or async
    world.fault("/api/items", faults.too_many(7), times=2)        # tests/world/faults.py
    fetch(world.url + "/api/items")
    assert world.ledger[0].headers["user-agent"]
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.world.http_messages import Call, Fault, Headers, Reply, Wire

__all__ = ["Call", "Fault", "Handler", "Headers", "Reply", "Wire", "World"]

Handler = Callable[[Call], Reply | Awaitable[Reply]]


@dataclass(slots=True)
class _Pending:
    path: str
    fault: Fault
    left: int | None


@dataclass
class World:
    """The server. `ledger` holds every request that arrived whole, in order, whatever was answered.

    `weather`: what meets a call that no fault was meant for, by whatever that call is.
    A path may hold `*` (as in a file name pattern); the route that was added last wins. An `etag` or `last-modified`
    header on a reply is honoured: the client that sends it back gets 304. `port` 0 takes a free one.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    weather: Callable[[Call], Fault | None] = lambda _call: None
    ledger: list[Call] = field(default_factory=list)
    _routes: list[tuple[str | None, str, Handler]] = field(default_factory=list)
    _faults: list[_Pending] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def route(self, path: str, answer: Reply | Handler, method: str | None = None) -> None:
        """Answer `path` for `method` (None: every one)."""
        handler: Handler = (lambda _call: answer) if isinstance(answer, Reply) else answer
        self._routes.insert(0, (method, path, handler))

    def fault(self, path: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next `times` requests to `path` meet the fault (None: all of them). Faults queue up in order."""
        self._faults.append(_Pending(path, fault, times))

    def calm(self) -> None:
        """Forget the faults that have not happened yet."""
        self._faults.clear()

    def calls(self, path: str, method: str | None = None) -> list[Call]:
        """The ledger's lines about `path` (which may hold `*`)."""
        return [c for c in self.ledger if fnmatchcase(c.path, path) and method in {None, c.method}]

    # -- starting and stopping ----------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self.host, self.port, ssl=self.tls, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @contextlib.contextmanager
    def run_in_thread(self) -> Iterator[Self]:
        """Serve from a thread of its own until the block ends. Handlers run in that thread."""
        started = threading.Event()
        box: dict[str, Any] = {}

        async def live() -> None:
            stop = asyncio.Event()
            async with self:
                box["stop"] = lambda: box["loop"].call_soon_threadsafe(stop.set)
                box["loop"] = asyncio.get_running_loop()
                started.set()
                await stop.wait()

        def run() -> None:
            try:
                asyncio.run(live())
            except OSError as error:
                box["error"] = error
            finally:
                started.set()

        thread = threading.Thread(target=run, name="world", daemon=True)
        thread.start()
        started.wait()
        if "stop" not in box:
            raise RuntimeError(f"the loopback world could not listen on {self.host}:{self.port}") from box.get("error")
        try:
            yield self
        finally:
            box["stop"]()
            thread.join()

    # -- one connection -----------------------------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: writer.close())  # also of one that is cancelled before it has begun

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        try:
            while wire.open and (call := await _read(reader)):
                self.ledger.append(call)
                await self._answer(call, wire)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass  # the client left, or the world ends
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError, ssl.SSLError):
                await writer.wait_closed()

    async def _answer(self, call: Call, wire: Wire) -> None:
        fault = self._next_fault(call.path) or self.weather(call)
        reply = await self._handle(call) if fault is None or fault.accepted else Reply()
        await (wire.send(reply) if fault is None else fault.play(wire, reply))

    def _next_fault(self, path: str) -> Fault | None:
        for pending in self._faults:
            if pending.left != 0 and fnmatchcase(path, pending.path):
                if pending.left is not None:
                    pending.left -= 1
                return pending.fault
        return None

    async def _handle(self, call: Call) -> Reply:
        for method, path, handler in self._routes:
            if method in {None, call.method} and fnmatchcase(call.path, path):
                answer = handler(call)
                reply = await answer if inspect.isawaitable(answer) else answer
                return _not_modified(call, reply) or reply
        return Reply.text(f"nothing lives at {call.method} {call.path}", 404)


def _not_modified(call: Call, reply: Reply) -> Reply | None:
    for validator, condition in (("etag", "if-none-match"), ("last-modified", "if-modified-since")):
        value = reply.header(validator)
        if value is not None and call.headers.get(condition) == value and reply.status == 200:
            return Reply(304, headers={validator: value})
    return None


async def _read(reader: asyncio.StreamReader) -> Call | None:
    """The next request of a connection, or None when the client is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _version = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Call(time.monotonic(), method, unquote(parts.path), query, headers, body, parts.query)
