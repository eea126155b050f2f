"""A WebSocket's frames (RFC 6455, 5.2), cut into small ones as they arrive, so that none has to be kept whole."""

from __future__ import annotations

_FIN, _CONTROL = 0x80, 0x08


class SmallFrames:
    """Bytes of frames in, bytes of frames out: one that comes in pieces goes on as so many fragments.

    The library keeps a frame until it is whole and ends the connection where it is too long, so a stream that goes on
    from a mark would meet the same one for ever. https://www.rfc-editor.org/rfc/rfc6455#section-5.4
    `most`: what is longer, and what no frame may be, goes on as it is: the library says what is wrong with it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""  # a head, or a control frame, that is not whole yet
        self._left = 0  # bytes of a payload that are still to come
        self._first, self._opcode = 0, 0  # the first byte of that frame, and the next fragment's
        self._as_it_is = False

    def feed(self, data: bytes) -> bytes:
        if self._as_it_is:
            return data
        data, self._held, at, out = self._held + data, b"", 0, bytearray()
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                at, self._left = at + len(piece), self._left - len(piece)
                out += self._fragment(piece)
                continue
            head, size = _head_and_size(data, at)
            end = at + head + size
            if size > self._most or data[at + 1 : at + 2] > b"\x7f":  # masked, which no server's may be
                self._as_it_is = True
                return bytes(out + data[at:])
            if end <= len(data):
                out += data[at:end]
                at = end
            elif not head or data[at] & _CONTROL:
                self._held, at = data[at:], len(data)
            else:
                self._first, self._opcode, self._left = data[at], data[at] & ~_FIN, size
                at += head
        return bytes(out)

    def _fragment(self, piece: bytes) -> bytes:
        last = 0 if self._left else self._first & _FIN
        first, self._opcode = last | self._opcode, 0
        return bytes([first, 127]) + len(piece).to_bytes(8, "big") + piece


def _head_and_size(data: bytes, at: int) -> tuple[int, int]:
    """How long the head of a frame is, and its payload; a head of nothing, and a payload past the end, where the head
    is not all there."""
    short = data[at + 1] & 0x7F if at + 1 < len(data) else 127
    head = {126: 4, 127: 10}.get(short, 2)
    if at + head > len(data):
        return 0, len(data) + 1
    return head, short if head == 2 else int.from_bytes(data[at + 2 : at + head], "big")
