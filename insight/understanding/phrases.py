"""Text into phrases: words one to three in a row, or runs of characters where a script has no spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 2000  # characters of a post that are read: what it is about is said before that
NOISE = re.compile(r"https?://\S+|www\.\S+|@[\w.@-]+")
UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
MARKS = "\u0300-\u036f\u0900-\u0dff"  # vowel signs belong to their word, though they are not letters
WORD = re.compile(rf"[{UNSPACED}]+|(?:(?![{UNSPACED}])[\w{MARKS}])+(?:['’](?:(?![{UNSPACED}])\w)+)*")
JOINS = re.compile(r"[\s#-]*")  # between the words of one phrase; a comma or a full stop ends it
RUNS = (2, 3, 4)


def phrases(text: str, without: frozenset[str] = frozenset()) -> frozenset[str]:
    """Every phrase of a text, casefolded. `without`: words that end a phrase and are none (a watch's own name)."""
    found: set[str] = set()
    for stretch in _stretches(_fold(text), without):
        for i, word in enumerate(stretch):
            if unspaced(word):
                found.update(word[j : j + n] for n in RUNS for j in range(len(word) - n + 1))
            else:
                found.update(" ".join(words) for n in (1, 2, 3) if len(words := stretch[i : i + n]) == n)
    return frozenset(phrase for phrase in found if len(phrase) > 1)


def words(text: str) -> frozenset[str]:
    """The words of a name or a query, to be left out of phrases."""
    return frozenset(WORD.findall(_fold(text)))


def unspaced(phrase: str) -> bool:
    return re.match(f"[{UNSPACED}]", phrase) is not None


def specificity(phrase: str) -> float:
    """How much a phrase says: its words, or half its characters where there are no words."""
    return len(phrase) / 2 if unspaced(phrase) else phrase.count(" ") + 1


def _fold(text: str) -> str:
    return NOISE.sub(". ", unicodedata.normalize("NFKC", text[:LONGEST]).casefold())


def _stretches(text: str, without: frozenset[str]) -> Iterator[list[str]]:
    """Words in a row with nothing but spaces and hyphens between them; numbers alone say nothing."""
    stretch: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        word, joined = match[0], JOINS.fullmatch(text, end, match.start()) is not None
        end = match.end()
        alone = unspaced(word)
        if stretch and (not joined or alone or unspaced(stretch[-1])):
            yield stretch
            stretch = []
        if alone:
            yield from ([part] for part in _apart(word, without))
        elif word in without or word.isdigit():
            yield stretch
            stretch = []
        else:
            stretch.append(word)
    yield stretch


def _apart(run: str, without: frozenset[str]) -> list[str]:
    """A run of characters, cut where one of the words stands in it."""
    names = [re.escape(word) for word in without if unspaced(word)]
    return [part for part in re.split("|".join(names), run) if part] if names else [run]
