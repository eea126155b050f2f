"""Tests of a query: what comes out otherwise is named, with what hid it or what matched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post, Rating
from insight.query import Facts, Matcher, parse
from insight.query.advice.cases import Case, run

QUERY = parse('(acme OR "bolt pro") NOT jobs NOT is:owned')


def case(text: str, *, expected: bool, owned: frozenset[str] = frozenset(), **more: Any) -> Case:
    return Case(Post("net", "1", text, **more), Facts(owned=owned), expected)


def said(one: Case) -> list[str]:
    return [str(failure) for failure in run(QUERY, [one])]


def test_what_comes_out_as_expected_is_not_mentioned() -> None:
    hidden = case("acme", expected=False, owned=frozenset({"me"}), author="me")
    assert run(QUERY, [case("acme", expected=True), case("none", expected=False), hidden]) == []


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (case("bolt", expected=True), 'must match "bolt", but nothing in it matches'),
        (case("acme jobs", expected=True), 'must match "acme jobs", but NOT jobs hides it'),
        (
            case("Acme, ACME! bolt-pro", title="acme", expected=False),
            "must not match \"acme / Acme, ACME! bolt-pro\", but it matches: 'acme', 'Acme', 'ACME', 'bolt-pro'",
        ),
        (case("", rating=Rating(2), expected=True), "must match a rating of 2, but nothing in it matches"),
        (case("x" * 101, expected=True), f'must match "{"x" * 100}…", but nothing in it matches'),
    ],
)
def test_a_failure_says_what_was_expected_and_why_it_came_out_otherwise(one: Case, says: str) -> None:
    assert said(one) == [says]


def test_failures_come_in_the_order_of_the_cases() -> None:
    cases = [case("acme", expected=False), case("fine", expected=False), case("bolt", expected=True)]
    assert [failure.case for failure in run(QUERY, cases)] == [cases[0], cases[2]]


@given(st.lists(st.tuples(st.sampled_from(["acme", "acme jobs", "bolt", "bolt pro", ""]), st.booleans()), max_size=8))
def test_a_case_fails_exactly_when_its_opposite_passes(given_cases: list[tuple[str, bool]]) -> None:
    cases = [case(text, expected=expected) for text, expected in given_cases]
    failed = [failure.case for failure in run(QUERY, cases)]
    matcher = Matcher(QUERY)
    for one in cases:
        match = matcher.match(one.post, one.facts)
        kept = match is not None and match.excluded_by is None
        assert (one in failed) == (kept != one.expected)
