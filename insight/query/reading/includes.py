"""What a query takes from elsewhere: `$noise` (a named query) and `@file:excludes.txt` (a list, one entry a line)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from insight.query.errors import Place, QueryError, nearest, shown
from insight.query.reading import terms
from insight.query.reading.lexer import Kind, tokens
from insight.query.text.folding import fold
from insight.query.text.words import Row
from insight.query.tree import And, In, Near, Not, Or, Phrase, Plain, Query, Term, Word

_COMMENT = re.compile(r"<<<.*?>>>", re.DOTALL)
_NO_LIBRARY = "named queries and word lists need a config"
_WITH_CONFIG = "Run it beside a config.yaml that names them, or write out what is meant."


class Library(Protocol):
    """The named queries and word lists of a config."""

    def named(self, name: str) -> str | None:
        """The text of a named query. None: there is none of this name."""
        ...

    def names(self) -> Collection[str]: ...

    def lines(self, file: str) -> str:
        """The text of a word list. Raises OSError or ValueError if it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A tree, and what it counts for: brackets inside each other, terms, regular expressions."""

    tree: Query
    depth: int
    terms: int
    regexes: int


Parse = Callable[[str, "Includes", int], Part]


class Includes:
    """Everything that is included while one query is parsed, each thing once. `parse` is the parser itself."""

    def __init__(self, library: Library | None, parse: Parse) -> None:
        self._library = library
        self._parse = parse
        self._open: list[str] = []  # names whose queries are being parsed, the outermost first
        self._known: dict[tuple[Kind, str], Part] = {}

    def get(self, kind: Kind, name: str, place: Place, depth: int) -> Part:
        """What `$name` or `@file:name` stands for; its mistakes are reported at `place`, as are all its nodes."""
        part = self._known.get((kind, name))
        if part is None:
            part = self._read_named(name, place, depth) if kind is Kind.NAMED else self._read_file(name, place)
            self._known[kind, name] = part
        return replace(part, tree=_placed(part.tree, place.position))

    def _read_named(self, name: str, place: Place, depth: int) -> Part:
        library = self._require_library(f"${shown(name)}", place)
        if name in self._open:
            loop = " → ".join(f"${each}" for each in [*self._open[self._open.index(name) :], name])
            raise place.error(f"named queries include each other in a loop: {loop}", "Take one of them out.")
        text = library.named(name)
        if text is None:
            meant = nearest(name, library.names())
            known = ", ".join(f"${each}" for each in sorted(library.names()))
            listed = f"Known are {known}." if known else "The config names none under `queries`."
            remedy = f"Did you mean ${meant}?" if meant else f'{listed} The text is raw:"${shown(name)}".'
            raise place.error(f"there is no query of the name ${shown(name)}", remedy)
        self._open.append(name)
        try:
            return self._parse(text, self, depth)
        except QueryError as inner:
            message = f"in ${name}, character {inner.position + 1}: {inner.message}"
            raise place.error(message, inner.remedy) from None
        finally:
            self._open.pop()

    def _read_file(self, name: str, place: Place) -> Part:
        library = self._require_library(f"@file:{shown(name)}", place)
        try:
            text = library.lines(name)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            remedy = "Check its name; a word list is UTF-8 text beside the config, an entry a line."
            raise place.error(f"@file:{shown(name)} cannot be read: {reason}", remedy) from None
        try:
            entries = tuple(dict.fromkeys(_entries(text)))
        except QueryError as inner:
            line = inner.query.count("\n", 0, inner.position) + 1
            raise place.error(f"in {name}, line {line}: {inner.message}", inner.remedy) from None
        if not entries:
            raise place.error(f"@file:{shown(name)} holds no entry", "Write one entry a line.")
        return Part(entries[0] if len(entries) == 1 else Or(entries), 1, len(entries), 0)

    def _require_library(self, what: str, place: Place) -> Library:
        if self._library is None:
            raise place.error(f"{what}: {_NO_LIBRARY}", f'{_WITH_CONFIG} The text is raw:"{what}".')
        return self._library


def _entries(text: str) -> Iterator[Term]:
    """One term a line. Positions are those in the whole list."""
    bare = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text.removeprefix("\ufeff"))
    unclosed = bare.find("<<<")
    if unclosed >= 0:
        raise Place(bare, unclosed).error("the comment that opens here never closes", "Add >>> where it ends.")
    position = 0
    for line in bare.split("\n"):
        if line.strip():
            start = position + len(line) - len(line.lstrip())
            yield _entry(line.strip(), Place(bare, start))
        position += len(line) + 1


def _entry(line: str, place: Place) -> Term:
    """A line is text first: `NOT`, `10%` and `re:invent` are words here and mean nothing else."""
    several = len(line.split()) > 1
    if line[0] in '#@{"“”„＂' or ("*" in line and several) or (not several and re.search(r"[*?]", line)):
        try:
            found = [token for token in tokens(line) if token.kind is not Kind.END]
        except QueryError as inner:
            raise place.error(inner.message, inner.remedy, inner.position) from None
        term = found[0].term
        if len(found) != 1 or term is None or isinstance(term, Or):
            remedy = "Write one word, phrase, #hashtag, @name, {Cased} or wildcard a line; a phrase takes no wildcards."
            raise place.error(f"{shown(line)} is more than one entry", remedy)
        return term
    if not several:
        with suppress(QueryError):  # what is no word is a phrase
            first, *others = tokens(line)
            if len(others) == 1 and isinstance(first.term, Word):
                return first.term
    if not Row.of(fold(line)).pieces:
        raise terms.nothing_to_find(f"{shown(line)} holds", place)
    return Phrase(line)


def _placed(node: Query, at: int) -> Query:
    """The same tree, every node of it at one place of the query that includes it."""
    match node:
        case And(parts) | Or(parts):
            return replace(node, parts=tuple(_placed(part, at) for part in parts), at=at)
        case Not(part):
            return Not(_placed(part, at), at=at)
        case In(_, text) | Plain(text):
            return replace(node, part=_placed(text, at), at=at)  # type: ignore[arg-type]  # a term stays what it is
        case Near(_, _, left, right):
            sides = [tuple(_placed(each, at) for each in side) for side in (left, right)]
            return replace(node, left=sides[0], right=sides[1], at=at)  # type: ignore[arg-type]  # as above
        case _:
            return replace(node, at=at)
