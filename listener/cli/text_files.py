"""Files of texts for the commands that need no config: JSON lines or CSV in, JSON lines or CSV out, with progress."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from listener.cli.output import complain, defused, err, fail, plain

Row = dict[str, Any]
Written = Path | None
TEXT_NAMES = ("text", "content", "review", "comment", "body", "message", "post", "tweet")
"""Names of the column of texts, in the order in which they are looked for."""
_MOST_TOLD = 20  # bad lines that are told one by one


@dataclass
class TextFile:
    """The rows of a file; `-` is standard input. A line that is no row is told on standard error, counted, left out."""

    path: Path
    bad: int = 0
    rows: int = 0

    def __iter__(self) -> Iterator[Row]:
        with self._opened() as lines, _progress(self.path, lines) as advance:
            rows = self._csv_rows(lines) if self.path.suffix.lower() in (".csv", ".tsv") else self._json_rows(lines)
            for row in rows:
                self.rows += 1
                advance(self.rows)
                yield row

    def finish(self) -> None:
        """Ends the command with 1 if lines were left out; to be called when all that could be done is done."""
        if self.bad:
            many = f"{self.bad:,} lines" if self.bad > 1 else "one line"
            fail(f"{many} of {self.path} could not be read and {'are' if self.bad > 1 else 'is'} left out")

    def _json_rows(self, lines: IO[bytes]) -> Iterator[Row]:
        for number, line in enumerate(lines, 1):
            if line := line.strip().removeprefix(b"\xef\xbb\xbf"):  # the mark that Windows puts before UTF-8
                try:
                    row = json.loads(line.decode())
                    if isinstance(row, str):
                        row = {"text": row}
                    yield self._named(row if isinstance(row, dict) else {})
                except (ValueError, RecursionError) as error:
                    self._set_aside(number, str(error).splitlines()[0])

    def _csv_rows(self, lines: IO[bytes]) -> Iterator[Row]:
        with io.TextIOWrapper(lines, encoding="utf-8-sig", errors="replace", newline="") as words:
            sample = words.readline()
            reader = csv.reader(chain([sample], words), delimiter=max(",;\t", key=sample.count))
            header = [name.strip() for name in next(reader, [])]
            for cells in filter(None, reader):
                try:
                    if len(cells) > len(header):
                        raise ValueError(f"{len(cells)} cells under {len(header)} names")
                    yield self._named(dict(zip(header, cells, strict=False)))
                except ValueError as error:
                    self._set_aside(reader.line_num, str(error))

    def _named(self, row: Row) -> Row:
        """The row with its text as `text`. Raises ValueError where it has none."""
        if isinstance(row.get("text"), str):
            return row
        by_name = {name.lower(): name for name in row}
        for name in TEXT_NAMES:
            if isinstance(text := row.get(by_name.get(name, "")), str):
                return {**row, "text": text}
        raise ValueError(f"it has no text: name a column or key {', '.join(TEXT_NAMES)}")

    def _set_aside(self, number: int, reason: str) -> None:
        self.bad += 1
        if self.bad <= _MOST_TOLD:
            complain(f"line {number}: {reason}")
        if self.bad == _MOST_TOLD:
            complain("further lines like these are only counted")

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if str(self.path) == "-":
            yield sys.stdin.buffer
            return
        try:
            opened = self.path.open("rb")
        except OSError as error:
            fail(f"{self.path} cannot be read: {error.strerror}", "name a file of JSON lines or CSV, or - for a pipe")
        with opened:
            yield opened


def write_rows(rows: Iterable[Mapping[str, Any]], to: Written) -> int:
    """As JSON lines, or as CSV where the file is called so; to standard output where none is named. How many."""
    if to is None:
        return _write_json(rows, sys.stdout)
    try:
        with to.open("w", encoding="utf-8", newline="") as file:
            return _write_csv(rows, file) if to.suffix.lower() == ".csv" else _write_json(rows, file)
    except OSError as error:
        fail(f"{to} cannot be written: {error.strerror}")


def _write_json(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(plain(row), ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
        count += 1
    return count


def _write_csv(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    """The columns are those of the first row; lists and objects are JSON in their cell."""
    writer, count = None, 0
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(file, list(row), extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in row.items()})
        count += 1
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return defused(value)
    return json.dumps(plain(value), ensure_ascii=False) if isinstance(value, dict | list | tuple | bool) else value


@contextmanager
def _progress(path: Path, lines: IO[bytes]) -> Iterator[Any]:
    """A bar on a terminal: how much of the file is read."""
    if not err.is_terminal or str(path) == "-":
        yield lambda _rows: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    shown = TextColumn("{task.fields[rows]:,} rows")
    columns = (TextColumn("{task.description}"), BarColumn(), shown, TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(path.name, total=path.stat().st_size, rows=0)

        def advance(rows: int) -> None:
            if rows % 200 == 0:
                bars.update(task, completed=lines.tell(), rows=rows)

        yield advance
