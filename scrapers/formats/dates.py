"""Dates as platforms write them: to the second, to the day, or not known, and never made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from insight.model import Precision
from scrapers.formats.months import folded, month_of

Moment = tuple[datetime | None, Precision]

UNKNOWN: Moment = (None, Precision.UNKNOWN)

LONGEST = 120  # letters of a date, JavaScript's name of a zone among them

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?(?:\s*(?P<half>[ap]m)\b)?"
_ZONE = r"(?P<zone>(?:utc|gmt)?\s?[+-]\d{1,2}(?::?\d\d)?|[a-z]{1,5}|[a-z]+(?:/[a-z_+-]+\d{0,2}){1,2})"
_DAYS_ZONE = r"(?P<days_zone>[a-z]{1,5}|[+-]\d\d:\d\d)"  # "2026-11-02-01" is no date
_REST = rf"(?:(?:[t\s,]+(?:at\s+)?{_CLOCK})(?:\s*{_ZONE})?|\s*{_DAYS_ZONE})?"
_WEEKDAY = r"(?:[^\W\d][^\W\d-]{1,14}(?:-[^\W\d]{2,8})?(?:[.,]+\s*|\s+))?"
_NAME = r"(?P<name>[^\W\d]{3,12})\.?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_WEEKDAY}(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d\d?)(?P=sign)(?P<day>\d\d?)\.?{_REST}",  # ISO 8601
        rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d){_REST}",
        rf"{_WEEKDAY}(?P<day>\d\d?)\.?[\s-]+{_NAME}[\s,-]+(?P<year>\d{{4}}|\d\d){_REST}",  # RFC 822
        rf"{_WEEKDAY}{_NAME}\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}}){_REST}",  # American
        rf"{_WEEKDAY}{_NAME}\s+(?P<day>\d\d?)\s+{_CLOCK}(?:\s+{_ZONE})?\s+(?P<year>\d{{4}})",  # ctime of C, Java
        rf"(?P<year>\d{{4}})[.\s-]+{_NAME}[\s-]+(?P<day>\d\d?)\.?{_REST}",  # Hungarian
    )
)
# fmt: off
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "at": -4, "et": -5, "ct": -6, "mt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10,
    "ast": -4, "adt": -3, "nst": -3.5, "ndt": -2.5, "brt": -3, "art": -3, "bst": 1, "cet": 1, "met": 1, "mez": 1,
    "west": 1, "wat": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "cat": 2, "sast": 2, "eest": 3, "eat": 3, "msk": 3,
    "pkt": 5, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5,
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}
# fmt: on
_NUMBERS = re.compile(r"\d{4}.*\d|\d.*\d{4}|\d\D+\d.*\d\d")  # no date has fewer
# What programs write for "no date": Go and .NET, Unix, spreadsheets.
_NO_DATES = frozenset(datetime(*day, tzinfo=UTC) for day in ((1, 1, 1), (1970, 1, 1), (1899, 12, 30), (1900, 1, 1)))


def moment(written: object, *, midnight_is_a_day: bool = False) -> Moment:
    """When something written in a feed or a page says it was. Without a time zone it is UTC.

    A zone whose name is not known leaves the day. A month alone, an impossible date and "yesterday" are unknown.
    `midnight_is_a_day` is for sites that write a date without a time as midnight sharp, wherever they are.
    """
    value = " ".join(written.split()) if isinstance(written, str) and len(written) < 10 * LONGEST else ""
    if not value or len(value) > LONGEST:
        return UNKNOWN
    try:
        found = _matched(value) or (_matched(_tidied(value)) if _NUMBERS.search(value) else None)
        return _from_parts(found.groupdict(), midnight_is_a_day) if found else _from_unix(value)
    except (ValueError, OverflowError):
        return UNKNOWN


def epoch(seconds: float | None) -> Moment:
    try:
        at = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return UNKNOWN
    return (at, Precision.SECOND) if at is not None and at not in _NO_DATES else UNKNOWN


def _from_unix(value: str) -> Moment:
    """Seconds or milliseconds since 1970, from 2001 to 2033: other numbers of ten digits are more often none."""
    found = re.fullmatch(r"(1\d{9})(\d{3})?", value, re.ASCII)
    return epoch(int(found[1]) + int(found[2] or 0) / 1000) if found else UNKNOWN


def _matched(value: str) -> re.Match[str] | None:
    return next(filter(None, (form.fullmatch(value) for form in _FORMS)), None)


def _from_parts(part: dict[str, str | None], midnight_is_a_day: bool) -> Moment:
    """Raises ValueError or OverflowError for a date or a time that there is not."""
    month = int(part.get("month") or 0) or month_of(part.get("name") or "")
    year = int(part["year"] or 0)
    if len(part["year"] or "") == 2:
        year += 1900 if year >= 50 else 2000  # https://www.rfc-editor.org/rfc/rfc2822#section-4.3
    at, precision = datetime(year, month, int(part["day"] or 0), tzinfo=UTC), Precision.DAY
    clock = _clock(part) if part.get("hour") else None
    if clock is not None and (clock or not midnight_is_a_day):
        offset = _offset(part.get("zone") or "z", at + clock)
        if offset is not None:
            at, precision = at + clock - offset, Precision.SECOND
    return UNKNOWN if year == 1 or at in _NO_DATES else (at, precision)


def _clock(part: dict[str, str | None]) -> timedelta:
    hour, minute, second = (int(part.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (part.get("half") or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("no such hour")
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    micro = int((part.get("part") or "").ljust(6, "0")[:6])
    end_of_day = hour == 24 and not (minute or second or micro)  # ISO 8601's other name of the next midnight
    if not end_of_day and (hour > 23 or minute > 59 or second > 60):
        raise ValueError("no such time")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)


def _offset(zone: str, at: datetime) -> timedelta | None:
    """How far a zone is ahead of UTC; None for a name that nobody knows, or that several zones have."""
    zone = zone.lower()
    if zone in _ZONES:
        return timedelta(hours=_ZONES[zone])
    if "/" in zone:
        name = _names_of_zones().get(zone)
        return at.replace(tzinfo=ZoneInfo(name)).utcoffset() if name else None
    found = re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2}?):?(\d\d)?", zone)
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    timezone(offset)  # raises ValueError for a day or more
    return -offset if found[1] == "-" else offset


@cache
def _names_of_zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


# -- tidying ----------------------------------------------------------------------------------------------------

_TIME = r"\d{1,2}:\d\d(?::\d\d)?"
_PLACE = r"[a-z]+(?:/[a-z_+-]+)+"


def _numbers_in_order(found: re.Match[str]) -> str:
    """13/04/2026, 04/13/2026, 13.04.2026 as ISO 8601; as it is where two dates are possible."""
    weekday, first, sign, second, year = found.groups()
    day_first = sign == "." or (sign == " " and bool(weekday)) or int(first) > 12 or first == second
    if not day_first and (sign == " " or int(second) <= 12):
        return found[0]
    day, month = (first, second) if day_first else (second, first)
    return f"{year}-{month}-{day} "


def _day_of_week(found: re.Match[str]) -> str:
    return date.fromisocalendar(int(found[1]), int(found[2]), int(found[3])).isoformat()


def _day_of_year(found: re.Match[str]) -> str:
    day = date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1)
    return day.isoformat() if day.year == int(found[1]) else found[0]


_TIDYINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # https://www.rfc-editor.org/rfc/rfc5322#section-3.2.2: comments; of one word it may be the zone
        (r"\s*[(\[]([\w/+:-]+)[)\]]$", r" \1"),
        (r"\s*[(\[][^()\[\]]*[)\]]", " "),
        (r" +,", ","),
        (r"([ap])\. ?m\b\.?", r"\1m"),
        (rf"(?:오전|上午|午前) ?({_TIME})", r"\1 am"),
        (rf"(?:오후|下午|午後) ?({_TIME})", r"\1 pm"),
        (r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]?", r"\1-\2-\3 "),
        (r"(\d{1,2}) ?[時时시點点] ?(\d\d) ?[分분](?: ?(\d\d) ?[秒초])?", r"\1:\2:\3"),
        (r"\b(\d{1,2})h(\d\d)\b", r"\1:\2"),
        (r"\b(\d{1,2})(?:st|nd|rd|th|er|\.?o)\b", r"\1"),
        (r"\b(?:de|del|of|the|den)\b", " "),
        (rf"\b(?:um|om|alle|klo|kl|a|as|a las|at)\b\.?\s*(?={_TIME})", " "),
        (rf"({_TIME}) ?(?:uhr|hrs|h)\b", r"\1"),
        (r"(\d{4}) ?г(?:\.|ода|оду)?(?=\W|$)", r"\1"),
        (r"\s[-–—|@·•]\s", " "),
        (rf"^({_TIME}(?: ?[ap]m)?),? (.+)$", r"\2 \1"),
        (r"^(\d{8})t(\d\d)(\d\d)(\d\d)?(?!\d)", r"\1t\2:\3:\4"),  # ISO 8601, basic
        (r":(?!\d)", ""),
        (rf"((?:\d|\b)z|[+-]\d\d:?\d\d)(?:z| ?{_PLACE}| [a-z]{{1,5}})$", r"\1"),  # Go and Java say the zone twice
        (r"^([^\W\d]{2,12}[.,]*\s+)?(\d{1,2})([/. -])(\d{1,2})\3(\d{4})(?!\d)", _numbers_in_order),
        (r"^(\d{4})-?w(\d\d)-?(\d)(?=[t\s]|$)", _day_of_week),
        (r"^(\d{4})-(\d{3})(?=[t\s]|$)", _day_of_year),
    )
)
_WITHOUT_ZONE = re.compile(rf"{_TIME}(?: ?[ap]m)?$")


def _tidied(value: str) -> str:
    """The same date as one of the forms has it. Raises ValueError or OverflowError for one that there is not."""
    tidy = folded(value)[:LONGEST]  # one letter may stand for eighteen
    korean = re.search("[가-힣]", tidy)  # a language of one zone
    for pattern, replacement in _TIDYINGS:
        tidy = pattern.sub(replacement, tidy)
    tidy = " ".join(tidy.split())
    return f"{tidy} kst" if korean and _WITHOUT_ZONE.search(tidy) else tidy
