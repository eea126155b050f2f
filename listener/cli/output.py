"""What commands print: tables for people, JSON for machines, and one clear line when something is wrong."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, NoReturn

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from alerts.text import printable

# What acts on a terminal or cannot be seen: C1 controls, marks that turn the direction of text around (see
# https://trojansource.codes), characters without width, tags.
_HIDDEN = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by their category, blank on the screen
_FORMULA = ("=", "+", "-", "@", "\u2212")


class Terminal(Console):
    """A console on which nothing but our own styles acts: what others wrote is shown, never carried out."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


out = Terminal(highlight=False)
err = Terminal(stderr=True, highlight=False)


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
    sys.stdout.write(_json(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    sys.stdout.write(_json(value) + "\n")


def _json(value: Any, indent: int | None = None) -> str:
    """The same JSON for every reader; what would act on a terminal is written as an escape."""
    text = json.dumps(plain(value), indent=indent, ensure_ascii=False)
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def print_text(text: str) -> None:
    """Text as it is for whoever reads it from a file or a pipe; on a terminal without what acts there."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def complain(text: str) -> None:
    """A few lines on standard error."""
    sys.stderr.write(printable(text) + "\n")


class _CsvTarget:
    """Standard output for the csv module, which calls `write` and nothing else."""

    def write(self, text: str) -> None:
        print_text(text)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Comma-separated values for a spreadsheet, which takes none of the cells for a formula; how many rows."""
    writer, count = csv.writer(_CsvTarget(), lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC), 0
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last count is the answer
        writer.writerow([defused(cell) if isinstance(cell, str) else cell for cell in row])
    return count


def defused(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: quoted where it would be.

    https://owasp.org/www-community/attacks/CSV_Injection

    It is looked at as a spreadsheet may read it: compatibility forms folded (＝ is =), and nothing invisible before it.
    """
    folded = unicodedata.normalize("NFKC", cell)
    first = next((char for char in folded if unicodedata.category(char)[0] not in "CZM" and char not in _FILLERS), "")
    return f"'{cell}" if first in _FORMULA or cell[:1] in ("\t", "\r", "\n") else cell


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """A table for people; a cell is shown as it is, unless it is a rich Text."""
    shown = Table(*columns, title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else escape(str(cell)) for cell in row))
    out.print(shown)


def fail(message: str, remedy: str = "", code: int = 1) -> NoReturn:
    """Print what is wrong and what to do about it, and end the command."""
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
    span = duration(abs(seconds), seconds_below=60)
    return f"{span} ago" if seconds >= 0 else f"in {span}"


def duration(seconds: float, seconds_below: int = 120) -> str:
    """A span of time in its largest unit, of which there are at least two; seconds below `seconds_below`."""
    for least, size, unit in ((172_800, 86_400, "d"), (7200, 3600, "h"), (seconds_below, 60, "min")):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
