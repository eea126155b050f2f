"""A post, prepared for matching: its words as keys by which terms find it, and its fields as they are compared."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from insight.model import Label, Post, Span, StoredMention
from insight.query.text.folding import fold, fold_plain, origins, without_marks
from insight.query.text.words import NAME, keys, name_keys, piece_starts
from insight.understanding.language import recognise

MAX_TEXT = 100_000
"""Characters of a field that are looked at: a long article is a tenth of it, a hostile post must not cost more."""

MAX_HOST = 253
"""Characters of a host's name: the DNS knows none longer (255 bytes with two for lengths:
https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4), and a hostile one must not have ten thousand parts."""

_LINK = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a post besides itself; what is not known is empty.

    `owned`: the team's own accounts (folded, without @) and hosts. `language` None: it is recognised when a query asks.
    `watch`, `label` and `themes` (ids and labels) are known of stored mentions only.
    """

    source: str = ""
    owned: frozenset[str] = frozenset()
    language: str | None = None
    watch: str | None = None
    label: Label | None = None
    themes: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: StoredMention, owned: frozenset[str], themes: tuple[str, ...] = ()) -> Facts:
        """What is known of a stored mention. `themes`: ids and labels of those that its post belongs to."""
        mention = stored.mention
        return cls(stored.source, owned, mention.language, mention.watch, mention.sentiment.label, themes)


NOTHING_KNOWN = Facts()


class Folding(Enum):
    """How letters are compared: in any case and width, with their marks or without (`plain:`)."""

    MARKED = "marked"
    PLAIN = "plain"


class FieldText:
    """One field: as it is written, as it is compared, and the way back to the offsets of what is written."""

    def __init__(self, name: str, written: str, folded: str | None = None) -> None:
        self.name = name  # the post's attribute
        self.written = written[:MAX_TEXT]
        self.folded = fold(self.written) if folded is None else folded

    @cached_property
    def plain(self) -> str:
        return without_marks(self.folded)

    @cached_property
    def _folded_origins(self) -> Sequence[int]:
        return origins(self.written, self.folded)

    @cached_property
    def _plain_origins(self) -> Sequence[int]:
        return origins(self.written, self.plain, fold_plain)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each word begins, as offsets of `written`: by them words are counted."""
        positions = self._folded_origins
        return [positions[start] for start in piece_starts(self.folded)]

    def compared(self, folding: Folding) -> str:
        return self.folded if folding is Folding.MARKED else self.plain

    def back(self, found: Iterable[tuple[int, int]], folding: Folding = Folding.MARKED) -> Iterator[tuple[int, int]]:
        """What was found in the compared text, as offsets of `written`."""
        for start, end in found:
            positions = self._folded_origins if folding is Folding.MARKED else self._plain_origins
            after = end  # a letter that folds to several ends where the next one begins
            while after < len(positions) - 1 and positions[after] == positions[end - 1]:
                after += 1
            yield positions[start], positions[after]

    def words_between(self, start: int, end: int) -> int:
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)


class Words(NamedTuple):
    """All that most posts ever need: no watch's key is among these, and nothing else is computed."""

    keys: set[str]
    text: str
    title: str


def words_of(post: Post) -> Words:
    text = fold(post.text[:MAX_TEXT])
    title = fold(post.title[:MAX_TEXT]) if post.title else ""
    found = keys(text)
    if title:
        found |= keys(title)
    if post.hashtags:
        found.update("#" + tag for tag in tags_beside(post))
    if post.author:
        found.update(name_keys(handle_of(post)))
    return Words(found, text, title)


def tags_beside(post: Post) -> frozenset[str]:
    """The hashtags that the platform gives beside the text."""
    return frozenset(fold(tag[:MAX_TEXT]).lstrip("#") for tag in post.hashtags)


def handle_of(post: Post) -> str:
    return fold(post.author[:MAX_TEXT]).lstrip("@") if post.author else ""


class Document:
    """A post with what is known of it, and all that a query may ask; each is computed when it is asked for."""

    def __init__(self, post: Post, facts: Facts = NOTHING_KNOWN, words: Words | None = None) -> None:
        self.post = post
        self.facts = facts
        self.keys, self._text, self._title = words or words_of(post)
        self._fields: dict[str | None, tuple[FieldText, ...]] = {}
        self._keys: dict[tuple[str | None, Folding], set[str]] = {(None, Folding.MARKED): self.keys}

    @cached_property
    def handle(self) -> str:
        return handle_of(self.post)

    @cached_property
    def named(self) -> frozenset[str]:
        """Whom title and text name, as keys: with the server, and without."""
        return frozenset(
            key for field in self.fields() for name in NAME.findall(field.folded) for key in name_keys(name)
        )

    @cached_property
    def host(self) -> str:
        try:
            host = (urlsplit(self.post.url or "").hostname or "").removeprefix("www.")
        except ValueError:
            return ""
        return host if len(host) <= MAX_HOST else ""

    @cached_property
    def sites(self) -> frozenset[str]:
        """The host of the post's address, and what it is a part of: blog.acme.com, acme.com, com."""
        parts = self.host.split(".")
        return frozenset(".".join(parts[i:]) for i in range(len(parts))) - {""}

    @cached_property
    def language(self) -> str:
        """Its code in small letters; with a region where the platform names one of the language that it is."""
        code = self.facts.language
        if code is None:
            text = f"{self.post.title}\n{self.post.text}" if self.post.title else self.post.text
            code = recognise(text, self.post.language)[0]
        code = code.lower()
        hinted = (self.post.language or "").lower().replace("_", "-")
        return hinted if hinted.partition("-")[0] == code else code

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The addresses beside the text, and those in it."""
        return (*self.post.links, *_LINK.findall(self.post.text[:MAX_TEXT]))

    @property
    def has_link(self) -> bool:
        return bool(self.links)

    def fields(self, place: str | None = None) -> tuple[FieldText, ...]:
        """The fields of a place of the post; None: title and text."""
        found = self._fields.get(place)
        if found is None:
            found = self._fields[place] = tuple(self._written(place))
        return found

    def _written(self, place: str | None) -> Iterator[FieldText]:
        post = self.post
        if place in (None, "title") and post.title:
            yield FieldText("title", post.title, self._title)
        if place in (None, "text"):
            yield FieldText("text", post.text, self._text)
        if place == "author":
            yield from (FieldText(name, text) for name in ("author", "author_name") if (text := getattr(post, name)))
        if place == "url" and post.url:
            yield FieldText("url", post.url)
        if place == "links":
            yield from (FieldText("links", link) for link in self.links)

    def keys_of(self, place: str | None, folding: Folding) -> AbstractSet[str]:
        """What terms can be looked up by in a place of the post, compared with their marks or without."""
        if place == "site":
            return self.sites
        known = self._keys.get((place, folding))
        if known is not None:
            return known
        found = self._keys[place, folding] = set()
        for field in self.fields(place):
            found |= keys(field.compared(folding))
        if place is None:  # only the plain folding comes here
            found.update("#" + without_marks(tag) for tag in tags_beside(self.post))
        if place == "author" and self.handle:
            found.update(name_keys(self.handle))
        return found

    def spans(self, found: Iterable[tuple[FieldText, tuple[int, int]]]) -> Iterator[Span]:
        """Places as spans; an address that the post links to is nothing a reader sees."""
        return (Span(field.name, *place) for field, place in found if field.name != "links")
