"""What strangers wrote is made harmless; numbers and times are written for a reader."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.text import chance, clean, clock, duration, number, one_line, percent, safe_url, trim, wrap

# Everything, half characters too: that is what a hostile or broken feed can hold.
ANYTHING = st.text(st.characters() | st.characters(categories=["Cs", "Cf", "Cc"]), max_size=400)


@given(ANYTHING)
def test_clean_text_holds_nothing_that_acts_unseen_and_is_clean_for_good(text: str) -> None:
    found = clean(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" for char in found)
    assert not set(found) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    assert clean(found) == found
    found.encode()


def test_clean_text_keeps_what_people_write() -> None:
    family, persian = "👨‍👩‍👧 ok", "می‌خواهم"
    assert clean(f"Ünïcode 漢字 {family}\r\n\r\n\r\n{persian}\tend ") == f"Ünïcode 漢字 {family}\n\n{persian} end"
    assert clean("invoice \u202efdp.exe\u202c \x1b[31mred\x07") == "invoice fdp.exe [31mred"


@given(ANYTHING.map(clean), st.integers(20, 300))
def test_a_trimmed_text_fits_and_is_a_beginning_of_the_whole(text: str, length: int) -> None:
    found = trim(text, length)
    assert len(found) <= length
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


def test_text_is_trimmed_between_words() -> None:
    assert trim("one two three four", 14) == "one two three…"
    assert trim("one two three four", 12) == "one two…"
    assert trim("x" * 50, 10) == "xxxxxxxxx…"


def test_one_line_is_one_line() -> None:
    assert one_line("a\nb\r\nc\u2028d\x0be") == "a b c d e"


def test_folded_text_keeps_its_paragraphs_and_its_addresses() -> None:
    url = "https://example.org/" + "a" * 90
    assert wrap(f"see {url}\n\nok", 40, "  ") == f"  see\n  {url}\n\n  ok"


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=1&c=%20#d", "http://127.0.0.1:8080/x", "https://exämple.org/"]
)
def test_a_web_address_may_be_followed(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [None, "", "javascript:alert(1)", "data:text/html,x", "//example.org", "https://", "https://a b", "https://a/|x",
     "https://a/>", 'https://a/"x', "https://[bad", "https://a/\u202e", "https://a/\n", "https://a/" + "x" * 3000],
)  # fmt: skip
def test_anything_else_may_not(url: str | None) -> None:
    assert safe_url(url) is None


def test_figures_have_the_digits_that_mean_something() -> None:
    assert [number(value) for value in (12345.6, 42.0, 9.34, 0.0421, 0.0, float("nan"))] == [
        "12,346", "42", "9.3", "0.042", "0", "unknown",
    ]  # fmt: skip
    assert [percent(0.123), percent(1.0), percent(0.004)] == ["12.3 %", "100 %", "0.4 %"]
    assert [duration(0.2), duration(3.0), duration(30.5), duration(60)] == ["12 min", "3 h", "30.5 h", "2.5 days"]


def test_a_chance_is_said_as_people_say_it() -> None:
    assert [chance(0.5), chance(0.0031), chance(0.0000032), chance(1e-9), chance(0.0), chance(1.0)] == [
        "about once in 2", "about once in 320", "about once in 310,000", "less than once in a million",
        "practically never", "always",
    ]  # fmt: skip


def test_a_time_is_said_where_the_reader_is() -> None:
    at = datetime(2025, 7, 4, 22, 30, tzinfo=UTC)
    assert clock(at, "Europe/Berlin") == "Sat 5 Jul 2025, 00:30 (Europe/Berlin)"
    assert clock(at, "UTC") == "Fri 4 Jul 2025, 22:30 (UTC)"
