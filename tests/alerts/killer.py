"""A program that can be killed at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class Killed(BaseException):
    """The program is gone: nothing after this line has happened."""


@dataclass
class Killer:
    """Kills the program at its n-th step. A step is just before or just after a call through `guard`."""

    left: int
    dead: bool = False

    def guard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any) -> Any:
            self._step()
            found = call(*arguments)
            self._step()
            return found

        return stepped

    def _step(self) -> None:
        self.left -= 1
        if self.left <= 0 or self.dead:
            self.dead = True  # whatever else still runs in other threads is dead too
            raise Killed


@contextmanager
def survived() -> Iterator[None]:
    """Whatever the killed program leaves behind is left behind."""
    try:
        yield
    except BaseException as error:
        if not _was_killed(error):
            raise


def _was_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(map(_was_killed, error.exceptions))
    return isinstance(error, Killed)
