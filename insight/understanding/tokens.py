"""Text into tokens: words, single letters of scripts without spaces, emoji, and the marks that end a clause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
BRAND, OTHER = "_", "~"
"""Tokens that stand for the name of the watch that a post is read for, and for that of any other watch."""
BRAND_MARK, OTHER_MARK = "\x01", "\x02"
"""The same in a text: control characters; where a post itself has them, they are read as blanks."""

MOST = 600
"""Tokens that are read of a text."""

_NOISE = r"(?:https?://|www\.)[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+|@[\w.]*\w"
_LETTER = rf"(?:[^\W{UNSPACED}]+[\u0300-\u036f\u0900-\u0dff]*)+"
_EMOJI = (
    "(?:[\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\U0001f000-\U0001faff]"
    "[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff]*)"
)
_EMOTICON = r"[:;=][-'^o]?[)(\]\[DPpOo/\\|3*]{1,3}(?!\w)|[)(]{2,}|<3|</3|\^[_.-]?\^|>[_.]<|-_-"
_TOKEN = re.compile(
    rf"(?P<word>(?!https?://|www\.){_LETTER}(?:['’]{_LETTER})*)|(?P<name>[{BRAND_MARK}{OTHER_MARK}])|(?P<noise>{_NOISE})"
    rf"|(?P<letter>[{UNSPACED}])|(?P<emoticon>{_EMOTICON})|(?P<emoji>{_EMOJI})|(?P<end>[.!?…。！？\n]+)"
    rf"|(?P<pause>[,;:，；：、()（）\"“”「」|—]|\s-+\s)|(?P<mark>[%$€£¥+&#])"
)
_VARIANTS = re.compile("[\ufe0e\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff]")
_LONG = re.compile(r"(\w)\1{2,}")  # soooo
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|_")


@dataclass(frozen=True, slots=True)
class Tokens:
    """`words`: the normal form of each token; `starts`, `ends`: where it stands in `text`; `clauses`, `sentences`: the
    number of its clause and of its sentence.
    """

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    clauses: list[int]
    sentences: list[int]


def tokens_of(text: str, language: str = "") -> Tokens:
    """`text` has BRAND_MARK and OTHER_MARK in the place of names. Links and handles are no tokens. Chinese is read in
    Simplified letters.
    """
    read = simplified(text) if language == "zh" else text
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    clauses: list[int] = []
    sentences: list[int] = []
    clause = sentence = 0
    for match in _TOKEN.finditer(read):
        kind = match.lastgroup
        written, (start, end) = match[0], match.span()
        if kind == "word" and start and read[start - 1] in "#＃" and written not in (written.lower(), written.upper()):
            parts = _parts(written, start)
        elif kind == "noise":
            continue
        else:
            parts = ((normal_form(written) if kind == "word" else _SIGNS.get(kind or "", _as_is)(written), start, end),)
        for word, at, until in parts:
            words.append(word)
            starts.append(at)
            ends.append(until)
            clauses.append(clause)
            sentences.append(sentence)
        if kind == "end":
            sentence += 1
        if kind in _ENDS:
            clause += 1
        if len(words) >= MOST:
            break
    return Tokens(text, words, starts, ends, clauses, sentences)


def simplified(text: str) -> str:
    """The same, letter by letter, in Simplified Chinese."""
    return text.translate(_simplified_letters())


@lru_cache(maxsize=1)
def _simplified_letters() -> dict[int, str]:
    lines = (Path(__file__).parent.parent / "lexicons" / "traditional.txt").read_text("utf-8").splitlines()
    return {ord(pair[0]): pair[1] for line in lines if not line.startswith("#") for pair in line.split()}


def without_marks(text: str) -> str:
    """The same without diacritics, as people type it in a hurry: "khong vao duoc"."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _parts(written: str, start: int) -> tuple[tuple[str, int, int], ...]:
    """The words of a hashtag: #AcmeIsDown."""
    bounds = [0, *(cut.end() for cut in _CAMEL.finditer(written)), len(written)]
    pairs = ((a, b, written[a:b].strip("_")) for a, b in pairwise(bounds))
    return tuple((normal_form(part), start + a, start + b) for a, b, part in pairs if part)


@lru_cache(maxsize=100_000)  # the words of a language come again and again
def normal_form(word: str) -> str:
    """Lower case, one kind of apostrophe, and no more than two of a letter in a row."""
    return _LONG.sub(r"\1\1", word.lower().replace("’", "'"))


def _end_mark(written: str) -> str:
    return "?" if "?" in written or "？" in written else "!" if "!" in written or "！" in written else "."


def _as_is(written: str) -> str:
    return written


_ENDS = ("end", "pause")
_SIGNS: dict[str, Callable[[str], str]] = {
    "name": lambda written: BRAND if written == BRAND_MARK else OTHER,
    "emoji": lambda written: _VARIANTS.sub("", written),
    "end": _end_mark,
}
