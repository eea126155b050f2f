"""Regular expressions: what they find, where, and what no text can make them do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.query.text.regexes import compile_regex, find


def found(pattern: str, text: str) -> list[tuple[int, int]]:
    return list(find(compile_regex(pattern), text))


@given(st.text(alphabet="aB小🚀é \n\u0301"), st.sampled_from(["a+b?", "小|🚀", "[aé]b", r"\w\s", "(?:a|b)+小", "b.a"]))
def test_places_are_counted_in_characters(text: str, pattern: str) -> None:
    ascii_space = pattern.replace(r"\w", "[0-9A-Za-z_]")
    assert found(pattern, text) == [match.span() for match in re.finditer(ascii_space, text, re.IGNORECASE)]


def test_a_lone_surrogate_is_a_character_like_any_other() -> None:
    assert found("acme", "\ud83d acme") == [(2, 6)]
    assert found("\ud83d.", "ab") == []


def test_an_empty_match_is_no_match() -> None:
    assert found(r"b|a$", "aba") == [(1, 2), (2, 3)]
    assert found(r"(?:)(?m:$)x|y", "y") == [(0, 1)]


@pytest.mark.parametrize(
    "pattern", ["a*", "", "a|", "^", "$", r"\b", r"\B", "(?m)^", "(a*)*", "x{0,3}", r"$\b", r"a|\b$"]
)
def test_what_matches_the_empty_text_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="empty text"):
        compile_regex(pattern)


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?=a)", "(?<!a)b", r"(a)\1", r"\C", r"a{1001}", r"\pL{99}"])
def test_what_cannot_be_done_in_linear_time_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!b').*\w"):
        compile_regex(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+b", "(.*)(.*)(.*)c", "(a?){50}a{50}b"])
def test_patterns_that_take_other_engines_for_ever_end(pattern: str) -> None:
    assert found(pattern, "a" * 50_000 + "!") == []
