"""The sentiment of a mention: a label with its probability, a score, and the words or the rating that decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from insight.model import Label, Rating, Sentiment
from insight.understanding.opinions import Opinion
from insight.understanding.readout import squash

MAX_EVIDENCE = 5
NEGATIVE_SHARE, POSITIVE_SHARE = 0.4, 0.7  # of a rating: up to 2 of 5 stars is bad, from 4 on good
LEAST = 0.05  # the score of a label that a rating decided against its words
WITHOUT_WORDS = 0.6  # emoji are used in irony more than words are, and here nobody can read the words beside them
CLEAR, MIDDLE, AGAINST = 0.9, 0.5, 0.2
"""Probabilities for ratings: of a clear one, of one in the middle, and what words that say the opposite take away."""


def by_words(probabilities: Mapping[Label, float], opinions: Sequence[Opinion], marks: Mapping[str, str]) -> Sentiment:
    """The likeliest label. The score is how much likelier good is than bad."""
    label = max(probabilities, key=probabilities.__getitem__)
    score = probabilities[Label.POSITIVE] - probabilities[Label.NEGATIVE]
    return Sentiment(label, round(score, 4), round(probabilities[label], 3), evidence(opinions, marks))


def by_emoji(opinions: Sequence[Opinion]) -> Sentiment:
    """Where nobody reads the words of the language: what the emoji say, or nothing."""
    if not opinions:
        return Sentiment(Label.UNKNOWN, 0.0)
    score = round(squash(sum(one.weight for one in opinions)), 4)
    label = Label.POSITIVE if score > LEAST else Label.NEGATIVE if score < -LEAST else Label.NEUTRAL
    return Sentiment(label, score, round(WITHOUT_WORDS * (0.5 + 0.5 * abs(score)), 3), evidence(opinions, {}))


def with_rating(rating: Rating | None, words: Sentiment) -> Sentiment:
    """A clear rating decides, if the words are not sure of the opposite: then it is mixed. Others leave it to them."""
    share = share_of_scale(rating)
    if rating is None or share is None:
        return words
    stars = 2 * share - 1
    clear = share <= NEGATIVE_SHARE or share >= POSITIVE_SHARE
    named = (f"rating {rating.value:g} of {rating.best:g}", *words.evidence)
    heard = stars if words.label is Label.UNKNOWN else words.score
    if not clear:
        known = words.label is not Label.UNKNOWN
        score, label = 0.5 * stars + 0.5 * heard, words.label if known else Label.NEUTRAL
        return Sentiment(label, round(score, 4), words.probability if known else MIDDLE, named)
    score = 0.75 * stars + 0.25 * heard
    good = share >= POSITIVE_SHARE
    score = max(score, LEAST) if good else min(score, -LEAST)
    opposite = words.label is (Label.NEGATIVE if good else Label.POSITIVE)
    if opposite and words.probability >= CLEAR - AGAINST:
        return Sentiment(Label.MIXED, round(score, 4), MIDDLE, named)
    label = Label.POSITIVE if good else Label.NEGATIVE
    return Sentiment(label, round(score, 4), round(CLEAR - (AGAINST if opposite else 0.0), 3), named)


def share_of_scale(rating: Rating | None) -> float | None:
    """Where a rating lies between worst (0) and best (1), if that makes sense.

    Some pages state a scale without an extent, or a value that is no number.
    """
    if rating is None or not 0 < rating.best - rating.worst < math.inf or not math.isfinite(rating.share):
        return None
    return min(1.0, max(0.0, rating.share))


def evidence(opinions: Sequence[Opinion], marks: Mapping[str, str]) -> tuple[str, ...]:
    """The words that weigh most, once each; the names stand in the place of their marks again."""
    words: dict[str, None] = {}
    for one in sorted(opinions, key=lambda it: -abs(it.weight)):
        text = one.text
        for mark, name in marks.items():
            text = text.replace(mark, name)
        words[text] = None
    return tuple(words)[:MAX_EVIDENCE]
