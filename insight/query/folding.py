"""Text as it is compared: NFKC, casefold, one kind of apostrophe; and the way back to the original's offsets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from insight.query.scripts import JAMO, MARKS

_APOSTROPHES = "’‘ʼʻ＇´`′‛"
# NFKC would glue "Acme™" to "acmetm", and make two letters of "´": both are settled before it, one for one.
_SETTLED = dict.fromkeys(map(ord, _APOSTROPHES), "'") | dict.fromkeys(map(ord, "™℠®©…\u00a0\u202f\u3000"), " ")
_SETTLE = re.compile("[" + "".join(map(chr, _SETTLED)) + "]")
# What nobody sees: soft hyphen, non-joiner, word joiner, BOM, variation selectors; and the skin tone of an emoji.
_UNSEEN = re.compile("[\u00ad\u200c\u2060\ufeff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
# "don't" is one word, so that `don` does not find it; every other apostrophe is an edge, so that `acme` finds "Acme's".
_NOT = re.compile(f"(?<=n)'(?=t(?![^\\W_]|[{MARKS}]))")
JOINED = "\u02bc"  # a letter to Unicode; no folded text holds it but for _NOT
_CLUSTER = re.compile(f".[{MARKS}{JAMO}]*", re.DOTALL)


def fold(text: str) -> str:
    """The text as it is compared. `don’t` and "Don't" fold alike, so do full-width and ordinary letters."""
    if text.isascii():
        return _joined(text.lower().replace("`", "'"))
    return _joined(_fold_unicode(text))


def _fold_unicode(text: str) -> str:
    settled = _UNSEEN.sub("", _SETTLE.sub(lambda found: _SETTLED[ord(found[0])], text))
    folded = unicodedata.normalize("NFKC", settled).casefold()
    # "İ" folds to "i" and a dot above, which no reader types; "ŉ" to JOINED and an n.
    return unicodedata.normalize("NFKC", folded).replace("i\u0307", "i").replace(JOINED, "'")


def _joined(folded: str) -> str:
    return _NOT.sub(JOINED, folded) if "n't" in folded else folded


def origins(text: str, folded: str) -> Sequence[int]:
    """For each character of `folded`, and its end, the offset in `text` where it begins.

    Only asked for what matched, so the slow way (letter by letter, each with its marks) is good enough.
    """
    if text.isascii():
        return range(len(text) + 1)
    starts: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        starts += [cluster.start()] * len(_fold_unicode(cluster[0]))
    if len(starts) != len(folded):  # letters that fold otherwise together than alone: point at the whole
        return [0] * len(folded) + [len(text)]
    return [*starts, len(text)]
