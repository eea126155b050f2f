"""The daemon's HTTP server: /healthz, /readyz, /metrics, and /control for the commands that write."""

from __future__ import annotations

import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from listener.simulation import is_loopback
from listener.web.health import Health
from listener.web.metrics import Metrics

Control = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class ControlError(Exception):
    """A command that the daemon could not carry out; the message says why and what to do."""


def application(
    health: Callable[[], Health],
    metrics: Metrics,
    control: Control,
    token: str,
    names: frozenset[str] = frozenset(),
) -> Starlette:
    """The routes. `/control` wants the token that only this machine's user can read from the store.

    `names`: the hosts, beside this machine itself, that a request may be addressed to.
    """

    async def healthz(_: Request) -> Response:
        found = health()
        return JSONResponse(found.detail, 200 if found.alive else 503)

    async def readyz(_: Request) -> Response:
        found = health()
        return JSONResponse(found.detail, 200 if found.ready else 503)

    async def metrics_page(_: Request) -> Response:
        return Response(metrics.render(), media_type=metrics.content_type)

    async def command(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {token}".encode()):
            return JSONResponse({"error": "this needs the daemon's own token"}, 401)
        try:
            return JSONResponse(await control(request.path_params["name"], await request.json()))
        except (ControlError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 409)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics_page),
            Route("/control/{name}", command, methods=["POST"]),
        ],
        middleware=[Middleware(HostCheck, names=names)],
    )


class HostCheck:
    """Answers only what is addressed to this machine by a name of its own.

    A page in somebody's browser may let its own name resolve to 127.0.0.1 and read every answer. Its
    requests carry that name. The attack is called DNS rebinding: https://en.wikipedia.org/wiki/DNS_rebinding
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_addressed(scope):
            message = "this name is not Listener's: set daemon.public_url, or add it to daemon.hosts"
            await JSONResponse({"error": message}, 421)(scope, receive, send)  # Misdirected Request, RFC 9110
        else:
            await self._app(scope, receive, send)

    def _is_addressed(self, scope: Scope) -> bool:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        try:
            (value,) = given
            host = urlsplit(f"//{value}").hostname
        except ValueError:  # no Host header, several, or no host in it: RFC 9112, 3.2, wants exactly one
            return False
        dialled = (scope.get("server") or ("",))[0]  # an address, never a name that somebody else can point here
        return host in {*self._names, dialled} or is_loopback(value)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket at this address (port 0: any free one). Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP: asyncio sets TCP_NODELAY only where the protocol is named, and without it an answer waits 40 ms for
    # the other side's delayed ACK (Nagle's algorithm).
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(64)  # from now on who calls is kept waiting, not refused, until the server has started
    except OSError:
        sock.close()
        raise
    return sock


def address_of(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextlib.asynccontextmanager
async def serving(app: Starlette, sock: socket.socket) -> AsyncIterator[None]:
    """Serve while the block runs."""
    server = _Server(
        # A connection that a monitor keeps open must not hold up the daemon's end for more than a second.
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [sock])
        try:
            yield
        finally:
            server.should_exit = True
