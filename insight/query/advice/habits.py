"""What means something in other tools and is plain text here: commas, single quotes, NEAR5, rating<3, "crash*"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from insight.query.advice.occurrences import occurrences
from insight.query.advice.remarks import Remark, hint, warning
from insight.query.errors import shown
from insight.query.fields import FIELDS
from insight.query.traversal import walk
from insight.query.tree import And, Cased, Phrase, Query, Word

_OPERATOR = re.compile(r"(?:O?NEAR|AROUND|WITHIN|ADJ)[/~]?[0-9]+|(?:W|N|PRE)/[0-9]+|AROUND|XOR|ANDNOT")
_COMPARED = re.compile(rf"({'|'.join(FIELDS)})(=+|[<>]=?)(.+)", re.IGNORECASE)
_LISTED = re.compile(r"[,;，；、](?=\w)(?<![0-9],(?=[0-9]))")
_COMMAS = ",;，；、"
_OPENING, _CLOSING = ("'", "‘"), ("'", "’")


def about_habits(query: Query) -> Iterator[Remark]:
    for term in (one.term for one in occurrences(query)):
        if isinstance(term, Word):
            yield from _about_word(term)
        elif isinstance(term, Phrase | Cased) and "*" in term.text:
            says = f"the * of {shown(str(term))} is punctuation, and finds no other words"
            between = "For words in a row: acme ONEAR/0 crash*, with one between: /1."
            yield hint("star-in-quotes", term, says, f"Write a word with a * by itself: crash*. {between}")
    for group in (part for part in walk(query) if isinstance(part, And)):
        yield from _about_neighbours(group.parts)


def _about_word(word: Word) -> Iterator[Remark]:
    text, compared = shown(word.text), _COMPARED.fullmatch(word.text)
    if _OPERATOR.fullmatch(word.text):
        remedy = f"Operators are AND, OR, NOT, NEAR/5 and ONEAR/5. Write {text.lower()} if the word is meant."
        yield warning("no-operator", word, f"{text} is a word here, and no operator", remedy)
    elif compared:
        name, sign, value = compared.groups()
        meant = f"{name.lower()}:{'' if sign[0] == '=' else sign}{value}"
        says = f"{text} is text here: behind the name of a field stands a colon"
        yield warning("no-field", word, says, f'Write {shown(meant)}, or "{text}" in quotes for the text.')
    elif _LISTED.search(word.text):
        remedy = "Write OR between them, or blanks if all must occur; in quotes if they do stand in a row."
        yield warning("comma", word, f"the words of {text} must stand in a row: a comma makes no list", remedy)


def _about_neighbours(parts: Sequence[Query]) -> Iterator[Remark]:
    """Commas between words, and single quotes around several of them."""
    for part in parts[:-1]:
        if isinstance(part, Word) and part.text[-1] in _COMMAS:
            says = f"the {part.text[-1]} behind {shown(part.text[:-1])} makes no list: what follows must occur, too"
            yield warning("comma", part, says, "Write OR between them if one is enough; else leave it out.")
    words = [part for part in parts if isinstance(part, Word)]
    first = next((number for number, word in enumerate(words) if word.text.startswith(_OPENING)), len(words))
    if any(word.text.endswith(_CLOSING) for word in words[first + 1 :]):
        says = "single quotes make no phrase: each of these words must occur, anywhere in the post"
        yield warning("single-quotes", words[first], says, 'Write double quotes: "acme corp".')
