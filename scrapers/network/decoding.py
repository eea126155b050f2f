"""A body as it streams in: decoded with a cap at every step, and known to be whole or not at its end."""

from __future__ import annotations

import zlib
from typing import Any

from scrapers.base import SourceError
from scrapers.network.pace import PassingError

ACCEPTED = "gzip, deflate"
"""Brotli and zstd are not asked for: their decoders give a bomb's 300 MiB in one piece, before anybody can count."""

# https://www.iana.org/assignments/http-parameters#content-coding
_CODINGS = {"gzip", "deflate", "br", "zstd", "compress", "dcb", "dcz", "exi", "pack200-gzip"}

# A real gzip has one member; a body of tiny ones costs time for each. https://www.rfc-editor.org/rfc/rfc1952#section-2.2
_MAX_MEMBERS = 1000
_MAX_CRUMBS, _CRUMB = 50_000, 32  # the same for chunks: a megabyte in chunks of one byte takes 20 seconds of CPU


def packing(encoding: str) -> str:
    """What a Content-Encoding says that has to be undone; nothing for what is no coding, such as `utf-8` or `none`.

    Of several the order counts; two that pack are named together, and nobody sends them.
    """
    named = (name.strip().lower().removeprefix("x-") for name in encoding.split(","))
    return ", ".join(name for name in named if name in _CODINGS)


class Body:
    """Feed it what arrives, then `finish`. `cut`: past the cap the rest is left out instead of refused.

    `ends_itself`: what is packed says where it ends.
    """

    def __init__(self, encoding: str, cap: int, *, subject: str, cut: bool = False) -> None:
        self._encoding = packing(encoding)
        if self._encoding not in {"gzip", "deflate", ""}:
            wrong = f"the content-encoding {self._encoding[:40]!r}"
            raise SourceError(f"{subject} came in {wrong}, which was not asked for")
        self.ends_itself = self._encoding != ""
        self._cap, self._cut, self._subject = cap, cut, subject
        self._parts: list[bytes] = []
        self._decoder: Any = None
        self._waiting = b""  # bytes too few to tell what they begin
        self._members = self._arrived = self._pieces = 0
        self.size = 0
        self.full = False

    def feed(self, data: bytes) -> None:
        self._arrived += len(data)
        self._pieces += 1
        if self._pieces > _MAX_CRUMBS and self._arrived < self._pieces * _CRUMB:
            raise SourceError(f"{self._subject} came in more than {_MAX_CRUMBS:,} tiny pieces")
        if self._arrived > self._cap:
            self._overflow()  # what arrives counts too: a stream may decode to nothing and never end
        if not self._encoding:
            self._keep(data)
            return
        try:
            self._inflate(data)
        except zlib.error as error:
            raise SourceError(f"{self._subject} said {self._encoding} and sent something else: {error}") from error

    def finish(self) -> bytes:
        """The whole body. Raises PassingError when a compressed stream has not reached its end."""
        if not self.full and (self._waiting or (self._decoder is not None and not self._decoder.eof)):
            raise PassingError(f"{self._subject} was cut short: the {self._encoding} stream has no end", sent=True)
        return b"".join(self._parts)

    def _inflate(self, data: bytes) -> None:
        data = self._waiting + data
        self._waiting = b""
        while data and not self.full:
            if self._decoder is None or self._decoder.eof:
                data = data.lstrip(b"\0") if self._members else data  # gzip allows zeros after a member
                if self._members and not b"\x1f\x8b".startswith(data[:2]):
                    return  # anything else behind the end is noise, which every browser ignores too
                if len(data) < 2:
                    self._waiting = data
                    return
                self._decoder = self._next_decoder(data)
            self._keep(self._decoder.decompress(data, self._cap - self.size + 1))
            data = self._decoder.unused_data

    def _next_decoder(self, data: bytes) -> Any:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise SourceError(f"{self._subject} is a gzip of more than {_MAX_MEMBERS} members")
        if self._encoding == "gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        # "deflate" means zlib's format, and half of the servers that say it send the bare stream:
        # https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2
        wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)

    def _keep(self, data: bytes) -> None:
        kept = data[: self._cap - self.size]
        if kept:
            self._parts.append(kept)
            self.size += len(kept)
        if len(kept) < len(data):
            self._overflow()

    def _overflow(self) -> None:
        self.full = True
        if not self._cut:
            raise SourceError(f"{self._subject} is larger than {self._cap:,} bytes and was not read to its end")
