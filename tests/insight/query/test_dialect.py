"""A dialect as data: what it says of itself, and which of two searches in it finds all that the other does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insight.query import parse
from insight.query.dialect import Brackets, Dialect
from insight.query.pushdown.compiler import push_down
from insight.query.pushdown.forms import covers
from scrapers.social.hackernews import HackerNews
from scrapers.social.mastodon import Mastodon
from tests.insight.query.dialect_models import GITHUB, X

HN, TOOTS = HackerNews.dialect, Mastodon.dialect


@pytest.mark.parametrize(
    ("dialect", "says"),
    [
        (HN, "words, @names, beginnings*; no OR, no brackets; at most 512 bytes"),
        (TOOTS, "#hashtags; finds a part of the site only"),
        (X, 'words, "phrases", #hashtags, @names; AND, OR and brackets; lang:, author:; at most 512 characters'),
        (GITHUB, 'words, "phrases", @names; AND, OR and brackets; at most 256 characters, 5 operators'),
    ],
)
def test_a_dialect_says_in_a_line_what_it_understands(dialect: Dialect, says: str) -> None:
    assert dialect.in_words() == says


def test_brackets_are_a_matter_of_their_own() -> None:
    flat = replace(X, brackets=Brackets.NONE)
    assert push_down(parse("acme (crash OR bug)"), flat).searches == ("acme crash", "acme bug")
    assert push_down(parse("acme OR bolt"), flat).searches == ("acme OR bolt",)


@pytest.mark.parametrize(
    ("wide", "narrow", "both_ways"),
    [
        ("acme", "acme crash", False),
        ("acme", '"acme corp"', False),
        ("acme crash", "crash acme", True),
        ("acme corp", '"acme corp"', False),
        ("acme crash", "acme crash bug", False),
        ("acme OR bolt", "bolt crash", False),
        ("acme (crash OR bug)", "bug acme", False),
        ('"acme corp"', '"the acme corp"', False),
    ],
)
def test_a_search_covers_what_is_narrower(wide: str, narrow: str, both_ways: bool) -> None:
    one, two = push_down(parse(wide), X).forms[0], push_down(parse(narrow), X).forms[0]
    assert covers(one, two)
    assert covers(two, one) is both_ways


@pytest.mark.parametrize(("one", "two"), [("acme", "#acme"), ('"acme corp"', '"acme big corp"'), ("acme", "acmes")])
def test_searches_that_only_look_alike_do_not_cover_each_other(one: str, two: str) -> None:
    first, second = push_down(parse(one), X).forms[0], push_down(parse(two), X).forms[0]
    assert not covers(first, second)
    assert not covers(second, first)
