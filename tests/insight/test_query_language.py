"""The language: what a query's text means, how it prints, and what is refused with which advice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.query import MAX_DEPTH, And, Hashtag, Name, Not, Or, Phrase, Query, QueryError, Word, parse
from insight.query.cover import covering
from tests.insight.query_model import trees

A, B, C = Word("a"), Word("b"), Word("c")


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
        ("@acme OR @acme@example.social", Or((Name("acme"), Name("acme@example.social")))),
        ('"AND"', Phrase("AND")),
        (r'"say \"hi\""', Phrase('say "hi"')),
        ("“a b” OR （c）", Or((Phrase("a b"), C))),
        ("wi-fi", Word("wi-fi")),
        ("10:30", Word("10:30")),
        ("c++", Word("c++")),
        ("AT&T", Word("AT&T")),
        ("https://acme.com/a", Word("https://acme.com/a")),
        ("Yahoo!", Word("Yahoo!")),
        ("🚀", Word("🚀")),
    ],
)
def test_a_query_means(text: str, tree: Query) -> None:
    assert parse(text) == tree


@given(trees)
def test_what_is_printed_parses_to_the_same_tree(tree: Query) -> None:
    if covering(tree) is None:
        with pytest.raises(QueryError, match="nearly everything"):
            parse(str(tree))
    else:
        assert parse(str(tree)) == tree


def is_a_query_or_a_query_error(text: str) -> bool:
    try:
        tree = parse(text)
    except QueryError as error:
        return 0 <= error.position <= len(text) and bool(error.remedy) and "^" in str(error)
    return parse(str(tree)) == tree


@given(st.text())
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    assert is_a_query_or_a_query_error(text)


@given(st.lists(st.sampled_from(["a", "b", "AND", "OR", "NOT", "-", "(", ")", '"', "#t", "@n", " ", "or", "x:y", "*"])))
def test_any_heap_of_operators_is_a_query_or_a_query_error(parts: list[str]) -> None:
    assert is_a_query_or_a_query_error("".join(parts))


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("", 0, "the query is empty", "Write what to look for"),
        ("NOT a", 0, "would match nearly everything", "Add a word that must occur"),
        ("a OR NOT b", 0, "would match nearly everything", "every side of an OR"),
        ("acme or b", 5, "or could be an operator or a word", 'Write OR for the operator, or "or" in quotes'),
        ("a AND", 5, "missing at the end", "remove the operator"),
        ("a OR OR b", 5, "missing before OR", '"OR"'),
        ("(a", 0, "this bracket is never closed", "Add the )"),
        ("a)", 1, "this bracket closes nothing", "Remove it"),
        ("()", 1, "missing before this bracket", "Add it"),
        ('a "b', 2, "the quotes that open here never close", 'closing "'),
        ('a ""', 2, "these quotes hold nothing", "words, numbers or emoji"),
        ("a ...", 2, "... holds nothing to search for", "words, numbers or emoji"),
        ("a && b", 2, "& means nothing here", "Write AND"),
        ("a || b", 2, "| means nothing here", "Write OR"),
        ("a !b", 2, "! means nothing here", "Write NOT"),
        ("a –b", 2, "– means nothing here", "ordinary minus"),
        ("a - b", 2, "- means nothing here", "one minus directly before"),
        ("a --b", 2, "- means nothing here", "one minus directly before"),
        ("a +b", 2, "+ means nothing here", "leave the + out"),
        ("a 5%", 3, "the symbol % would be ignored in 5%", "double quotes"),
        ("a c+++", 5, "the symbol + would be ignored", "double quotes"),
        ("a #", 2, "# is not a hashtag", "double quotes"),
        ("a @-x", 2, "@-x is not a name", "double quotes"),
    ],
)
def test_a_query_is_refused_with_place_and_remedy(text: str, position: int, message: str, remedy: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert message in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    "later",
    [
        "lang:en",
        "re:invent",
        "raw:x",
        "acm*",
        "?cme",
        "NEAR/3",
        "ONEAR/2",
        "NEAR",
        "/ac+me/",
        "{Acme}",
        "rating:[1 TO 2]",
        "[1",
        "<<<",
        "$noise",
        "@file:excludes.txt",
    ],
)
def test_what_the_language_will_have_later_is_refused_and_may_be_quoted(later: str) -> None:
    with pytest.raises(QueryError, match="not yet understood") as caught:
        parse(f"acme {later} corp")
    assert caught.value.position == 5
    assert "double quotes" in caught.value.remedy


def test_the_caret_stands_below_the_mistake_also_after_wide_letters() -> None:
    with pytest.raises(QueryError) as caught:
        parse("小米 x*")
    assert str(caught.value).splitlines() == [
        "query, character 4: a wildcard is not yet understood",
        "  小米 x*",
        "       ^",
        "  Put it in double quotes to search for it as text.",
    ]


def test_only_the_neighbourhood_of_a_mistake_is_shown() -> None:
    with pytest.raises(QueryError) as caught:
        parse("acme OR\n" * 500 + "corp* OR " + "more OR " * 500)
    line, caret = caught.value.pointed()
    assert len(line) < 130
    assert line[caret.index("^")] == "c"


@pytest.mark.parametrize("query", ["(" * 10_000, "(" * 10_000 + "a" + ")" * 10_000, "-(" * 10_000, "NOT " * 10_000])
def test_ten_thousand_brackets_are_an_error_and_no_overflow(query: str) -> None:
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} brackets"):
        parse(query)


def test_a_list_of_ten_thousand_words_is_no_depth() -> None:
    query = parse(" OR ".join(f"word{i}" for i in range(10_000)))
    assert isinstance(query, Or)
    assert len(query.parts) == 10_000


def test_a_query_too_long_to_be_meant_is_refused() -> None:
    with pytest.raises(QueryError, match="characters"):
        parse("a " * 200_000)
