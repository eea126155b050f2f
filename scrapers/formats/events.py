"""Events out of an HTTP body that never ends: server-sent ones, or one a line. Pure: bytes in, texts out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scrapers.base import SourceError
from scrapers.exchange import LeftOut

# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Lines:
    """One event a line. Empty lines are heartbeats.

    `largest`: bytes of one event. A longer one is left out as it arrives, up to the length at which it counts as one
    without end.
    """

    def __init__(self, largest: int, shown: str) -> None:
        self._largest, self._shown = largest, shown
        self._parts: list[bytes] = []  # of the line that has no end yet: joined once, however many pieces it comes in
        self._length = 0
        self._held = b""

    def feed(self, data: bytes) -> list[str]:
        """The events that are whole now."""
        data = self._held + data
        self._held = b"\r" if data.endswith(b"\r") else b""  # the \n of this line's end may be on its way
        first, *more = _LINE_END.split(data.removesuffix(self._held) if self._held else data)
        self._add(first)
        if not more:
            return []
        lines = []
        for piece in more:
            whole, length = b"".join(self._parts), self._length
            lines.append(LeftOut(whole, length) if length > self._largest else whole.decode("utf-8", errors="replace"))
            self._parts, self._length = [], 0
            self._add(piece)
        return self._events(lines)

    def _add(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._length += len(piece)
        if self._length > self._largest:
            self._parts = [b"".join(self._parts)[: LeftOut.SHOWN]]
        self._check(self._length)

    def _check(self, size: int) -> None:
        if size > self._largest * LeftOut.MOST_TIMES:
            raise SourceError(f"{self._shown} sent an event without an end, of more than {self._largest:,} bytes")

    def _events(self, lines: Iterable[str]) -> list[str]:
        return [line for line in lines if line.strip()]


class ServerSent(Lines):
    """One event a block: its `event:`, `id:` and `data:` lines, without comments, which are heartbeats.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self, largest: int, shown: str) -> None:
        super().__init__(largest, shown)
        self._block: list[str] = []
        self._size = 0
        self._long = False

    def _events(self, lines: Iterable[str]) -> list[str]:
        found: list[str] = []
        for line in lines:
            if line.startswith(("event:", "id:", "data:")):
                self._size += line.size if isinstance(line, LeftOut) else len(line)
                self._long = self._long or isinstance(line, LeftOut) or self._size > self._largest
                self._block = self._block[:1] if self._long else [*self._block, line]
                self._check(self._size)
            elif not line:
                if self._long:
                    found.append(LeftOut("\n".join(self._block).encode(), self._size))
                elif any(one.startswith("data:") for one in self._block):
                    found.append("\n".join(self._block))
                self._block, self._size, self._long = [], 0, False
        return found
