"""One side of a WebSocket (RFC 6455), without I/O: bytes in, texts out, and the bytes that are to be sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from scrapers.exchange import LeftOut
from scrapers.network.frames import SmallFrames
from scrapers.network.hops import Target
from scrapers.network.pace import PassingError

_QUIET = logging.getLogger("scrapers.network.websocket")
_QUIET.setLevel(logging.WARNING)  # whoever debugs everything else must not find tokens in the log
_DATA = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}
_HEAD_END = b"\r\n\r\n"


class RefusedError(Exception):
    """The server answered the handshake with something else than a WebSocket."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status, self.headers, self.body = status, headers, body


class WebSocket:
    """Give it what has arrived; `outgoing` is what is to be sent after each call.

    No extension is offered: a message of a few compressed bytes that becomes gigabytes is therefore refused
    (https://www.rfc-editor.org/rfc/rfc7692#section-8).
    `largest`: bytes of one message, in however many parts it comes. A longer one is left out as it arrives, up to the
    length at which it counts as one without end.
    """

    def __init__(self, target: Target, headers: Mapping[str, str], largest: int) -> None:
        self._shown, self._largest = target.shown, largest
        parts = urlsplit(target.url)
        uri = WebSocketURI(target.scheme == "https", target.host, target.port, parts.path or "/", parts.query)
        most = largest * LeftOut.MOST_TIMES
        self._protocol = ClientProtocol(uri, max_size=most, logger=_QUIET)
        self._frames, self._head = SmallFrames(most), b""
        request = self._protocol.connect()
        for name, value in headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def opened(self) -> bool:
        return self._protocol.state is not State.CONNECTING

    def outgoing(self) -> bytes:
        return b"".join(self._protocol.data_to_send())

    def say(self, text: str) -> None:
        self._protocol.send_text(text.encode())

    def ping(self) -> None:
        self._protocol.send_ping(b"")

    def leave(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)

    def receive(self, data: bytes) -> list[str]:
        """The messages that are whole now; `data` empty: the end. Raises RefusedError, and SourceError once it is over.

        What came before the end is given first: `raise_if_over`, or the next call, raises.
        """
        if self._protocol.state is State.CLOSED or not data:
            self._protocol.receive_eof()
        else:
            self._give(data)
        found = list(self._whole_messages())
        if not found:
            self.raise_if_over()
        return found

    def _give(self, data: bytes) -> None:
        """To the library: the answer to the handshake as it is, then frames, none of them long."""
        if not self.opened:
            before, self._head = len(self._head), self._head + data
            end = self._head.find(_HEAD_END)
            cut = end + len(_HEAD_END) - before if end >= 0 else len(data)
            self._protocol.receive_data(data[:cut])
            self._head, data = self._head[1 - len(_HEAD_END) :], data[cut:]
        if data:
            self._protocol.receive_data(self._frames.feed(data) if self.opened else data)

    def _whole_messages(self) -> Iterator[str]:
        # Bytes that are no UTF-8 are replaced, and end nothing: a stream that is resumed would meet them for ever.
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in _DATA:
                self._size += len(event.data)
                self._parts.append(bytes(event.data))
                if self._size > self._largest:
                    self._parts = [b"".join(self._parts)[: LeftOut.SHOWN]]
                if event.fin:
                    whole, size = b"".join(self._parts), self._size
                    self._parts, self._size = [], 0
                    yield LeftOut(whole, size) if size > self._largest else whole.decode("utf-8", errors="replace")

    def raise_if_over(self) -> None:
        """Raise what has ended the connection, if something has: a farewell ends it at once, whatever the other end
        does with the line. https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1"""
        protocol = self._protocol
        if protocol.handshake_exc is not None:
            error = protocol.handshake_exc
            if isinstance(error, InvalidStatus):
                answer: Response = error.response
                headers = {name.lower(): value for name, value in answer.headers.raw_items()}
                raise RefusedError(answer.status_code, headers, bytes(answer.body or b"")) from error
            raise PassingError(f"{self._shown} does not speak WebSocket: {error}", sent=True) from error
        if isinstance(protocol.parser_exc, PayloadTooBig):
            raise PassingError(
                f"{self._shown} sent an event without an end, of more than {self._largest:,} bytes", sent=True
            )
        if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
            raise PassingError(f"{self._shown} does not speak WebSocket: {protocol.parser_exc}", sent=True)
        if protocol.close_rcvd is not None:
            code, reason = protocol.close_rcvd.code, protocol.close_rcvd.reason[:200]
            raise PassingError(f"{self._shown} ended the stream ({f'{code} {reason}'.strip()})", sent=True)
        if protocol.state is State.CLOSED or protocol.parser_exc is not None:
            raise PassingError(f"{self._shown} broke off", sent=True)
