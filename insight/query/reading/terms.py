"""One term's text → its node: words, phrases, wildcards, hashtags, names, {Cased}, raw: and /regex/, each checked."""

from __future__ import annotations

import re
import unicodedata

from insight.query.errors import Place, QueryError, shown
from insight.query.text.folding import fold, fold_raw
from insight.query.text.regexes import compile_regex
from insight.query.text.scripts import UNSPACED
from insight.query.text.words import HASHTAG, NAME, WORD_CHARACTERS, Piece, Row
from insight.query.tree import Cased, Hashtag, Name, Phrase, Raw, Regex, Wildcard, Word

QUOTE = "Put it in double quotes to search for it as text."
MAX_PATTERN = 1_000
"""Characters of a regular expression."""
MAX_WORDS = 100
"""In a row: of a phrase, {Cased} or raw: text."""

_LETTERS = re.compile(f"[{WORD_CHARACTERS}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_STRAY = re.compile(r"[\[\]{}]|>>>")
_INSTEAD = {
    "!": "Write NOT, or a minus, before what you want to exclude.",
    "–": "Write an ordinary minus (-), or NOT, before what you want to exclude.",
    "—": "Write an ordinary minus (-), or NOT, before what you want to exclude.",
    "-": "Write one minus directly before what you want to exclude, or NOT.",
    "+": "Words without an operator must all occur already: leave the + out.",
    "&": "Write AND, or nothing: words without an operator must all occur.",
    "|": "Write OR.",
}
_BELONGS = {
    "{": ("{ stands inside a word", f"Put a blank before it if {{Acme}} with these capitals is meant. Else: {QUOTE}"),
    "}": ("this } closes nothing", f"Remove it, or add the {{ that it closes. Else: {QUOTE}"),
    "[": ("[ begins a range, and there is no field before it", f"Write it so: rating:[1 TO 2]. Else: {QUOTE}"),
    "]": ("this ] closes nothing", f"Remove it. Else: {QUOTE}"),
    ">>>": ("this comment was never begun", f"Write <<< where it begins. Else: {QUOTE}"),
}


def unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def check_words(text: str, place: Place, empty: str) -> tuple[tuple[Piece, str], ...]:
    """The words, refused where there are none, or more than anybody means: looking for them costs words times hits."""
    pieces = Row.of(fold(text)).pieces
    if not pieces:
        raise nothing_to_find(empty, place, "; raw:€ finds a symbol")
    if len(pieces) > MAX_WORDS:
        remedy = "Keep the part that tells it apart from everything else."
        raise place.error(f"{len(pieces):,} words in a row; {MAX_WORDS} are allowed", remedy)
    return pieces


def parse_phrase(text: str, place: Place) -> Phrase:
    check_words(text, place, "these quotes hold")
    return Phrase(text, at=place.position)


def parse_cased(text: str, place: Place) -> Cased:
    check_words(text, place, "these braces hold")
    return Cased(text, at=place.position)


def parse_raw(text: str, place: Place) -> Raw:
    if not fold_raw(text).strip():
        raise place.error("raw: holds nothing to search for", 'Write what to look for, such as raw:"C++".')
    if Row.of(fold(text)).pieces:
        check_words(text, place, "raw: holds")
    return Raw(text, at=place.position)


def parse_regex(pattern: str, place: Place) -> Regex:
    if len(pattern) > MAX_PATTERN:
        length = f"this regular expression has {len(pattern):,} characters; {MAX_PATTERN:,} are allowed"
        raise place.error(length, "Split it with OR, or write words and phrases.")
    try:
        compile_regex(pattern)
    except ValueError as reason:
        remedy = f"Only what needs linear time is understood (RE2: no look-around, no \\1), and no empty match. {QUOTE}"
        raise place.error(f"this regular expression cannot be used: {reason}", remedy) from None
    return Regex(pattern, at=place.position)


def parse_bare(text: str, place: Place) -> Word | Wildcard | Hashtag | Name:
    """What a run of characters without blanks, quotes and brackets means, when it is no operator and no field."""
    stray = _STRAY.search(text)
    if stray:
        raise place.error(*_BELONGS[stray[0]], stray.start())
    if text[0] in "#＃":
        return parse_hashtag(text[1:], place)
    if text[0] in "@＠":
        return parse_name(text[1:], place)
    if "*" in text or "?" in text:
        return _wildcard(text, place)
    # punctuation inside a word, and after it, is as harmless as in the text it is looked for in; symbols are not
    if text[0] in _INSTEAD:
        raise place.error(f"{text[0]} means nothing here", _INSTEAD[text[0]])
    pieces = check_words(text, place, f"{shown(text)} holds")
    for at in (0, len(text) - 1):
        symbol = unicodedata.category(text[at]) in ("Sm", "Sc", "Sk") or text[at] in "%&\\"
        if symbol and not (text[at] == "+" and pieces[-1][0] is Piece.SIGN):
            raise place.error(f"the symbol {text[at]} would be ignored in {shown(text)}", QUOTE, at)
    return Word(text, at=place.position)


def parse_hashtag(text: str, place: Place) -> Hashtag:
    """`text` is without the `#`."""
    whole = f"#{fold(text)}"
    if not HASHTAG.fullmatch(re.sub(r"[*?]", "a", whole)):
        closed = text[-1:] in ("#", "＃") and HASHTAG.fullmatch(whole[:-1])  # as it is written on Weibo
        remedy = f"Write #{shown(text[:-1])}; it is found with a # behind it, too." if closed else QUOTE
        raise place.error(f"#{shown(text)} is not a hashtag: letters, digits and _ only", remedy)
    if not any(character.isalnum() for character in text):
        raise place.error(f"#{shown(text)} would match every hashtag", "Write at least one letter or digit of it.")
    return Hashtag(text, at=place.position)


def parse_name(text: str, place: Place) -> Name:
    """`text` is without the `@`."""
    if "*" in text or "?" in text:
        wanted = re.sub(r"[^\w*?]", "", text)
        raise place.error("a name takes no wildcards", f"Write author:{shown(wanted)} for who writes, or each name.")
    if not NAME.fullmatch(f"@{fold(text)}"):
        raise place.error(f"@{shown(text)} is not a name: letters, digits, _, . and - only", QUOTE)
    return Name(text, at=place.position)


def _wildcard(text: str, place: Place) -> Wildcard:
    folded = fold(text)
    rest = re.sub(r"[*?]", "", folded)
    if _UNSPACED.search(rest):
        remedy = "Leave the * and ? out; such letters are found anywhere."
        raise place.error("a wildcard has no use in a script without spaces between words", remedy)
    twins = any(folded.count(sign) != text.count(sign) for sign in "*?")  # full-width ones are punctuation
    if rest and (twins or not _LETTERS.fullmatch(rest)):
        message = f"a wildcard stands in one word of letters and digits, and {shown(text)} is more than that"
        raise place.error(message, f"Write one word such as crash*. Else: {QUOTE}")
    if not any(character.isalnum() for character in rest):
        raise place.error(f"{shown(text)} would match every word", "Write at least one letter or digit of it.")
    return Wildcard(text, at=place.position)


def nothing_to_find(what: str, place: Place, else_: str = "") -> QueryError:
    remedy = f"Search for words, numbers or emoji; punctuation and symbols alone are not looked at{else_}."
    return place.error(f"{what} nothing to search for", remedy)
