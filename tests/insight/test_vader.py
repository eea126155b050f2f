"""The feelings of English words: VADER's scores to the last digit, in linear time."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from insight.understanding.feelings import vader_scores
from tests.shared import BENCH, needs_benchmarks

VADER = SentimentIntensityAnalyzer()
_TOLD = [word for phrase in SPECIAL_CASES for word in phrase.split()]
_TURNS = ["no", "but", "least", "at", "very", "never", "so", "this", "without", "doubt", "kind", "of", "or", "nor"]
_PLAIN = ["table", "Table", "x", "", "isn't", ":)", "...", "café"]
_words = st.one_of(
    st.sampled_from(sorted(VADER.lexicon)),
    st.sampled_from([*_TURNS, *_TOLD, *_PLAIN]),
    st.sampled_from([*BOOSTER_DICT, *NEGATE]),
    st.sampled_from(sorted(VADER.emojis)),
)
_spoken = st.tuples(_words, st.booleans()).map(lambda pair: pair[0].upper() if pair[1] else pair[0])
_glued = st.tuples(_spoken, st.sampled_from([" ", " ", " ", "", "! ", "? ", "\n"])).map("".join)
opinionated = st.lists(_glued, max_size=14).map("".join)


@given(opinionated)
@settings(deadline=None)
def test_scores_are_those_of_vader_on_opinionated_texts(text: str) -> None:
    assert vader_scores(text) == VADER.polarity_scores(text)


@given(st.text())
def test_scores_are_those_of_vader_on_any_text(text: str) -> None:
    assert vader_scores(text) == VADER.polarity_scores(text)


@given(st.lists(st.sampled_from(["good", "bad", "GREAT", "but", "but", "x", "very", "fine"]), max_size=12))
def test_scores_are_those_of_vader_around_but(words: list[str]) -> None:
    text = " ".join(words)
    assert vader_scores(text) == VADER.polarity_scores(text)


@needs_benchmarks
def test_scores_are_those_of_vader_on_real_texts() -> None:
    lines = (BENCH / "sentiment" / "en_vader_tweets.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines[::8]]
    assert [text for text in texts if vader_scores(text) != VADER.polarity_scores(text)] == []


@pytest.mark.parametrize("text", ["😂" * 10_000, "good but bad, " * 5_000, "not very good " * 5_000, "!" * 100_000])
def test_no_text_takes_a_second(text: str) -> None:
    vader_scores("warm")
    start = time.process_time()
    vader_scores(text)
    assert time.process_time() - start < 1.0
