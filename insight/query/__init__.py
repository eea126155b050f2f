"""The query language: `acme OR "acme corp" NOT jobs` → tree; tree → matcher; tree → what a source may search for.

- A word matches whole words, whatever their case, width or way of writing accents: `acme` finds "Acme's", "#acme",
  "@acme" and "https://acme.com/news", and not "acmeville". Chinese, Japanese, Thai and Korean are found anywhere in a
  run of such letters. Punctuation inside makes several words in a row: `acme.com`, `10:30`, `wi-fi` (also "wi fi").
  `+`, `++` and `#` directly after a word count: `c++` does not find "c". Numbers are whole: `3` does not find "3.5".
  Emoji are terms; skin tones and invisible characters are ignored.
- `"a b"` is words in a row; `crash*`, `colo?r` one word with any letters; `{Apple}` exactly these capitals; `raw:"C++"`
  these characters, symbols and all; `plain:"ca phe"` letters with and without marks; `/pattern/` RE2 on the text as
  written. `#acme` is the hashtag alone (`joined:#AcmeCorp`: or its words), `@acme` who is named so, or who writes.
- `a NEAR/5 b`: both in one field, at most five words between, ONEAR in this order. NEAR binds tightest, then NOT (or
  `-` before a term), then AND, which is also two terms side by side, then OR. Operators are in capitals; a lower-case
  `or` is refused unless quoted, because it could mean either. `<<< comments >>>` stand anywhere between.
- Fields ask of one part of a post (`title:acme`, `author:(a OR b)`) or of what else is known of it (`lang:en,de`,
  `rating:[1 TO 2]`, `after:2026-03-02`): `fields.FIELDS`. What is not known of a post fulfils none of them.
- `$noise` is a named query and `@file:list.txt` a list of terms, of a `Library`; the tree has them written out.
- `parse` takes any query. `parse_watch` refuses one that can hold without any word, host or name, or asks for what is
  only known of stored mentions. Every mistake is a QueryError with its place and a remedy.
- Exclusions (`… NOT jobs` beside everything else) hide a post and do not unmatch it: `Match.excluded_by`.
"""

from insight.query.errors import QueryError
from insight.query.matching.document import NOTHING_KNOWN, Document, Facts
from insight.query.matching.keys import index_keys, needs
from insight.query.matching.matcher import Match, Matcher, Matchers, exclusions
from insight.query.reading.includes import Library
from insight.query.reading.parser import MAX_DEPTH, parse, parse_watch
from insight.query.traversal import asks_for
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
    Term,
    Wildcard,
    Word,
)

__all__ = [
    "MAX_DEPTH",
    "NOTHING_KNOWN",
    "And",
    "Between",
    "Cased",
    "Document",
    "Facts",
    "Field",
    "Hashtag",
    "In",
    "Library",
    "Match",
    "Matcher",
    "Matchers",
    "Name",
    "Near",
    "Not",
    "Or",
    "Phrase",
    "Plain",
    "Query",
    "QueryError",
    "Raw",
    "Regex",
    "Term",
    "Wildcard",
    "Word",
    "asks_for",
    "compile",
    "exclusions",
    "index_keys",
    "needs",
    "parse",
    "parse_watch",
]


def compile(query: Query) -> Matcher:  # noqa: A001  # reads as query.compile(tree), like re.compile
    """A matcher for one query; for many over the same posts take `Matchers`."""
    return Matcher(query)
