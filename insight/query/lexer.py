"""A query's text → tokens with positions; what is planned for the language but not yet in it is refused here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from insight.query.errors import QueryError
from insight.query.folding import fold
from insight.query.tree import Hashtag, Name, Phrase, Term, Word
from insight.query.words import HASHTAG, NAME, Piece, Row

QUOTE = "Put it in double quotes to search for it as text."


class Kind(Enum):
    TERM = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    position: int
    term: Term | None = None


# Curly and full-width quotes and brackets come with copied text and keyboards of other scripts.
_LEXEME = re.compile(
    r"""(?P<blank>\s+)
    | (?P<open>[((])
    | (?P<close>[))])
    | (?P<phrase>["“”„＂](?P<inner>(?:[^"“”„＂\\]|\\.)*)(?P<closed>["“”„＂])?)
    | (?P<minus>-(?=[^\s)）-]))
    | (?P<word>[^\s()（）"“”„＂]+)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}

# Each is a part of the language still to come, so giving it another meaning now would change queries later.
_NOT_YET: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"O?NEAR(/.*)?$"), "NEAR"),
    (re.compile(r"@?[^\W\d][\w-]*:(?!//)"), "a field or prefix ({text})"),
    (re.compile(r"[*?]|.*[*?]"), "a wildcard"),
    (re.compile(r"/"), "a regular expression"),
    (re.compile(r".*[{}]"), "{{case-sensitive}} text"),
    (re.compile(r".*[\[\]]"), "a [range]"),
    (re.compile(r"<<<|.*>>>"), "a comment"),
    (re.compile(r"\$"), "a named query ({text})"),
)
_INSTEAD = {
    "!": "Write NOT, or a minus, before what you want to exclude.",
    "–": "Write an ordinary minus (-), or NOT, before what you want to exclude.",
    "—": "Write an ordinary minus (-), or NOT, before what you want to exclude.",
    "-": "Write one minus directly before what you want to exclude, or NOT.",
    "+": "Words without an operator must all occur already: leave the + out.",
    "&": "Write AND, or nothing: words without an operator must all occur.",
    "|": "Write OR.",
}


def tokens(query: str) -> Iterator[Token]:
    """Every token, and an END. Raises QueryError at the first thing that would be misread."""
    for lexeme in _LEXEME.finditer(query):
        token = _token(query, lexeme)
        if token is not None:
            yield token
    yield Token(Kind.END, len(query.rstrip()))


def _token(query: str, lexeme: re.Match[str]) -> Token | None:
    position = lexeme.start()
    match lexeme.lastgroup:
        case "open":
            return Token(Kind.OPEN, position)
        case "close":
            return Token(Kind.CLOSE, position)
        case "minus":
            return Token(Kind.NOT, position)
        case "word":
            return _word(query, lexeme["word"], position)
        case "blank":
            return None
        case _:
            return Token(Kind.TERM, position, _phrase(query, lexeme))


def _phrase(query: str, lexeme: re.Match[str]) -> Phrase:
    if lexeme["closed"] is None:
        raise QueryError("the quotes that open here never close", lexeme.start(), 'Add the closing ".', query)
    text = re.sub(r"\\(.)", r"\1", lexeme["inner"], flags=re.DOTALL)
    if not Row.of(fold(text)).pieces:
        raise _nothing(query, lexeme.start(), "these quotes hold")
    return Phrase(text)


def _word(query: str, text: str, position: int) -> Token:
    if text in _OPERATORS:
        return Token(_OPERATORS[text], position)
    if text.upper() in _OPERATORS:
        remedy = f'Write {text.upper()} for the operator, or "{text}" in quotes for the word.'
        raise QueryError(f"{text} could be an operator or a word", position, remedy, query)
    for pattern, what in _NOT_YET:
        if pattern.match(text):
            raise QueryError(f"{what.format(text=text)} is not yet understood", position, QUOTE, query)
    if text[0] in "#＃@＠":
        return Token(Kind.TERM, position, _tag_or_name(query, text, position))
    return Token(Kind.TERM, position, _plain(query, text, position))


def _tag_or_name(query: str, text: str, position: int) -> Hashtag | Name:
    whole = fold(text)
    if HASHTAG.fullmatch(whole):
        return Hashtag(text[1:])
    if NAME.fullmatch(whole):
        return Name(text[1:])
    what = "hashtag: letters, digits and _ only" if whole[0] == "#" else "name: letters, digits, _, . and - only"
    raise QueryError(f"{text} is not a {what}", position, QUOTE, query)


def _plain(query: str, text: str, position: int) -> Word:
    """Punctuation inside a word, and after it, is as harmless as in the text it is looked for in; symbols are not."""
    if text[0] in _INSTEAD:
        raise QueryError(f"{text[0]} means nothing here", position, _INSTEAD[text[0]], query)
    pieces = Row.of(fold(text)).pieces
    if not pieces:
        raise _nothing(query, position, f"{text} holds")
    for at in (0, len(text) - 1):
        symbol = unicodedata.category(text[at]) in ("Sm", "Sc", "Sk") or text[at] in "%&\\"
        if symbol and not (text[at] == "+" and pieces[-1][0] is Piece.SIGN):
            raise QueryError(f"the symbol {text[at]} would be ignored in {text}", position + at, QUOTE, query)
    return Word(text)


def _nothing(query: str, position: int, what: str) -> QueryError:
    remedy = "Search for words, numbers or emoji; punctuation and symbols alone are not looked at."
    return QueryError(f"{what} nothing to search for", position, remedy, query)
