"""Dates as platforms write them: to the second, to the day, or not known, and never made up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from insight.model import Precision

Moment = tuple[datetime | None, Precision]

UNKNOWN: Moment = (None, Precision.UNKNOWN)

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?\s*(?P<half>[ap]m)?"
_ZONE = r"(?P<zone>z|(?:utc|gmt)?[+-]\d\d:?\d\d|[+-]\d\d|[a-z]{1,5})"
_REST = rf"(?:[t\s,]+(?:at\s+)?{_CLOCK})?(?:\s*{_ZONE})?"
_WEEKDAY = r"(?:[^\W\d]{2,12}\.?,?\s+)?"
_NAME = r"(?P<name>[^\W\d]{3,12})\.?"
_FORMS = tuple(
    re.compile(form + _REST, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})([-/]?)(?P<month>\d\d)\2(?P<day>\d\d)",  # ISO 8601
        rf"{_WEEKDAY}(?P<day>\d\d?)\.?[\s-]+{_NAME}[\s,-]+(?P<year>\d{{4}}|\d\d)",  # RFC 822
        rf"{_WEEKDAY}{_NAME}\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})",  # American
    )
)
# The first letters of the months: English, and where they differ German, French, Spanish, Portuguese, Italian.
# fmt: off
_MONTHS = {
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "fév": 2, "mar": 3, "mär": 3, "apr": 4, "abr": 4, "avr": 4,
    "may": 5, "mai": 5, "mag": 5, "jun": 6, "giu": 6, "jul": 7, "lug": 7, "aug": 8, "ago": 8, "aoû": 8, "aou": 8,
    "sep": 9, "set": 9, "oct": 10, "okt": 10, "out": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
    "déc": 12, "juin": 6, "juil": 7,  # French June and July differ in the fourth letter only
}
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "bst": 1, "cet": 1, "west": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9,
    "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}
# fmt: on


def moment(written: object, *, midnight_is_a_day: bool = False) -> Moment:
    """When something written in a feed or a page says it was. Without a time zone it is UTC.

    A zone whose name is not known leaves the day. A month alone, an impossible date and "yesterday" are unknown.
    `midnight_is_a_day` is for sites that write a date without a time as midnight sharp, wherever they are.
    """
    value = " ".join(written.split()) if isinstance(written, str) and len(written) < 100 else ""
    for form in _FORMS:
        found = form.fullmatch(value)
        if found:
            try:
                return _from_parts(found.groupdict(), midnight_is_a_day)
            except (ValueError, OverflowError):
                return UNKNOWN
    return UNKNOWN


def epoch(seconds: int | None) -> Moment:
    try:
        return (datetime.fromtimestamp(seconds, UTC), Precision.SECOND) if seconds is not None else UNKNOWN
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def _from_parts(part: dict[str, str | None], midnight_is_a_day: bool) -> Moment:
    """Raises ValueError or OverflowError for a date or a time that there is not."""
    name = (part.get("name") or "").lower()
    month = int(part.get("month") or _MONTHS.get(name[:3]) or _MONTHS.get(name[:4]) or 0)
    year = int(part["year"] or 0)
    if len(part["year"] or "") == 2:
        year += 1900 if year >= 50 else 2000  # https://www.rfc-editor.org/rfc/rfc2822#section-4.3
    day = datetime(year, month, int(part["day"] or 0), tzinfo=UTC)
    if not part.get("hour"):
        return day, Precision.DAY
    zone = (part.get("zone") or "z").lower()
    if zone.isalpha() and zone not in _ZONES:
        return day, Precision.DAY
    hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (part.get("half") or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("no such hour")
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("no such time")
    micro = int((part.get("part") or "").ljust(6, "0")[:6])
    clock = timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)
    if midnight_is_a_day and not clock:
        return day, Precision.DAY
    if zone in _ZONES:
        offset = timedelta(hours=_ZONES[zone])
    else:
        digits = re.sub(r"[^\d]", "", zone).ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        timezone(offset)  # raises ValueError for a day or more
        offset = -offset if "-" in zone else offset
    return day + clock - offset, Precision.SECOND
