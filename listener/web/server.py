"""The daemon's HTTP server: /healthz, /readyz, /metrics, and /control for the commands that write."""

from __future__ import annotations

import contextlib
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listener.web.health import Health
from listener.web.metrics import Metrics

Control = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class ControlError(Exception):
    """A command that the daemon could not carry out; the message says why and what to do."""


def application(health: Callable[[], Health], metrics: Metrics, control: Control, token: str) -> Starlette:
    """The routes. `/control` wants the token that only this machine's user can read from the store."""

    async def healthz(_: Request) -> Response:
        found = health()
        return JSONResponse(found.detail, 200 if found.alive else 503)

    async def readyz(_: Request) -> Response:
        found = health()
        return JSONResponse(found.detail, 200 if found.ready else 503)

    async def figures(_: Request) -> Response:
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
            Route("/metrics", figures),
            Route("/control/{name}", command, methods=["POST"]),
        ]
    )


class _Server(uvicorn.Server):
    """A server that leaves the signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A socket at this address (port 0: any free one). Raises OSError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
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
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [sock])
        try:
            yield
        finally:
            server.should_exit = True
