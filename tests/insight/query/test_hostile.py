"""Queries that nobody means: they are refused, or cost what their length says, and nothing overflows."""

from __future__ import annotations

import gc
import time

import pytest

from insight.query import MAX_DEPTH, Or, QueryError, parse
from insight.query.reading.parser import MAX_LENGTH, MAX_REGEXES

UNITS = (
    *("/", "{", "<<<", "$", "*", '"', "[", "(", "-", "?", "#", "@", "\\", "'", ">>>", "<", "é", "小", "🚀", "\u0301"),
    *("a:", "<<<>>>", "/a/ ", "{a} ", "title:", "plain:", "raw:", "raw:x ", "lang:en,", "lang:(en,", "site:a.", "-("),
    *(
        "NOT ",
        "a* ",
        "*a",
        "a?",
        "a-",
        "1.",
        "n't",
        "@a.",
        "@a@",
        "/\\",
        "{\\",
        '"\\',
        "[1 TO ",
        "a NEAR/1 b ",
        "a OR ",
    ),
    *("title:(a) ", 'joined:"a b" ', "joined:#aB", "rating:1,", "(a) ", "$a ", "<<< ", "mention:a.", "after:2"),
)
SHORT, TIMES = 3_000, 8


def seconds(query: str) -> float:
    """Of the processor, at best: what else runs on the machine does not count, nor what Python tidies meanwhile."""
    gc.disable()
    try:
        return min(_once(query) for _ in range(3))
    finally:
        gc.enable()


def _once(query: str) -> float:
    start = time.process_time()
    try:
        parse(query)
    except QueryError as error:
        str(error)
    return time.process_time() - start


@pytest.mark.sampled(cases=12)
@pytest.mark.parametrize("unit", UNITS)
def test_eight_times_the_text_costs_about_eight_times_as_much(unit: str) -> None:
    short, long = (seconds((unit * (length // len(unit) + 1))[:length]) for length in (SHORT, SHORT * TIMES))
    assert long < 3 * TIMES * max(short, 0.001)  # what is quadratic costs 64 times as much


@pytest.mark.parametrize(
    "query", ["(" * 10_000, "(" * 10_000 + "a" + ")" * 10_000, "-(" * 10_000, "NOT " * 10_000, "title:" * 10_000]
)
def test_ten_thousand_brackets_are_an_error_and_no_overflow(query: str) -> None:
    with pytest.raises(QueryError, match=f"more than {MAX_DEPTH} brackets"):
        parse(query)


@pytest.mark.parametrize(
    "query", ['"' * 10_000, "/" * 10_000, "{" * 10_000, "<<<" * 10_000, "$" * 10_000, "*" * 10_000]
)
def test_ten_thousand_openings_are_an_error(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query)


def test_a_list_of_ten_thousand_words_is_no_depth() -> None:
    query = parse(" OR ".join(f"word{i}" for i in range(10_000)))
    assert isinstance(query, Or)
    assert len(query.parts) == 10_000


def test_a_query_too_long_to_be_meant_is_refused() -> None:
    with pytest.raises(QueryError, match=f"{MAX_LENGTH:,} are allowed"):
        parse("a " * MAX_LENGTH)


def test_more_regular_expressions_than_anybody_reads_are_refused() -> None:
    with pytest.raises(QueryError, match=f"more than {MAX_REGEXES} regular expressions"):
        parse(" OR ".join(f"/a{i}/" for i in range(MAX_REGEXES + 1)))


def test_a_pattern_that_takes_other_engines_for_ever_is_just_a_pattern() -> None:
    assert str(parse("/(a+)+$/")) == "/(a+)+$/"
