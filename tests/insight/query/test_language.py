"""The language: what a query's text means, how it prints, and what is refused with which advice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.query import (
    MAX_DEPTH,
    And,
    Between,
    Cased,
    Field,
    Hashtag,
    In,
    Name,
    Near,
    Not,
    Or,
    Phrase,
    Plain,
    Query,
    QueryError,
    Raw,
    Regex,
    Wildcard,
    Word,
    parse,
    parse_watch,
)
from insight.query.fields import FIELDS, Takes
from tests.insight.query.nodes import nodes

A, B, C = Word("a"), Word("b"), Word("c")
ACME_CORP = Or((Phrase("acme corp"), Hashtag("acmecorp"), Hashtag("acme_corp")))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("a b OR c", Or((And((A, B)), C))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a NOT b OR c", Or((And((A, Not(B))), C))),
        ("a -b", And((A, Not(B)))),
        ('a -"b c"', And((A, Not(Phrase("b c"))))),
        ("a -(b OR #c)", And((A, Not(Or((B, Hashtag("c"))))))),
        ("NOT NOT a", Not(Not(A))),
        ("((a))", A),
        ("a <<< why\nnot OR >>> b", And((A, B))),
        ("a<<<OR>>>b", And((A, B))),
        ("a NEAR/3 b", Near(3, False, (A,), (B,))),
        ("a ONEAR/0 b", Near(0, True, (A,), (B,))),
        ("NOT a NEAR/3 b", Not(Near(3, False, (A,), (B,)))),
        ("a b NEAR/3 c OR a", Or((And((A, Near(3, False, (B,), (C,)))), A))),
        (
            '(a OR (b* OR "c d")) NEAR/2 {D}',
            Near(2, False, (A, Wildcard("b*"), Phrase("c d")), (Cased("D"),)),
        ),
    ],
)
def test_operators_mean(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("@acme OR @acme@example.social", Or((Name("acme"), Name("acme@example.social")))),
        ('"AND"', Phrase("AND")),
        (r'"say \"hi\""', Phrase('say "hi"')),
        ('"5 * 3?"', Phrase("5 * 3?")),
        ("“a b” OR （c）", Or((Phrase("a b"), C))),
        ("wi-fi", Word("wi-fi")),
        ("10:30", Word("10:30")),
        ("c++", Word("c++")),
        ("AT&T", Word("AT&T")),
        ("https://acme.com/a", Word("https://acme.com/a")),
        ("a/b/c", Word("a/b/c")),
        ("Yahoo!", Word("Yahoo!")),
        ("really？", Word("really？")),
        ("🚀", Word("🚀")),
        ("crash* *phone colo?r a*b", And(tuple(Wildcard(text) for text in ("crash*", "*phone", "colo?r", "a*b")))),
        ("really?", Wildcard("really?")),
        ("phê* 3*", And((Wildcard("phê*"), Wildcard("3*")))),
        ("#acme_*", Hashtag("acme_*")),
        ("{Acme Corp}", Cased("Acme Corp")),
        (r"{a\}b}", Cased("a}b")),
        ('raw:"C++"', Raw("C++")),
        ("(raw:<3 RAW:C++)", And((Raw("<3"), Raw("C++")))),
        (r"/ac+me corp\/[a-z]/", Regex(r"ac+me corp\/[a-z]")),
        ('plain:"cà phê" plain:caf*', And((Plain(Phrase("cà phê")), Plain(Wildcard("caf*"))))),
        ('plain:(a OR "b c" -#d)', Or((Plain(A), And((Plain(Phrase("b c")), Not(Plain(Hashtag("d")))))))),
        ("plain:(a NEAR/2 b)", Near(2, False, (Plain(A),), (Plain(B),))),
        ('joined:"acme corp"', ACME_CORP),
        ("joined:#AcmeCorp", ACME_CORP),
        ("joined:#acme_corp", ACME_CORP),
        ("joined:#ABCars2Go", Or((Phrase("ab cars 2 go"), Hashtag("abcars2go"), Hashtag("ab_cars_2_go")))),
    ],
)
def test_terms_mean(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("title:a b", And((In("title", A), B))),
        ('TITLE:"a b"', In("title", Phrase("a b"))),
        ("-title:a", Not(In("title", A))),
        ("title:(a OR b -c)", Or((In("title", A), And((In("title", B), Not(In("title", C))))))),
        ("title:(a NEAR/2 b)", In("title", Near(2, False, (A,), (B,)))),
        ("title:plain:a", In("title", Plain(A))),
        ("text:/x/ text:{A}", And((In("text", Regex("x")), In("text", Cased("A"))))),
        ("author:@acme", In("author", Name("acme"))),
        ("url:https://acme.com", In("url", Word("https://acme.com"))),
        ("links:acme.com", In("links", Word("acme.com"))),
        ("site:https://www.ACME.com/", Field("site", "acme.com")),
        ("hashtag:a,#b", Or((Hashtag("a"), Hashtag("b")))),
        ("mention:@Acme@example.social", Field("mention", "acme@example.social")),
        ("lang:en,de", Or((Field("lang", "en"), Field("lang", "de")))),
        ("-lang:(en OR <<< no >>> de)", Not(Or((Field("lang", "en"), Field("lang", "de"))))),
        ("LANG:pt_BR", Field("lang", "pt-br")),
        ("country:DE", Field("country", "de")),
        ('source:"my source",OR', Or((Field("source", "my source"), Field("source", "OR")))),
        ("kind:Review", Field("kind", "review")),
        ("sentiment:neg", Field("sentiment", "negative")),
        ("is:reply has:link", And((Field("is", "reply"), Field("has", "link")))),
        ("rating:4", Between("rating", 4, 4)),
        ("rating:[1 TO 2],5", Or((Between("rating", 1, 2), Between("rating", 5, 5)))),
        ("rating:[3 TO *]", Between("rating", 3, None)),
        ("followers:>10k", Between("followers", 10_000, None, open_low=True)),
        ("followers:>=1.5M", Between("followers", 1_500_000, None)),
        ("engagement:<3", Between("engagement", None, 3, open_high=True)),
        ("engagement:<=3", Between("engagement", None, 3)),
        ("after:2026-03-02", Field("after", "2026-03-02")),
        ("after:2026-03-02T00:00Z", Field("after", "2026-03-02")),
        ("before:2026-03-02T09:30+02:00", Field("before", "2026-03-02T07:30Z")),
        ('before:"2026-03-02 09:30:05"', Field("before", "2026-03-02T09:30:05Z")),
    ],
)
def test_fields_mean(text: str, tree: Query) -> None:
    assert parse(text) == tree


def test_every_choice_may_be_written_as_any_of_its_spellings() -> None:
    for name, asked in FIELDS.items():
        for first, *others in asked.values if asked.takes is Takes.CHOICE else ():
            assert all(parse(f"{name}:{other.upper()}") == Field(name, first) for other in (first, *others))


def test_every_node_knows_where_it_begins() -> None:
    text = 'a -title:(b OR "c d") plain:e NEAR/2 {F} lang:en,de rating:>3'
    begins = {
        str(node): text[node.at :].partition(" ")[0] for node in nodes(parse(text)) if not isinstance(node, And | Or)
    }
    assert begins == {
        "a": "a",
        'NOT (title:b OR title:"c d")': "-title:(b",
        "title:b": "b",
        "b": "b",
        'title:"c d"': '"c',
        '"c d"': '"c',
        "plain:e NEAR/2 {F}": "plain:e",
        "plain:e": "plain:e",
        "e": "e",
        "{F}": "{F}",
        "lang:en": "en,de",
        "lang:de": "de",
        "rating:>3": "rating:>3",
    }


def is_a_query_or_a_query_error(text: str) -> bool:
    try:
        tree = parse(text)
    except QueryError as error:
        return 0 <= error.position <= len(text) and bool(error.remedy) and "^" in str(error)
    return parse(str(tree)) == tree and all(0 <= node.at < len(text) for node in nodes(tree))


@given(st.text())
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    assert is_a_query_or_a_query_error(text)


HEAP = (
    *("a", "b*", "AND", "OR", "NOT", "NEAR/2", "NEAR", "-", "(", ")", '"', '"a b"', "#t", "@n", " ", " ", "or", "x:y"),
    *("{A}", "{", "}", "/x/", "/", "*", "?", "<<<", ">>>", "[1 TO 2]", ">3", ",", "\\", "$n", "@file:x", "小米", "é"),
    *("title:", "author:", "plain:", "joined:", "raw:", "lang:", "en", "rating:", "source:", "site:a.b", "#AbCd"),
)


@given(st.lists(st.sampled_from(HEAP), max_size=12))
def test_any_heap_of_operators_is_a_query_or_a_query_error(parts: list[str]) -> None:
    assert is_a_query_or_a_query_error("".join(parts))


# -- what a watch may be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["a", "a lang:en", "title:a", "/x/", "site:acme.com", "mention:acme -lang:en", "raw:<3"]
)
def test_a_watch_looks_for_something_that_must_occur(text: str) -> None:
    assert parse_watch(text) == parse(text)


@pytest.mark.parametrize("text", ["NOT a", "a OR NOT b", "lang:en", "a OR rating:5", "kind:review -a", "NOT site:a.b"])
def test_a_watch_that_matches_nearly_everything_is_refused_and_a_search_is_not(text: str) -> None:
    assert parse(text)
    with pytest.raises(QueryError, match="nearly everything") as caught:
        parse_watch(f" {text}")
    assert caught.value.position == 1
    assert "every side of an OR" in caught.value.remedy


@pytest.mark.parametrize("name", [name for name, asked in FIELDS.items() if asked.later])
def test_a_watch_cannot_ask_for_what_is_only_known_later(name: str) -> None:
    text = f"a (b OR NOT {name}:neutral)"
    assert parse(text)
    with pytest.raises(QueryError, match=f"{name}: is only known of stored mentions") as caught:
        parse_watch(text)
    assert "search, routes and the digest" in caught.value.remedy
    assert text[caught.value.position :] == f"{name}:neutral)"


# -- how mistakes are shown -------------------------------------------------------------------------------------


def test_the_caret_stands_below_the_mistake_also_after_wide_letters() -> None:
    with pytest.raises(QueryError) as caught:
        parse("小米 $5")
    assert str(caught.value).splitlines() == [
        "query, character 4: $5 is not the name of a query: letters, digits, - and _ only",
        "  小米 $5",
        "       ^",
        "  Put it in double quotes to search for it as text.",
    ]


def test_only_the_neighbourhood_of_a_mistake_is_shown() -> None:
    with pytest.raises(QueryError) as caught:
        parse("acme OR\n" * 500 + "corp% OR " + "more OR " * 500)
    line, caret = caught.value.pointed()
    assert len(line) < 130
    assert line[caret.index("^")] == "%"


def test_a_long_word_is_not_repeated_in_full() -> None:
    with pytest.raises(QueryError) as caught:
        parse("$" * 10_000)
    assert len(str(caught.value)) < 300


def test_more_brackets_than_a_person_reads_are_refused() -> None:
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} brackets"):
        parse("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
