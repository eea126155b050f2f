"""What a post says of the thing it mentions: good, bad, neither, or unknown; and the words or rating that decided."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from insight.model import Label, Post, Rating, Sentiment, Span
from insight.understanding.passages import passages
from insight.understanding.vader import Idioms, Rules, scores, weigh

THRESHOLD = 0.05  # the usual one for VADER's compound: https://github.com/cjhutto/vaderSentiment#about-the-scoring
NEGATIVE_SHARE, POSITIVE_SHARE = 0.4, 0.7  # of a rating: up to 2 of 5 stars is bad, from 4 on good
MAX_EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the words alone say: -1 to 1, and the words that carry it with their valence, the strongest first."""

    score: float
    words: tuple[tuple[str, float], ...]

    @property
    def mixed(self) -> float:
        """From 0 (all words agree) to 1 (as much praise as blame)."""
        good = sum(valence for _, valence in self.words if valence > 0)
        bad = -sum(valence for _, valence in self.words if valence < 0)
        return min(good, bad) / max(good, bad) if self.words else 0.0


Scorer = Callable[[Sequence[str]], Opinion]


def judge(post: Post, language: str, spans: Iterable[Span] = ()) -> Sentiment:
    """The sentiment of a post towards what stands at `spans` (nothing there: the whole of it).

    A rating decides the label where it is clear, and the words only shade the score; a middling rating leaves it to
    the words. In a language without a scorer only a rating or emoji speak, else the label is UNKNOWN.
    """
    texts = passages(post, spans)
    scorer = SCORERS.get(language)
    opinion = scorer(texts) if scorer else _emoji_alone(texts)
    share = _share_of_scale(post.rating)
    if post.rating and share is not None:
        return _by_rating(post.rating, share, opinion if scorer or opinion.words else None)
    if not scorer and not opinion.words:
        return Sentiment(Label.UNKNOWN, 0.0)
    probability = _confidence(opinion) * (1.0 if scorer else 0.6)  # emoji are used in irony more than words are
    return Sentiment(_label(opinion.score), opinion.score, round(probability, 3), _evidence(opinion))


def _confidence(opinion: Opinion) -> float:
    """How far the label may be trusted: a rule of thumb, not a probability.

    It grows with the score's distance from neutral and falls where praise and blame stand side by side. Silence of the
    lexicon is weak evidence of neutrality: its words may just be missing.
    """
    if not opinion.words:
        return 0.4
    if abs(opinion.score) < THRESHOLD:
        return 0.3
    return (0.45 + 0.5 * abs(opinion.score)) * (1 - 0.5 * opinion.mixed)


def _by_rating(rating: Rating, share: float, opinion: Opinion | None) -> Sentiment:
    stars = 2 * share - 1
    clear = share <= NEGATIVE_SHARE or share >= POSITIVE_SHARE
    words = opinion.score if opinion else stars
    score = 0.75 * stars + 0.25 * words if clear else 0.5 * stars + 0.5 * words
    if clear:  # the words may weaken what the rating says, and not turn it round
        score = min(score, -THRESHOLD) if share <= NEGATIVE_SHARE else max(score, THRESHOLD)
    confidence = (0.9 if clear else 0.5) - (0.2 if words * stars < 0 else 0.0)
    named = f"rating {rating.value:g} of {rating.best:g}"
    return Sentiment(_label(score), round(score, 4), confidence, (named, *(_evidence(opinion) if opinion else ())))


def _share_of_scale(rating: Rating | None) -> float | None:
    """Where a rating lies between worst (0) and best (1), if that makes sense.

    Some pages state a scale without an extent, or a value that is no number.
    """
    if rating is None or not 0 < rating.best - rating.worst < math.inf or not math.isfinite(rating.share):
        return None
    return min(1.0, max(0.0, rating.share))


def _label(score: float) -> Label:
    if abs(score) < THRESHOLD:
        return Label.NEUTRAL
    return Label.POSITIVE if score > 0 else Label.NEGATIVE


def _evidence(opinion: Opinion) -> tuple[str, ...]:
    return tuple(word for word, _ in opinion.words[:MAX_EVIDENCE])


# -- English ----------------------------------------------------------------------------------------------------

# The one correction on top of VADER. It counts a `no` before a word that it does not know as bad in itself, which is
# right for "no answer" and wrong for "no bugs"; and takes "killer feature" for a crime. Sayings of general English
# only, with the valence of the plain word for the same (good 1.9, great 3.1 in VADER's lexicon).
_GOOD, _GREAT = 1.9, 3.1
_SAYINGS: dict[str, float] = {
    **{
        f"{no} {trouble}": _GOOD
        for no in ("no", "zero")
        for trouble in ("issue", "issues", "bug", "bugs", "hassle", "fuss", "glitches", "downtime", "lag", "drawbacks")
    },
    "no brainer": _GOOD,
    "no-brainer": _GOOD,
    "no wonder": 0.0,
    "no matter": 0.0,
    "killer feature": _GREAT,
    "killer features": _GREAT,
    "killer app": _GREAT,
    "game changer": _GREAT,
    "problem solved": _GOOD,
    "problems solved": _GOOD,
    "issue solved": _GOOD,
    "can't go wrong": _GOOD,
    "couldn't be happier": _GREAT,
    "could not be happier": _GREAT,
    "couldn't be better": _GREAT,
}


def _idioms(sayings: Mapping[str, float]) -> Idioms:
    """By first word, the longest first."""
    by_first: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for saying, valence in sorted(sayings.items(), key=lambda item: -len(item[0])):
        words = tuple(saying.split())
        by_first.setdefault(words[0], []).append((words, valence))
    return by_first


_IDIOMS = _idioms(_SAYINGS)


def vader_scores(text: str) -> dict[str, float]:
    """Exactly what `SentimentIntensityAnalyzer().polarity_scores(text)` gives, in linear time; no correction."""
    return scores(weigh(text, _rules()))


@lru_cache(maxsize=1)
def _rules() -> Rules:
    """The lexicon and constants, from the package: its only door, and read when first needed."""
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
        emojis=analyzer.emojis,
        boosters=BOOSTER_DICT,
        negations=frozenset(NEGATE),
        special=SPECIAL_CASES,
        capitals=C_INCR,
        negation=N_SCALAR,
    )


def _english(texts: Sequence[str]) -> Opinion:
    """The mean over the passages that say anything: one compound for all of a long text is nearly always ±1."""
    plain = (text.replace("’", "'") for text in texts)  # VADER knows "don't" with this apostrophe only
    weighed = [weigh(text, _rules(), _IDIOMS) for text in plain]
    compounds = [compound for one in weighed if (compound := scores(one)["compound"])]
    words = [pair for one in weighed for pair in zip(one.words, one.valences, strict=True) if pair[1]]
    words.sort(key=lambda pair: -abs(pair[1]))
    score = round(sum(compounds) / len(compounds), 4) if compounds else 0.0
    return Opinion(score, tuple(dict(words).items()))


def _emoji_alone(texts: Sequence[str]) -> Opinion:
    """What the emoji say where nobody reads the words: their names are in VADER's lexicon or say nothing."""
    emojis = _rules().emojis
    found = [character for text in texts if not text.isascii() for character in text if character in emojis]
    valences = {emoji: sum(weigh(emoji, _rules()).valences) for emoji in dict.fromkeys(found)}
    telling = [(emoji, valences[emoji]) for emoji in found if valences[emoji]]
    telling.sort(key=lambda pair: -abs(pair[1]))
    score = scores(weigh(" ".join(emoji for emoji, _ in telling), _rules()))["compound"]
    return Opinion(score, tuple(dict(telling).items()))


SCORERS: dict[str, Scorer] = {"en": _english}
"""By language. A language joins with one line here."""
