"""The words of a language, from `insight/lexicons/<language>/*.txt`: what they say, and how they change each other.

A file has sections of patterns (see patterns.py), one a line:

    # a comment; the head of the file names its source and licence
    [set cannot]                  a set of words and phrases for patterns of this language: <cannot>
    can't, cannot, can not
    [failure -2]                  a section of opinions, with the weight of what stands in it
    <cannot> (log|sign) in
    crash*                  -2.5  a weight of its own always has its sign

`OPINIONS` are the sections that say something good or bad; any other section of a file names a value of a facet:
in `aspects.txt` an aspect, in `intents.txt` an intent, in `stages.txt` a stage of the customer's journey.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from insight.understanding.patterns import PatternError, Patterns
from insight.understanding.tokens import simplified, without_marks

FOLDER = Path(__file__).parent.parent / "lexicons"
COMPLAINTS = ("failure", "service", "money", "leaving", "missing", "asking")
"""Sections of what people complain of, in `complaints.txt`."""
OPINIONS = ("good", "bad", *COMPLAINTS, "relief", "plain")
"""`plain` says nothing, and hides what stands in it: "killer feature" says nothing of killers."""
SETS = ("not", "very", "little", "but", "if")
"""Sets that every language has: what turns words round, makes them stronger or weaker, contrasts, and supposes."""
MARKED = ("vi",)
"""Languages that people also write without their diacritics, in ASCII."""
FACETS = {"intents": "intent", "aspects": "aspect", "stages": "stage"}

_HEADER = re.compile(r"\[(set )?([\w-]+)(?:\s+([-+]\d+(?:\.\d+)?))?\]")
_WEIGHT = re.compile(r"\s+([-+]\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a lexicon: `facet` is "opinion", "intent", "aspect" or "stage", `section` its value."""

    facet: str
    section: str
    weight: float
    pattern: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`opinions` and `facets` find entries; the sets hold single words as tokens have them. `reads_words`: it has files
    of its own; of other languages only the emoji are read.
    """

    language: str
    opinions: Patterns
    facets: Patterns
    sets: Mapping[str, frozenset[str]]
    reads_words: bool


class LexiconError(ValueError):
    """A file that cannot be read: where, and what to write."""


def languages() -> tuple[str, ...]:
    """Those with a lexicon of their own."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/words.txt")))


@lru_cache(maxsize=32)
def lexicon_of(language: str, *, bare: bool = False) -> Lexicon:
    """Of a language without files: what emoji say. `bare`: for texts without diacritics, where the words of the set
    `ambiguous` are not read alone. Raises LexiconError, which the tests of the files meet first.
    """
    files = sorted((FOLDER / language).glob("*.txt")) if language in languages() else []
    emoji = FOLDER / "emoji.txt"
    written: Callable[[str], str] = simplified if language == "zh" else without_marks if bare else str
    lines = [(path, *line) for path in (emoji, *files) for line in _lines(path, written)]
    sets: dict[str, list[str]] = {name: [] for name in SETS}
    for _, _, header, text in lines:
        if header[0] == "set":
            sets.setdefault(header[1], []).extend(part.strip() for part in text.split(",") if part.strip())
    unread = frozenset(sets.get("ambiguous", ()) if bare else ())
    opinions, facets = Patterns(sets, unread), Patterns(sets, unread)
    for path, number, header, text in lines:
        if header[0] == "set":
            continue
        weighed = _WEIGHT.search(text)
        pattern = text[: weighed.start()] if weighed else text
        weight = float(weighed[1]) if weighed else header[2]
        facet = "opinion" if header[1] in OPINIONS else FACETS.get(path.stem, "")
        if not facet:
            raise LexiconError(f"{path.name}:{number}: [{header[1]}] is none of {', '.join(OPINIONS)}")
        entry = Entry(facet, header[1], weight, pattern)
        if path == emoji:
            opinions.add_sign(pattern, entry)
            continue
        try:
            (opinions if facet == "opinion" else facets).add(pattern, entry)
        except PatternError as error:
            raise LexiconError(f"{path.name}:{number}: {error}") from None
    words = {name: frozenset(word for word in members if " " not in word) for name, members in sets.items()}
    return Lexicon(language, opinions, facets, words, bool(files))


def lexicon_for(text: str, language: str) -> Lexicon:
    """The lexicon by which this text is read."""
    return lexicon_of(language, bare=language in MARKED and text.isascii())


def _lines(path: Path, written: Callable[[str], str]) -> Iterator[tuple[int, tuple[str, str, float], str]]:
    """The lines that say something, each with its number and the header that it stands under."""
    header = ("", "", 0.0)
    for number, line in enumerate(written(path.read_text("utf-8")).splitlines(), 1):
        text = line.split(" # ")[0].strip()
        if not text or text.startswith("# ") or text == "#":
            continue
        if text.startswith("["):
            found = _HEADER.fullmatch(text)
            if not found:
                raise LexiconError(f"{path.name}:{number}: write [section], [section -2] or [set name]")
            header = (found[1].strip() if found[1] else "", found[2], float(found[3] or 0))
        elif not header[1]:
            raise LexiconError(f"{path.name}:{number}: a [section] must stand before it")
        else:
            yield number, header, text
