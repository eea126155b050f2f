"""Alerts on the terminal, for a first try, for the demo and for logs."""

from __future__ import annotations

import sys
import threading
from typing import Any, ClassVar

from pydantic import Field

from alerts.base import Channel, Message, Post, Ref, SendError
from alerts.render import plain
from alerts.text import printable

_ONE_AT_A_TIME = threading.Lock()  # each channel sends in a thread of its own, and two of them may be terminals


class Console(Channel):
    """Prints to standard output: coloured on a terminal, plain text anywhere else."""

    kind: ClassVar[str] = "console"
    title: ClassVar[str] = "The terminal"
    example: ClassVar[dict[str, Any]] = {}

    color: bool | None = Field(None, description="Colour or none; by default only on a terminal.")

    def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
        first, _, rest = printable(plain(message)).partition("\n")
        colored = sys.stdout.isatty() if self.color is None else self.color
        block = f"\x1b[1m{first}\x1b[0m\n{rest}" if colored else f"{first}\n{rest}"
        try:
            with _ONE_AT_A_TIME:
                sys.stdout.write(f"\n{block.rstrip()}\n\n")
                sys.stdout.flush()
        except (OSError, ValueError) as error:
            raise SendError("standard output is closed", permanent=True, remedy="use another channel") from error
        return {}

    def check(self, post: Post) -> str:
        return "prints to standard output"
