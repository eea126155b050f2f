"""What a text is made of: words, runs of scripts without spaces, emoji, hashtags, names. One definition for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from insight.query.text.scripts import EMOJI, FLAGS, SPACED, UNSPACED, UNSPACED_MARKS

WORD_CHARACTERS = SPACED
"""The inside of a regex class: what words are made of in scripts that put spaces between them."""

# 3.5 and 1,000 are one word each (WB11 and WB12 of https://www.unicode.org/reports/tr29/), so that `3` does not find
# "3.5".
_WORD = r"[{w}]+(?:(?<=\d)[.,](?=\d)[{w}]+)*"
# Behind a sign may stand a version (C++20), and what is written without a blank: a letter of a script without spaces.
_AFTER_A_SIGN = rf"(?!(?!\d)[{SPACED}{UNSPACED_MARKS}]|[+#])"
_SIGN = rf"(?<=[a-z0-9])(?:\+\+?|#){_AFTER_A_SIGN}"
_ASCII = re.compile(_WORD.format(w="a-z0-9"), re.ASCII)
_SPACED = re.compile(_WORD.format(w=SPACED))
_UNSPACED = re.compile(f"[{UNSPACED}]+")
# Flags are pairs of letters; other emoji may be joined by U+200D: https://www.unicode.org/reports/tr51/.
_EMOJI = re.compile(f"[{FLAGS}]{{2}}|[{EMOJI}](?:\u200d[{EMOJI}])*")
_PIECES = re.compile(
    f"(?P<run>{_UNSPACED.pattern})|(?P<emoji>{_EMOJI.pattern})|(?P<word>{_SPACED.pattern})|(?P<sign>{_SIGN})"
)
_FLAG = re.compile(f"[{FLAGS}]{{2}}")  # in a row of flags, the end of one and the beginning of the next are none
_LETTER = re.compile(f"[{UNSPACED}](?<![{UNSPACED_MARKS}])")
_BETWEEN = re.compile(f"[^{SPACED}{UNSPACED}{EMOJI}]*")

# The edges of a word, asked at a position. They say the same as _WORD does: what is found is a whole match of it.
_BEFORE = re.compile(f"(?<![{SPACED}])")
_BEFORE_DIGIT = re.compile(rf"(?<![{SPACED}])(?<!\d[.,])")
_AFTER = re.compile(f"(?![{SPACED}])")
_AFTER_DIGIT = re.compile(rf"(?![{SPACED}])(?![.,]\d)")
_AFTER_RUN = re.compile(f"(?![{UNSPACED_MARKS}])")  # never half a syllable: เม is not in เม็ด
_AFTER_SIGN = re.compile(_AFTER_A_SIGN)
_BEFORE_EMOJI = re.compile("(?<!\u200d)")
_AFTER_EMOJI = re.compile(f"(?!\u200d[{EMOJI}])")  # never a part of one: 👩 is not in 👩‍💻
_ANYWHERE = re.compile("")

_TAGGED = f"{SPACED}{UNSPACED}_"
HASHTAG = re.compile(f"(?<![{_TAGGED}&/#])#([{_TAGGED}]+)")
NAME = re.compile(rf"(?<![{_TAGGED}@])@([{_TAGGED}](?:[{_TAGGED}.-]*[{_TAGGED}])?(?:@[a-z0-9.-]*[a-z0-9])?)")


class Piece(Enum):
    WORD = "word"
    RUN = "run"  # letters without spaces between words: found anywhere inside such letters
    EMOJI = "emoji"
    SIGN = "sign"  # + ++ # directly after a word: c++, c#


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces that follow each other with nothing but punctuation and blanks between them: what a term looks for."""

    pieces: tuple[tuple[Piece, str], ...]

    @classmethod
    def of(cls, folded: str) -> Row:
        found = _PIECES.finditer(folded)
        return cls(tuple((Piece(match.lastgroup), match[0]) for match in found))

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where the row stands in a folded text, in order. Places may overlap: "a a a" holds "a a" twice."""
        _, first = self.pieces[0]
        flags = {flag.start() for flag in _FLAG.finditer(folded)} if _FLAG.match(first) else None
        start = folded.find(first)
        while start >= 0:
            end = self._end(folded, start)
            if end is not None and (flags is None or start in flags):
                yield start, end
            start = folded.find(first, start + 1)

    def _end(self, folded: str, start: int) -> int | None:
        position = start
        for number, (kind, text) in enumerate(self.pieces):
            if number and kind is not Piece.SIGN:
                position = _BETWEEN.match(folded, position).end()  # type: ignore[union-attr]  # it matches nothing, too
            before, after = _edges(kind, text)
            end = position + len(text)
            if not (folded.startswith(text, position) and before.match(folded, position) and after.match(folded, end)):
                return None
            position = end
        return position


def _edges(kind: Piece, text: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    if kind is Piece.WORD:
        before = _BEFORE_DIGIT if text[0].isdecimal() else _BEFORE
        return before, _AFTER_DIGIT if text[-1].isdecimal() else _AFTER
    if kind is Piece.EMOJI:
        return _BEFORE_EMOJI, _AFTER_EMOJI
    return _ANYWHERE, _AFTER_RUN if kind is Piece.RUN else _AFTER_SIGN


def keys(folded: str) -> set[str]:
    """Everything a term can be looked up by: each word, emoji, hashtag and name, and of a run each letter and pair."""
    if folded.isascii():
        found = set(_ASCII.findall(folded))
    else:
        found = set(_SPACED.findall(folded))
        found.update(_EMOJI.findall(folded))
        for run in _UNSPACED.findall(folded):
            found.update(run)
            found.update(map("".join, pairwise(run)))
    if "#" in folded:
        found.update("#" + tag for tag in HASHTAG.findall(folded))
    if "@" in folded:
        for name in NAME.findall(folded):
            found.update(name_keys(name))
    return found


def words(folded: str) -> Iterator[tuple[str, int, int]]:
    """Each whole word of scripts with spaces, and where it stands."""
    return ((found[0], *found.span()) for found in _SPACED.finditer(folded))


def piece_starts(folded: str) -> Iterator[int]:
    """Where each piece begins that counts as a word: words, emoji, and each letter where there are no spaces."""
    for found in _PIECES.finditer(folded):
        if found.lastgroup == Piece.RUN.value:
            yield from (letter.start() for letter in _LETTER.finditer(folded, *found.span()))
        elif found.lastgroup != Piece.SIGN.value:
            yield found.start()


def name_keys(name: str) -> tuple[str, ...]:
    """The keys of a folded handle: with its server, and without."""
    return f"@{name}", "@" + name.partition("@")[0]


def key_of(row: Row) -> str:
    """The key under which a post that holds this row is found; of several, the longest: it is the rarest, mostly."""
    return max(
        (text[:2] if kind is Piece.RUN else text for kind, text in row.pieces if kind is not Piece.SIGN), key=len
    )
