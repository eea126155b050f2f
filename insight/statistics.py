"""Tail probabilities and dispersions, exact and stable, on the standard library alone.

SciPy has all of it, and would be the largest dependency by far. The two incomplete functions are computed as in Press
et al., Numerical Recipes, sections 6.2 and 6.4, by formulas of the DLMF (https://dlmf.nist.gov); tests hold them
against exact sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, lgamma, log, log1p, sqrt

ENOUGH = 1e-15  # a term this much smaller than the sum no longer changes a double
TINY = 1e-300  # stands for 0 in a denominator, as in the modified Lentz method
POISSON = 1e-7  # a dispersion below this cannot be told from none


def poisson_tail(count: float, mean: float) -> float:
    """The chance of `count` or more where `mean` are expected: P(count, mean) (https://dlmf.nist.gov/8.4.E10)."""
    if count <= 0:
        return 1.0
    return _gamma_p(count, mean) if mean > 0 else 0.0


def negative_binomial_tail(count: float, mean: float, dispersion: float) -> float:
    """The chance of `count` or more where `mean` are expected and the variance is `mean + dispersion * mean**2`.

    With size r = 1 / dispersion and p = mean / (mean + r) it is I_p(count, r), an incomplete beta function:
    https://en.wikipedia.org/wiki/Negative_binomial_distribution.
    """
    if dispersion < POISSON or mean <= 0:
        return poisson_tail(count, mean)
    if count <= 0:
        return 1.0
    size = 1 / dispersion
    return _beta_i(count, size, mean / (mean + size))


def two_counts(first: float, second: float, dispersion: float = 1.0) -> float:
    """The chance that two counts of one rate differ at least as much as these: exact, two-sided.

    Given their sum, the higher of two such Poisson counts is binomial with p = 1/2 (Przyborowski and Wilenski,
    Biometrika 31, 1940), and the tail of a binomial is an incomplete beta function (https://dlmf.nist.gov/8.17.E5).
    `dispersion` is how many times its Poisson variance a count has; both are taken as that many times fewer events.
    """
    scale = max(1.0, dispersion)
    low, high = sorted((first / scale, second / scale))
    return min(1.0, 2 * _beta_i(high, low + 1, 0.5)) if high > 0 else 1.0


def pairwise_dispersion(first: Sequence[int], second: Sequence[int]) -> float:
    """How many times its Poisson variance a week's count has, from the same days of two weeks; at least 1.

    Whatever lifts or lowers a whole week is taken out, as is what makes a Sunday unlike a Monday. It is the
    quasi-Poisson estimate: Pearson's chi-squared over its degrees of freedom (McCullagh and Nelder, Generalized Linear
    Models). Fewer than two days with any count say nothing: then it is 1.
    """
    total = sum(first) + sum(second)
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a + b]
    share = sum(first) / total if total else 0.0
    if len(pairs) < 2 or not 0 < share < 1:
        return 1.0
    chi = sum((a - share * (a + b)) ** 2 / ((a + b) * share * (1 - share)) for a, b in pairs)
    return max(1.0, chi / (len(pairs) - 1))


def overdispersion(counts: Sequence[float], means: Sequence[float], prior: float, doubt: float) -> tuple[float, float]:
    """The dispersion that explains these counts, and its standard error, drawn towards `prior` ± `doubt`.

    Few or tiny counts say next to nothing about it, so what they leave open stays as the prior has it: the estimate by
    moments (each squared error is mean + dispersion * mean**2 on average) and the prior are weighed by their precision,
    as normal means are (https://en.wikipedia.org/wiki/Conjugate_prior).
    """
    squares = sum(mean * mean for mean in means)
    if squares <= 0:
        return prior, doubt
    raw = sum((count - mean) ** 2 - mean for count, mean in zip(counts, means, strict=True)) / squares
    variance = sum(2 * (m + max(raw, prior) * m * m) ** 2 + m for m in means) / squares**2
    seen, believed = 1 / variance, 1 / doubt**2
    return max(0.0, (raw * seen + prior * believed) / (seen + believed)), 1 / sqrt(seen + believed)


def _gamma_p(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x).

    Each way where it converges: below the mean by the series (https://dlmf.nist.gov/8.7.E1), above it by the continued
    fraction of Q = 1 - P (https://dlmf.nist.gov/8.9.E2).
    """
    front = exp(a * log(x) - x - lgamma(a)) if x > 0 else 0.0
    if x < a + 1:
        term = total = 1 / a
        n = a
        while abs(term) > total * ENOUGH:
            n += 1
            term *= x / n
            total += term
        return min(1.0, front * total)
    return max(0.0, 1 - front * _gamma_fraction(a, x))


def _gamma_fraction(a: float, x: float) -> float:
    """The modified Lentz method on the continued fraction of Q(a, x): Numerical Recipes, section 6.2 (`gcf`)."""
    b = x + 1 - a
    c, d = inf, 1 / b
    result = d
    i, change = 0, 0.0
    while abs(change - 1) > ENOUGH * 10 and i < 100_000:
        i += 1
        an = -i * (i - a)
        b += 2
        d = 1 / _not_zero(an * d + b)
        c = _not_zero(b + an / c)
        change = c * d
        result *= change
    return result


def _beta_i(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    By whichever side converges, I_x(a, b) or 1 - I_{1-x}(b, a), so that small tails keep their digits.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _beta_fraction(a, b, x) / a)
    return max(0.0, 1 - front * _beta_fraction(b, a, 1 - x) / b)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The modified Lentz method on the continued fraction of I_x(a, b): https://dlmf.nist.gov/8.17.E22."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    result = d
    m, change = 0, 0.0
    while abs(change - 1) > ENOUGH * 10 and m < 100_000:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _not_zero(1 + step * d)
            c = _not_zero(1 + step / c)
            change = c * d
            result *= change
    return result


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
