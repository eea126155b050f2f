"""A small table on the terminal, and a clock that counts only this process's own work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: `rate` items a second, and how it stands to the row named `against`."""

    what: str
    rate: float
    against: str = ""


def processor_seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """The least of some runs: everything that disturbs a run makes it longer."""
    return min(_once(work, time.process_time) for _ in range(repeats))


def wall_seconds(work: Callable[[], object]) -> float:
    """For what waits on a disk or another process."""
    return _once(work, time.perf_counter)


def _once(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return max(clock() - start, 1e-9)


def show(title: str, module: str, unit: str, rows: Sequence[Row], notes: Sequence[str] = ()) -> None:
    rates = {row.what: row.rate for row in rows}
    print(f"\n{title}  (alone: python -m benchmarks.{module})")
    for row in rows:
        ratio = f"{row.rate / rates[row.against]:8.2f} x {row.against}" if row.against else ""
        print(f"  {row.what:<44} {row.rate:>12,.0f} {unit}  {ratio}".rstrip())
    for note in notes:
        print(f"  {note}")
