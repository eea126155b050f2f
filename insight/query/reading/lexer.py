"""A query's text → tokens with positions. A term comes out as its node, a field with its values as what it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from insight.query.errors import Place, QueryError, nearest, shown
from insight.query.fields import FIELDS, PREFIXES, Takes
from insight.query.reading import terms, values
from insight.query.reading.terms import QUOTE
from insight.query.tree import Or, Term

MAX_DISTANCE = 100
"""Words that NEAR may leave between its sides: a long paragraph."""


class Kind(Enum):
    TERM = auto()  # `term` is it
    PREFIX = auto()  # `text` is its name: title, plain, joined, …
    NAMED = auto()  # $name
    FILE = auto()  # @file:name
    AND = auto()
    OR = auto()
    NOT = auto()
    NEAR = auto()
    OPEN = auto()
    CLOSE = auto()
    BLANK = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """`query[position:end]`. `text` is how it is called: NOT, NEAR/5, title, noise."""

    kind: Kind
    position: int
    end: int
    text: str = ""
    term: Term | Or | None = None


# Nothing is tried twice: *+ and ++ are possessive (https://docs.python.org/3.11/library/re.html#regular-expression-syntax),
# so that hostile text costs no more than any other.
# Curly and full-width quotes and brackets come with copied text and keyboards of other scripts.
_LEXEME = re.compile(
    r"""(?P<blank>\s+)
    | (?P<comment><<<)
    | (?P<open>[(（])
    | (?P<close>[)）])
    | (?P<phrase>["“”„＂](?P<inner>(?:[^"“”„＂\\]|\\.)*+)(?P<closed>["“”„＂])?)
    | (?P<cased>\{(?P<words>(?:[^{}\\]|\\.)*+)(?P<ended>\})?)
    | (?P<regex>/(?P<pattern>(?:[^/\\]|\\.)*+)(?P<slash>/)?)
    | (?P<minus>-(?=[^\s)）-]))
    | (?P<field>(?P<name>@?[^\W\d][\w-]*+):(?!//))
    | (?P<word>(?:[^\s()（）"“”„＂<]|<(?!<<))++)""",
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(
    r'["“”„＂](?P<inner>(?:[^"“”„＂\\]|\\.)*+)(?P<closed>["“”„＂])?|(?P<bare>(?:[^\s()（）<]|<(?!<<))++)', re.DOTALL
)
_EDGE = re.compile(r"[\s()（）]|<<<|\Z")
_NAMED = re.compile(r"\$([^\W\d][\w-]*)")
_NEAR = re.compile(r"(O?NEAR)(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_SIMPLE = {
    "blank": (Kind.BLANK, ""),
    "open": (Kind.OPEN, "("),
    "close": (Kind.CLOSE, ")"),
    "minus": (Kind.NOT, "NOT"),
}
_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}

_ELSEWHERE = {
    "from": "author", "by": "author", "user": "author", "username": "author", "intitle": "title", "headline": "title",
    "inurl": "url", "link": "links", "domain": "site", "host": "site", "to": "mention", "language": "lang",
    "location": "country", "place": "country", "network": "source", "platform": "source", "type": "kind",
    "stars": "rating", "topic": "theme", "tone": "sentiment", "since": "after", "until": "before", "tag": "hashtag",
    "contains": "text", "intext": "text", "file": "@file", "filter": "is", "likes": "engagement",
    "min_faves": "engagement", "min_retweets": "engagement", "score": "engagement", "subreddit": "source",
}  # fmt: skip
"""What other tools call a field, so that their users find ours."""


def tokens(query: str) -> Iterator[Token]:
    """Every token, and an END. Raises QueryError at the first thing that would be misread."""
    position, before = 0, None
    while position < len(query):
        token = _token(query, position)
        if before is not None and before.kind is Kind.PREFIX:
            if token.kind in (Kind.BLANK, Kind.CLOSE):
                raise _without_value(before, query)
            if token.kind in (Kind.NOT, Kind.AND, Kind.OR, Kind.NEAR):
                remedy = f"Write it before the field: NOT {before.text}:acme. Else: {QUOTE}"
                raise Place(query, position).error(f"{token.text} stands directly behind {before.text}:", remedy)
        if token.kind is not Kind.BLANK:
            yield token
        position, before = token.end, token
    if before is not None and before.kind is Kind.PREFIX:
        raise _without_value(before, query)
    yield Token(Kind.END, len(query.rstrip()), len(query))


def _token(query: str, position: int) -> Token:
    lexeme = _LEXEME.match(query, position)
    if lexeme is None:  # every character begins one of the alternatives
        raise AssertionError(query[position])
    place, end = Place(query, position), lexeme.end()
    match lexeme.lastgroup:
        case "blank" | "open" | "close" | "minus" as known:
            kind, text = _SIMPLE[known]
            return Token(kind, position, end, text)
        case "comment":
            close = query.find(">>>", position)
            if close < 0:
                raise place.error("the comment that opens here never closes", "Add >>> where it ends.")
            return Token(Kind.BLANK, position, close + 3)
        case "field":
            return _field(place, lexeme["name"])
        case "word":
            return _word(place, lexeme["word"])
        case _:
            return Token(Kind.TERM, position, end, term=_delimited(place, lexeme))


def _delimited(place: Place, lexeme: re.Match[str]) -> Term:
    if lexeme["phrase"] is not None:
        return terms.parse_phrase(terms.unescaped(_inner(place, lexeme)), place)
    if lexeme["cased"] is not None:
        if lexeme["ended"] is None:
            raise place.error("the { that opens here never closes", f"Add the closing }}. Else: {QUOTE}")
        _stands_alone(place, lexeme)
        return terms.parse_cased(terms.unescaped(lexeme["words"]), place)
    if lexeme["slash"] is None:
        message = "the regular expression that opens here never closes"
        raise place.error(message, f"Add the closing /, and write \\/ for one inside. Else: {QUOTE}")
    _stands_alone(place, lexeme)
    return terms.parse_regex(lexeme["pattern"], place)


def _inner(place: Place, quoted: re.Match[str]) -> str:
    if quoted["closed"] is None:
        after = quoted.start() - place.position
        raise place.error("the quotes that open here never close", 'Add the closing ".', after)
    return quoted["inner"]


def _stands_alone(place: Place, lexeme: re.Match[str]) -> None:
    """`/r/acme` is a part of an address to who writes it, and not /r/ and acme."""
    if not _EDGE.match(place.query, lexeme.end()):
        remedy = f"Put a blank between them. Else: {QUOTE}"
        raise place.error(f"something stands directly behind {shown(lexeme[0])}", remedy, len(lexeme[0]))


def _word(place: Place, text: str) -> Token:
    near, capitals, end = _NEAR.fullmatch(text), text.upper(), place.position + len(text)
    if near is not None:
        name, number = near[1].upper(), near[2]
        if number is None or not re.fullmatch("[0-9]{1,9}", number):
            remedy = f'Write {name}/5 for at most five words between, or "{shown(text)}" in quotes for the word.'
            raise place.error(f"{shown(text)} does not say how many words may stand between", remedy)
        if int(number) > MAX_DISTANCE:
            remedy = f"Write {name}/{MAX_DISTANCE} or less, or AND for anywhere in the post."
            raise place.error(f"{name}/{number} is too far: {MAX_DISTANCE} words at most", remedy)
    if near is not None or capitals in _OPERATORS:
        if text != capitals:
            remedy = f'Write {capitals} for the operator, or "{text}" in quotes for the word.'
            raise place.error(f"{text} could be an operator or a word", remedy)
        return Token(_OPERATORS.get(text, Kind.NEAR), place.position, end, text)
    if text[0] == "$":
        named = _NAMED.fullmatch(text)
        if named is None:
            raise place.error(f"{shown(text)} is not the name of a query: letters, digits, - and _ only", QUOTE)
        return Token(Kind.NAMED, place.position, end, named[1])
    return Token(Kind.TERM, place.position, end, term=terms.parse_bare(text, place))


def distance(token: Token) -> tuple[int, bool]:
    """Of a NEAR token: how many words may stand between, and whether in this order."""
    name, _, number = token.text.partition("/")
    return int(number), name == "ONEAR"


# -- what has a colon ------------------------------------------------------------------------------------------


def _field(place: Place, written: str) -> Token:
    name, start = written.lower(), place.position + len(written) + 1
    if name in ("plain", "joined") or (name in FIELDS and FIELDS[name].takes is Takes.TEXT):
        return Token(Kind.PREFIX, place.position, start, name)
    if name in FIELDS:
        term, end = values.parse_values(name, place, start)
        return Token(Kind.TERM, place.position, end, term=term)
    if name not in ("raw", "@file"):
        known = [*FIELDS, *PREFIXES, "@file"]
        meant = _ELSEWHERE.get(written.lower()) or nearest(written, known)
        hint = f"Did you mean {meant}:? Else put" if meant else "Put"
        remedy = f"{hint} it in double quotes to search for it as text. Fields are {', '.join(FIELDS)}."
        raise place.error(f"{shown(written)}: is no field", remedy)
    # `raw:` and `@file:` take what stands in quotes, or up to the next blank or bracket.
    found = _VALUE.match(place.query, start)
    if found is None:
        raise _without_value(Token(Kind.PREFIX, place.position, start, name), place.query)
    text = found["bare"] if found["bare"] is not None else terms.unescaped(_inner(place, found))
    if name == "raw":
        return Token(Kind.TERM, place.position, found.end(), term=terms.parse_raw(text, place))
    return Token(Kind.FILE, place.position, found.end(), text)


_EXAMPLES = {"raw": 'raw:"C++"', "joined": 'joined:"acme corp"', "@file": "@file:excludes.txt"}


def _without_value(prefix: Token, query: str) -> QueryError:
    example = _EXAMPLES.get(prefix.text, f"{prefix.text}:acme")
    remedy = f"Write it directly behind the colon, without a blank: {example}. Else: {QUOTE}"
    return Place(query, prefix.position).error(f"{prefix.text}: has no value", remedy)
