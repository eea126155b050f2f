"""A guarded connection in one's own hands, for what is no exchange of one request and one answer."""

from __future__ import annotations

import ssl
from typing import Self

import httpcore

from scrapers.network.guard import Guard, Resolve, bad_certificate, root_cause
from scrapers.network.hops import Target
from scrapers.network.pace import PassingError

_CHUNK = 65_536


class Line:
    """An open connection: bytes in, bytes out. Raises SourceError; `shown` is what it calls the other end."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, shown: str) -> None:
        self._stream, self._shown = stream, shown

    @classmethod
    async def dial(
        cls, target: Target, resolve: Resolve, tls: ssl.SSLContext | None, *, private: bool, seconds: float
    ) -> Self:
        """Call the target at an address that the guard has judged. `tls` None: nothing is encrypted."""
        guard = Guard(resolve, private=private)
        stream = await guard.connect_tcp(target.host, target.port, seconds)
        if tls is not None:
            try:
                tls.set_alpn_protocols(["http/1.1"])
                stream = await stream.start_tls(tls, target.host, seconds)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                cause = root_cause(error)
                if isinstance(cause, ssl.SSLCertVerificationError):
                    raise bad_certificate(cause, target.host) from error
                why = cause or type(error).__name__
                raise PassingError(f"{target.netloc} could not be reached ({why})", sent=False) from error
        return cls(stream, target.shown)

    async def read(self) -> bytes:
        """What has arrived, at least one byte; nothing at the end of the connection. Waits for as long as it takes."""
        try:
            return await self._stream.read(_CHUNK)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise self._broken(error) from error

    async def write(self, data: bytes) -> None:
        try:
            await self._stream.write(data)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise self._broken(error) from error

    async def close(self) -> None:
        await self._stream.aclose()

    def _broken(self, error: Exception) -> PassingError:
        cause = root_cause(error)
        return PassingError(f"{self._shown} broke off ({str(cause) or type(cause).__name__})", sent=True)
