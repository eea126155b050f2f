"""The part of a post that speaks about what was mentioned: all of a short post, of a long one the sentences around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from insight.model import Post, Span

SHORT = 300
"""Characters up to which a post is about one thing; VADER was made for this length."""

MAX_TEXT = 20_000
MAX_SENTENCES = 20
_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")


def passages(post: Post, spans: Iterable[Span]) -> tuple[str, ...]:
    """Sentences to be judged, each by itself; a short post is one passage, its title before its text."""
    title, text = (post.title or "")[:MAX_TEXT], post.text
    if len(title) + len(text) <= SHORT:
        return (f"{title}\n{text}".strip(),)
    in_text = sorted((span.start, span.end) for span in spans if span.field == "text")
    chosen = _around(text, in_text) if in_text else _sentences(text[:MAX_TEXT])
    return tuple(part for part in (title, *(text[start:end].strip() for start, end in chosen)) if part)[:MAX_SENTENCES]


def _around(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences with a span, each with the next one: people name a thing, then say what they think of it."""
    # Only the text near the spans is cut into sentences, so that a book costs what its mentions cost.
    chosen: dict[tuple[int, int], None] = {}
    for start, end in spans[:MAX_SENTENCES]:
        low = max(0, start - MAX_TEXT // MAX_SENTENCES)
        near = _sentences(text[low : end + MAX_TEXT // MAX_SENTENCES])
        holding = [n for n, (a, b) in enumerate(near) if a + low < end and start < b + low]
        for n in range(holding[0], min(holding[-1] + 2, len(near))):
            chosen[near[n][0] + low, near[n][1] + low] = None
    return sorted(chosen)


def _sentences(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _END.finditer(text)]
    return [(start, end) for start, end in zip([0, *ends], [*ends, len(text)], strict=True) if start < end]
