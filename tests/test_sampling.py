"""The sample of the quick run shows everything that varies, and leaves to the soak no more than combinations."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SAMPLED = """
import pytest

@pytest.mark.sampled
@pytest.mark.parametrize("left", range(7))
@pytest.mark.parametrize("right", [b"a", b"b", b"c"])
def test_pairs(left, right): pass

@pytest.mark.sampled("kind")
@pytest.mark.parametrize(("kind", "name"), [("feed", "a"), ("feed", "b"), ("page", "a")])
def test_names(kind, name): pass

@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_long(seed): pass
"""
CONFTEST = """
from tests import sampling

def pytest_collection_modifyitems(items):
    sampling.leave_to_soak(items)
    print([f"{item.name} {bool(item.get_closest_marker('soak'))}" for item in items])
    sampling.longest_first(items, 2)
    print("LONG", [number for number, item in enumerate(items) if item.get_closest_marker("long")])
    sampling.first_cases_first(items)
    print("FIRST", [item.name for item in items[:3]])
"""


@pytest.fixture
def collected(pytester: pytest.Pytester) -> list[str]:
    pytester.makeini("[pytest]\nmarkers =\n  soak\n  sampled\n  long\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(SAMPLED)
    return pytester.runpytest_subprocess("--collect-only", "-q").outlines


def test_each_value_is_in_the_quick_run_and_most_pairs_are_not(collected: list[str]) -> None:
    (line,) = (line for line in collected if "test_pairs[" in line and "True" in line)
    cases = dict(case.strip("' ").split() for case in line.strip("[]").split("', '"))
    quick = [name for name, soak in cases.items() if soak == "False"]
    pairs = [name[len("test_pairs[") : -1].split("-") for name in quick if name.startswith("test_pairs")]
    assert {left for left, _ in pairs} | {right for _, right in pairs} == {*map(str, range(7)), "a", "b", "c"}
    assert 7 <= len(pairs) <= 9
    names = [name for name in quick if name.startswith("test_names")]
    assert len(names) == 2
    assert "test_names[page-a]" in names


def test_what_is_long_begins_on_every_worker_and_first_cases_come_first(collected: list[str]) -> None:
    (long,) = (line for line in collected if line.startswith("LONG"))
    assert long == "LONG [0, 1, 14]", "two of three for the first worker, one for the second"
    (first,) = (line for line in collected if line.startswith("FIRST"))
    assert all(first.count(name) == 1 for name in ("test_pairs[", "test_names[", "test_long[")), first
