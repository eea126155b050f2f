"""A post, prepared for matching: its searched fields folded, and the keys under which terms find it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from insight.model import Post, Span
from insight.query.folding import fold, origins
from insight.query.words import keys, name_keys

MAX_TEXT = 100_000
"""Characters of a field that are looked at: a long article is a tenth of it, a hostile post must not cost more."""


class Document:
    """`keys` is all that most posts ever need: no watch's key is among them, and nothing else is computed."""

    __slots__ = ("_origins", "author", "fields", "hashtags", "keys", "post")

    def __init__(self, post: Post) -> None:
        self.post = post
        self._origins: dict[str, Sequence[int]] = {}  # by field; asked for when something matched
        text = fold(post.text[:MAX_TEXT])
        self.fields: tuple[tuple[str, str], ...] = (("text", text),)
        self.keys = keys(text)
        if post.title:
            title = fold(post.title[:MAX_TEXT])
            self.fields = (("title", title), ("text", text))
            self.keys |= keys(title)
        self.hashtags = frozenset(fold(tag[:MAX_TEXT]).lstrip("#") for tag in post.hashtags)
        self.keys.update("#" + tag for tag in self.hashtags)
        self.author = fold(post.author[:MAX_TEXT]).lstrip("@") if post.author else ""
        if self.author:
            self.keys.update(name_keys(self.author))

    def spans(self, field: str, folded: str, found: Iterator[tuple[int, int]]) -> Iterator[Span]:
        """What was found in a folded field, as offsets in the post's own text."""
        for start, end in found:
            positions = self._origins.get(field)
            if positions is None:
                positions = self._origins[field] = origins(getattr(self.post, field)[:MAX_TEXT], folded)
            after = end  # a letter that folds to several ends where the next one begins
            while after < len(folded) and positions[after] == positions[end - 1]:
                after += 1
            yield Span(field, positions[start], positions[after])
