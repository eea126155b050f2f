"""Opinions in a text: what the lexicon says of its words, turned or weakened by their neighbours."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from insight.understanding import feelings
from insight.understanding.lexicon import COMPLAINTS, Entry, Lexicon
from insight.understanding.patterns import Found
from insight.understanding.tokens import BRAND, BRAND_MARK, OTHER, OTHER_MARK, Tokens

REACH = 3  # tokens before an opinion in which a word may turn it round: as far as VADER looks
TURNED = -0.74  # VADER's N_SCALAR, found in its study of 200 tweets
RAISED, WEAKENED = 1.3, 0.7
SUPPOSED = 0.3  # "if it crashes": nothing has crashed yet
FEELINGS = {"good": "bad", "bad": "good"}
_NAMELESS = str.maketrans(BRAND_MARK + OTHER_MARK, "xx")
_NO_WORDS = re.compile(r"[^\w\s!-~’]")  # emoji and signs that would stick to words


@dataclass(frozen=True, slots=True)
class Opinion:
    """`text` as it stands in the post; `section` as in the lexicon, after negation ("no crashes" is relief); `weight`
    from about -4 to 4. `own`: it is said of the watch, not of another one.
    """

    text: str
    section: str
    weight: float
    start: int
    end: int
    clause: int
    sentence: int
    own: bool = True


def opinions_in(tokens: Tokens, lexicon: Lexicon) -> list[Opinion]:
    """In the order of the text. Where two entries overlap the longer one speaks: "not working" is no "working"."""
    chosen = longest(lexicon.opinions.find(tokens))
    taken = {place for found in chosen for place in range(found.start, found.end)}
    opinions = [_weighed(tokens, found, taken, lexicon) for found in chosen if found.entry.section != "plain"]
    if lexicon.language == "en":
        opinions += _felt(tokens, chosen)
        opinions.sort(key=lambda one: one.start)
    return _attributed(tokens, opinions)


def longest(found: Iterable[Found]) -> list[Found]:
    """Those that no longer one overlaps; of equal ones the first."""
    chosen: list[Found] = []
    taken: set[int] = set()
    for one in sorted(found, key=lambda it: (it.start - it.end, it.start)):
        places = range(one.start, one.end)
        if taken.isdisjoint(places):
            taken.update(places)
            chosen.append(one)
    return sorted(chosen, key=lambda it: it.start)


def _weighed(tokens: Tokens, found: Found, taken: set[int], lexicon: Lexicon) -> Opinion:
    entry: Entry = found.entry
    section, weight, clause = entry.section, entry.weight, tokens.clauses[found.start]
    sets = lexicon.sets
    negated = False
    for place in range(found.start - 1, max(-1, found.start - 1 - REACH), -1):
        word = tokens.words[place]
        if tokens.clauses[place] != clause or word in sets["but"]:
            break
        if place in taken:
            continue
        if word in sets["not"]:
            negated = not negated
        elif word in sets["very"]:
            weight *= RAISED
        elif word in sets["little"]:
            weight *= WEAKENED
    if negated:
        section, weight = _turned(section, weight)
    if section in COMPLAINTS and _supposed(tokens, found.start, lexicon):
        weight *= SUPPOSED
    text = tokens.text[tokens.starts[found.start] : tokens.ends[found.end - 1]]
    start, end = tokens.starts[found.start], tokens.ends[found.end - 1]
    return Opinion(text, section, round(weight, 3), start, end, clause, tokens.sentences[found.start])


def _turned(section: str, weight: float) -> tuple[str, float]:
    if section in FEELINGS:
        return FEELINGS[section], TURNED * weight
    if section == "relief":
        return "failure", -abs(weight)
    return "relief", 0.5 * abs(weight)


def _supposed(tokens: Tokens, place: int, lexicon: Lexicon) -> bool:
    """Whether a word like `if` stands before it in its clause."""
    clause = tokens.clauses[place]
    while place > 0 and tokens.clauses[place - 1] == clause:
        place -= 1
        if tokens.words[place] in lexicon.sets["if"]:
            return True
    return False


# -- the feelings of English words ------------------------------------------------------------------------------


def _felt(tokens: Tokens, chosen: Sequence[Found]) -> Iterator[Opinion]:
    """What VADER's lexicon says of the words that no entry of our own has spoken of."""
    text = tokens.text.translate(_NAMELESS)
    for found in chosen:
        for place in range(found.start, found.end):
            start, end = tokens.starts[place], tokens.ends[place]
            text = f"{text[:start]}{'x' * (end - start)}{text[end:]}"
    if not text.isascii():
        text = _NO_WORDS.sub(" ", text)
    for word, valence, start in feelings.felt(text):
        place = max(0, bisect_right(tokens.starts, start) - 1)
        section = "good" if valence > 0 else "bad"
        clause, sentence = tokens.clauses[place], tokens.sentences[place]
        yield Opinion(word, section, valence, start, start + len(word), clause, sentence)


# -- whose ------------------------------------------------------------------------------------------------------


def _attributed(tokens: Tokens, opinions: list[Opinion]) -> list[Opinion]:
    """Each opinion is of the name that stands before it in its sentence, else of the next one there, else of the one
    that was last named before. An entry that speaks of the watch by its pattern ("better than _") is its own.
    """
    if OTHER not in tokens.words:
        return opinions
    names = [(tokens.starts[place], word, tokens.sentences[place]) for place, word in enumerate(tokens.words)
             if word in (BRAND, OTHER)]  # fmt: skip
    attributed = []
    for one in opinions:
        if BRAND_MARK in one.text or OTHER_MARK in one.text:
            attributed.append(one)
            continue
        before = [word for at, word, sentence in names if at < one.start and sentence == one.sentence]
        after = [word for at, word, sentence in names if at > one.start and sentence == one.sentence]
        earlier = [word for at, word, _ in names if at < one.start]
        owner = (before[-1:] or after[:1] or earlier[-1:] or [BRAND])[0]
        attributed.append(one if owner == BRAND else replace(one, own=False))
    return attributed
