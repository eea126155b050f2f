"""Sentiment: what is said, by words, emoji and ratings, and how sure that is."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insight.model import Label, Post, PostKind, Rating, Sentiment, Span
from insight.understanding.passages import passages
from insight.understanding.reading import understand
from insight.understanding.tokens import BRAND_MARK
from tests.insight.test_vader import opinionated


def judge(about: Post, language: str, spans: Iterable[Span] = ()) -> Sentiment:
    return understand(about, language, spans).sentiment


def post(text: str, **more: object) -> Post:
    return Post("net", "1", text, **more)  # type: ignore[arg-type]


HOSTILE = ["😂" * 10_000, "good but bad, " * 5_000, "not very good " * 5_000, "!" * 10_000, "x" * 1_000_000]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_a_second(text: str) -> None:
    judge(post("warm"), "en")
    start = time.process_time()
    judge(post(text), "en", [Span("text", 0, 3)])
    assert time.process_time() - start < 1.0


def label(text: str, language: str = "en") -> Label:
    return judge(post(text), language).label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme is great", Label.POSITIVE),
        ("Acme keeps crashing, terrible", Label.NEGATIVE),
        ("Acme opens at nine", Label.NEUTRAL),
        ("No problem with Acme", Label.POSITIVE),
        ("Six months with Acme and no issues", Label.POSITIVE),
        ("Zero bugs so far, no hassle", Label.POSITIVE),
        ("Dark mode is a killer feature", Label.POSITIVE),
        ("I couldn’t be happier", Label.POSITIVE),
        ("There is no answer from them", Label.NEGATIVE),
        ("It doesn’t work well", Label.NEGATIVE),
    ],
)
def test_english_is_judged_as_meant(text: str, expected: Label) -> None:
    assert label(text) is expected


def test_the_evidence_is_the_strongest_words_as_written() -> None:
    assert judge(post("Acme is okay but the app is TERRIBLE, awful"), "en").evidence[0] == "TERRIBLE"


def test_only_the_sentences_around_the_mention_count() -> None:
    praise = "The weather was wonderful and we loved the happy, beautiful party. " * 20
    text = f"{praise}Then Acme came. It was horrible. {praise}"
    start = text.index("Acme")
    whole = judge(post(text), "en")
    around = judge(post(text), "en", [Span("text", start, start + 4)])
    assert whole.label is Label.POSITIVE
    assert around.label is Label.NEGATIVE
    assert around.evidence == ("horrible",)


def test_a_long_text_does_not_saturate() -> None:
    mixed = "The camera is good. The battery is a bit disappointing. Delivery took two days. " * 50
    assert abs(judge(post(mixed), "en").score) < 0.3


def test_praise_beside_blame_is_less_certain_than_praise_alone() -> None:
    alone = judge(post("Acme is great, really great"), "en")
    mixed = judge(post("Acme is great, really great and the support is bad"), "en")
    assert mixed.probability < alone.probability


def test_a_language_without_a_scorer_is_unknown() -> None:
    sentiment = judge(post("Acme on kamala, never again"), "fi")
    assert (sentiment.label, sentiment.score, sentiment.probability) == (Label.UNKNOWN, 0.0, 0.0)


def test_emoji_speak_in_every_language() -> None:
    sentiment = judge(post("Acme 너무 불편해요 😡"), "ko")
    assert sentiment.label is Label.NEGATIVE
    assert sentiment.evidence == ("😡",)


def review(text: str, value: float, worst: float = 1.0, best: float = 5.0) -> Post:
    return post(text, kind=PostKind.REVIEW, rating=Rating(value, worst, best))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, Label.NEGATIVE), (2, Label.NEGATIVE), (3, Label.NEUTRAL), (4, Label.POSITIVE), (5, Label.POSITIVE)],
)
def test_a_rating_speaks_in_every_language(value: float, expected: Label) -> None:
    sentiment = judge(review("Ứng dụng", value), "vi")
    assert sentiment.label is expected
    assert sentiment.evidence == (f"rating {value} of 5",)


@given(st.sampled_from([1.0, 2.0, 4.0, 5.0]), opinionated)
@settings(deadline=None)
def test_words_make_a_clear_rating_mixed_at_most(value: float, text: str) -> None:
    sentiment = judge(review(text, value), "en")
    assert sentiment.label in (Label.MIXED, Label.NEGATIVE if value < 3 else Label.POSITIVE)


def test_a_middling_rating_leaves_it_to_the_words() -> None:
    assert judge(review("Crashes all day, horrible", 3), "en").label is Label.NEGATIVE
    assert judge(review("Lovely and quick", 3), "en").label is Label.POSITIVE


def test_words_against_the_rating_cost_confidence() -> None:
    assert judge(review("Awful", 5), "en").probability < judge(review("Lovely", 5), "en").probability


@pytest.mark.parametrize("rating", [Rating(3, 5, 5), Rating(float("nan")), Rating(1, 0, float("inf"))])
def test_a_rating_without_sense_is_not_heard(rating: Rating) -> None:
    assert judge(post("Acme is great", rating=rating), "en").evidence == ("great",)


@given(st.text(), st.sampled_from(["en", "de", "und"]), st.floats(allow_nan=False))
def test_every_judgement_is_in_range(text: str, language: str, value: float) -> None:
    for about in (post(text), review(text, value)):
        sentiment = judge(about, language, [Span("text", 0, len(text))] if text else [])
        assert -1 <= sentiment.score <= 1
        assert 0 <= sentiment.probability <= 1


@given(st.text(st.sampled_from("ab .!?。\n"), min_size=1, max_size=900), st.data())
def test_a_passage_holds_what_was_mentioned(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    word = text[start:end]
    if not any(mark in word for mark in " .!?。\n"):
        assert BRAND_MARK in passages(post(text), [Span("text", start, end)])
