"""Alerts on the terminal, for a first try, for the demo and for logs."""

from __future__ import annotations

import sys
import threading
from typing import Any, ClassVar

from pydantic import Field

from alerts.base import Channel, Message, Post, Ref, SendError
from alerts.render import plain
from alerts.text import printable

_ONE_AT_A_TIME = threading.Lock()


class Console(Channel):
    """Prints to standard output: coloured on a terminal, plain text anywhere else."""

    kind: ClassVar[str] = "console"
    title: ClassVar[str] = "The terminal"
    example: ClassVar[dict[str, Any]] = {}

    color: bool | None = Field(None, description="Colour or none; by default only on a terminal.")

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        first, _, rest = printable(plain(message)).partition("\n")
        block = f"{_bold(first) if self._colored() else first}\n{rest}"
        try:
            with _ONE_AT_A_TIME:
                sys.stdout.write(f"\n{block.rstrip()}\n\n")
                sys.stdout.flush()
        except (OSError, ValueError) as error:
            raise SendError("standard output is closed", permanent=True, remedy="use another channel") from error
        return {}

    def check(self, post: Post) -> str:
        return "prints to standard output"

    def _colored(self) -> bool:
        return sys.stdout.isatty() if self.color is None else self.color


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"
