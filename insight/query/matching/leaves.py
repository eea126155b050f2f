"""Single terms, ready to be asked of many documents: is it there, and where does it stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from insight.model import Span
from insight.query.matching.document import Document, FieldText, Folding
from insight.query.matching.lookups import Lookup, pattern
from insight.query.matching.predicates import compile_predicate, number_of
from insight.query.text.folding import fold, fold_plain, fold_raw, keep_case, origins
from insight.query.text.regexes import compile_regex, find
from insight.query.text.words import HASHTAG, NAME, Piece, Row, key_of, name_keys, words
from insight.query.tree import Between, Field, Regex

Matches = Iterator[tuple[int, int]]
"""Start and end of each place where a term stands, as offsets of what is written."""

SYMBOL_REACH = 64  # characters before and after the words of a raw text among which its symbols are looked for
_BLANKS = re.compile(r"\s+")


class Leaf(Protocol):
    """One term. `lookup` None: only looking tells; `exact`: the lookup alone decides."""

    lookup: Lookup | None
    exact: bool

    def holds(self, document: Document) -> bool: ...

    def spans(self, document: Document) -> Iterator[Span]: ...


class InText:
    """A term that stands somewhere in the fields of a place; its kinds say where in one field."""

    lookup: Lookup | None = None
    exact = False

    def __init__(self, place: str | None, folding: Folding = Folding.MARKED) -> None:
        self.place = place
        self.folding = folding

    def look_up(self, key: str, *, wildcard: bool = False) -> Lookup:
        # what stands in the title or the text is among the keys of both, and those are there already
        return Lookup(None if self.place in ("title", "text") else self.place, self.folding, key, wildcard)

    def find(self, field: FieldText) -> Matches:
        """Where it stands, as offsets of what is written, in order."""
        raise NotImplementedError

    def holds(self, document: Document) -> bool:
        lookup = self.lookup
        if lookup and not lookup.wildcard and lookup.key not in document.keys_of(lookup.place, lookup.folding):
            return False
        return self.exact or any(True for field in document.fields(self.place) for _ in self.find(field))

    def spans(self, document: Document) -> Iterator[Span]:
        return document.spans((field, place) for field in document.fields(self.place) for place in self.find(field))


class WordsInARow(InText):
    """A word or a phrase."""

    def __init__(self, text: str, place: str | None, folding: Folding = Folding.MARKED) -> None:
        super().__init__(place, folding)
        self.row = Row.of((fold if folding is Folding.MARKED else fold_plain)(text))
        if self.row.pieces:
            self.lookup = self.look_up(key_of(self.row))
        alone = len(self.row.pieces) == 1 and self.row.pieces[0][0] is Piece.WORD
        self.exact = alone and place not in ("title", "text")

    def words_in(self, text: str) -> tuple[int, int]:
        """Where the row stands in the very text it was made of: symbols before and after it are no part of it."""
        positions = origins(text, fold(text))
        start, end = next(self.row.find(fold(text)), (0, 0)) if self.row.pieces else (0, 0)
        return positions[start], positions[end]

    def find(self, field: FieldText) -> Matches:
        return field.back(self.row.find(field.compared(self.folding)), self.folding)


class CasedTerm(WordsInARow):
    """Words in a row, in the capitals that are asked for."""

    def __init__(self, text: str, place: str | None) -> None:
        super().__init__(text, place)
        self.exact = False
        self.wanted = keep_case(text[slice(*self.words_in(text))])

    def find(self, field: FieldText) -> Matches:
        return (found for found in super().find(field) if keep_case(field.written[slice(*found)]) == self.wanted)


class RawTerm(WordsInARow):
    """Words in a row with exactly these symbols in, before and after them."""

    def __init__(self, text: str, place: str | None) -> None:
        super().__init__(text, place)
        self.exact = False
        start, end = self.words_in(text)
        self.before, self.words, self.after = map(_one_blank, (text[:start], text[start:end], text[end:]))

    def find(self, field: FieldText) -> Matches:
        if not self.row.pieces:
            raw = fold_raw(field.written)
            positions = origins(field.written, raw, fold_raw)
            symbols = r"\s+".join(map(re.escape, self.after.split()))
            yield from ((positions[found.start()], positions[found.end()]) for found in re.finditer(symbols, raw))
            return
        for start, end in super().find(field):
            first, last = self._before(field.written, start), self._after(field.written, end)
            if first is not None and last is not None and _one_blank(field.written[start:end]) == self.words:
                yield first, last

    def _before(self, written: str, start: int) -> int | None:
        if not _one_blank(written[max(0, start - SYMBOL_REACH) : start]).endswith(self.before):
            return None
        starts = range(start, max(-1, start - SYMBOL_REACH - 1), -1) if self.before else (start,)
        return next((i for i in starts if _one_blank(written[i:start]) == self.before), None)

    def _after(self, written: str, end: int) -> int | None:
        if not _one_blank(written[end : end + SYMBOL_REACH]).startswith(self.after):
            return None
        ends = range(end, min(len(written), end + SYMBOL_REACH) + 1) if self.after else (end,)
        return next((i for i in ends if _one_blank(written[end:i]) == self.after), None)


def _one_blank(text: str) -> str:
    return _BLANKS.sub(" ", fold_raw(text))


class WildcardTerm(InText):
    """A word with wildcards."""

    def __init__(self, text: str, place: str | None, folding: Folding = Folding.MARKED) -> None:
        super().__init__(place, folding)
        wildcard = (fold if folding is Folding.MARKED else fold_plain)(text)
        self.lookup = self.look_up(wildcard, wildcard=True)
        self.pattern = pattern(wildcard)

    def find(self, field: FieldText) -> Matches:
        found = (
            (start, end) for word, start, end in words(field.compared(self.folding)) if self.pattern.fullmatch(word)
        )
        return field.back(found, self.folding)


class HashtagTerm(InText):
    """A hashtag, in a text or beside it. One that stands only beside the text has no span."""

    def __init__(self, tag: str, place: str | None, folding: Folding = Folding.MARKED) -> None:
        super().__init__(place, folding)
        key = "#" + (fold if folding is Folding.MARKED else fold_plain)(tag)
        self.lookup = self.look_up(key, wildcard="*" in tag or "?" in tag)
        self.exact = place is None and not self.lookup.wildcard
        self.pattern = pattern(key)

    def find(self, field: FieldText) -> Matches:
        tags = HASHTAG.finditer(field.compared(self.folding))
        return field.back((tag.span() for tag in tags if self.pattern.fullmatch(tag[0])), self.folding)

    def holds(self, document: Document) -> bool:
        if self.place is None and self.lookup and self.lookup.wildcard:
            return any(map(self.pattern.fullmatch, document.keys_of(None, self.folding)))
        return super().holds(document)


class NameTerm(InText):
    """A name that a text mentions, or the author's."""

    def __init__(self, name: str, place: str | None) -> None:
        super().__init__(place)
        self.key = f"@{fold(name)}"
        self.lookup = self.look_up(self.key)
        self.exact = place is None

    def find(self, field: FieldText) -> Matches:
        if field.name in ("author", "author_name"):  # a display name is not who writes: anybody may take "@acme"
            named = field.name == "author" and self.key in name_keys(field.folded.lstrip("@"))
            return iter([(0, len(field.written))] if named else [])
        names = NAME.finditer(field.folded)
        return field.back(name.span() for name in names if self.key in name_keys(name[1]))

    def spans(self, document: Document) -> Iterator[Span]:
        yield from super().spans(document)
        if self.place is None:
            yield from document.spans(
                (field, place) for field in document.fields("author") for place in self.find(field)
            )


class RegexTerm(InText):
    """A regular expression, over what is written."""

    def __init__(self, regex: Regex, place: str | None) -> None:
        super().__init__(place)
        self.regex = compile_regex(regex.pattern)

    def find(self, field: FieldText) -> Matches:
        return find(self.regex, field.written)


class FieldTerm:
    """A field that asks for something that is known of the post, or not."""

    exact = False

    def __init__(self, field: Field) -> None:
        self.holds: Callable[[Document], bool] = compile_predicate(field.name, field.value)
        self.lookup: Lookup | None = None
        if field.name == "site":
            self.lookup = Lookup("site", Folding.MARKED, field.value)
        elif field.name == "mention":
            self.lookup = Lookup(None, Folding.MARKED, f"@{field.value}")

    def spans(self, document: Document) -> Iterator[Span]:
        return iter(())


class NumberRange:
    """A number within bounds."""

    exact = False
    lookup: Lookup | None = None

    def __init__(self, bounds: Between) -> None:
        self.bounds = bounds

    def holds(self, document: Document) -> bool:
        value, bounds = number_of(self.bounds.name, document), self.bounds
        if value is None:
            return False
        low = bounds.low is None or (value > bounds.low if bounds.open_low else value >= bounds.low)
        return low and (bounds.high is None or (value < bounds.high if bounds.open_high else value <= bounds.high))

    def spans(self, document: Document) -> Iterator[Span]:
        return iter(())
