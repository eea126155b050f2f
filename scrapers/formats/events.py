"""Events out of an HTTP body that never ends: server-sent ones, or one a line. Pure: bytes in, texts out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scrapers.base import SourceError

# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Lines:
    """One event a line. Empty lines are heartbeats. `largest`: bytes of one event."""

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
        self._parts.append(first)
        self._length += len(first)
        self._check(max(self._length, *map(len, more), 0))
        if not more:
            return []
        lines = [b"".join(self._parts), *more[:-1]]
        self._parts, self._length = [more[-1]], len(more[-1])
        return self._events(line.decode("utf-8", errors="replace") for line in lines)

    def _check(self, size: int) -> None:
        if size > self._largest:
            raise SourceError(f"{self._shown} sent an event of more than {self._largest:,} bytes")

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

    def _events(self, lines: Iterable[str]) -> list[str]:
        found = []
        for line in lines:
            if line.startswith(("event:", "id:", "data:")):
                self._block.append(line)
                self._size += len(line)
                self._check(self._size)
            elif not line:
                if any(one.startswith("data:") for one in self._block):
                    found.append("\n".join(self._block))
                self._block, self._size = [], 0
        return found
