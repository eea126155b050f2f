"""What reaches over a group: a field or `plain:` before brackets, NEAR with brackets beside it, and `joined:`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import get_args

from insight.query.errors import Place, shown
from insight.query.reading.terms import QUOTE
from insight.query.text.folding import JOINED, fold, fold_plain
from insight.query.text.words import HASHTAG, Piece, Row
from insight.query.tree import (
    And,
    Between,
    Cased,
    Field,
    Hashtag,
    In,
    Name,
    Near,
    Nearby,
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

_NEARBY: tuple[type, ...] = get_args(Nearby)
_TAGS = ("title", "text")
_NAMES = ("title", "text", "author")
_CALLED: dict[type, str] = {
    And: "an AND", Between: "a field", Cased: "{Acme}", Field: "a field", Hashtag: "a hashtag", In: "a field",
    Name: "a name", Near: "a NEAR", Not: "a NOT", Or: "an OR", Phrase: "a phrase", Plain: "plain:", Raw: "raw:",
    Regex: "a regular expression", Wildcard: "a wildcard", Word: "a word",
}  # fmt: skip


def apply_prefix(prefix: str, tree: Query, query: str) -> Query:
    """The tree, each of its terms reached by the prefix (a place such as `title`, or `plain`)."""
    if prefix == "plain":
        return _map_terms(tree, lambda term: _plain(term, query))
    return _map_terms(tree, lambda term: _in_place(prefix, term, query))


def _map_terms(tree: Query, reach: Callable[[Term], Term]) -> Query:
    match tree:
        case And(parts):
            return And(tuple(_map_terms(part, reach) for part in parts), at=tree.at)
        case Or(parts):
            return Or(tuple(_map_terms(part, reach) for part in parts), at=tree.at)
        case Not(part):
            return Not(_map_terms(part, reach), at=tree.at)
        case _:
            return reach(tree)


def _in_place(place: str, term: Term, query: str) -> Term:
    if isinstance(term, In | Field | Between):
        remedy = f"Write it beside {place}:, such as {place}:acme {shown(str(term))}."
        raise Place(query, term.at).error(f"a field stands inside {place}:", remedy)
    for part in _looked_for(term):
        tag, name = isinstance(part, Hashtag), isinstance(part, Name)
        if (tag and place not in _TAGS) or (name and place not in _NAMES):
            remedy = f"Write it without {place}:, or the word alone: {place}:{shown(str(part).lstrip('@#'))}."
            raise Place(query, term.at).error(f"{place}: holds no {'hashtags' if tag else 'names'}", remedy)
    return In(place, term, at=term.at)


def _looked_for(term: Term) -> Iterator[Term]:
    match term:
        case Near(_, _, left, right):
            for side in (*left, *right):
                yield from _looked_for(side)
        case Plain(part):
            yield part
        case _:
            yield term


def _plain(term: Term, query: str) -> Term:
    place = Place(query, term.at)
    if isinstance(term, Near):
        left, right = (tuple(_plain_one(side, place) for side in sides) for sides in (term.left, term.right))
        return Near(term.distance, term.ordered, left, right, at=term.at)
    return _plain_one(term, place)


def _plain_one(term: Term, place: Place) -> Plain:
    if not isinstance(term, Word | Phrase | Wildcard | Hashtag):
        remedy = "plain: takes words, phrases, wildcards and hashtags; a field stands before it: title:plain:acme."
        raise place.error(f"{_CALLED[type(term)]} stands inside plain:", remedy)
    letters = re.sub(r"[*?]", "a", fold_plain(term.text)) if isinstance(term, Wildcard | Hashtag) else term.text
    if not Row.of(fold_plain(letters)).pieces:
        raise place.error("this holds nothing but marks, which plain: leaves out", "Write letters or digits.")
    return Plain(term, at=term.at)


# -- NEAR ------------------------------------------------------------------------------------------------------


def near_side(tree: Query, operator: str, query: str) -> tuple[Nearby, ...]:
    """The terms of one side of NEAR. `operator` is as written: NEAR/5."""
    if isinstance(tree, Or):
        return tuple(term for part in tree.parts for term in near_side(part, operator, query))
    if not isinstance(tree, _NEARBY):
        match tree:
            case And():
                remedy = f"Write each pair: (a {operator} c) AND (b {operator} c), or a phrase."
            case Not():
                remedy = f"Write it beside: a {operator} b NOT c."
            case In(place, _):
                remedy = f"Write the field before all of it: {place}:(a {operator} b)."
            case Near():
                remedy = f"Write each pair: a {operator} b AND b {operator} c."
            case Regex():
                remedy = "Write words, phrases or wildcards, or one regular expression for all of it."
            case _:
                remedy = f"Write it beside: (a {operator} b) AND {shown(str(tree))}."
        raise Place(query, tree.at).error(f"{_CALLED[type(tree)]} stands on a side of {operator}", remedy)
    return (tree,)  # type: ignore[return-value]  # isinstance with the union's own members


# -- joined: ---------------------------------------------------------------------------------------------------


def expand_joined(tree: Query, query: str) -> Or:
    """`joined:"acme corp"`: the words in a row, or as one hashtag."""
    place = Place(query, tree.at)
    match tree:
        case Phrase(text):
            words, phrase = _words(text, place), text
        case Hashtag(text):
            # acmeCorp2, acme_corp_2 → acme, corp, 2. HTTPServer → http, server
            parts = [""]
            for i, character in enumerate(text):
                if character == "_" or (i > 0 and _begins(text, i)):
                    parts.append("")
                parts[-1] += character.replace("_", "")
            words = [fold(part) for part in parts if part]
            phrase = " ".join(words)
            if len(words) < 2:
                remedy = 'Write it as #AcmeCorp or #acme_corp, or as joined:"acme corp".'
                raise place.error(f"it cannot be seen where the words of #{shown(text)} begin", remedy)
        case _:
            remedy = 'Write joined:"acme corp" or joined:#AcmeCorp.'
            raise place.error(f"{_CALLED[type(tree)]} stands behind joined:", remedy)
    at = tree.at
    tags = dict.fromkeys(("".join(words), "_".join(words)))
    return Or((Phrase(phrase, at=at), *(Hashtag(tag, at=at) for tag in tags)), at=at)


def _words(text: str, place: Place) -> list[str]:
    pieces = Row.of(fold(text)).pieces
    words = [piece.replace(JOINED, "") for _, piece in pieces]
    only_words = all(kind in (Piece.WORD, Piece.RUN) for kind, _ in pieces)
    if len(words) < 2 or not only_words or not HASHTAG.fullmatch(f"#{''.join(words)}"):
        message = f'"{shown(text)}" cannot be written as one hashtag'
        raise place.error(message, f'Write several words of letters and digits: joined:"acme corp". Else: {QUOTE}')
    return words


def _begins(tag: str, i: int) -> bool:
    before, here, after = tag[i - 1], tag[i], tag[i + 1 : i + 2]
    if before == "_":
        return False
    if before.isdecimal() != here.isdecimal():
        return True
    return here.isupper() and (before.islower() or (before.isupper() and after.islower()))
