"""What every kind of term means if nothing else is asked for: one sentence a default, and which terms it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from insight.query.fields import FACTS, FIELDS
from insight.query.text.folding import fold, without_marks
from insight.query.text.words import Piece, Row
from insight.query.traversal import walk
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


@dataclass(frozen=True, slots=True)
class Rule:
    """A default. `names_terms`: it is about these terms alone, so they are named beside it."""

    says: str
    concerns: Callable[[Term], bool]
    names_terms: bool = True


def terms_in(query: Query) -> Iterator[Term]:
    """Every term, and below `In` and `Near` the terms they are made of."""
    for part in walk(query):
        match part:
            case And() | Or() | Not():
                continue
            case Near(_, _, left, right):
                made_of: tuple[Term, ...] = (*left, *right)
            case In(_, text):
                made_of = (text,)
            case _:
                made_of = ()
        yield part
        for inner in made_of:
            yield from terms_in(inner)


def _is_a(*kinds: type) -> Callable[[Term], bool]:
    return lambda term: isinstance(term, kinds)


@lru_cache(maxsize=10_000)
def _pieces(text: str) -> tuple[Piece, ...]:
    return tuple(kind for kind, _ in Row.of(fold(text)).pieces)


def _has_piece(piece: Piece) -> Callable[[Term], bool]:
    return lambda term: isinstance(term, Word | Phrase | Cased) and piece in _pieces(term.text)


def _is_several_words(term: Term) -> bool:
    return isinstance(term, Word) and len([piece for piece in _pieces(term.text) if piece is not Piece.SIGN]) > 1


def _is_single_word(term: Term) -> bool:
    return isinstance(term, Word) and _pieces(term.text) == (Piece.WORD,)


def _is_number(term: Term) -> bool:
    return _is_single_word(term) and isinstance(term, Word) and term.text[-1].isdecimal()


def _has_marks(term: Term) -> bool:
    if not isinstance(term, Word | Phrase | Wildcard | Hashtag):
        return False
    folded = fold(term.text)
    return without_marks(folded) != folded


def _asks_field(*names: str) -> Callable[[Term], bool]:
    return lambda term: isinstance(term, Field | Between) and term.name in names


def _names_no_server(term: Term) -> bool:
    return isinstance(term, Name) and "@" not in term.text


RULES: tuple[Rule, ...] = (
    Rule("words are looked for in title and text, unless a field such as title: names the place",
         _is_a(Word, Phrase, Wildcard, Hashtag, Cased, Raw, Regex, Plain, Near), names_terms=False),
    Rule("any case and width of letters will do (Acme, ACME, ａｃｍｅ); {Acme} asks for these capitals",
         _is_a(Word, Phrase, Wildcard, Hashtag, Name, Raw, Regex, Plain), names_terms=False),
    Rule('words are whole: acme finds "Acme\'s" and not "acmeville"; acme* finds both',
         _has_piece(Piece.WORD), names_terms=False),
    Rule("finds the hashtag, the name and the address with this word, too", _is_single_word),
    Rule("marks on letters count: found only as written; plain: leaves them out", _has_marks),
    Rule("with and without marks on the letters, as plain: asks", _is_a(Plain)),
    Rule("several words in a row, whatever punctuation stands between them", _is_several_words),
    Rule("words in a row; punctuation and line breaks between them do not matter", _is_a(Phrase)),
    Rule("such letters are found anywhere, also inside a run of them", _has_piece(Piece.RUN)),
    Rule("the sign behind the word counts: the word without it is not found", _has_piece(Piece.SIGN)),
    Rule("whatever the skin tone", _has_piece(Piece.EMOJI)),
    Rule('a number is whole: 3 does not find "3.5"', _is_number),
    Rule("* is any number of letters and digits, ? is exactly one; the whole word has to fit", _is_a(Wildcard)),
    Rule("the hashtag alone, in the text or beside it; the word without # is not found", _is_a(Hashtag)),
    Rule("who is named so, or who writes", _is_a(Name)),
    Rule("on any server", _names_no_server),
    Rule("in exactly these capitals", _is_a(Cased)),
    Rule("with exactly these symbols", _is_a(Raw)),
    Rule("looked for in the text as it is written, also inside words", _is_a(Regex)),
    Rule("both in the title or both in the text, with at most so many words between them", _is_a(Near)),
    Rule("in either order; ONEAR asks for this order", lambda term: isinstance(term, Near) and not term.ordered),
    Rule("as recognised from the text; the platform's word decides where the text is too short", _asks_field("lang")),
    Rule("any regional form of the language, too",
         lambda term: isinstance(term, Field) and term.name == "lang" and "-" not in term.value),
    Rule("this host and every host below it", _asks_field("site")),
    Rule("in UTC; a date begins at midnight", _asks_field("after", "before")),
    Rule("in stars from 1 to 5, whatever scale the site uses", _asks_field("rating")),
    Rule("where it is not known of a post, the post does not fulfil it",
         _asks_field("country", "rating", "followers", "engagement", "after", "before", "sentiment", *FACTS)),
)  # fmt: skip
"""In the order in which they are told: from what concerns every word to what concerns one field."""


def meaning(term: Term) -> str:
    """What one term asks for, in a few words."""
    match term:
        case In(place, part):
            return f"{meaning(part)}, {FIELDS[place].says}"
        case Plain(part):
            return f"{meaning(part)}, with and without marks"
        case Near(distance, ordered, _, _):
            between = (
                "side by side"
                if distance == 0
                else f"at most {distance} {'word' if distance == 1 else 'words'} between"
            )
            return f"{between}, {'in this order' if ordered else 'in either order'}"
        case Field(name, _) | Between(name, _, _):
            return FIELDS[name].says
        case Word(text):
            return "words in a row" if len(_pieces(text)) > 1 else "word"
        case _:
            return _CALLED[type(term)]


_CALLED: dict[type, str] = {
    Phrase: "phrase",
    Wildcard: "word with wildcards",
    Hashtag: "hashtag",
    Name: "name, or who writes",
    Cased: "in these capitals",
    Raw: "with these symbols",
    Regex: "regular expression",
}
