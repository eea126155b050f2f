"""Conversations with a mail server that have an end: smtplib, held to a deadline and to a cap on what is read."""

from __future__ import annotations

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any

LONGEST = 4
"""Times the wait for one answer: what a whole conversation may take."""
_CAP = 100_000
"""Bytes that a server may say in one conversation."""


class Bounded(smtplib.SMTP):
    """A conversation with an end: after so many timeouts the connection is cut, and _CAP bytes are read at most."""

    left = _CAP
    _line: socket.socket | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._line = sock.dup()  # a handle that stays ours when TLS takes the socket over
        self._timer = threading.Timer(LONGEST * timeout, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return sock

    def connect(self, *place: Any, **further: Any) -> tuple[int, bytes]:
        try:
            return super().connect(*place, **further)
        except BaseException:
            self.close()
            raise

    def _cut(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Capped(self, self.sock.makefile("rb"))
        return super().getreply()

    def close(self) -> None:
        try:
            super().close()
        finally:
            line, self._line = self._line, None
            if line is not None:
                self._timer.cancel()
                line.close()


class BoundedTls(smtplib.SMTP_SSL, Bounded):
    """The same inside TLS; in this order, so that the handshake has the same end."""


class _Capped:
    """What the server says, as smtplib reads it, up to what is left of the cap."""

    def __init__(self, server: Bounded, file: Any) -> None:
        self._server, self._file = server, file

    def readline(self, size: int) -> bytes:
        line: bytes = self._file.readline(size)
        self._server.left -= len(line)
        if self._server.left < 0 or len(line) >= size:
            raise OSError("the server says more than a mail server has to say")
        return line

    def close(self) -> None:
        self._file.close()
