"""Text as it is compared: NFKC, casefold, one kind of apostrophe; and the way back to the original's offsets.

NFKC (https://www.unicode.org/reports/tr15/) makes one letter of its compatible forms, such as full-width ones; it is
taken again after casefold, which can undo it. Accents that are no compatible form stay: `plain:` takes them off.

Letters that differ by the keyboard or by the language of a capital alone are one letter: Arabic and Persian yeh and
kaf, and the Turkish ı, whose capital is the I of everybody else. No order of rules could tell them apart, since the
same text is written with either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache

from insight.query.text.scripts import EMOJI, JAMO, MARKS, SPACED, UNSPACED, ranges

_APOSTROPHES = "’‘ʼʻ＇´`′‛"
# NFKC would glue "Acme™" to "acmetm", and make two letters of "´": both are settled before it, one for one.
_SETTLED = dict.fromkeys(map(ord, _APOSTROPHES), "'") | dict.fromkeys(map(ord, "™℠®©…\u00a0\u202f\u3000"), " ")
_SETTLE = re.compile("[" + "".join(map(chr, _SETTLED)) + "]")
_SKIN = "\U0001f3fb-\U0001f3ff"
# What nobody sees, wherever the text comes from: Default_Ignorable_Code_Point of https://www.unicode.org/reports/tr44/,
# which the standard's own folding (toNFKC_Casefold) leaves out, too; and the skin tone of an emoji.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    f"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff{_SKIN}]"
)
JOINER = "\u200d"  # between two emoji it makes them one
_JOINS_NOTHING = re.compile(f"(?<![{EMOJI}]){JOINER}|{JOINER}(?![{EMOJI}])")
# "don't" is one word, so that `don` does not find it; every other apostrophe is an edge, so that `acme` finds "Acme's".
_NOT = re.compile(f"(?<=n)'(?=t(?![^\\W_]|[{MARKS}]))")
JOINED = "\u02bc"  # a letter to Unicode; no folded text holds it but for _NOT
_CLUSTER = re.compile(f".[{MARKS}{JAMO}{_SKIN}]*(?:{JOINER}[{EMOJI}][{MARKS}{_SKIN}]*)*", re.DOTALL)
# Marks that writers leave out: accents and tones, Hebrew points, Arabic vowels. Those of Hindi or Thai are letters.
_OPTIONAL_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff]")
_KASHIDA = "\u0640"  # it draws a word out, and is no letter: https://www.unicode.org/charts/PDF/U0600.pdf
_ONE_LETTER = {"i\u0307": "i", "ı": "i", "\u064a": "\u06cc", "\u0643": "\u06a9"}
# Letters whose stroke Unicode does not take for a mark, and those of Arabic script that many write for another: alef
# maksura, teh marbuta, heh goal, ae (as Lucene's ArabicNormalizer and PersianNormalizer have them).
_BARE = str.maketrans("đøł\u0649\u064a\u0629\u06c1\u06d5", "dol\u06cc\u06cc\u0647\u0647\u0647")
_NO_LETTERS = re.compile(f"[^{SPACED}{UNSPACED}{EMOJI}+#]+")


def fold(text: str) -> str:
    """The text as it is compared. `don’t` and "Don't" fold alike, so do full-width and ordinary letters."""
    folded = text.lower().replace("`", "'") if text.isascii() else _fold_unicode(text)
    return _NOT.sub(JOINED, folded) if "n't" in folded else folded


def _fold_unicode(text: str) -> str:
    settled = seen(_settled(text)).replace(_KASHIDA, "")
    return _without_case(settled).replace(_KASHIDA, "").replace(JOINED, "'")  # "ŉ" folds to JOINED and an n


def _without_case(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    for written, compared in _ONE_LETTER.items():
        folded = folded.replace(written, compared)
    return folded


def seen(text: str) -> str:
    """The text without what nobody sees."""
    visible = _UNSEEN.sub("", text)
    return _JOINS_NOTHING.sub("", visible) if JOINER in visible else visible


def _settled(text: str) -> str:
    return _SETTLE.sub(lambda found: _SETTLED[ord(found[0])], text)


def fold_plain(text: str) -> str:
    """As `fold`, without the marks that writers may leave out: "Cà phê" and "ca phe" fold alike."""
    return without_marks(fold(text))


def without_marks(folded: str) -> str:
    if folded.isascii():
        return folded
    bare = _OPTIONAL_MARKS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare).translate(_BARE)


def fold_raw(text: str) -> str:
    """Case and width folded, and every symbol kept: how `raw:` compares."""
    return _without_case(seen(text))


def keep_case(text: str) -> str:
    """Width folded and capitals kept, with a blank for whatever is no letter: how `{Acme}` compares."""
    written = unicodedata.normalize("NFKC", seen(_settled(text)))
    return _NO_LETTERS.sub(" ", written).strip()


def origins(text: str, folded: str, folding: Callable[[str], str] = fold) -> Sequence[int]:
    """For each character of `folded` (`folding(text)`), and its end, the offset in `text` where it begins."""
    if len(folded) == len(text) and (text.isascii() or not _uneven().search(text)):
        return range(len(text) + 1)
    starts: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        starts += [cluster.start()] * len(folding(cluster[0]))
    if len(starts) != len(folded):  # letters that fold otherwise together than alone: point at the whole
        return [0] * len(folded) + [len(text)]
    return [*starts, len(text)]


@cache
def _uneven() -> re.Pattern[str]:
    """What does not fold one for one: ligatures, marks, what is unseen. Without it, offsets stay as they are."""
    planes = (*range(0x20000), *range(0xE0000, 0xE1000))
    codes = [code for code in planes if not 0xD800 <= code < 0xE000 and len(_fold_unicode(chr(code))) != 1]
    return re.compile(f"[{MARKS}{JAMO}{ranges(codes)}]")
