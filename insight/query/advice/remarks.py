"""What will surprise the writer of a query: where it stands, what will happen, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from insight.query.errors import QueryError
from insight.query.tree import Query


class Level(StrEnum):
    WARNING = "warning"  # it most likely does not do what is meant
    HINT = "hint"  # it does, but there is something to know


@dataclass(frozen=True, slots=True)
class Advice:
    """`position` counts characters of `query` from 0. `code` names the kind of surprise and never changes."""

    level: Level
    code: str
    position: int
    message: str
    remedy: str
    query: str

    def pointed(self) -> tuple[str, str]:
        """The query on one line, cut to a window, and the line with the caret below it."""
        return QueryError(self.message, self.position, self.remedy, self.query).pointed()

    def __str__(self) -> str:
        line, caret = self.pointed()
        return f"{self.level}, character {self.position + 1}: {self.message}\n  {line}\n  {caret}\n  {self.remedy}"


@dataclass(frozen=True, slots=True)
class Remark:
    """An advice about one node of the tree, and the other node that makes it true, where there is one."""

    level: Level
    code: str
    node: Query
    message: str
    remedy: str
    because: Query | None = None


def warning(code: str, node: Query, message: str, remedy: str, because: Query | None = None) -> Remark:
    return Remark(Level.WARNING, code, node, message, remedy, because)


def hint(code: str, node: Query, message: str, remedy: str, because: Query | None = None) -> Remark:
    return Remark(Level.HINT, code, node, message, remedy, because)
