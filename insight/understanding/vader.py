"""The rules of VADER in linear time, score for score those of vaderSentiment 3.3.

Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM 2014:
https://ojs.aaai.org/index.php/ICWSM/article/view/14550; the reference: https://github.com/cjhutto/vaderSentiment.

The lexicon and the constants come from outside (`Rules`): sentiment.py reads them from the package. The package
lower-cases every word of a text again for each word it looks at, which makes it quadratic; here each is lower-cased
once. Its quirks are part of the scores and kept, each under a comment.
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from types import MappingProxyType

Idioms = Mapping[str, Sequence[tuple[tuple[str, ...], float]]]
"""By first word: the words of an idiom, and the valence it has as a whole."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What VADER knows. `boosters` also holds pairs of words; `special` holds phrases of two and three words."""

    lexicon: Mapping[str, float]
    emojis: Mapping[str, str]
    boosters: Mapping[str, float]
    negations: frozenset[str]
    special: Mapping[str, float]
    capitals: float
    negation: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """A text's words and the valence of each; `text` has its emoji written out."""

    text: str
    words: Sequence[str]
    valences: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words as written and lower-cased, and what the lexicon says of each."""

    written: list[str]
    lower: list[str]
    known: list[float | None]
    capitals_tell: bool  # some words are in capitals, not all


def weigh(text: str, rules: Rules, idioms: Idioms = MappingProxyType({})) -> Weighed:
    """The valence of each word in its surroundings. With `idioms`, what no single word says is put right."""
    # 1. The words, without punctuation at their edges.
    text = _without_emoji(text, rules.emojis).strip()
    written = []
    for token in text.split():
        stripped = token.strip(string.punctuation)
        written.append(stripped if len(stripped) > 2 else token)  # two characters may be what is left of an emoticon
    lower = [word.lower() for word in written]
    in_capitals = sum(map(str.isupper, written))
    words = _Words(written, lower, [rules.lexicon.get(word) for word in lower], 0 < in_capitals < len(written))

    # 2. Each by itself and by the words before it, then idioms, then what a `but` turns round.
    valences = [0.0 if known is None else _valence(words, i, known, rules) for i, known in enumerate(words.known)]
    for i, word in enumerate(lower if idioms else ()):
        for rest, valence in idioms.get(word, ()):
            if tuple(lower[i : i + len(rest)]) == rest:
                valences[i : i + len(rest)] = [valence] + [0.0] * (len(rest) - 1)
                break
    return Weighed(text, written, _weigh_around_but(lower, valences))


def scores(weighed: Weighed) -> dict[str, float]:
    """`neg`, `neu`, `pos` and `compound`, as vaderSentiment's `polarity_scores` gives them."""
    if not weighed.valences:
        return {"neg": 0.0, "neu": 0.0, "pos": 0.0, "compound": 0.0}
    # 1. Emphasis: up to four exclamation marks, and questions asked more than once.
    questions = weighed.text.count("?")
    asked_again = 0.0 if questions < 2 else questions * 0.18 if questions <= 3 else 0.96
    emphasis = min(weighed.text.count("!"), 4) * 0.292 + asked_again

    # 2. The compound: the sum, brought between -1 and 1. 15 is the package's `alpha`, near the largest sum expected.
    total = float(sum(weighed.valences))
    total += math.copysign(emphasis, total) if total else 0.0
    compound = max(-1.0, min(1.0, total / math.sqrt(total * total + 15)))

    # 3. The shares. One is added for each word, so that praise weighs against neutral words, which count one each.
    positive = negative = 0.0
    neutral = 0
    for valence in weighed.valences:
        if valence > 0:
            positive += valence + 1
        elif valence < 0:
            negative += valence - 1
        else:
            neutral += 1
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    whole = positive - negative + neutral
    return {
        "neg": round(math.fabs(negative / whole), 3),
        "neu": round(math.fabs(neutral / whole), 3),
        "pos": round(math.fabs(positive / whole), 3),
        "compound": round(compound, 4),
    }


def _without_emoji(text: str, emojis: Mapping[str, str]) -> str:
    """Each emoji as its description. A blank is put before it only, so `😀x` becomes one word with what follows."""
    if text.isascii() or not emojis:
        return text
    parts: list[str] = []
    blank_before = True
    for character in text:
        description = emojis.get(character)
        if description is None:
            parts.append(character)
            blank_before = character == " "
        else:
            parts.append(description if blank_before else f" {description}")
            blank_before = False
    return "".join(parts)


def _valence(words: _Words, i: int, valence: float, rules: Rules) -> float:
    """One word's valence, changed by the three words before it."""
    known, lower = words.known, words.lower
    if lower[i] in rules.boosters or (lower[i] == "kind" and lower[i + 1 : i + 2] == ["of"]):
        return 0.0
    valence = _after_no(words, i, valence, rules)
    if words.capitals_tell and words.written[i].isupper():
        valence += rules.capitals if valence > 0 else -rules.capitals
    for distance in range(1, min(i, 3) + 1):
        # A word with a valence of its own neither boosts nor negates.
        if known[i - distance] is None:
            valence += _boost(words, i - distance, valence, rules) * (1, 1, 0.95, 0.9)[distance]
            valence = _negated(lower, i, distance, valence, rules)
            if distance == 3:
                valence = _special(lower, i, valence, rules)
    if i > 0 and lower[i - 1] == "least" and known[i - 1] is None and not (i > 1 and lower[i - 2] in ("at", "very")):
        return valence * rules.negation
    return valence


def _after_no(words: _Words, i: int, valence: float, rules: Rules) -> float:
    """`no` before a word of the lexicon negates it and says nothing itself; elsewhere it is a word of the lexicon."""
    lower = words.lower
    before = lower[max(0, i - 3) : i][::-1]
    if "no" in before[:2] or (before[2:] == ["no"] and before[0] in ("or", "nor")):
        return valence * rules.negation
    if lower[i] == "no" and i + 1 < len(lower) and words.known[i + 1] is not None:
        return 0.0
    return valence


def _boost(words: _Words, i: int, valence: float, rules: Rules) -> float:
    boost = rules.boosters.get(words.lower[i], 0.0)
    if not boost:
        return 0.0
    if valence < 0:
        boost = -boost
    if words.capitals_tell and words.written[i].isupper():
        boost += rules.capitals if valence > 0 else -rules.capitals
    return boost


def _negated(lower: list[str], i: int, distance: int, valence: float, rules: Rules) -> float:
    far = lower[i - distance]
    between = lower[i - distance + 1 : i]
    # "never so good", "never this good" praise. For three words, `so` or `this` next to the word is enough, without
    # any "never": so the package binds its `and` and `or`.
    if distance > 1 and (
        (far == "never" and between[0] in ("so", "this")) or (distance == 3 and between[1] in ("so", "this"))
    ):
        return valence * 1.25
    if far == "without" and "doubt" in between:
        return valence
    return valence * rules.negation if far in rules.negations or "n't" in far else valence


def _special(lower: list[str], i: int, valence: float, rules: Rules) -> float:
    """Phrases with a valence of their own; seen only after three words, the first not in the lexicon."""
    three, two, one, word = lower[i - 3 : i + 1]
    before = (f"{one} {word}", f"{two} {one} {word}", f"{two} {one}", f"{three} {two} {one}", f"{three} {two}")
    for phrase in before:
        if phrase in rules.special:
            valence = rules.special[phrase]
            break
    for length in (2, 3):
        valence = rules.special.get(" ".join(lower[i : i + length]), valence) if i + length <= len(lower) else valence
    for phrase in (before[3], before[4], before[2]):  # "kind of", "sort of"
        valence += rules.boosters.get(phrase, 0.0)
    return valence


def _weigh_around_but(lower: list[str], valences: list[float]) -> list[float]:
    """What comes before the first `but` counts half, what comes after it one and a half.

    The package looks each value up by `list.index` while it changes the list, so of equal values always the first
    one changes, maybe twice. A heap of places for each value finds the same one without looking through the list.
    """
    if "but" not in lower:
        return valences
    but = lower.index("but")
    places: dict[float, list[int]] = {}
    for place, valence in enumerate(valences):
        places.setdefault(valence, []).append(place)
    for turn in range(len(valences)):
        valence = valences[turn]
        heap = places[valence]
        while valences[heap[0]] != valence:
            heappop(heap)
        place = heap[0]
        if valence and place != but:
            valences[place] = valence * (0.5 if place < but else 1.5)
            heappush(places.setdefault(valences[place], []), place)
    return valences
