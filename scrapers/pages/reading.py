"""What people write on pages, as values: dates in the order of the place, counts, ratings in numbers, shares, stars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from insight.model import Precision, Rating
from scrapers.formats.dates import UNKNOWN, Moment, moment

_WORDS = 6  # of a date with its time and zone
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.{0,40})", re.DOTALL)
_NO_DATE = re.compile(r"\d{9,}|\d{4}-\d{3}")  # amid other words a number of an order or a part, not a date
_RATED = re.compile(
    r"(?<![\d.,])(\d{1,6}(?:[.,]\d{1,6})?)(?:\s*(%)|\s*(?:/|out of|of|von|sur|de|su)\s*(\d{1,6})(?![\d.,]\d))?",
    re.IGNORECASE,
)
# Thousands are set apart as the place does it: 1,234 · 1.234 · 1 234 · 1'234 · 12,34,567
_COUNT = re.compile(
    r"[^\d.,−-]{0,60}(\d{1,3}(?:([.,'’٬\s])(?:\d{2,3}\2)*\d{3})|\d{1,18})(?:[.,]0{1,2})?"
    r"(?:\+|\s+(?![kmb]\b)[^\d\s%/][^\d/]{0,60}|\s*\))?\s*",
    re.IGNORECASE,
)


def written_date(said: str, pattern: str | None = None, day_first: bool | None = None) -> Moment:
    """The date in some text. `pattern` as in strptime; `day_first`: what 03/04/2026 means here.

    Without the hint, numbers alone are a date only where no other is possible. "Yesterday" is unknown.
    """
    said = " ".join(said.split())[:200]
    if pattern is not None:
        try:
            at = datetime.strptime(said, pattern)  # noqa: DTZ007  # a zone it does not name is UTC
        except ValueError:
            return UNKNOWN
        if re.search("%[HIcXsT]", pattern) is None:
            return at.replace(tzinfo=UTC), Precision.DAY
        return (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)), Precision.SECOND
    for part in _windows(said):
        found = moment(part, midnight_is_a_day=True)
        if found[0] is not None:
            return found
    return _by_numbers(said, day_first)


def _windows(said: str) -> Iterator[str]:
    """The whole text, then its parts, longer ones first: "Posted on 3 March 2026 by Fern"."""
    yield said
    words = said.split()[:30]
    for size in range(min(_WORDS, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            part = " ".join(words[start : start + size]).strip("()[]·|,;:–—")
            if not _NO_DATE.fullmatch(part):
                yield part


def _by_numbers(said: str, day_first: bool | None) -> Moment:
    found = _NUMBERS.search(said)
    if not found:
        return UNKNOWN
    first, second = int(found[1]), int(found[3])
    if found[2] == ".":  # written so where the day comes first
        day_first = True
    elif day_first is None:
        day_first = True if first > 12 else False if second > 12 else None
    if day_first is None and first != second:
        return UNKNOWN
    day, month = (first, second) if day_first else (second, first)
    year = found[4] if len(found[4]) == 4 else f"20{found[4]}"
    whole = moment(f"{year}-{month:02}-{day:02} {found[5].strip(' ,–-')}".strip())
    return whole if whole[0] else moment(f"{year}-{month:02}-{day:02}")


def written_rating(said: str, scale: tuple[float, float]) -> Rating | None:
    """The rating in some text: 4.5, "4 out of 5", 80 %. None for what does not fit its scale."""
    found = _RATED.search(said[:500])
    if not found:
        return None
    value, (worst, best) = float(found[1].replace(",", ".")), scale
    if found[2]:
        worst, best = 0.0, 100.0
    elif found[3] and float(found[3]) > worst:
        best = float(found[3])
    return Rating(value, worst, best) if worst <= value <= best else None


def counted(stars: int, scale: tuple[float, float]) -> Rating | None:
    worst, best = scale
    return Rating(float(stars), worst, best) if worst <= stars <= best else None


def written_count(said: str) -> int | None:
    """The whole number in some text: 1234, "1.234", "(1,234 reviews)", 200+. None for 4.6, 1.2K and 8/10."""
    found = _COUNT.fullmatch(said.strip()[:200])
    return int("".join(filter(str.isdecimal, found[1]))) if found else None
