"""Which characters make words, as regex classes: scripts with spaces, scripts without, marks, emoji."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable

# Blocks whose scripts put no space between words. Hangul is among them because its particles attach to the word:
# a reader expects 삼성 to find 삼성은.
_UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Han iteration marks and zero
    (0x3041, 0x31FF),  # kana, Bopomofo
    (0x3400, 0x9FFF),  # Han
    (0xA960, 0xA97F),  # Hangul letters
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAA7F),  # Myanmar
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han
)


def ranges(codes: Iterable[int]) -> str:
    """The inside of a regex class that holds these code points, given in ascending order."""
    parts: list[str] = []
    start = previous = -2
    for code in [*codes, sys.maxunicode + 2]:
        if code != previous + 1:
            if start >= 0:
                parts.append(f"{re.escape(chr(start))}-{re.escape(chr(previous))}")
            start = code
        previous = code
    return "".join(parts)


def _classes() -> tuple[str, str, str, str]:
    """Marks, marks of scripts without spaces, those scripts, and those with spaces.

    Only the first plane is looked through, in a function so that none of it stays in memory. Of the other planes the
    ranges below are exact enough: all Han there is without spaces, and what lies before the emoji is letters of old
    or rare scripts.
    """
    plane = [chr(code) for code in range(0x10000)]
    marks = {ord(character) for character in plane if unicodedata.category(character)[0] == "M"}
    letters = {ord(character) for character in plane if character.isalnum()}
    unspaced = [
        code
        for first, last in _UNSPACED_BLOCKS
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)) in ("Lo", "Lm", "Nl", "Mn", "Mc")
    ]
    of_words = sorted((letters | marks).difference(unspaced))
    return ranges(sorted(marks)), ranges(sorted(marks.intersection(unspaced))), ranges(unspaced), ranges(of_words)


MARKS, UNSPACED_MARKS, _UNSPACED, _SPACED = _classes()
JAMO = "\u1160-\u11ff\ud7b0-\ud7ff"  # Hangul vowels and finals: they join the letter before them, as marks do
UNSPACED = _UNSPACED + "\U00020000-\U0003ffff"
SPACED = _SPACED + "\U00010000-\U0001efff"
EMOJI = "\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001fbff"
FLAGS = "\U0001f1e6-\U0001f1ff"
