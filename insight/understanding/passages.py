"""The part of a post that speaks about what was mentioned: all of a short post, of a long one the sentences around."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from insight.model import Post, Span
from insight.understanding.tokens import BRAND_MARK, OTHER_MARK

SHORT = 300
"""Characters up to which a post is about one thing; VADER was made for this length."""

MAX_TEXT = 20_000
MAX_SENTENCES = 20
_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")
Range = tuple[int, int]
_BLANK = str.maketrans(BRAND_MARK + OTHER_MARK, "  ")


def passages(post: Post, spans: Iterable[Span] = (), others: Iterable[Span] = ()) -> str:
    """What is to be judged, a line each: the title and all of a short post, or the title and some sentences.

    BRAND_MARK stands in the place of what is at `spans`, OTHER_MARK of what is at `others`.
    """
    title, text = (post.title or "")[:MAX_TEXT].translate(_BLANK), post.text.translate(_BLANK)
    own, foreign = tuple(spans), tuple(others)
    named = sorted((span.start, span.end) for span in own if span.field == "text")
    if len(title) + len(text) <= SHORT:
        chosen = [(0, len(text))]
    elif named:
        chosen = _around(text, named)
    else:
        chosen = _sentences(text[:MAX_TEXT])[:MAX_SENTENCES]
    marks = {
        field: sorted(
            [(span.start, span.end, BRAND_MARK) for span in own if span.field == field]
            + [(span.start, span.end, OTHER_MARK) for span in foreign if span.field == field]
        )
        for field in ("title", "text")
    }
    parts = [_marked(title, (0, len(title)), marks["title"])]
    parts += [_marked(text, part, marks["text"]).strip() for part in chosen]
    return unicodedata.normalize("NFC", "\n".join(part for part in parts if part))


def _marked(text: str, part: Range, marks: Sequence[tuple[int, int, str]]) -> str:
    """`text[start:end]` with marks in it. Of two that overlap the first one stays."""
    at, end = part
    pieces = []
    for first, last, mark in marks:
        if at <= first < last <= end:
            pieces += [text[at:first], mark]
            at = last
    return "".join([*pieces, text[at:end]])


def _around(text: str, spans: Sequence[Range]) -> list[Range]:
    """The sentences with a span, each with the next one: people name a thing, then say what they think of it."""
    # Only the text near the spans is cut into sentences, so that a book costs what its mentions cost.
    chosen: dict[Range, None] = {}
    for start, end in spans[:MAX_SENTENCES]:
        low = max(0, start - MAX_TEXT // MAX_SENTENCES)
        near = _sentences(text[low : end + MAX_TEXT // MAX_SENTENCES])
        holding = [n for n, (a, b) in enumerate(near) if a + low < end and start < b + low]
        for n in range(holding[0], min(holding[-1] + 2, len(near))):
            chosen[near[n][0] + low, near[n][1] + low] = None
    return sorted(chosen)[:MAX_SENTENCES]


def _sentences(text: str) -> list[Range]:
    ends = [match.end() for match in _END.finditer(text)]
    return [(start, end) for start, end in zip([0, *ends], [*ends, len(text)], strict=True) if start < end]
