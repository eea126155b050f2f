"""What the quick run takes of tests that have many cases; `make soak` runs them all.

A test with many parameters is marked `sampled`, a property whose examples cost much has `@examples(0.2)`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import settings


def examples(share: float) -> settings:
    """So large a share of the profile's examples (tests/conftest.py): for a property of which one costs much."""
    return settings(max_examples=max(3, round(settings.default.max_examples * share)))


def leave_to_soak(items: Iterable[pytest.Item]) -> None:
    """Mark as `soak` what is not in the sample of a test that is marked `sampled`.

    The sample has each value of each parameter, or of the ones that the marker names, at least once; with `cases=3`
    it has three cases. It is the same on every machine: the cases are taken in the order of their hashes.
    """
    for cases in by_function(items, marked="sampled").values():
        shown: set[tuple[str, object]] = set()
        for number, case in enumerate(sorted(cases, key=_hash)):
            marker, values = case.get_closest_marker("sampled"), _values(case)
            most = marker.kwargs.get("cases") if marker else None
            if values <= shown if most is None else number >= most:
                case.add_marker(pytest.mark.soak)
            shown |= values


def longest_first(items: list[pytest.Item], workers: int) -> None:
    """Put what is marked `long` at the beginning of each worker's share, so that all of them end together."""
    long = [item for item in items if item.get_closest_marker("long")]
    other = [item for item in items if not item.get_closest_marker("long")]
    share = -(-len(other) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *other[worker * share : (worker + 1) * share])
    ]


def first_cases_first(items: list[pytest.Item]) -> None:
    """Put the first case of every test before the second one of any, so that a run that ends early saw them all."""
    turn = {item: number for cases in by_function(items).values() for number, item in enumerate(cases)}
    items.sort(key=turn.__getitem__)


def by_function(items: Iterable[pytest.Item], marked: str = "") -> dict[str, list[pytest.Item]]:
    """The cases of each test function, if it has that marker."""
    found: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if not marked or item.get_closest_marker(marked):
            found[item.nodeid.partition("[")[0]].append(item)
    return found


def _hash(item: pytest.Item) -> str:
    return hashlib.sha256(item.nodeid.encode()).hexdigest()


def _values(case: pytest.Item) -> set[tuple[str, object]]:
    """What a case shows of its parameters. Those that the marker names are compared as values, others as objects."""
    marker = case.get_closest_marker("sampled")
    shown: dict[str, object] = case.callspec.params  # type: ignore[attr-defined]
    if marker and marker.args:
        return {(name, shown[name]) for name in marker.args}
    return {(name, id(value)) for name, value in shown.items()}
