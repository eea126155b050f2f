"""Matching: a reader's expectations of words, tags and names, and of what hides a post."""

from __future__ import annotations

import pytest

from insight.model import Role, Span, Watch
from insight.query import Match, Matchers, QueryError, parse
from insight.query.cover import covering
from tests.insight.query.found import found, matched, post


@pytest.mark.parametrize(
    ("query", "text", "spots"),
    [
        ("acme", "Acme’s new app", ["Acme"]),
        ("acme", "l'ACME", ["ACME"]),
        ("acme", "ａｃｍｅ and Acme™", ["ａｃｍｅ", "Acme"]),
        ("acme", "see https://www.acme.com/x", ["acme"]),
        ("acme", "https://example.com/acme-review", ["acme"]),
        ("acme", "#acme @acme acme_corp acme-corp", ["acme"] * 4),
        ("acme", "acmeville #acmecorp racme", None),
        ("acme", "ใช้acmeดี", ["acme"]),
        ("acme corp", "Corp of Acme", ["Corp", "Acme"]),
        ('"acme corp"', "Acme® Corp, acme-corp", ["Acme® Corp", "acme-corp"]),
        ('"acme corp"', "acme the corp", None),
        ('"acme corp"', "acme 🚀 corp", None),
        ("acme.com", "at acme.com!", ["acme.com"]),
        ("10:30", "at 10:30", ["10:30"]),
        ("don't", "I Don’t, you dont", ["Don’t"]),
        ("don", "I don't know, Don", ["Don"]),
        ("3", "3.5 or 1,300 or 3", ["3"]),
        ("3.5", "v3.5 and 3.5.", ["3.5"]),
        ("c++", "C++, not C", ["C++"]),
        ("c#", "C# and C++", ["C#"]),
        ("c++", "C++17, C++で and gcc++x", ["C++", "C++"]),
        ("canal+", "Canal+을 봤다, Canal+s", ["Canal+"]),
        ("c+", "c++ and c+d", None),
        ("plus#", "plus#1, plus #2", ["plus#"]),
        ("disney", "Disney+", ["Disney"]),
        ("strasse", "Straße", ["Straße"]),
        ("fine", "ﬁne", ["ﬁne"]),
        ("istanbul", "İstanbul", ["İstanbul"]),
        ("sığır", "SIĞIR ve sığır", ["SIĞIR", "sığır"]),
        ("plain:sigir", "Sığır", ["Sığır"]),
        ("plain:sgir", "Sığır", None),
        ("کتابی", "كتابي خوب", ["كتابي"]),
        ("کتاب", "کتـــاب", ["کتـــاب"]),
        ("plain:موسى", "موسی موسي", ["موسی", "موسي"]),
        ("plain:مدرسه", "مدرسة", ["مدرسة"]),
        ("cà", "ca\u0300 phê", ["ca\u0300"]),
        ("ca", "cà phê", None),
        ("acme", "ac\u00adme", ["ac\u00adme"]),
        ("小米", "我爱小米手机", ["小米"]),
        ("小米", "小 米", None),
        ('"小米 手机"', "小米手机", ["小米手机"]),
        ("小米14", "小米14发布", ["小米14"]),
        ("アクメ", "ｱｸﾒの製品", ["ｱｸﾒ"]),
        ("ดี", "ใช้ดีมาก", ["ดี"]),
        ("เม", "เม็ด", None),
        ("삼성", "삼성은 좋다", ["삼성"]),
        ("❤", "I ❤️ it", ["❤️"]),
        ("👍", "ok👍🏽", ["👍🏽"]),
        ("👩", "👩‍💻", None),
        ("🇻🇳", "in 🇻🇳!", ["🇻🇳"]),
        ("#acme", "Love #Acme!", ["#Acme"]),
        ("#acme", "acme #acmecorp x#acme http://x.y/z#acme", None),
        ("#小米", "#小米# 手机", ["#小米"]),
        ("@acme", "hi .@Acme, @acme@example.social", ["@Acme", "@acme@example.social"]),
        ("@acme@example.social", "hi @acme, @acme@example.social.", ["@acme@example.social"]),
        ("@acme", "joe@acme.com @acme.com @acmes", None),
    ],
)
def test_a_reader_would_agree(query: str, text: str, spots: list[str] | None) -> None:
    assert found(query, post(text)) == spots


def test_the_title_is_searched_before_the_text() -> None:
    assert matched("acme", post("by acme", title="Acme!")) == Match(None, (Span("title", 0, 4), Span("text", 3, 7)))


def test_a_phrase_does_not_run_from_the_title_into_the_text() -> None:
    assert found('"acme corp"', post("corp", title="acme")) is None


def test_a_name_is_found_in_the_author_too() -> None:
    assert found("@acme", post("hello", author="@Acme")) == ["@Acme"]
    assert found("acme", post("hello", author="acme")) is None


def test_a_hashtag_beside_the_text_counts() -> None:
    assert found("#acme", post("hello", hashtags=("Acme",))) == []
    assert found("#acme", post("hello", hashtags=("#acme",))) == []


def test_overlapping_spots_are_one() -> None:
    assert found('acme "acme corp"', post("Acme Corp")) == ["Acme Corp"]


@pytest.mark.parametrize(
    ("query", "text", "clause"),
    [
        ("acme -jobs", "acme jobs", "NOT jobs"),
        ("acme -jobs", "acme", None),
        ("acme NOT (jobs OR hiring)", "acme hiring", "NOT hiring"),
        ("(acme -jobs) -spam", "acme spam", "NOT spam"),
        ("acme -jobs -spam", "acme spam jobs", "NOT jobs"),
    ],
)
def test_an_exclusion_hides_and_is_named(query: str, text: str, clause: str | None) -> None:
    match = matched(query, post(text))
    assert match is not None
    assert match.excluded_by == clause
    assert match.spans == (Span("text", 0, 4),)


def test_a_post_is_matched_as_it_is_stored() -> None:
    about = post("ac\0me flies \ud83d\ude80, \udfff", title="Ac\0me", hashtags=("ac\0me",))
    assert (about.title, about.text, about.hashtags) == ("Acme", "acme flies 🚀, \ufffd", ("acme",))
    assert found("acme 🚀 #acme", about) == ["Acme", "acme", "🚀"]


def test_addresses_in_the_text_are_links() -> None:
    about = post("Look (https://shop.example/kettles?id=7) or www.corp.example.", links=("https://acme.example/a",))
    for query in ("links:kettles", "links:shop.example", "links:corp.example", "links:acme", "has:link"):
        assert matched(query, about) is not None
    assert matched("links:look", about) is None
    assert matched("has:link", post("mail www or http:// or swww.x")) is None


def test_a_negation_inside_an_or_only_decides_its_side() -> None:
    assert matched("(acme -jobs) OR #acme", post("acme jobs")) is None
    assert matched("(acme -jobs) OR corp", post("acme jobs corp")) == Match(None, (Span("text", 10, 14),))


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("acme", "acme"),
        ('"acme corp" OR #acme OR @acme', '"acme corp" #acme @acme'),
        ("acme (price OR cost) -jobs", "acme"),
        ("a (acmecorp OR x) other", "other"),
        ("NOT (NOT acme OR jobs)", "acme"),
        ("acme OR acme", "acme acme"),
        ("(acme OR bolt) NEAR/3 crash", "crash"),
        ("/ac+me/ (bolt OR quill)", "bolt quill"),
        ("lang:en site:acme.com", "site:acme.com"),
    ],
)
def test_the_fewest_terms_are_looked_up_that_miss_nothing(query: str, terms: str) -> None:
    assert " ".join(map(str, covering(parse(query)) or ())) == terms


def test_a_watch_whose_query_is_wrong_is_refused_at_once() -> None:
    with pytest.raises(QueryError):
        Matchers([Watch("1", "Acme", Role.BRAND, "acme AND")])
