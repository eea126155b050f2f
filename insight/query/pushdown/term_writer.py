"""One term of a query as a site's dialect writes it: as it is, wider, or not at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from insight.query.dialect import Dialect
from insight.query.pushdown.forms import Form, SearchTerm, both, either, map_terms
from insight.query.text.folding import JOINER, fold, seen
from insight.query.text.scripts import SPACED, UNSPACED
from insight.query.text.words import Piece, Row
from insight.query.tree import Cased, Field, Hashtag, Name, Phrase, Plain, Query, Raw, Wildcard, Word

_LETTERS = f"[{SPACED}{UNSPACED}]"
_TAG_LETTER = re.compile(f"[{SPACED}{UNSPACED}_]")
_RUN = re.compile(f"[{UNSPACED}]")
_VALUE = re.compile(r"[\w.@+-]+")
_WILD = re.compile(r"[*?]")
_OPERATORS = frozenset({"and", "or", "not", "near"})
_SUBJECTS = frozenset({"site", "mention"})

WrittenTerm = tuple[Form | None, bool]
"""The search for a term (None: it cannot be searched for), and whether it finds just what the term finds."""


class TermWriter:
    """Writes single terms in one dialect. What it finds is never less than the term, but for what `misses` says."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        joins = re.escape("".join({*dialect.keeps, "'"}))
        signs = f"[{re.escape(dialect.signs)}]*" if dialect.signs else ""
        self._word = re.compile(f"{_LETTERS}+(?:[{joins}]+{_LETTERS}+)*{signs}")
        self._kept = "'" in dialect.keeps

    def write(self, term: Query) -> WrittenTerm:
        """Near and In are put together of their terms by the caller."""
        match term:
            case Word(text) | Phrase(text):
                found = self._write_words(text)
            case Cased(text) | Raw(text):
                found = self._write_words(text)[0], False
            case Wildcard(text):
                found = self._write_wildcard(text)
            case Hashtag(text):
                found = self._write_hashtag(text)
            case Name(text):
                found = self._write_name(text), bool(self.dialect.names) and "{}" not in self.dialect.names
            case Plain(part):
                found = self._write_plain(term, part)
            case Field():
                found = self._write_field(term)
            case _:
                found = None, False
        return found

    # -- words ---------------------------------------------------------------------------------------------------

    def _write_words(self, text: str) -> WrittenTerm:
        """A word or words in a row."""
        pieces = Row.of(fold(text)).pieces
        emoji = [piece for kind, piece in pieces if kind is Piece.EMOJI]
        words = self._word.findall(lowered(text))
        exact = not emoji and (bool(self.dialect.signs) or all(kind is not Piece.SIGN for kind, _ in pieces))
        if self.dialect.word is None:
            tag = self._tag("".join(letter for word in words for letter in _TAG_LETTER.findall(word)))
            as_tag = tag and replace(tag, misses=f"{text}: only where it is written as {tag.text}")
            return as_tag, exact and len(words) == 1
        found, row_exact = self._write_row(words) if words else (None, True)
        if emoji and self.dialect.emoji:
            parts = [*([found] if found else []), *(SearchTerm(self.dialect.word.format(sign)) for sign in emoji)]
            return both(parts), len(pieces) == 1
        return found, exact and row_exact

    def _write_row(self, words: list[str]) -> WrittenTerm:
        cut = not self.dialect.apostrophes and any("'" in word for word in words)
        phrase = self.dialect.phrase
        short = all(len(word) < self.dialect.shortest for word in words)
        if len(words) == 1 or phrase is None or cut or short:
            found = [form for form in map(self._write_word, words) if form is not None]
            return (both(found) if found else None), len(words) == 1 and not cut and bool(found)
        text = " ".join(words)
        return self._if_it_fits(phrase.format(text), tuple(words), self._missed_in_runs(text)), True

    def _write_word(self, word: str) -> Form | None:
        """One word; None where the site would take it for something else."""
        if len(word) < self.dialect.shortest:
            return None
        before, apostrophe, _ = word.partition("'")
        if apostrophe and not self.dialect.apostrophes:
            return self._if_it_fits(self.dialect.prefix.format(before), ()) if self.dialect.prefix else None
        if word in _OPERATORS and (self.dialect.either or self.dialect.both != " "):
            return self._if_it_fits(self.dialect.phrase.format(word), (word,)) if self.dialect.phrase else None
        shown = word if self._kept else word.replace("'", " ")
        if " " in shown:
            parts = [form for form in map(self._write_word, shown.split()) if form is not None]
            return both(parts) if parts else None
        return self._if_it_fits((self.dialect.word or "{}").format(word), (word,), self._missed_in_runs(word))

    def _missed_in_runs(self, text: str) -> str:
        if self.dialect.runs or not _RUN.search(text):
            return ""
        return f"{text}: only where the site takes it for a word"

    def _write_wildcard(self, text: str) -> WrittenTerm:
        head = lowered(_WILD.split(text, maxsplit=1)[0])
        if not self.dialect.prefix or not head or self.dialect.word is None:
            return None, False
        return self._if_it_fits(self.dialect.prefix.format(head), ()), text == f"{text[: len(head)]}*"

    def _write_plain(self, term: Query, part: Word | Phrase | Wildcard | Hashtag) -> WrittenTerm:
        found, exact = self.write(part)
        as_tag = isinstance(part, Hashtag) and self.dialect.hashtag is not None
        if found is None or (self.dialect.accents and not as_tag):
            return found, exact
        return _missing(found, f"{term}: only with these marks"), False

    # -- hashtags, names, fields ---------------------------------------------------------------------------------

    def _write_hashtag(self, text: str) -> WrittenTerm:
        if _WILD.search(text):
            return None, False
        found = self._tag(text)
        return (found, True) if found else (self._write_words(text)[0] if self.dialect.word else None, False)

    def _tag(self, text: str) -> SearchTerm | None:
        """Digits alone are nowhere a hashtag."""
        tag = lowered(text).strip("#")
        if not self.dialect.hashtag or not re.search(r"[^\W\d_]", tag):
            return None
        return self._if_it_fits(self.dialect.hashtag.format(tag), ())

    def _write_name(self, text: str) -> Form | None:
        name = lowered(text).strip("@").partition("@")[0]
        if self.dialect.names:
            forms = [
                self._write_word(name) if written == "{}" else self._if_it_fits(written.format(name), ())
                for written in self.dialect.names
            ]
            return either(form for form in forms if form)
        found = self._write_words(name)[0]
        return found and _missing(found, f"@{text}: only posts that say the name, not what @{name} writes")

    def _write_field(self, term: Field) -> WrittenTerm:
        template = self.dialect.fields.get(term.name)
        if template is None and term.name == "mention":
            return self._write_name(term.value), False
        value = term.value.partition("-")[0] if term.name == "lang" else term.value
        if template is None or not _VALUE.fullmatch(value):
            return None, False
        found = self._if_it_fits(template.format(value), ())
        return found and replace(found, anchor=term.name in _SUBJECTS), value == term.value

    def write_author(self, name: str) -> WrittenTerm:
        template = self.dialect.fields.get("author")
        return (
            (self._if_it_fits(template.format(lowered(name).partition("@")[0]), ()), True)
            if template
            else (None, False)
        )

    def in_title(self, found: Form | None) -> Form | None:
        """A finished term, looked for in titles only; None where the site cannot."""
        template = self.dialect.fields.get("title")
        return (
            replace(found, text=template.format(found.text), words=())
            if template and isinstance(found, SearchTerm)
            else None
        )

    def _if_it_fits(self, text: str, words: tuple[str, ...], misses: str = "") -> SearchTerm | None:
        """None where even this one term is more than the site takes."""
        size = len(text.encode()) if self.dialect.in_bytes else len(text)
        return None if size > (self.dialect.max_length or size) else SearchTerm(text, words, misses)


def lowered(text: str) -> str:
    """As it is written, in lower case and with one kind of letters, apostrophes and blanks; letters stay themselves."""
    if text.isascii():
        return text.lower()
    letters = ((letter, fold(letter)) for letter in seen(text))
    settled = "".join(folded if folded in ("", "'", " ") and letter != JOINER else letter for letter, folded in letters)
    return unicodedata.normalize("NFKC", settled).lower().replace("i\u0307", "i")


def _missing(form: Form, why: str) -> Form:
    return map_terms(form, lambda term: replace(term, misses=term.misses or why))
