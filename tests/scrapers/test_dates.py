"""When something was, from what feeds, programs and people write."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Precision
from scrapers.formats.dates import epoch, moment

DATES = {
    "2026-03-02T10:15:30Z": "2026-03-02T10:15:30+00:00",
    "2026-03-02T10:15:30.250+01:00": "2026-03-02T09:15:30.250000+00:00",
    "2026-03-02 10:15": "2026-03-02T10:15:00+00:00",
    "Mon, 02 Mar 2026 10:15:30 GMT": "2026-03-02T10:15:30+00:00",
    "Mon, 2 Mar 26 10:15 EST": "2026-03-02T15:15:00+00:00",
    "Seg, 02 Mar 2026 10:15:30 -0300": "2026-03-02T13:15:30+00:00",
    "2. März 2026 10:15": "2026-03-02T10:15:00+00:00",
    "March 2, 2026 at 3:15 pm": "2026-03-02T15:15:00+00:00",
    " Mon, 02 Mar 2026 10:15:30 GMT\n   ": "2026-03-02T10:15:30+00:00",
    # RFC 5322 with a comment, without a blank, with a zone of one digit; a zone that is said twice, or as a place
    "Sat,07 Feb 2026 22:05:09 -0500 (EST)": "2026-02-08T03:05:09+00:00",
    "7 Feb 2026 22:05 (EST)": "2026-02-08T03:05:00+00:00",
    "Sat (sabado), 07 Feb 2026 22:05:09 GMT-3": "2026-02-08T01:05:09+00:00",
    "Sat, 07 Feb 2026 22:05:09 Asia/Kolkata": "2026-02-07T16:35:09+00:00",
    "2026-07-07T22:05:09+02:00[Europe/Berlin]": "2026-07-07T20:05:09+00:00",
    "2026-07-07T22:05[America/Sao_Paulo]": "2026-07-08T01:05:00+00:00",
    "2026-02-07 22:05:09.987654321 +0530 IST": "2026-02-07T16:35:09.987654+00:00",
    "2026-02-07T22:05:09+01:00Z": "2026-02-07T21:05:09+00:00",
    # C and Java, JavaScript, ISO 8601 basic, the end of a day
    "Sat Feb  7 22:05:09 2026": "2026-02-07T22:05:09+00:00",
    "Tue Jul 07 22:05:09 CEST 2026": "2026-07-07T20:05:09+00:00",
    "Sat Feb 07 2026 22:05:09 GMT-0800 (Pacific Standard Time)": "2026-02-08T06:05:09+00:00",
    "2/27/2026, 10:05:09\u202fPM": "2026-02-27T22:05:09+00:00",
    "20260207T220509-0100": "2026-02-07T23:05:09+00:00",
    "20260207T2205Z": "2026-02-07T22:05:00+00:00",
    "2026-02-28T24:00:00Z": "2026-03-01T00:00:00+00:00",
    # as people write them
    "Feb. 7, 2026, 10:05 p.m.": "2026-02-07T22:05:00+00:00",
    "Saturday, February 7th, 2026 - 12:05am": "2026-02-07T00:05:00+00:00",
    "22:05, 7 February 2026": "2026-02-07T22:05:00+00:00",
    "Sa., 7. Feber 2026 um 22:05 Uhr": "2026-02-07T22:05:00+00:00",
    "1er août 2026 à 22h05": "2026-08-01T22:05:00+00:00",
    "sábado, 7 de febrero de 2026 22:05 CET": "2026-02-07T21:05:00+00:00",
    "segunda-feira, 2 de março de 2026 10:15": "2026-03-02T10:15:00+00:00",
    "27.02.2026 22:05": "2026-02-27T22:05:00+00:00",
    "Fri, 27/02/2026 - 22:05": "2026-02-27T22:05:00+00:00",
    "２０２６年２月７日 22:05": "2026-02-07T22:05:00+00:00",
    "2026年2月7日 下午10:05": "2026-02-07T22:05:00+00:00",
    "2026년 2월 7일 오전 9:05": "2026-02-07T00:05:00+00:00",  # Korean is the language of one zone
    "2026. február 7. 22:05": "2026-02-07T22:05:00+00:00",
    # seconds and milliseconds since 1970
    "1772446530": "2026-03-02T10:15:30+00:00",
    "1772446530250": "2026-03-02T10:15:30.250000+00:00",
}


@pytest.mark.parametrize("written", DATES)
def test_a_date_with_a_time_is_known_to_the_second(written: str) -> None:
    at, precision = moment(written)
    assert (at.isoformat(), precision) == (DATES[written], Precision.SECOND)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02",
        "20260302",
        "2026-3-2",
        "2026/03/02",
        "2026-03-02+01:00",
        "2026-061",
        "2026-W10-1",
        "Mon, 02 Mar 2026",
        "02 Mar 2026 GMT",
        "March 2, 2026",
        "the 2nd of March 2026",
        "2026-03-02T10:15 XYZ",
        "2026-03-02T10:15 Middle/Earth",
    ],
)
def test_a_date_without_a_time_or_with_an_unknown_zone_is_a_day(written: str) -> None:
    at, precision = moment(written)
    assert (at.isoformat(), precision) == ("2026-03-02T00:00:00+00:00", Precision.DAY)


NO_DATES = [
    "",
    "yesterday",
    "2026-03",
    "2026-02-30",
    "2026-02-30T10:15Z",
    "2026-366",
    "2026-W54-1",
    "2026-11-02-01",
    "03/04/2026",
    "10:15",
    "2772446530",
    "177244653",
    "x" * 10_000,
    None,
    7,
    ["2026-03-02"],
]
IMPOSSIBLE = [
    "2026-03-02T25:00:00Z",
    "0001-01-01T00:00:00+05:00",
    "Mon, 02 Foo 2026 10:15 GMT",
    "2026-03-02T10:15+99:00",
]


@pytest.mark.parametrize("written", NO_DATES + IMPOSSIBLE)
def test_what_is_no_date_is_unknown_and_never_filled_from_the_clock(written: object) -> None:
    assert moment(written) == (None, Precision.UNKNOWN)


# The second of each month of 2026, as a calendar of that language has it; written down from calendars.
MONTHS = {
    "English": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "German": "Jan Feb März Apr Mai Juni Juli Aug Sep Okt Nov Dez",
    "French": "janv févr mars avr mai juin juil août sept oct nov déc",
    "Spanish": "ene feb mar abr may jun jul ago sept oct nov dic",
    "Portuguese": "jan fev mar abr mai jun jul ago set out nov dez",
    "Italian": "gen feb mar apr mag giu lug ago set ott nov dic",
    "Dutch": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "Polish": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "Czech": "ledna února března dubna května června července srpna září října listopadu prosince",
    "Turkish": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "Russian": "янв февр мар апр мая июн июл авг сент окт нояб дек",
    "Ukrainian": "січ лют бер квіт трав черв лип серп вер жовт лист груд",
    "Greek": "Ιαν Φεβ Μαρ Απρ Μαΐ Ιουν Ιουλ Αυγ Σεπ Οκτ Νοε Δεκ",
    "Finnish": "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "Swedish": "jan feb mars apr maj juni juli aug sep okt nov dec",
    "Arabic": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


@pytest.mark.parametrize("language", MONTHS)
def test_the_months_of_a_language_are_known_by_their_names_and_abbreviations(language: str) -> None:
    found = [moment(f"2 {name} 2026")[0] for name in MONTHS[language].split()]
    assert found == [datetime(2026, month, 2, tzinfo=UTC) for month in range(1, 13)]


# What programs write where there is no date: Go, .NET, MySQL, Unix, spreadsheets.
@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "0001-01-01T00:00:00-08:00",
        "0000-00-00 00:00:00",
        "1970-01-01T00:00:00Z",
        "Thu, 01 Jan 1970 01:00:00 +0100",
        "1899-12-30",
    ],
)
def test_a_date_that_stands_for_none_is_none(written: str) -> None:
    assert moment(written) == (None, Precision.UNKNOWN)
    assert epoch(0) == (None, Precision.UNKNOWN)


@pytest.mark.parametrize(
    "piece", ["(", "1 ", "1", "a-", "12:00 ", "mon, ", "年", "\u0301", "\ufdfa", "a/", "utc ", "2026 "]
)
def test_no_text_makes_a_date_slow(piece: str) -> None:
    began = time.thread_time()
    for length in range(2, 120, 4):
        moment((piece * 120)[:length])
    assert time.thread_time() - began < 0.1


@given(st.text(max_size=40))
def test_no_text_makes_a_date_raise(written: str) -> None:
    at, precision = moment(written)
    assert (at is None) == (precision is Precision.UNKNOWN)
