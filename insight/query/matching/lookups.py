"""Many terms, filed under what a document must have among its keys: those it may fulfil are found by looking up.

A wildcard is a pattern over whole words; many at once are asked of each word once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from insight.query.matching.document import Folding

_LITERALS = re.compile(r"[^*?]+")
ANY_ONE = "[^#@.,]"  # keys hold letters, digits and marks, but for these
GRAM = 3
REMEMBERED = 100_000
"""Words whose wildcards are kept in mind: a few times what people use in a week, and some 20 MB at most."""


@lru_cache(maxsize=20_000)
def pattern(wildcard: str) -> re.Pattern[str]:
    """A regex that a whole key has to match; of a hashtag the `#` belongs to the key.

    Each part between two stars is looked for once, as far left as it goes (an atomic group), so that no word and no
    number of stars makes it try again and again.
    """
    first, *others = (re.escape(part).replace(r"\?", ANY_ONE) for part in re.sub(r"\*+", "*", wildcard).split("*"))
    middle = "".join(f"(?>{ANY_ONE}*?{part})" for part in others[:-1])
    last = f"{ANY_ONE}*{others[-1]}" if others else ""
    return re.compile(f"{first}{middle}{last}")


def prefix(wildcard: str) -> str:
    """What every match begins with."""
    return re.split(r"[*?]", wildcard, maxsplit=1)[0]


class Wildcards:
    """Which of many wildcards a word matches. Few words are new, so most are answered from memory.

    A new word is compared with those wildcards only that share three letters with it: the first three, or three from
    the middle of a wildcard that begins with a star.
    """

    def __init__(self, wildcards: Iterable[str]) -> None:
        self._by_gram: dict[tuple[bool, str], list[str]] = {}
        for wildcard in wildcards:
            start = prefix(wildcard)
            if start.strip("#"):
                gram = True, start[:GRAM]
            else:
                literals: Sequence[str] = _LITERALS.findall(wildcard.lstrip("#"))
                gram = False, max(literals, key=len)[:GRAM]
            self._by_gram.setdefault(gram, []).append(wildcard)
        self._inside = {len(gram) for starts, gram in self._by_gram if not starts}
        self._known: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_gram)

    def matching(self, words: Iterable[str]) -> set[str]:
        known, found = self._known, set[str]()
        for word in words:
            matches = known.get(word)
            if matches is None:
                grams: set[tuple[bool, str]] = {(True, word[:length]) for length in range(1, GRAM + 1)}
                grams.update((False, word[i : i + n]) for n in self._inside for i in range(len(word) - n + 1))
                candidates = (wildcard for gram in grams for wildcard in self._by_gram.get(gram, ()))
                matches = tuple(wildcard for wildcard in candidates if pattern(wildcard).fullmatch(word))
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[word] = matches
            if matches:
                found.update(matches)
        return found


@dataclass(frozen=True, slots=True)
class Lookup:
    """Every document that a term holds for has this among its keys. `wildcard`: `key` is one, a key must match it."""

    place: str | None
    folding: Folding
    key: str
    wildcard: bool = False


class Table:
    """Numbers, each under the lookups of one place and folding that lead to it: filled, closed, then asked."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._by_wildcard: dict[str, list[int]] = {}
        self._keys: frozenset[str] = frozenset()
        self._wildcards = Wildcards(())

    def add(self, lookup: Lookup, number: int) -> None:
        (self._by_wildcard if lookup.wildcard else self._by_key).setdefault(lookup.key, []).append(number)

    def close(self) -> None:
        self._keys = frozenset(self._by_key)
        self._wildcards = Wildcards(self._by_wildcard)

    def collect(self, keys: AbstractSet[str], found: set[int]) -> None:
        """What these keys lead to, added to what is found."""
        for key in keys & self._keys:
            found.update(self._by_key[key])
        if self._by_wildcard:
            for wildcard in self._wildcards.matching(keys):
                found.update(self._by_wildcard[wildcard])
