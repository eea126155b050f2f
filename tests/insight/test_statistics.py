"""The tail probabilities are exact, also where they are tiny, and behave as probabilities do."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb, exp, factorial, isclose, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.statistics import (
    negative_binomial_tail,
    overdispersion,
    pairwise_dispersion,
    poisson_tail,
    two_counts,
)

MEANS = st.floats(1e-3, 500)
COUNTS = st.integers(0, 600)


@pytest.mark.parametrize("mean", [0.01, 0.7, 3.0, 12.0, 80.0])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 20, 90])
def test_a_poisson_tail_is_one_minus_the_terms_below_it(count: int, mean: float) -> None:
    exact = 1 - sum(Fraction(mean) ** k / factorial(k) for k in range(count)) * Fraction(exp(-mean))
    assert poisson_tail(count, mean) == pytest.approx(float(exact), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [0, 1, 4, 30])
@pytest.mark.parametrize("mean", [0.25, 4.0, 31.0])
def test_a_negative_binomial_tail_is_the_sum_of_its_terms(size: int, count: int, mean: float) -> None:
    q = Fraction(mean) / (Fraction(mean) + size)
    below = sum(comb(k + size - 1, k) * q**k * (1 - q) ** size for k in range(count))
    assert negative_binomial_tail(count, mean, 1 / size) == pytest.approx(float(1 - below), rel=1e-9)


def test_tiny_tails_keep_their_digits() -> None:
    # With dispersion 1 the distribution is geometric: its tail is a plain power.
    for count in (50, 150, 250):
        assert log(negative_binomial_tail(count, 0.25, 1.0)) == pytest.approx(count * log(0.2), rel=1e-10)
    assert poisson_tail(170, 1.0) == pytest.approx(exp(-1) / factorial(170) * (1 + 1 / 171 + 1 / 171 / 172), rel=1e-7)


def test_without_dispersion_it_is_poisson() -> None:
    assert negative_binomial_tail(9, 3.0, 0.0) == poisson_tail(9, 3.0)
    assert negative_binomial_tail(9, 3.0, 1e-6) == pytest.approx(poisson_tail(9, 3.0), rel=1e-3)


@given(COUNTS, MEANS, st.floats(0, 5))
def test_a_tail_is_a_probability_and_falls_with_the_count(count: int, mean: float, dispersion: float) -> None:
    here, further = (negative_binomial_tail(k, mean, dispersion) for k in (count, count + 1))
    assert 0 <= further <= here * (1 + 1e-9) <= 1 + 2e-9


@given(COUNTS, MEANS, st.floats(0, 5))
def test_a_tail_rises_with_the_mean(count: int, mean: float, dispersion: float) -> None:
    low, high = negative_binomial_tail(count, mean, dispersion), negative_binomial_tail(count, mean * 1.1, dispersion)
    assert low <= high or isclose(low, high, rel_tol=1e-9)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 1), (12, 30), (200, 240)])
def test_two_counts_are_compared_by_the_binomial(first: int, second: int) -> None:
    high, total = max(first, second), first + second
    exact = min(1.0, 2 * sum(comb(total, k) for k in range(high, total + 1)) / 2**total)
    assert two_counts(first, second) == pytest.approx(exact, rel=1e-9)


@given(st.integers(0, 400), st.integers(0, 400), st.floats(1, 20))
def test_two_counts_have_no_order_and_doubt_makes_differences_smaller(a: int, b: int, dispersion: float) -> None:
    assert two_counts(a, b) == two_counts(b, a)
    assert two_counts(a, b, dispersion) >= two_counts(a, b) * (1 - 1e-9)


def test_a_weekly_rhythm_is_no_dispersion_but_moody_days_are() -> None:
    week = [50, 52, 47, 55, 49, 12, 9]
    assert pairwise_dispersion(week, week) == 1.0
    assert pairwise_dispersion([90, 20, 80, 15, 70, 10, 5], [20, 85, 25, 70, 10, 60, 40]) > 20


def test_the_dispersion_of_moody_counts_is_found_and_that_of_few_is_the_prior() -> None:
    rng = random.Random(4)
    means = [30.0] * 400
    moody = [round(rng.gauss(mean * rng.gammavariate(4, 0.25), mean**0.5)) for mean in means]
    found, error = overdispersion(moody, means, 0.3, 0.3)
    assert found == pytest.approx(0.25, abs=0.06)
    assert error < 0.05
    assert overdispersion([0, 0, 1], [0.1, 0.1, 0.1], 0.3, 0.3)[0] == pytest.approx(0.3, abs=0.02)
