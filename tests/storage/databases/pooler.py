"""A pooler for Postgres, as small as one can be: it lends a connection for a transaction, or for a session."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

_STARTUP, _TLS = 196608, 80877103  # https://www.postgresql.org/docs/current/protocol-message-formats.html


class Pooler:
    """Listens on `port`; `sessions`: whether who connects keeps one server connection until the end."""

    def __init__(self, server: str, *, sessions: bool) -> None:
        self._server, self._sessions = server, sessions
        self._free: list[tuple[socket.socket, bytes]] = []
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]

    @contextmanager
    def running(self) -> Iterator[Pooler]:
        Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        lent: tuple[socket.socket, bytes] | None = None
        with suppress(OSError, EOFError):
            startup = _startup(client)
            lent = self._lend(startup)
            client.sendall(lent[1])
            lent = self._back(lent)
            while (message := _message(client))[:1] != b"X":
                lent = lent or self._lend(startup)
                lent[0].sendall(message)
                if message[:1] in b"QS" and self._answer(client, lent[0]) == b"I":
                    lent = self._back(lent)
        if lent:
            lent[0].close()
        client.close()

    def _answer(self, client: socket.socket, server: socket.socket) -> bytes:
        """Pass the server's messages on until it is ready again; its state: I outside a transaction."""
        while True:
            message = _message(server)
            client.sendall(message)
            if message[:1] == b"Z":
                return message[-1:]

    def _lend(self, startup: bytes) -> tuple[socket.socket, bytes]:
        """The connection that was used last, or a new one, with what it said when it was made."""
        with self._lock:
            if self._free:
                return self._free.pop()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self._open.append(server)
        server.sendall(startup)
        said = b""
        while (message := _message(server))[:1] != b"Z":
            said += message
        return server, said + message

    def _back(self, lent: tuple[socket.socket, bytes]) -> tuple[socket.socket, bytes] | None:
        if self._sessions:
            return lent
        with self._lock:
            self._free.append(lent)
        return None


def _startup(client: socket.socket) -> bytes:
    while True:
        size = _exactly(client, 4)
        rest = _exactly(client, struct.unpack("!I", size)[0] - 4)
        if struct.unpack("!I", rest[:4])[0] == _STARTUP:
            return size + rest
        client.sendall(b"N")  # no TLS, no GSS


def _message(sock: socket.socket) -> bytes:
    head = _exactly(sock, 5)
    return head + _exactly(sock, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = sock.recv(count - len(found))
        if not part:
            raise EOFError
        found += part
    return found
