"""What nobody sees in a text stops no match, whatever it is and whoever wrote it: the query or the post."""

from __future__ import annotations

import re
import unicodedata

import pytest

from insight.query.pushdown.term_writer import lowered
from insight.query.text import folding
from tests.insight.query.found import found, post

UNSEEN = [
    "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u202e", "\u2060",
    "\u2064", "\u2066", "\u2069", "\u3164", "\ufe0e", "\ufeff", "\uffa0", "\U000e0061", "\U000e0100",
]  # fmt: skip


@pytest.mark.parametrize("sign", UNSEEN, ids=lambda sign: f"U+{ord(sign):04X}")
def test_what_nobody_sees_stops_no_match(sign: str) -> None:
    hidden = f"ket{sign}tle"
    assert found("kettle", post(f"my {hidden} leaks")) == [hidden]
    assert found(hidden, post("my kettle leaks")) == ["kettle"]
    assert found("raw:kettle", post(f"my {hidden} leaks")) == [hidden]
    assert found("{Kettle}", post(f"my Ket{sign}tle leaks")) == [f"Ket{sign}tle"]
    assert found("#kettle", post(f"#{hidden}")) == [f"#{hidden}"]
    assert found("leaks", post(f"小{sign}米 kettle leaks")) == ["leaks"]


@pytest.mark.parametrize(
    ("query", "text", "places"),
    [
        ("👩‍💻", "a 👩🏽‍💻 b", ["👩🏽‍💻"]),
        ("👩", "a 👩🏽‍💻 b", None),
        ("❤️‍🔥", "so ❤\u200d🔥 hot", ["❤\u200d🔥"]),
        ("b", "👨‍👩‍👧‍👦 a\u200db b", ["b"]),
        ("می‌خواهم", "من میخواهم", ["میخواهم"]),
        ("क्ष", "एक क्‍ष है", ["क्‍ष"]),
    ],
)
def test_a_joiner_makes_one_emoji_of_two_and_nothing_else(query: str, text: str, places: list[str] | None) -> None:
    assert found(query, post(text)) == places


def test_what_is_left_out_is_what_unicode_calls_ignorable() -> None:
    """Its format characters, but for those that are shown or stand for something: signs before numbers, notes."""
    formats = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    shown = re.compile(
        "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f]"
    )
    assert {char for char in formats if folding.seen(char)} == {char for char in formats if shown.match(char)}


def test_a_site_is_asked_for_what_people_see() -> None:
    assert lowered("ket\u200btle 👩\u200d💻 क्\u200dष") == "kettle 👩\u200d💻 क्ष"
