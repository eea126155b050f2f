"""python -m benchmarks.suites FOLDER … [-v] [--only NAME]: every suite in these folders, and how much of it passes.

What a file is, the beginning of its name says: `dates.jsonl`, `robots.jsonl`, `encodings.json`, `html.json`,
`urls.json`, `tracking_params.csv`, `cases.json` with the files beside it, and a folder `feedparser` of feeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from benchmarks.suites import cases, feeds, small
from benchmarks.suites.verdicts import Verdict

_JUDGES: tuple[tuple[str, Callable[[Path], Iterator[Verdict]]], ...] = (
    ("feedparser*", feeds.judge_feeds),
    ("dates*.jsonl", small.judge_dates),
    ("robots*.jsonl", small.judge_robots),
    ("encodings*.json", small.judge_encodings),
    ("html*.json", small.judge_html),
    ("urls*.json", small.judge_addresses),
    ("tracking_params*.csv", small.judge_parameters),
    ("cases*.json", cases.judge_cases),
)


def verdicts(folders: Iterable[Path], only: str = "") -> Iterator[Verdict]:
    for folder in folders:
        for name, judge in _JUDGES:
            for path in sorted(folder.glob(name)) if only in name else ():
                yield from judge(path)


def show(found: Iterable[Verdict], verbose: bool) -> None:
    """A line for each suite, whose verdicts come one after the other, and above it what failed."""
    table = [f"{'suite':<18}{'passed':>8}{'of':>7}{'goal':>7}"]
    for suite, group in groupby(found, key=lambda verdict: verdict.suite):
        of_suite = list(group)
        for verdict in of_suite if verbose else ():
            if not verdict.passed:
                print(f"{suite}: {verdict.case}\n    wanted {verdict.wanted!r:.300}\n    got    {verdict.got!r:.300}")
        passed, goal = sum(verdict.passed for verdict in of_suite), math.ceil(of_suite[0].goal * len(of_suite) - 1e-9)
        missed = "" if passed >= goal else "  below"
        table.append(f"{suite:<18}{passed:>8,}{len(of_suite):>7,}{goal:>7,}{missed}")
    print("\n".join(table))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suites", description="Conformance suites.")
    parser.add_argument("folders", nargs="+", type=Path, help="where suites lie")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what failed")
    parser.add_argument("--only", default="", help="only suites whose file has this in its name")
    given = parser.parse_args()
    show(verdicts(given.folders, given.only), given.verbose)


if __name__ == "__main__":
    main()
