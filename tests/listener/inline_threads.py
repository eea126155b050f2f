"""The store's threads for tests in which nothing runs side by side: each call at once, on the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from listener.threads import Threads


class Inline(Threads):
    """`around` sees each call and runs it, or raises instead."""

    def __init__(self, around: Callable[[Callable[[], Any]], Any] = lambda call: call()) -> None:
        super().__init__()
        self._around = around

    async def write(self, call: Callable[[], Any]) -> Any:
        return self._around(call)

    read = work = write
