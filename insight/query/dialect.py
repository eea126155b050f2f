"""What a site's own search understands, as data: a source states it, `pushdown` writes a query in it.

A dialect promises that each way of searching it names finds everything that we would find, or more. That a site finds
more (other endings, no accents) does no harm; what it misses does, so what is not sure is better left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Brackets(Enum):
    """Where a site understands them."""

    NONE = "no brackets"
    AROUND_OR = "(a OR b) c"  # around an OR of single terms only
    ALWAYS = "(a OR b)"  # the same, and an OR without them is refused
    ANYWHERE = "(a b) OR (c (d OR e))"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one site's search is written: the defaults are what most sites understand, each with `{}` for the text.

    `word` finds a word wherever it stands, in #tags, @names and addresses as well; None: the site searches for hashtags
    only. `phrase` None: its words are searched for, all of them. `hashtag` None: as a word; right where a site keeps no
    tags beside the text. `names`: the ways which together find who is named and who writes, such as ("@{}", "from:{}");
    none: as a word, which misses who writes. `prefix`: words that begin so. `both` and `either` stand between terms;
    None: the site has no AND, or no OR.
    """

    word: str | None = "{}"
    phrase: str | None = '"{}"'
    hashtag: str | None = "#{}"
    names: tuple[str, ...] = ()
    prefix: str | None = None
    both: str | None = " "
    either: str | None = " OR "
    brackets: Brackets = Brackets.ANYWHERE
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Fields of the language and how they are written here: {"lang": "lang:{}", "author": "from:{}", "title": …}."""

    max_length: int | None = None
    in_bytes: bool = False
    max_terms: int | None = None
    max_operators: int | None = None
    """An AND that is a blank counts, too: a site that does not count it is searched a little less tightly."""

    keeps: str = ".,'&_-"
    """What may stand inside a word besides letters and digits. Anything else becomes a blank: it may mean something."""

    signs: str = ""
    """Which of + and # may stand behind a word: c++, c#."""

    shortest: int = 1
    """Words of fewer letters are not searched for, and refused where they are."""

    apostrophes: bool = True
    """False: "don't" is not reliably found as it is written, only as a word that begins with "don" (see `prefix`)."""

    runs: bool = False
    """Whether Chinese, Japanese, Thai and Korean are found anywhere in a run of such letters."""

    accents: bool = False
    """Whether letters with and without marks are the same in words: "ca phe" finds "cà phê". Hashtags are exact."""

    emoji: bool = False
    complete: bool = True
    """False: the search sees a part of the site only, by nature. Then nothing is counted as missed."""

    def in_words(self) -> str:
        """What the search understands, in one line for people."""
        kinds = {"words": self.word, '"phrases"': self.phrase, "#hashtags": self.hashtag, "@names": self.names}
        can = [kind for kind, written in kinds.items() if written]
        parts = [", ".join([*can, "beginnings*"] if self.prefix else can)]
        joined = {"AND": self.both, "OR": self.either, "brackets": self.brackets is not Brackets.NONE and self.either}
        without = [name for name, written in joined.items() if not written]
        if self.word or not without:
            parts.append("no " + ", no ".join(without) if without else "AND, OR and brackets")
        if self.fields:
            parts.append(", ".join(f"{name}:" for name in self.fields))
        limits = (
            (self.max_length, "bytes" if self.in_bytes else "characters"),
            (self.max_terms, "terms"),
            (self.max_operators, "operators"),
        )
        if any(limit for limit, _ in limits):
            parts.append("at most " + ", ".join(f"{limit} {unit}" for limit, unit in limits if limit))
        if self.shortest > 1:
            parts.append(f"no word of fewer than {self.shortest} letters")
        if not self.complete:
            parts.append("finds a part of the site only")
        return "; ".join(parts)
