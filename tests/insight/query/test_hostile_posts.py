"""Posts made to hurt: whatever they hold, matching ends, and costs what their length costs."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Post
from insight.query import Matcher, Query, parse
from insight.query.text.folding import fold, fold_plain, origins
from tests.insight.query.found import found, matched, post
from tests.insight.query.trees import terms

EVERYTHING = (
    'acme OR "a b c" OR "a a b" OR @x OR #y OR #y* OR a*a*a*b OR *a?b OR {A b} OR raw:"a!" OR raw:"!!" OR plain:a'
    ' OR plain:"小 ก" OR plain:#z OR /a+b$/ OR (小 OR a OR 🚀) NEAR/2 (b OR {B} OR plain:ก) OR @a ONEAR/0 b'
    " OR title:x OR author:x OR url:x OR links:x OR site:x.com OR mention:x OR 🇻🇳 OR 👩"
)


def everywhere(text: str) -> Post:
    return Post("net", "1", text, title=text, url=text, author=text, author_name=text, links=(text,), hashtags=(text,))


def seconds(matcher: Matcher, about: Post) -> float:
    """Of this process's own work: what else runs on the machine does not count."""
    before = process_time()
    matcher.match(about)
    return process_time() - before


@pytest.mark.sampled(cases=3)
@pytest.mark.parametrize(
    "letters",
    [
        "a", "1.", "ก็", "\u0301", "🚀", "👩\u200d", "#a", "a@", "a ", "a++", "n't", "\ud800", "://", "ﷺ",
        "A", "1", "é", "小", "ก", "\u200d", "🇻", "🇻🇳", "#", "@", "@a", "a.", "!", "+", " ", "\n", "’", "ß", "ﬁ",
        "\u00ad", "\ufe0f", "\0", "_", "가", "ᄀ",
    ],
)  # fmt: skip
def test_a_post_of_nothing_but_one_thing_costs_what_its_length_costs(letters: str) -> None:
    everything = Matcher(parse(EVERYTHING))
    seconds(everything, everywhere(letters))  # what is computed once is not counted
    short = seconds(everything, everywhere(letters * (1_500 // len(letters))))
    long = seconds(everything, everywhere(letters * (24_000 // len(letters))))
    assert long < 16 * 4 * short + 1  # with its square it would be 256 times as long


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("query", ["a NEAR/0 b", "a ONEAR/2 b", "(a OR c) NEAR/100 (b OR a)", "b ONEAR/0 a NOT c"])
def test_near_costs_what_its_hits_cost(query: str) -> None:
    matcher = Matcher(parse(query))

    def costs(hits: int) -> float:
        # First all of one side, then all of the other: every pair is in question, and only the middle is near.
        return seconds(matcher, post("a " * hits + "x " * 101 + "b " * hits))

    costs(100)
    assert costs(20_000) < 16 * 4 * costs(1_250) + 0.5


@pytest.mark.parametrize("text", ["\ud800 acme \udfff", "acme\0", "acme " * 500_000, "@" * 100_000, "a." * 50_000])
def test_a_hostile_post_is_matched_like_any_other(text: str) -> None:
    match = matched('acme OR "a b c" OR @x OR #y', post(text))
    assert (match is not None) == ("acme" in text)
    assert match is None or len(match.spans) <= 100


def test_a_host_of_endless_parts_is_no_host() -> None:
    site, about = Matcher(parse("site:acme.com OR is:owned")), post("", url=f"https://{'a.' * 50_000}acme.com/")
    assert seconds(site, about) < 1  # each part with all behind it would be two thousand million characters
    assert site.match(about) is None


@pytest.mark.sampled(cases=2)
@pytest.mark.parametrize("term", ["url:x{}*", "author:*x{}", "plain:x{}*", '"a x{}"'])
def test_a_list_of_thousands_costs_what_its_hits_cost(term: str) -> None:
    words = " ".join(f"y{number}" for number in range(5_000))
    matcher = Matcher(parse(" OR ".join(term.format(number) for number in range(5_000))))
    assert seconds(matcher, everywhere(words)) < 2  # each term on each word takes a minute


def test_only_the_beginning_of_an_endless_text_is_looked_at() -> None:
    assert found("acme", post("x " * 49_990 + "acme")) == ["acme"]
    assert found("acme", post("x " * 60_000 + "acme")) is None
    assert found("NOT acme", post("x " * 60_000 + "acme")) == []


@given(st.text(), terms)
def test_any_text_is_a_post_that_anything_can_be_asked_of(text: str, term: Query) -> None:
    about = everywhere(text)
    match = Matcher(term).match(about)
    for span in match.spans if match else ():
        assert 0 <= span.start < span.end <= len(getattr(about, span.field))


@given(st.text())
def test_offsets_stay_inside_the_original(text: str) -> None:
    for folding in (fold, fold_plain):
        folded = folding(text)
        starts = origins(text, folded, folding)
        assert len(starts) == len(folded) + 1
        assert list(starts) == sorted(starts)
        assert starts[-1] == len(text)
