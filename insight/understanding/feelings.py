"""The feelings of English words: VADER's lexicon and rules, read from the package: its only door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from insight.understanding.vader import Rules, scores, weigh

_WORDS = re.compile(r"\S+")


def vader_scores(text: str) -> dict[str, float]:
    """Exactly what `SentimentIntensityAnalyzer().polarity_scores(text)` gives, in linear time; no correction."""
    return scores(weigh(text, _rules(with_emoji=True)))


def felt(text: str) -> Iterator[tuple[str, float, int]]:
    """Each word that VADER feels something at, with its valence there and where it begins. A line is read by itself."""
    at = 0
    for line in text.replace("’", "'").split("\n"):  # VADER knows "don't" with this apostrophe only
        weighed = weigh(line, _rules(with_emoji=False))
        places = (match.start() for match in _WORDS.finditer(line))
        for word, valence, place in zip(weighed.words, weighed.valences, places, strict=True):
            if valence:
                yield word, round(float(valence), 3), at + place + max(0, line.find(word, place) - place)
        at += len(line) + 1


@lru_cache(maxsize=2)
def _rules(*, with_emoji: bool) -> Rules:
    """The lexicon and constants. Its emoji are read by their English names: 💔 is a "broken heart", so good."""
    from vaderSentiment.vaderSentiment import (
        BOOSTER_DICT,
        C_INCR,
        N_SCALAR,
        NEGATE,
        SPECIAL_CASES,
        SentimentIntensityAnalyzer,
    )

    analyzer = SentimentIntensityAnalyzer()
    return Rules(
        lexicon=analyzer.lexicon,
        emojis=analyzer.emojis if with_emoji else {},
        boosters=BOOSTER_DICT,
        negations=frozenset(NEGATE),
        special=SPECIAL_CASES,
        capitals=C_INCR,
        negation=N_SCALAR,
    )
