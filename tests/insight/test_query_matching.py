"""Matching: a reader's expectations, the laws of logic, and agreement with a slow definition of the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import insight.query as language
from insight.model import Post, Role, Span, Watch
from insight.query import (
    And,
    Hashtag,
    Literal,
    LiteralKind,
    Match,
    Matchers,
    Name,
    Not,
    Or,
    Phrase,
    Query,
    QueryError,
    Word,
    cover,
    parse,
)
from insight.query.compiled import compiled
from insight.query.cover import covering
from insight.query.document import Document
from insight.query.folding import fold, origins
from tests.insight.query_model import holds, posts, trees


def post(text: str, **more: object) -> Post:
    return Post("net", "1", text, **more)  # type: ignore[arg-type]


def matched(query: str, about: Post) -> Match | None:
    return language.compile(parse(query)).match(about)


def found(query: str, about: Post) -> list[str] | None:
    """What matched, as it is written in the post; None if nothing did."""
    match = matched(query, about)
    return None if match is None else [getattr(about, span.field)[span.start : span.end] for span in match.spans]


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
        ("disney", "Disney+", ["Disney"]),
        ("strasse", "Straße", ["Straße"]),
        ("fine", "ﬁne", ["ﬁne"]),
        ("istanbul", "İstanbul", ["İstanbul"]),
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


@given(trees, posts)
@settings(max_examples=400)
def test_matching_agrees_with_the_slow_definition(tree: Query, about: Post) -> None:
    assert compiled(tree).holds(Document(about)) == holds(tree, about)


@given(trees, trees, posts)
def test_de_morgan(a: Query, b: Query, about: Post) -> None:
    document = Document(about)

    def says(query: Query) -> bool:
        return compiled(query).holds(document)

    assert says(Not(And((a, b)))) == says(Or((Not(a), Not(b))))
    assert says(Not(Or((a, b)))) == says(And((Not(a), Not(b))))
    assert says(Not(Not(a))) == says(a)


@given(trees.filter(lambda tree: covering(tree) is not None), posts)
def test_no_match_is_missed_by_searching_for_the_cover(tree: Query, about: Post) -> None:
    terms: dict[LiteralKind, Callable[[str], Query]] = {
        LiteralKind.WORD: Word,
        LiteralKind.PHRASE: Phrase,
        LiteralKind.HASHTAG: Hashtag,
        LiteralKind.NAME: Name,
    }
    if language.compile(tree).match(about):
        assert any(holds(terms[literal.kind](literal.text), about) for literal in cover(tree))


@given(trees.filter(lambda tree: covering(tree) is not None), posts)
def test_kept_means_that_the_query_holds(tree: Query, about: Post) -> None:
    match = language.compile(tree).match(about)
    assert (match is not None and match.excluded_by is None) == holds(tree, about)


@given(st.lists(trees.filter(lambda tree: covering(tree) is not None), max_size=5), posts)
def test_many_watches_at_once_find_what_each_finds_alone(queries: list[Query], about: Post) -> None:
    watches = [Watch(str(i), f"watch {i}", Role.TOPIC, str(query)) for i, query in enumerate(queries)]
    alone = [(watch, language.compile(parse(watch.query)).match(about)) for watch in watches]
    assert Matchers(watches).match_all(about) == [(watch, match) for watch, match in alone if match]


@given(st.text())
def test_offsets_stay_inside_the_original(text: str) -> None:
    folded = fold(text)
    starts = origins(text, folded)
    assert len(starts) == len(folded) + 1
    assert list(starts) == sorted(starts)
    assert starts[-1] == len(text)


@given(posts, trees)
def test_what_is_marked_folds_to_what_was_sought(about: Post, tree: Query) -> None:
    if isinstance(tree, Word | Hashtag) and (match := language.compile(tree).match(about)):
        for span in match.spans:
            spot = getattr(about, span.field)[span.start : span.end]
            assert fold(tree.text).rstrip("+") in fold(spot)


@pytest.mark.parametrize(
    ("query", "text", "clause"),
    [
        ("acme -jobs", "acme jobs", "NOT jobs"),
        ("acme -jobs", "acme", None),
        ("acme NOT (jobs OR hiring)", "acme hiring", "NOT (jobs OR hiring)"),
        ("(acme -jobs) -spam", "acme spam", "NOT spam"),
        ("acme -jobs -spam", "acme spam jobs", "NOT jobs"),
    ],
)
def test_an_exclusion_hides_and_is_named(query: str, text: str, clause: str | None) -> None:
    match = matched(query, post(text))
    assert match is not None
    assert match.excluded_by == clause
    assert match.spans == (Span("text", 0, 4),)


def test_a_negation_inside_an_or_only_decides_its_side() -> None:
    assert matched("(acme -jobs) OR #acme", post("acme jobs")) is None
    assert matched("(acme -jobs) OR corp", post("acme jobs corp")) == Match(None, (Span("text", 10, 14),))


@pytest.mark.parametrize(
    ("query", "literals"),
    [
        ("acme", [("word", "acme")]),
        ('"acme corp" OR #acme OR @acme', [("phrase", "acme corp"), ("hashtag", "acme"), ("name", "acme")]),
        ("acme (price OR cost) -jobs", [("word", "acme")]),
        ("a (acmecorp OR x) other", [("word", "other")]),
        ("NOT (NOT acme OR jobs)", [("word", "acme")]),
        ("acme OR acme", [("word", "acme")]),
    ],
)
def test_a_source_searches_for_the_fewest_terms_that_miss_nothing(query: str, literals: list[tuple[str, str]]) -> None:
    assert cover(parse(query)) == tuple(Literal(LiteralKind(kind), text) for kind, text in literals)


def test_a_watch_whose_query_is_wrong_is_refused_at_once() -> None:
    with pytest.raises(QueryError):
        Matchers([Watch("1", "Acme", Role.BRAND, "acme AND")])


@pytest.mark.parametrize("text", ["\ud800 acme \udfff", "acme\0", "acme " * 500_000, "@" * 100_000, "a." * 50_000])
def test_a_hostile_post_is_matched_like_any_other(text: str) -> None:
    match = matched('acme OR "a b c" OR @x OR #y', post(text))
    assert (match is not None) == ("acme" in text)
    assert match is None or len(match.spans) <= 100
