"""Patterns of words, written as people can read them, found in tokens in linear time.

crash*                        a word that begins so
(log|sign) (in|on)            one of these; (the|a)? may be missing, and so may word?
<cannot> .. open              a word or phrase of the set `cannot`, up to three others, then `open`
_ is down                     `_` is the name of the watch, `~` that of another one
打不(开|出)                    scripts without spaces are written without spaces
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from insight.understanding.tokens import UNSPACED, Tokens, normal_form

GAP = 3  # words that `..` stands for, at most
MOST_FORMS = 4000  # of one pattern: with more it should be written as several, or with a set

_LEXEME = re.compile(rf"\s+|\.\.|[()|]|<\w+>|[?]|[{UNSPACED}]|[^\s()|<>?{UNSPACED}]+")
_END, _SKIP = "", ".."
Form = tuple[str, ...]


class PatternError(ValueError):
    """A pattern that cannot be read: what is wrong with it, and what to write."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry at `words[start:end]` of some tokens."""

    start: int
    end: int
    entry: Any


@dataclass(slots=True)
class Patterns:
    """`sets`: words and phrases by name; `unread`: words that are no pattern by themselves. `add` patterns, then `find`
    them.
    """

    sets: Mapping[str, Sequence[str]]
    unread: frozenset[str] = frozenset()
    _root: dict[str, Any] = field(default_factory=dict)
    _words: set[str] = field(default_factory=set)
    _beginnings: set[str] = field(default_factory=set)
    _lengths: tuple[int, ...] = ()
    _members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _phrases: dict[str, list[Form]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Words of a set share one edge; its phrases are written out."""
        by_word: dict[str, list[str]] = {}
        for name, members in self.sets.items():
            self._phrases[name] = []
            for member in members:
                for form in self._forms(member):
                    if len(form) == 1:
                        by_word.setdefault(form[0], []).append(f"<{name}>")
                    else:
                        self._phrases[name].append(form)
        self._members = {word: tuple(dict.fromkeys(names)) for word, names in by_word.items()}
        for word in self._members:
            self._learn(word)

    def add(self, pattern: str, entry: Any) -> None:
        """Raises PatternError. Of two entries for the same words the first one stays."""
        self._add(self._forms(pattern), entry)

    def add_sign(self, sign: str, entry: Any) -> None:
        """One token as it is, such as an emoticon, in which brackets mean nothing."""
        self._add([(sign,)], entry)

    def _add(self, forms: Iterable[Form], entry: Any) -> None:
        for form in forms:
            if len(form) == 1 and form[0] in self.unread:
                continue
            node = self._root
            for symbol in form:
                self._learn(symbol)
                node = node.setdefault(symbol, {})
            node.setdefault(_END, entry)

    def find(self, tokens: Tokens) -> list[Found]:
        """Every entry at every place; of one entry at one place the longest. In the order of their beginnings."""
        symbols = [self._known.get(word) or self._symbols(word) for word in tokens.words]
        found: list[Found] = []
        root = self._root
        for start, at_start in enumerate(symbols):
            ways = [(root[symbol], start + 1) for symbol in at_start if symbol in root]
            if ways:
                found += _ends(ways, start, symbols, tokens.clauses)
        return found

    def _symbols(self, word: str) -> tuple[str, ...]:
        """The edges that a word may go along; kept, because the words of a language come again and again."""
        found = [word] if word in self._words else []
        found += [f"{word[:n]}*" for n in self._lengths if len(word) >= n and word[:n] in self._beginnings]
        found += [name for symbol in [word, *found[1:]] for name in self._members.get(symbol, ())]
        symbols = tuple(dict.fromkeys(found)) or ("\0",)
        if len(self._known) < 50_000:
            self._known[word] = symbols
        return symbols

    def _learn(self, symbol: str) -> None:
        if symbol.endswith("*") and len(symbol) > 1:
            self._beginnings.add(symbol[:-1])
            self._lengths = tuple(sorted({*self._lengths, len(symbol) - 1}))
        elif symbol != _SKIP and not symbol.startswith("<"):
            self._words.add(symbol)

    def _forms(self, pattern: str) -> list[Form]:
        """All sequences of symbols that a pattern stands for."""
        lexemes = _LEXEME.findall(pattern)
        if "".join(lexemes) != pattern:
            raise PatternError(f"{pattern!r}: a bracket or `<` that means nothing here")
        forms, rest = self._alternatives(lexemes, pattern)
        if rest:
            raise PatternError(f"{pattern!r}: a `)` without its `(`")
        forms = list(dict.fromkeys(forms))
        if not all(forms):
            raise PatternError(f"{pattern!r}: all of it may be missing")
        if any(form[0] == _SKIP or form[-1] == _SKIP for form in forms):
            raise PatternError(f"{pattern!r}: `..` needs a word before and after it")
        return forms

    def _alternatives(self, lexemes: list[str], pattern: str) -> tuple[list[Form], list[str]]:
        """What stands up to a `)` or the end, and the rest."""
        alternatives: list[Form] = []
        parts: list[list[Form]] = []
        before = " "
        while lexemes:
            lexeme, *lexemes = lexemes
            if lexeme == ")":
                lexemes = [")", *lexemes]
                break
            if lexeme == "|":
                alternatives += _joined(parts, pattern)
                parts = []
            elif lexeme == "(":
                inner, lexemes = self._alternatives(lexemes, pattern)
                if not lexemes:
                    raise PatternError(f"{pattern!r}: a `(` without its `)`")
                lexemes = lexemes[1:]
                parts.append(inner)
            elif lexeme == "?" and parts and not before.isspace() and before != "|":
                parts[-1] = [*parts[-1], ()]
            elif not lexeme.isspace():
                parts.append(self._of(lexeme, pattern))
            before = ")" if lexeme == "(" else lexeme
        return [*alternatives, *_joined(parts, pattern)], lexemes

    def _of(self, lexeme: str, pattern: str) -> list[Form]:
        if not lexeme.startswith("<"):
            return [(lexeme if lexeme == _SKIP else normal_form(lexeme),)]
        name = lexeme[1:-1]
        if name not in self._phrases:
            raise PatternError(f"{pattern!r}: there is no [set {name}]")
        return [(lexeme,), *self._phrases[name]]


def _ends(
    ways: list[tuple[dict[str, Any], int]], start: int, symbols: Sequence[tuple[str, ...]], clauses: Sequence[int]
) -> Iterable[Found]:
    """Where the patterns that begin at `start` end. `ways`: nodes, each with the place of the next token."""
    best: dict[int, Found] = {}
    while ways:
        node, place = ways.pop()
        if _END in node:
            entry = node[_END]
            if id(entry) not in best or best[id(entry)].end < place:
                best[id(entry)] = Found(start, place, entry)
        if place >= len(symbols):
            continue
        ways += [(node[symbol], place + 1) for symbol in symbols[place] if symbol in node]
        if _SKIP in node:
            further = node[_SKIP]
            for later in range(place, min(place + GAP + 1, len(symbols))):
                if clauses[later] != clauses[start]:
                    break
                ways += [(further[symbol], later + 1) for symbol in symbols[later] if symbol in further]
    return best.values()


def _joined(parts: Iterable[list[Form]], pattern: str) -> list[Form]:
    forms = [tuple(symbol for part in chosen for symbol in part) for chosen in product(*parts)]
    if len(forms) > MOST_FORMS:
        raise PatternError(f"{pattern!r} stands for {len(forms)} forms: write it as several, or with a [set …]")
    return forms
