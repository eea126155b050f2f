"""In which languages a word is so common that it says nothing about what a text is about."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from insight.query.text.folding import fold, without_marks

LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "vi": "Vietnamese",
}
"""Those of which we have the most common words, and how they are called."""


def common_in(word: str, *, plain: bool = False) -> tuple[str, ...]:
    """The names of the languages in which a word is among the most common. `plain`: its marks do not count."""
    wanted = without_marks(fold(word)) if plain else fold(word)
    return tuple(LANGUAGES[code] for code in LANGUAGES if wanted in _words(code, plain=plain))


@cache
def _words(code: str, *, plain: bool) -> frozenset[str]:
    if plain:
        return frozenset(map(without_marks, _words(code, plain=False)))
    lines = files("insight").joinpath("lexicons", "common", f"{code}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(fold(word) for line in lines if not line.startswith("#") for word in line.split())
