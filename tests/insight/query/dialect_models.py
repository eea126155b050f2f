"""Sites that are searched, each as a small interpreter of its own search: what a rendered search finds, by the manual.

They are no more able than their sites' documents promise: exact words and phrases, in one place of a post, in any case.
Letters are folded as we fold them, and `-`, `_`, `.` and apostrophes end a word; what a real site does otherwise there
is for the daemon's completeness figures to show.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from insight.model import Post
from insight.query.dialect import Brackets, Dialect
from insight.query.matching.document import Facts
from tests.insight.query.facts import field_holds
from tests.insight.query.letters import folded, kind, names, tags

X = Dialect(
    names=("@{}", "from:{}"), fields={"lang": "lang:{}", "author": "from:{}"}, max_length=512, runs=True, emoji=True
)
REDDIT = Dialect(
    hashtag=None, both=" AND ", fields={"author": "author:{}", "title": "title:{}"}, max_length=512, runs=True
)
GITHUB = Dialect(hashtag=None, names=("@{}", "author:{}"), max_length=256, max_operators=5)
GDELT = Dialect(hashtag=None, brackets=Brackets.ALWAYS, fields={"site": "domain:{}"}, max_length=250, accents=True)
GOOGLE_NEWS = Dialect(
    hashtag=None,
    brackets=Brackets.AROUND_OR,
    fields={"site": "site:{}", "title": "intitle:{}"},
    max_terms=32,
    accents=True,
    runs=True,
)
BLUESKY = Dialect(
    names=("mentions:{}", "from:{}"),
    either=None,
    brackets=Brackets.NONE,
    fields={"lang": "lang:{}", "author": "from:{}", "mention": "mentions:{}"},
    runs=True,
)
STACK_EXCHANGE = Dialect(hashtag=None, either=None, brackets=Brackets.NONE, max_length=120)
NARROW = Dialect(
    prefix="{}*",
    either=" | ",
    brackets=Brackets.NONE,
    max_length=24,
    in_bytes=True,
    max_terms=3,
    runs=True,
    accents=True,
)
"""Nobody's: hardly any room, an OR without brackets, and beginnings of words."""


class RefusedError(AssertionError):
    """The site would answer with an error."""


Finds = Callable[[str, Post, Facts], bool]


@dataclass(frozen=True)
class Site:
    """`term` says what one term of a search finds; `or_first`: OR binds tighter than a blank."""

    dialect: Dialect
    term: Finds
    or_first: bool = False
    most: int = 10_000
    in_bytes: bool = False
    most_terms: int = 10_000
    most_operators: int = 10_000
    brackets: Brackets = Brackets.ANYWHERE

    def has(self, post: Post) -> Post:
        """The post as it would be there: a site that has no hashtags keeps none beside a text."""
        return post if self.dialect.hashtag else replace(post, hashtags=())

    def finds(self, search: str, post: Post, facts: Facts) -> bool:
        """Raises RefusedError for what the site would not take."""
        if (len(search.encode()) if self.in_bytes else len(search)) > self.most:
            raise RefusedError("too long")
        tokens = re.findall(r'[^\s()"]*"[^"]*"|[()]|[^\s()]+', search)
        found = [token for token in tokens if token not in ("(", ")", "OR", "AND", "|")]
        if len(found) > self.most_terms or len(found) - 1 > self.most_operators or not found:
            raise RefusedError("too many terms, or none")
        reader = _Reader(self, tokens)
        return reader.whole()(post, facts)


Holds = Callable[[Post, Facts], bool]


class _Reader:
    def __init__(self, site: Site, tokens: list[str]) -> None:
        self.site, self.tokens, self.depth = site, tokens, 0

    def whole(self) -> Holds:
        found = self.level()
        if self.tokens:
            raise RefusedError(f"cannot be read from {self.tokens}")
        return found

    def level(self) -> Holds:
        return self.row(self.either, all) if self.site.or_first else self.either(lambda: self.row(self.unit, all))

    def row(self, inner: Callable[[], Holds], how: Callable[..., bool]) -> Holds:
        parts = [inner()]
        while self.tokens and self.tokens[0] not in (")", "OR", "|"):
            if self.tokens[0] == "AND":
                self.tokens.pop(0)
            parts.append(inner())
        return lambda post, facts: how(part(post, facts) for part in parts)

    def either(self, inner: Callable[[], Holds] | None = None) -> Holds:
        inner = inner or self.unit
        parts = [inner()]
        while self.tokens and self.tokens[0] in ("OR", "|"):
            self.tokens.pop(0)
            parts.append(inner())
        if len(parts) > 1 and self.site.brackets is Brackets.ALWAYS and not self.depth:
            raise RefusedError("an OR needs brackets")
        return lambda post, facts: any(part(post, facts) for part in parts)

    def unit(self) -> Holds:
        if not self.tokens or self.tokens[0] in (")", "OR", "AND", "|"):
            raise RefusedError(f"a term is missing before {self.tokens[:1]}")
        token = self.tokens.pop(0)
        if token != "(":
            return lambda post, facts: self.site.term(token, post, facts)
        if self.site.brackets is Brackets.NONE or (self.depth and self.site.brackets is not Brackets.ANYWHERE):
            raise RefusedError("brackets")
        self.depth += 1
        found = self.level()
        self.depth -= 1
        if not self.tokens or self.tokens.pop(0) != ")":
            raise RefusedError("an open bracket")
        return found


# -- what a term finds -----------------------------------------------------------------------------------------


def split(text: str, *, runs: bool, bare: bool, signs: str = "") -> list[str]:
    """Words; `runs`: each letter of a script without spaces is one, else only a whole row of them."""
    found: list[str] = []
    last = ""
    for character in folded(text, bare):
        what = kind(character)
        if (what == "word" and last == "word") or (what == "run" and last == "run" and not runs):
            found[-1] += character
        elif what in ("word", "run") or character in signs:
            found.append(character)
        last = what
    return found


def in_a_row(wanted: list[str], there: list[str]) -> bool:
    return bool(wanted) and any(there[i : i + len(wanted)] == wanted for i in range(len(there)))


def _said(post: Post) -> tuple[str, str]:
    return post.title or "", post.text


def wrote(name: str, post: Post) -> bool:
    author = folded(post.author or "").lstrip("@")
    return name in (author, author.partition("@")[0])


def named(name: str, post: Post) -> bool:
    return any(name in (found, found.partition("@")[0]) for text in _said(post) for found, _, _ in names(text))


def tagged(tag: str, post: Post, *, bare: bool = False) -> bool:
    found = {tag for text in _said(post) for tag, _, _ in tags(text, bare)}
    return folded(tag, bare) in found | {folded(beside, bare).lstrip("#") for beside in post.hashtags}


def usual(*, runs: bool = True, bare: bool = False, emoji: bool = False, prefix: bool = False) -> Finds:
    """word, "phrase", #tag, @name, and the fields that sites have."""

    def words(text: str, places: tuple[str, ...]) -> bool:
        wanted, there = split(text, runs=runs, bare=bare), [split(place, runs=runs, bare=bare) for place in places]
        if emoji and not wanted:
            return any(folded(text) in folded(place) for place in places)
        if prefix and text.endswith("*"):
            return any(word.startswith(folded(text[:-1], bare)) for found in there for word in found)
        return any(in_a_row(wanted, found) for found in there)

    def finds(term: str, post: Post, facts: Facts) -> bool:
        if term[0] in "#@":
            return tagged(term[1:], post) if term[0] == "#" else named(term[1:], post)
        name, colon, value = term.partition(":")
        if term[0] == '"' or not colon:
            return words(term.strip('"'), _said(post))
        if name in ("title", "intitle"):
            return words(value.strip('"'), (post.title or "",))
        return FIELDS[name](value, post, facts)

    return finds


FIELDS: dict[str, Finds] = {
    "lang": lambda value, post, facts: field_holds("lang", value, post, facts),
    "site": lambda value, post, facts: field_holds("site", value, post, facts),
    "domain": lambda value, post, facts: field_holds("site", value, post, facts),
    "from": lambda value, post, _: wrote(value, post),
    "author": lambda value, post, _: wrote(value, post),
    "mentions": lambda value, post, _: named(value, post),
}
