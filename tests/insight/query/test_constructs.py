"""What a reader expects of wildcards, {capitals}, raw and plain text, NEAR and regexes, in several scripts."""

from __future__ import annotations

import unicodedata

import pytest

from insight.model import Span
from tests.insight.query.found import found, matched, post


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("crash*", "Crash, crashed, crash’s; ecrash", ["Crash", "crashed", "crash"]),
        ("*phone", "iPhone telephone phones", ["iPhone", "telephone"]),
        ("colo?r", "color colour coloours", ["colour"]),
        ("a*b", "ab a-b axb a_b aàb", ["ab", "axb", "aàb"]),
        ("customer*", "the customers’ choice", ["customers"]),
        ("acme*", "l'Acme’s", ["Acme"]),
        ("don*", "Don’t, done", ["Don’t", "done"]),
        ("*n't", "I can't, isn't, cant", ["can't", "isn't"]),
        ("acm*", "小米acme手机", ["acme"]),
        ("3*", "3.5 35 3d", ["35", "3d"]),
        ("crash*", "#Crashes @crash https://example.com/crashing", ["Crashes", "crash", "crashing"]),
        ("ph*", "cà phê", ["phê"]),
        ("really?", "really reallyy", ["reallyy"]),
        ("#acme*", "#acme #Acme_Corp #racme acmes", ["#acme", "#Acme_Corp"]),
        ("#小*", "#小米手机 小米", ["#小米手机"]),
    ],
)
def test_wildcards(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("{Apple}", "an apple, APPLE; Apple's", ["Apple"]),
        ("{apple}", "Apple", None),
        ("{IT}", "it is IT", ["IT"]),
        ("{Acme Corp}", "ACME Corp, Acme-Corp, Acme™ Corp", ["Acme-Corp", "Acme™ Corp"]),
        ("{Acme Corp}", "Acme the Corp", None),
        ("{Acme}", "Acmeville Ａcme", ["Ａcme"]),
        ("{Straße}", "STRASSE Strasse Straße", ["Straße"]),
        ("{C++}", "c++ C++ C", ["C++"]),
        ("{#Acme}", "acme #Acme", ["Acme"]),
        ("{Don't}", "don’t Don’t", ["Don’t"]),
        ("{Đà Nẵng}", "đà nẵng, Đà Nẵng", ["Đà Nẵng"]),
    ],
)
def test_capitals(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ('raw:"C++"', "C, C+, c++!", ["c++"]),
        ("raw:C#", "C# and C #", ["C#"]),
        ("raw:.NET", "net, .net, ASP.NET", [".net", ".NET"]),
        ("raw:AT&T", "AT T, at&t, at&tx", ["at&t"]),
        ("raw:$5", "5 dollars, $5, $50", ["$5"]),
        ("raw:acme!", "acme, Acme!", ["Acme!"]),
        ('raw:"acme corp"', "acme-corp acme\n corp", ["acme\n corp"]),
        ('raw:"!!!"', "wow!!!", ["!!!"]),
        ("raw:->", "a->b", ["->"]),
        ("raw:acme®", "Acme, Acme®", ["Acme®"]),
        ("raw:ＡＣＭＥ", "acme", ["acme"]),
        ("raw:小米！", "小米 小米！", ["小米！"]),
    ],
)
def test_raw_text_keeps_its_symbols(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ('plain:"ca phe"', "Cà phê, cà-phê, ca phê, cá pha", ["Cà phê", "cà-phê", "ca phê"]),
        ('plain:"cà phê"', "ca phe", ["ca phe"]),
        ('plain:"ca phe"', unicodedata.normalize("NFD", "cà phê"), [unicodedata.normalize("NFD", "cà phê")]),
        ("plain:da", "Đà Nẵng", ["Đà"]),
        ("plain:łodz", "Łódź, Lodz", ["Łódź", "Lodz"]),
        ("plain:smorrebrod", "smørrebrød", ["smørrebrød"]),
        ("plain:#caphe", "#CàPhê caphe", ["#CàPhê"]),
        ("plain:caf*", "café cafés caf", ["café", "cafés", "caf"]),
        ("plain:(ca OR tra)", "trà và cà", ["trà", "cà"]),
        ("plain:strasse", "Straße", ["Straße"]),
        ("plain:เมด", "เม็ด", None),
        ("plain:か", "がか", ["か"]),
        ("plain:삼성", "삼성은", ["삼성"]),
        ("cafe", "café", None),
    ],
)
def test_plain_text_does_without_marks(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("price NEAR/2 acme", "the price, of … ACME!", ["price", "ACME"]),
        ("price NEAR/1 acme", "price of the acme", None),
        ("price NEAR/0 acme", "acme's price", None),
        ("price NEAR/1 acme", "acme's price", ["acme", "price"]),
        ("price NEAR/0 acme", "acme (price)", ["acme", "price"]),
        ("price ONEAR/0 acme", "acme (price)", None),
        ("price ONEAR/0 acme", "price: acme", ["price", "acme"]),
        ("acme NEAR/3 acme", "acme", None),
        ("acme NEAR/3 acme", "acme, acme", ["acme", "acme"]),
        ('"acme corp" NEAR/3 acme', "acme corp", None),
        ('"a a" ONEAR/0 b', "a a a b", ["a a", "b"]),
        ("(acme OR bolt) NEAR/1 (price OR cost*)", "bolt really costs", ["bolt", "costs"]),
        ("小米 NEAR/2 电池", "小米的新电池", ["小米", "电池"]),
        ("小米 NEAR/1 电池", "小米的新电池", None),
        ("小米 NEAR/0 手", "小米手机", ["小米", "手"]),
        ("ดี NEAR/1 มาก", "ดีที่มาก", ["ดี", "มาก"]),
        ("acme NEAR/0 bad", "acme 🚀 bad", None),
        ("acme NEAR/1 bad", "acme 👩‍💻 bad", ["acme", "bad"]),
        ("c NEAR/0 bad", "c++ bad", ["c", "bad"]),
        ("#acme NEAR/1 fail*", "#acme totally failed", ["#acme", "failed"]),
        ("@acme ONEAR/0 {Fails}", "@acme@example.social Fails", ["@acme@example.social", "Fails"]),
        ('raw:"C++" NEAR/1 plain:tot', "C++ là tốt", ["C++", "tốt"]),
        ("jobs OR a NEAR/0 b", "a x b", None),
    ],
)
def test_near(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


def test_near_does_not_reach_from_the_title_into_the_text() -> None:
    assert found("acme NEAR/9 price", post("price", title="acme")) is None
    assert found("acme NEAR/9 price", post("acme price", title="acme")) == ["acme", "price"]


def test_a_hashtag_beside_the_text_is_near_nothing() -> None:
    assert found("#acme NEAR/9 price", post("price", hashtags=("acme",))) is None


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("/acme[0-9]+/", "ACME12 acme", ["ACME12"]),
        ("/€ ?[0-9]+/", "for € 30", ["€ 30"]),
        (r"/https?:\/\/acme/", "see HTTPS://acme.com", ["HTTPS://acme"]),
        ("/phê/", "🚀 小米 cà phê", ["phê"]),
        ("/🚀.米/", "ß ﬁ 🚀小米", ["🚀小米"]),
        ("/acme/", "acmeville", ["acme"]),
        ("/^corp/", "acme corp", None),
    ],
)
def test_a_regex_looks_at_the_text_as_it_is_written(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("joined:#AcmeCorp", "acme corp #acmecorp #Acme_Corp acmecorp", ["acme corp", "#acmecorp", "#Acme_Corp"]),
        ('joined:"acme corp"', "#AcmeCorp", ["#AcmeCorp"]),
        ("acme", "#AcmeCorp", None),
        ("🇻🇳", "🇺🇸🇻🇳", ["🇻🇳"]),
        ("🇸🇻", "🇺🇸🇻🇳", None),
        ("🇸🇻", "🇸🇻 🇺🇸🇻🇳", ["🇸🇻"]),
        ("👩‍💻", "a 👩🏽‍💻!", ["👩🏽‍💻"]),
        ("❤", "❤️‍🔥", None),
        ("👨‍👩‍👧", "👨‍👩‍👧‍👦 👨‍👩‍👧", ["👨‍👩‍👧"]),
        ("acme.com", "https://www.acme.com/x?y=1", ["acme.com"]),
        ("https://acme.com/jobs", "http://acme.com/jobs https://acme.com/jobs/1", ["https://acme.com/jobs"]),
        ("news", "https://example.com/news-2026", ["news"]),
        ('"acme news"', "https://acme.com/news", None),
        ("#acme", "https://example.com/#acme", None),
    ],
)
def test_tags_in_camel_case_flags_joined_emoji_and_addresses(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


def test_a_word_far_inside_a_long_post_is_marked_where_it_stands() -> None:
    text = "ﬁ 小 " * 15_000 + "Acme"
    assert matched("acme", post(text)) is not None
    assert matched("plain:acme", post(text)).spans == (Span("text", len(text) - 4, len(text)),)  # type: ignore[union-attr]
