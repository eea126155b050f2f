"""Dialling behind the address guard: a name is resolved once, every address of it judged, and judged ones called."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib.util
import ipaddress
import os
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import httpcore
from aiohappyeyeballs import start_connection
from anyio.abc import SocketStream
from httpcore._backends.anyio import AnyIOStream  # the stream of httpcore.AnyIOBackend, which can only dial itself

from scrapers.base import SourceError
from scrapers.network.addresses import literal, refuse_private
from scrapers.network.pace import PassingError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""A name and a port to the addresses it stands for; raises OSError (socket.gaierror) when there are none."""

_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
_STAGGER = 0.25  # seconds until the next address is tried, too: https://www.rfc-editor.org/rfc/rfc8305#section-5

# httpcore looks for it with every request; where it is not installed, that searches the whole path each time.
if importlib.util.find_spec("sniffio") is None:
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # "not there", as import itself notes it


async def look_up(host: str, port: int) -> list[str]:
    """Ask the system's resolver, in a daemon thread: one dead name server then holds up neither others nor the end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def tell(found: list[str] | OSError) -> None:
        if not answer.done():
            answer.set_exception(found) if isinstance(found, OSError) else answer.set_result(found)

    def ask() -> None:
        found: list[str] | OSError
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except UnicodeError:
            found = socket.gaierror(socket.EAI_NONAME, "not a host name")
        except OSError as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop has closed, nobody waits any more
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer


def no_route() -> bool:
    """Whether this machine has no way out at all. A connected UDP socket sends nothing; the kernel only routes it."""
    # addresses of documentation (RFC 5737, RFC 3849): routed like any other, and nobody's
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            return False
    return True


class Guard(httpcore.AsyncNetworkBackend):
    """Dials for a pool of connections: resolves the name once, judges every address, calls those that it judged.

    Proxies are not used: they would look the name up once more, and lead where nobody has judged.
    """

    def __init__(self, resolve: Resolve, *, private: bool) -> None:
        self._resolve, self._private = resolve, private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        seconds = 10.0 if timeout is None else timeout
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        addresses = await self._allowed_addresses(host, port, seconds)
        try:
            async with asyncio.timeout_at(end):
                stream = await _connect(addresses, port)
        except OSError as error:  # TimeoutError is one
            raise _unreachable(host, port, error) from error
        return _watched(stream, f"{host}:{port}")

    async def _allowed_addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of the host, all of them fit to be called."""
        written = literal(host)
        if written is not None:
            found = [str(written)]
        else:
            try:
                async with asyncio.timeout(seconds):
                    found = await self._resolve(host, port)
            except TimeoutError as error:
                raise _unresolved(host, "the name server does not answer", offline=True) from error
            except OSError as error:
                offline = await self._is_offline(error)
                raise _unresolved(host, str(error.strerror or error), offline=offline) from error
        if not self._private:
            for address in found:
                refuse_private(host, ipaddress.ip_address(address))
        return found

    async def _is_offline(self, error: OSError) -> bool:
        """Whether it is this machine that is cut off, and not one name that is wrong.

        Some systems answer "no such name" when they have no network, so a name that always exists is the touchstone.
        """
        if no_route() or (isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN):
            return True
        try:
            async with asyncio.timeout(2.0):
                await self._resolve("example.com", 80)
        except OSError:  # TimeoutError is one
            return True
        return False


async def _connect(addresses: Iterable[str], port: int) -> httpcore.AsyncNetworkStream:
    """The first connection that one of them takes, IPv6 and IPv4 in turn. Raises OSError.

    The addresses are given as such: nothing is looked up again.
    """
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    known = [
        info
        for address in addresses
        for info in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=numeric)
    ]
    connected = await start_connection(known, happy_eyeballs_delay=_STAGGER, interleave=1)
    try:
        return AnyIOStream(await SocketStream.from_socket(connected))
    except BaseException:
        connected.close()
        raise


def _watched(stream: httpcore.AsyncNetworkStream, netloc: str) -> httpcore.AsyncNetworkStream:
    """The stream with a handshake that says when it hangs.

    httpcore closes the socket of a handshake that fails, and forgets that of one which is cancelled.
    """
    begin = stream.start_tls

    async def start_tls(*args: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        try:
            return await begin(*args, **named)
        except httpcore.ConnectTimeout as error:
            hangs = f"{netloc} took the connection, and its TLS handshake did not end in time"
            raise PassingError(hangs, sent=False) from error
        except asyncio.CancelledError:
            await stream.aclose()
            raise

    stream.start_tls = start_tls  # type: ignore[method-assign]
    return stream


def _unresolved(host: str, why: str, *, offline: bool) -> PassingError:
    message = f"the name {host} could not be resolved ({why})"
    message = f"no network: {message}" if offline else message
    return PassingError(message, remedy=_no_proxy(host), sent=False, offline=offline)


def _unreachable(host: str, port: int, error: OSError) -> PassingError:
    """What a failed connection means. Where addresses failed in different ways, the error has no number."""
    if isinstance(error, TimeoutError) and not error.errno:
        message = f"{host}:{port} did not take the connection in time"
        return PassingError(message, remedy=_no_proxy(host), sent=False)
    offline = (error.errno is None or error.errno in _UNREACHABLE) and no_route()
    why = os.strerror(error.errno) if error.errno else str(error)[:300]
    message = f"{host}:{port} could not be reached ({why})"
    message = f"no network: {message}" if offline else message
    return PassingError(message, remedy=_no_proxy(host), sent=False, offline=offline)


def proxy_variables() -> list[str]:
    """The variables of the environment that name a proxy, which Listener does not use. Their values may be secrets."""
    return sorted({f"{scheme.upper()}_PROXY" for scheme in getproxies_environment()} & _PROXIES)


def _no_proxy(host: str) -> str:
    """What to do where a proxy might have led to the host."""
    if not (named := proxy_variables()) or proxy_bypass(host):
        return ""
    return f"{named[0]} is set, but Listener uses no proxy: let this machine reach the host itself"


def root_cause(error: BaseException | None) -> BaseException | None:
    """The first error of the system (or of TLS) in the chain behind `error`, or `error` itself."""
    link, seen = error, 0
    while link is not None and seen < 10:
        if isinstance(link, ssl.SSLError) or (isinstance(link, OSError) and link.errno):
            return link
        link, seen = link.__cause__ or link.__context__, seen + 1
    return error


def bad_certificate(error: ssl.SSLCertVerificationError, host: str) -> SourceError:
    remedy = "check this machine's date; if the host has a certificate of your own, name its CA in SSL_CERT_FILE"
    return SourceError(f"the certificate of {host} is not good: {error.verify_message}", remedy=remedy)


def guarded_pool(
    tls: ssl.SSLContext | None, resolve: Resolve, *, private: bool, connections: int = 20
) -> httpcore.AsyncConnectionPool:
    """A pool of few connections (a large one is slow: each request walks through all of them)."""
    return httpcore.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=connections,
        max_keepalive_connections=5,
        keepalive_expiry=15.0,
        network_backend=Guard(resolve, private=private),
    )
