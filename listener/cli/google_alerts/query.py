"""Google's search language → ours: what can be said here is said, and what cannot is named with its reason.

Google's rules are its own: OR binds tighter than the words beside it, a minus speaks for the whole query, and a * in
quotes stands for words (https://support.google.com/websearch/answer/2466433).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from insight.query import QueryError, parse_watch
from insight.query.tree import Field, Near, Nearby, Not, Or, Query
from listener.cli.google_alerts.notes import ConversionNote, ConversionNotes
from listener.cli.google_alerts.terms import GONE, PLACES, VALUES, either, inside, joined, phrase, valued, word

MAX_LENGTH = 2_048
"""Longer ones are none that Google takes."""

_MAX_DEPTH = 20
_MAX_DISTANCE = 100


@dataclass(frozen=True, slots=True)
class Translated:
    """`query` is in our language and accepted as a watch's; None: it cannot become one, and the last note says why."""

    query: str | None
    notes: tuple[ConversionNote, ...]


def translate(text: str, language: str | None = None) -> Translated:
    """A query as typed into Google. `language`: only posts in this one (ISO 639-1)."""
    notes = ConversionNotes()
    try:
        tree = _Reader(text, notes).read()
        if tree is None:
            raise _RefusedError("nothing to search for is left of it")
        query = str(joined([tree, Field("lang", language)]) if language else tree)
        parse_watch(query)
    except _RefusedError as error:
        notes.lose(_short(text), str(error), "write a watch for it by hand")
    except QueryError as error:
        notes.lose(_short(text), error.message, error.remedy)
    else:
        return Translated(query, tuple(notes.all))
    return Translated(None, tuple(notes.all))


T = TypeVar("T")


class _RefusedError(Exception):
    """The query can become no watch; the message says why."""


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"


_QUOTES = '"“”„＂'
_TOKEN = re.compile(
    rf"""(?P<blank>\s+)
    | (?P<around>AROUND\s*\(\s*(?P<distance>\d{{1,9}})\s*\))
    | (?P<or>OR(?=[\s()|{_QUOTES}]|$)|\|)
    | (?P<sign>[-+~]+(?=[^\s)|]))
    | (?P<field>(?i:allin[a-z]+):|(?i:{"|".join([*PLACES, *GONE, *VALUES])}):(?=[^\s)|]))
    | (?P<open>\()
    | (?P<close>\))
    | (?P<quoted>[{_QUOTES}](?P<inner>[^{_QUOTES}]*)[{_QUOTES}]?)
    | (?P<bare>[^\s()|{_QUOTES}]+)""",
    re.VERBOSE,
)

_BETWEEN = ("or", "around", "close", "end")  # where no term begins


class _Reader:
    """Reads tokens left to right. Each method gives a query, or None when nothing of what it read can be searched."""

    def __init__(self, text: str, notes: ConversionNotes) -> None:
        if len(text) > MAX_LENGTH:
            raise _RefusedError(f"it has {len(text):,} characters, and Google itself takes {MAX_LENGTH:,}")
        self.tokens: list[re.Match[str]] = [token for token in _TOKEN.finditer(text) if token.lastgroup != "blank"]
        self.notes = notes
        self.position = 0
        self.depth = 0
        self.excluded: list[Query] = []  # by a minus beside an OR

    @property
    def kind(self) -> str:
        return str(self.tokens[self.position].lastgroup) if self.position < len(self.tokens) else "end"

    def take(self) -> re.Match[str]:
        self.position += 1
        return self.tokens[self.position - 1]

    def read(self) -> Query | None:
        parts: list[Query] = []
        while self.kind != "end":
            if self.kind in _BETWEEN:
                self.take()  # an OR, an AROUND or a bracket with nothing before it: Google passes over it, too
            else:
                parts += self.all_of()
        return joined([*parts, *self.excluded])

    def all_of(self) -> list[Query]:
        """The terms that must all hold, up to a bracket or the end."""
        parts, bare_or = [], False
        while self.kind not in _BETWEEN:
            first, bracketed = self.position, self.kind == "open"
            part = self.any_of()
            has_or = any(token.lastgroup == "or" for token in self.tokens[first : self.position])
            bare_or |= isinstance(part, Or) and has_or and not bracketed
            parts += [part] if part is not None else []
        if bare_or and sum(not isinstance(part, Not) for part in parts) > 1:
            why = "to Google it binds tighter than the words beside it, as the brackets here say"
            self.notes.keep("OR", why, "move the brackets if you meant otherwise")
        return parts

    def any_of(self) -> Query | None:
        """Terms with OR between them. Google takes a minus beside an OR for the whole query."""
        parts = [self.near_terms()]
        while self.kind == "or":
            self.take()
            if self.kind not in _BETWEEN:
                parts.append(self.near_terms())
        if len(parts) == 1:
            return parts[0]
        for part in parts:
            if isinstance(part, Not):
                self.excluded.append(part)
                self.notes.keep(
                    f"OR {part}", "a minus excludes from everything, also beside an OR, and so it does here"
                )
        return either([part for part in parts if part is not None and not isinstance(part, Not)])

    def near_terms(self) -> Query | None:
        """Terms with AROUND(n) between them; a AROUND(3) b AROUND(3) c is two pairs with b in both."""
        last = self.term()
        parts = [last]
        while self.kind == "around":
            token = self.take()
            following = self.term() if self.kind not in _BETWEEN else None
            if found := self.near_sides(last, following, token):
                parts = [*(part for part in parts if part is not last), found]
            else:
                parts.append(following)
            last = following
        return joined([part for part in parts if part is not None])

    def near_sides(self, left: Query | None, right: Query | None, token: re.Match[str]) -> Near | None:
        sides, distance = (_side(left), _side(right)), int(token["distance"])
        if not all(sides):
            why = "a side of it is missing, or more than words; what is there must still occur"
            self.notes.lose(token[0], why, "put words, or an OR of words in brackets, on each side: a NEAR/5 b")
            return None
        if distance > _MAX_DISTANCE:
            self.notes.keep(token[0], f"{_MAX_DISTANCE} words are the most here")
        return Near(min(distance, _MAX_DISTANCE), False, *sides)

    def term(self) -> Query | None:
        token = self.take()
        match token.lastgroup:
            case "sign":
                return self.signed(token[0])
            case "open":
                return self.group()
            case "quoted":
                return phrase(token["inner"], self.notes)
            case "field":
                return self.field(token[0][:-1].lower())
        if token[0] == "NOT" and self.kind not in _BETWEEN:
            self.notes.keep("NOT", "Google knows no NOT and looked for the word; here it excludes, as it says")
            return self.signed("-")
        return word(token[0], self.notes)

    def signed(self, sign: str) -> Query | None:
        if "~" in sign:
            do = "name the words you mean: (phone OR mobile OR handset)"
            self.notes.lose("~", "synonyms are not searched, the word itself is", do)
        found = self.nested(self.term) if self.kind not in _BETWEEN else None
        if "-" not in sign or found is None:
            return found
        return found.part if isinstance(found, Not) else Not(found)

    def group(self) -> Query | None:
        parts: list[Query] = []
        while self.kind not in ("close", "end"):
            if self.kind in _BETWEEN:
                self.take()
            else:
                parts += self.nested(self.all_of)
        if self.kind == "close":
            self.take()
        return joined(parts)

    def field(self, name: str) -> Query | None:
        if name in PLACES:
            found = joined(self.nested(self.all_of)) if name.startswith("all") else self.nested(self.term)
            return found and inside(PLACES[name], found)
        first = self.position
        if name in VALUES and self.kind in ("bare", "quoted"):
            token = self.take()
            return valued(name, token["bare"] or token["inner"] or "", self.notes)
        kept, self.notes = self.notes, ConversionNotes()  # what is read here only to get past it needs no notes
        self.nested(self.term)
        self.notes = kept
        shown = " ".join(token[0] for token in self.tokens[first : self.position])
        self.notes.lose(f"{name}:{shown}", *GONE.get(name, ("it takes one value, and this is none", "")))
        return None

    def nested(self, read: Callable[[], T]) -> T:
        """What `read` gives, one level further in: brackets without end must not fill Python's stack."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _RefusedError(f"it has more than {_MAX_DEPTH} brackets inside each other")
        found = read()
        self.depth -= 1
        return found


def _side(query: Query | None) -> tuple[Nearby, ...]:
    """The query as one side of NEAR; empty when it holds more than words and phrases."""
    parts = query.parts if isinstance(query, Or) else (query,)
    near = tuple(part for part in parts if isinstance(part, Nearby))
    return near if len(near) == len(parts) else ()
