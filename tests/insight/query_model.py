"""Random queries and posts in four scripts, and a second, slow definition of what matches: one character at a time."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from insight.model import Post
from insight.query import And, Hashtag, Name, Not, Or, Phrase, Query, Word

WORDS = (
    "acme",
    "corp",
    "jobs",
    "cà",
    "phê",
    "Straße",
    "小米",
    "手机",
    "米",
    "don't",
    "3",
    "3.5",
    "🚀",
    "❤️",
    "c++",
    "c",
)
TAGS = ("acme", "acme_corp", "小米", "phê")
NAMES = ("acme", "corp", "acme@example.social")

words = st.sampled_from(WORDS).map(Word)
phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda parts: Phrase(" ".join(parts)))
terms = st.one_of(words, phrases, st.sampled_from(TAGS).map(Hashtag), st.sampled_from(NAMES).map(Name))
trees: st.SearchStrategy[Query] = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)

# Made of what the queries are made of, glued in every way, so that hits and near misses are both common.
_PIECES = (*WORDS, "ACME", "Ａｃｍｅ", "acme's", "acmeville", "DON’T", "ca\u0300", "#acme", "#Acme_Corp", "@acme")
_MORE = ("@acme@example.social", "x@acme.com", "https://acme.com/jobs", "STRASSE", "👍🏽", "#小米", "cafe", "5")
_GLUE = (" ", " ", " ", "", "-", "_", ".", ", ", "\n", "!")
_parts = st.lists(st.tuples(st.sampled_from(_PIECES + _MORE), st.sampled_from(_GLUE)), max_size=8)
texts = _parts.map(lambda parts: "".join(piece + glue for piece, glue in parts))
posts = st.builds(
    Post,
    network=st.just("net"),
    native_id=st.just("1"),
    text=texts,
    title=st.none() | texts,
    author=st.sampled_from((None, "acme", "@Corp", "acme@example.social")),
    hashtags=st.lists(st.sampled_from(TAGS), max_size=1).map(tuple),
)


def holds(query: Query, post: Post) -> bool:
    """Whether the query holds for the post, by the definition in the package's docstring."""
    match query:
        case And(parts):
            return all(holds(part, post) for part in parts)
        case Or(parts):
            return any(holds(part, post) for part in parts)
        case Not(part):
            return not holds(part, post)
        case Hashtag(text):
            return folded(text) in _hashtags(post)
        case Name(text):
            return any(folded(text) in (name, name.partition("@")[0]) for name in _names(post))
        case Word(text) | Phrase(text):
            wanted = pieces(text)
            return any(_in_a_row(wanted, pieces(field)) for field in (post.title or "", post.text))


def folded(text: str) -> str:
    settled = text.replace("’", "'").replace("\ufe0f", "").replace("\U0001f3fd", "")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", settled).casefold())


def _kind(character: str) -> str:
    if "\u4e00" <= character <= "\u9fff":
        return "han"
    if character >= "\U0001f000" or character == "❤":
        return "emoji"
    return "letter" if character.isalnum() or unicodedata.combining(character) else ""


Piece = tuple[str, bool]
"""A word, sign or emoji; and whether it is a Chinese sign that directly follows another."""


def pieces(text: str) -> list[Piece]:
    found: list[Piece] = []
    text = folded(text)
    i = 0
    while i < len(text):
        kind, end = _kind(text[i]), i + 1
        if kind == "letter":
            end = _word_end(text, i)
            found.append((text[i:end], False))
            sign = _sign_at(text, end)
            if sign:
                found.append((sign, False))
                end += len(sign)
        elif kind:
            found.append((text[i], kind == "han" and i > 0 and _kind(text[i - 1]) == "han"))
        i = end
    return found


def _word_end(text: str, end: int) -> int:
    while end < len(text) and (_kind(text[end]) == "letter" or _joins(text, end)):
        end += 1
    return end


def _joins(text: str, i: int) -> bool:
    """The apostrophe of "don't" and the point of 3.5."""
    before, after, later = text[i - 1], text[i + 1 : i + 2], text[i + 2 : i + 3]
    if text[i] in ".,":
        return before.isdecimal() and after.isdecimal()
    return text[i] == "'" and before == "n" and after == "t" and _kind(later or " ") != "letter"


def _sign_at(text: str, i: int) -> str:
    if not (text[i - 1].isascii() and text[i - 1].isalnum()):
        return ""
    sign = "++" if text.startswith("++", i) else text[i : i + 1]
    after = text[i + len(sign) : i + len(sign) + 1] or " "
    return sign if sign in ("+", "++", "#") and after not in "+#" and _kind(after) not in ("letter", "han") else ""


def _in_a_row(wanted: list[Piece], there: list[Piece]) -> bool:
    def at(i: int) -> bool:
        pairs = list(zip(wanted, there[i:], strict=False))
        glued = all(found[1] or not piece[1] for piece, found in pairs[1:])
        return len(pairs) == len(wanted) and glued and all(piece[0] == found[0] for piece, found in pairs)

    return any(at(i) for i in range(len(there)))


def _tagged(character: str) -> bool:
    return character == "_" or _kind(character) in ("letter", "han")


def _after(mark: str, not_after: str, text: str) -> list[int]:
    """Where something begins that the mark introduces."""
    marks = (i for i, character in enumerate(text) if character == mark)
    return [i + 1 for i in marks if i == 0 or not (_tagged(text[i - 1]) or text[i - 1] in not_after)]


def _hashtags(post: Post) -> list[str]:
    tags = [folded(tag) for tag in post.hashtags]
    for text in map(folded, (post.title or "", post.text)):
        for start in _after("#", "&/#", text):
            end = next((i for i in range(start, len(text)) if not _tagged(text[i])), len(text))
            tags.append(text[start:end])
    return tags


def _names(post: Post) -> list[str]:
    names = [folded(post.author or "").lstrip("@")]
    for text in map(folded, (post.title or "", post.text)):
        for start in _after("@", "@", text):
            end = next((i for i in range(start, len(text)) if not (_tagged(text[i]) or text[i] in ".-")), len(text))
            name = text[start:end].rstrip(".-")
            if name and name[0] not in ".-":
                names.append(name + _server(text[start + len(name) :]))
    return names


def _server(rest: str) -> str:
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-"
    end = next((i for i in range(1, len(rest)) if rest[i] not in allowed), len(rest))
    server = rest[:end].rstrip(".-")
    return server if server.startswith("@") and len(server) > 1 else ""
