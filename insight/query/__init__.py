"""The query language: `acme OR "acme corp" NOT jobs` → tree; tree → matcher; tree → what a source may search for.

- A word matches whole words, whatever their case, width or way of writing accents: `acme` finds "Acme's", "#acme",
  "@acme" and "https://acme.com/news", and not "acmeville". Chinese, Japanese, Thai and Korean are found anywhere in a
  run of such letters.
- Two terms without an operator are AND. NOT (or `-` before a term) binds tightest, then AND, then OR. Operators are in
  capitals; a lower-case `or` is refused unless quoted, because it could mean either.
- Punctuation inside a word makes several words in a row, whatever stands between them: `acme.com`, `10:30`, `wi-fi`
  (which finds "wi fi", too). `+`, `++` and `#` directly after a word count: `c++` does not find "c". Numbers are whole:
  `3` does not find "3.5". Emoji are terms; skin tones and invisible characters are ignored.
- `#acme` finds the hashtag alone, `@acme` who is named so, or who writes.
- What the language will have later (fields, wildcards, NEAR, /regex/, {case}, [ranges], comments, $names) is refused,
  with the advice to quote it.
"""

from insight.query.cover import Literal, LiteralKind, cover
from insight.query.document import Document
from insight.query.errors import QueryError
from insight.query.matcher import Match, Matcher, Matchers
from insight.query.parser import MAX_DEPTH, parse
from insight.query.tree import And, Hashtag, Name, Not, Or, Phrase, Query, Term, Word

__all__ = [
    "MAX_DEPTH",
    "And",
    "Document",
    "Hashtag",
    "Literal",
    "LiteralKind",
    "Match",
    "Matcher",
    "Matchers",
    "Name",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "QueryError",
    "Term",
    "Word",
    "compile",
    "cover",
    "parse",
]


def compile(query: Query) -> Matcher:  # noqa: A001  # reads as query.compile(tree), like re.compile
    """A matcher for one query; for many over the same posts take `Matchers`."""
    return Matcher(query)
