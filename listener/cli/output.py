"""What commands print: tables for people, JSON for machines, and one clear line when something is wrong."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def plain(value: Any) -> Any:
    """A value as JSON: dataclasses as objects, times in ISO 8601, enums by their value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key.value if isinstance(key, Enum) else key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n")


def print_json_line(value: Any) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """A table for people; a cell is shown as it is, unless it is a rich Text."""
    shown = Table(*columns, title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else escape(str(cell)) for cell in row))
    out.print(shown)


def fail(message: str, remedy: str = "", code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, and end."""
    err.print(f"[bold red]✗[/] {escape(message)}", soft_wrap=True)
    if remedy:
        err.print(f"  {escape(remedy)}", soft_wrap=True)
    raise SystemExit(code)


def done(message: str) -> None:
    out.print(f"[green]✓[/] {escape(message)}", soft_wrap=True)


def when(time: datetime | None, now: datetime) -> str:
    """A time as people say it: how long ago, or in how long."""
    if time is None:
        return "never"
    seconds = (now - time).total_seconds()
    span = _span(abs(seconds))
    return f"{span} ago" if seconds >= 0 else f"in {span}"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
