"""When what failed is tried again: never at once, never too late, and never before the platform wishes."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.collecting.decide import retry_at
from scrapers.answers import refused
from scrapers.base import Page, Request, SourceError
from tests.fake_source import NOW, Board

DAY = timedelta(days=1)
AT = NOW + timedelta(hours=2)


def seconds(source: Board, failures: int = 0, first: float | None = None, **error: Any) -> float:
    at = retry_at(source, SourceError("x", **error), failures, NOW, Random(7), first)
    return (at - NOW).total_seconds()


def test_what_fails_is_asked_less_and_less_often() -> None:
    pauses = [seconds(Board(), failures) for failures in range(12)]
    assert 48 <= pauses[0] <= 72
    assert all(pause <= 4320 for pause in pauses)
    assert pauses[11] >= 2880
    assert seconds(Board(), 9, retry_after=900) >= 900
    assert 5 * 3600 < seconds(Board(), permanent=True) < 7 * 3600
    assert seconds(Board(), 9, offline=True) <= 72
    assert 0.8 <= seconds(Board(), first=1.0) <= 1.2


@given(
    st.one_of(st.none(), st.floats()),
    st.booleans(),
    st.booleans(),
    st.integers(0, 10_000),
    st.one_of(st.none(), st.floats(1, 5e6)),
)
def test_the_next_try_lies_ahead_at_most_a_day_away_or_its_own_pace(
    wish: float | None, permanent: bool, offline: bool, failures: int, every: float | None
) -> None:
    error = SourceError("x", retry_after=wish, permanent=permanent, offline=offline)
    at = retry_at(Board(every=every), error, failures, NOW, Random(1))
    longest = max(DAY, timedelta(seconds=every or 0))
    assert NOW < at <= NOW + longest
    if wish is not None and 0 < wish <= longest.total_seconds():
        assert at >= min(NOW + timedelta(seconds=wish), NOW + longest)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("7200", 7200, 7205),
        (f"{AT:%a, %d %b %Y %H:%M:%S GMT}", 7200, 7205),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400, 86_400),
        ("9999999999", 86_400, 86_400),
        ("99999999", 86_400, 86_400),
        ("1e400", 86_400, 86_400),
        ("0", 40, 80),
        ("-3600", 40, 7 * 3600),
        ("soon", 40, 7 * 3600),
    ],
)
def test_what_a_platform_wishes_is_kept_on_any_status_within_reason(
    status: int, written: str, least: float, most: float
) -> None:
    page = Page(Request("https://example.com"), status, b"no", "https://example.com", NOW, {"retry-after": written})
    wait = (retry_at(Board(), refused(page), 0, NOW, Random(3)) - NOW).total_seconds()
    assert least <= wait <= most
