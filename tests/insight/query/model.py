"""A second, slow definition of what matches: one letter, one word, one pair of places at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from insight.model import Post
from insight.query.matching.document import Facts
from insight.query.tree import (
    And,
    Between,
    Cased,
    Field,
    Hashtag,
    In,
    Name,
    Near,
    Not,
    Or,
    Phrase,
    Plain,
    Query,
    Raw,
    Regex,
    Text,
    Wildcard,
    Word,
)
from tests.insight.query.facts import field_holds, links, number
from tests.insight.query.letters import Piece, Place, as_typed, as_written, folded, names, pieces, tags
from tests.insight.query.letters import is_letter as letter
from tests.insight.query.letters import is_tagged as tagged

NOTHING = Facts()


def holds(query: Query, post: Post, facts: Facts = NOTHING) -> bool:  # noqa: PLR0911  # one for each kind
    match query:
        case And(parts):
            return all(holds(part, post, facts) for part in parts)
        case Or(parts):
            return any(holds(part, post, facts) for part in parts)
        case Not(part):
            return not holds(part, post, facts)
        case Between(name, low, high, open_low, open_high):
            value = number(name, post)
            return value is not None and _within(value, low, high, open_low, open_high)
        case Field("mention", value):
            fields = (post.title or "", post.text)
            return any(value in (name, name.partition("@")[0]) for text in fields for name, _, _ in names(text))
        case Field(name, value):
            return field_holds(name, value, post, facts)
        case In("author", Name(text)):
            return _wrote(text, post)
        case In(place, part):
            return any(places(part, text) for text in _parts_of(place, post))
        case _:
            return any(places(query, text) for text in (post.title or "", post.text)) or _beside(query, post)


def _within(value: float, low: float | None, high: float | None, open_low: bool, open_high: bool) -> bool:
    if low is not None and (value <= low if open_low else value < low):
        return False
    return high is None or (value < high if open_high else value <= high)


def _parts_of(place: str, post: Post) -> Sequence[str]:
    match place:
        case "author":
            return (post.author or "", post.author_name or "")
        case "links":
            return links(post)
        case _:
            return (getattr(post, place) or "",)


def _beside(term: Text, post: Post) -> bool:
    """Tags that the platform keeps beside the text, and who writes."""
    match term:
        case Hashtag(text):
            return any(like(folded(text), folded(tag).lstrip("#"), tagged) for tag in post.hashtags)
        case Plain(Hashtag(text)):
            return any(like(folded(text, bare=True), folded(t, bare=True).lstrip("#"), tagged) for t in post.hashtags)
        case Name(text):
            return _wrote(text, post)
        case _:
            return False


def _wrote(name: str, post: Post) -> bool:
    author = folded(post.author or "").lstrip("@")
    return folded(name) in (author, author.partition("@")[0])


def places(term: Text, text: str, bare: bool = False) -> list[Place]:  # noqa: PLR0911  # one for each kind
    """Everywhere in a text that the term stands, overlapping or not. `bare`: without marks on the letters."""
    match term:
        case Word(wanted) | Phrase(wanted):
            return in_a_row(pieces(wanted, bare), pieces(text, bare))
        case Wildcard(pattern):
            pattern = folded(pattern, bare)
            return [p.place for p in pieces(text, bare) if p.kind == "word" and like(pattern, p.text, letter)]
        case Hashtag(tag):
            return [(a, b) for found, a, b in tags(text, bare) if like(folded(tag, bare), found, tagged)]
        case Name(name):
            return [(a, b) for found, a, b in names(text) if folded(name) in (found, found.partition("@")[0])]
        case Plain(part):
            return places(part, text, bare=True)
        case Regex(pattern):
            return [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]
        case Cased(wanted):
            sought = pieces(wanted)
            exactly = as_written(wanted[sought[0].start : sought[-1].end])
            return [(a, b) for a, b in in_a_row(sought, pieces(text)) if as_written(text[a:b]) == exactly]
        case Raw(wanted):
            return _typed(wanted, text)
        case Near():
            return [place for pair in _pairs(term, text) for place in pair]


def like(pattern: str, text: str, allowed: Callable[[str], bool]) -> bool:
    if not pattern or not text:
        return not pattern.strip("*") and not text
    if pattern[0] == "*":
        return like(pattern[1:], text, allowed) or (allowed(text[0]) and like(pattern, text[1:], allowed))
    here = allowed(text[0]) if pattern[0] == "?" else pattern[0] == text[0]
    return here and like(pattern[1:], text[1:], allowed)


def in_a_row(wanted: list[Piece], there: list[Piece]) -> list[Place]:
    found = ((i, _row_end(wanted, there, i)) for i in range(len(there)))
    return [(there[i].start, end) for i, end in found if end is not None]


def _row_end(wanted: list[Piece], there: list[Piece], i: int) -> int | None:
    """Where the row ends that begins with the i-th piece. A sign that nobody asked for is as good as punctuation."""
    for number_, piece in enumerate(wanted):
        while number_ and i < len(there) and there[i].kind == "sign" != piece.kind:
            i += 1
        if i == len(there) or there[i].text != piece.text or (number_ and piece.glued and not there[i].glued):
            return None
        i += 1
    return there[i - 1].end


def _typed(wanted: str, text: str) -> list[Place]:
    """Where exactly these characters stand, and are those words there, too: "C+" is not in "C++"."""
    exactly, words = as_typed(wanted).strip(), [piece.text for piece in pieces(wanted)]
    there = pieces(text)
    found = []
    for start in range(len(text)):
        if as_typed(text[start])[:1] != exactly[:1]:
            continue
        for end in range(start + 1, len(text) + 1):
            if as_typed(text[start:end]) == exactly:
                whole = [p.text for p in there if start <= p.start and p.end <= end]
                cut = any(p.start < start < p.end or p.start < end < p.end for p in there)
                if not words or (whole == words and not cut):
                    found.append((start, end))
    return found


def _pairs(near: Near, text: str) -> list[tuple[Place, Place]]:
    left = [place for term in near.left for place in places(term, text)]
    right = [place for term in near.right for place in places(term, text)]
    there = pieces(text)

    def close(a: Place, b: Place) -> bool:
        return a[1] <= b[0] and _between(there, a[1], b[0]) <= near.distance

    return [(a, b) for a in left for b in right if close(a, b) or (not near.ordered and close(b, a))]


def _between(there: list[Piece], start: int, end: int) -> int:
    return sum(piece.kind != "sign" and start <= piece.start and piece.end <= end for piece in there)
