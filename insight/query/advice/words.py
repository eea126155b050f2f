"""What will surprise the writer about single terms: too common, too short, or not the letters they look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from insight.query.advice.commonness import common_in
from insight.query.advice.occurrences import Occurrence, occurrences
from insight.query.advice.remarks import Remark, hint, warning
from insight.query.errors import QueryError, shown
from insight.query.reading.prefixes import expand_joined
from insight.query.text.folding import fold, without_marks
from insight.query.text.words import Piece, Row
from insight.query.tree import Cased, Hashtag, Name, Near, Phrase, Plain, Query, Raw, Regex, Text, Wildcard, Word

SHORT = 2
"""Letters of a word that is too short: there are other words and abbreviations of so few."""

WILD = 3
"""Letters that a wildcard needs so that it stands for few words."""

FAR = 30
"""Words between the sides of a NEAR that say little more than AND: most posts are not longer."""


def about_words(query: Query) -> Iterator[Remark]:
    for one in occurrences(query):
        for check in (_about_common_or_short, _about_wildcard, _about_cased, _about_raw, _about_regex, _about_near):
            yield from check(one)
        yield from _about_look_alikes(one.term)
    yield from _about_marks(query)
    yield from _about_hashtags(query)


# -- common and short ------------------------------------------------------------------------------------------


def _about_common_or_short(one: Occurrence) -> Iterator[Remark]:
    plain = isinstance(one.term, Plain)
    term = one.term.part if isinstance(one.term, Plain) else one.term
    if not isinstance(term, Word | Phrase) or one.part:
        return
    row = Row.of(fold(term.text)).pieces
    if len(row) == 1 and row[0][0] is Piece.RUN and len(row[0][1]) == 1:
        says = f"{shown(str(one.term))} is a single letter: it is found inside many other words"
        yield _too_much(one, "short-word", says, "hides all of that")
    if not row or any(kind is not Piece.WORD for kind, _ in row):
        return
    common, *others = [common_in(word, plain=plain) for _, word in row]
    languages = ", ".join(language for language in common if all(language in other for other in others))
    if languages:
        says = f"{shown(str(one.term))} {'is a common word' if len(row) == 1 else 'are common words'} ({languages})"
        yield _too_much(one, "common-word", says, f"hides much of what is written in {languages.replace(', ', ' or ')}")
    elif len(row) == 1 and len(row[0][1]) <= SHORT:
        says = f"{shown(str(one.term))} has only {_letters(row[0][1])}: it is found in much that is not meant"
        yield _too_much(one, "short-word", says, "hides all of that")


def _letters(text: str) -> str:
    return f"{len(text)} {'character' if len(text) == 1 else 'characters'}"


def _too_much(one: Occurrence, code: str, says: str, hides: str) -> Remark:
    text = shown(str(one.term))
    if one.excluded:
        bare = shown(getattr(one.term, "text", "") or str(one.term)).strip('"')
        remedy = f'Exclude a phrase that it belongs to ("… {bare} …"), or leave it out.'
        return warning(code, one.term, f"{says}, and excluding it {hides}", remedy)
    if one.alone:
        remedy = f"Say what has to stand beside it ({text} AND …, or {text} NEAR/5 …), or write a phrase in quotes."
        return warning(code, one.term, says, remedy)
    remedy = "Leave it out, or put it in quotes with its neighbour."
    return hint(code, one.term, f"{says}, and it must occur", remedy)


# -- wildcards -------------------------------------------------------------------------------------------------


def _about_wildcard(one: Occurrence) -> Iterator[Remark]:
    term = one.term.part if isinstance(one.term, Plain) else one.term
    if not isinstance(term, Wildcard | Hashtag) or not re.search(r"[*?]", term.text):
        return
    text, letters = shown(str(term)), re.sub(r"[*?]", "", term.text)
    if isinstance(term, Wildcard) and re.fullmatch(r"[^*?]{3,}\?+", term.text):
        says = f"the ? of {text} stands for one more letter, so it does not find {shown(letters)} itself"
        yield warning("question-mark", one.term, says, f'Write {shown(letters)}, or "{shown(term.text)}" in quotes.')
    elif len(letters) < WILD:
        says = f"{text} has only {_letters(letters)}: it stands for many words"
        yield warning(
            "short-wildcard", one.term, says, f"Write {WILD} letters or more, or the words that are meant with OR."
        )
    if isinstance(term, Wildcard) and _is_name(term.text):
        says = f"the sign in {text} stands for letters, so it finds {shown(letters)}, and not {text} as it is written"
        yield warning("star-in-name", one.term, says, f'Write "{shown(term.text)}" in quotes, or raw:{text} exactly.')
    if term.text[0] in "*?" and not one.part:
        says = f"{text} begins with a wildcard: no site can search for it, and stored posts are read one by one"
        yield hint(
            "leading-wildcard", one.term, says, "Write the words that are meant with OR, or a beginning of them."
        )


def _is_name(wildcard: str) -> bool:
    """Whether the sign may be a part of a name: a single letter stands before it, or a capital behind it."""
    parts = re.split(r"[*?]+", wildcard)
    return all(parts) and any(len(part) == 1 or after[0].isupper() for part, after in pairwise(parts))


# -- {Cased}, raw: and regular expressions ---------------------------------------------------------------------


def _about_cased(one: Occurrence) -> Iterator[Remark]:
    if not isinstance(one.term, Cased) or one.term.text != one.term.text.lower():
        return
    text = shown(one.term.text)
    if text.upper() == text:
        remedy = f'Write "{text}" in quotes: it has no capitals.'
        yield hint("no-capitals", one.term, f"{shown(str(one.term))} has no letters with capitals", remedy)
        return
    says = f"{shown(str(one.term))} finds it in small letters only, not {shown(text.title())} or {shown(text.upper())}"
    yield hint("no-capitals", one.term, says, f'Write "{text}" in quotes for any case.')


def _about_raw(one: Occurrence) -> Iterator[Remark]:
    if isinstance(one.term, Raw) and all(character.isalnum() or character == " " for character in one.term.text):
        says = f"{shown(str(one.term))} has no symbols, which is what raw: is for"
        yield hint("no-symbols", one.term, says, f'Write "{shown(one.term.text)}" in quotes.')


_CLASS = re.compile(r"\[(?:\\.|[^\]\\])+\]|\\[pP]\{[^}]*\}|\\[a-zA-Z]|\\[0-9]+")
_OPTIONAL = re.compile(r"(?:\\.|.)(?:[*?]|\{0[^}]*\})")


def _about_regex(one: Occurrence) -> Iterator[Remark]:
    if not isinstance(one.term, Regex):
        return
    pattern, text = one.term.pattern, shown(str(one.term))
    if re.fullmatch(r"(?:\w| )+", pattern):
        says = f"{text} is plain text, and finds it inside other words, too"
        yield hint("regex-of-words", one.term, says, f'Write "{shown(pattern)}" for whole words: it is much faster.')
    elif not re.search(r"[^\W_]{2}", _OPTIONAL.sub(" ", _CLASS.sub(" ", pattern))):
        says = f"{text} has no letters in a row that must occur: it is tried on every post"
        yield warning(
            "regex-without-letters", one.term, says, "Add letters that must occur, or a word beside it with AND."
        )
    if re.match(r"\.[*+]", pattern) or re.search(r"(?<!\\)\.[*+]\??$", pattern):
        says = f"the .* at an edge of {text} finds nothing more, and marks a whole line"
        yield hint("regex-edge", one.term, says, "Leave it out: a regular expression is looked for anywhere.")


# -- NEAR ------------------------------------------------------------------------------------------------------


def _about_near(one: Occurrence) -> Iterator[Remark]:
    if not isinstance(one.term, Near):
        return
    distance, operator = one.term.distance, "ONEAR" if one.term.ordered else "NEAR"
    if distance > FAR:
        says = f"{operator}/{distance} holds for nearly every post that has both: few posts are longer"
        yield hint("far", one.term, says, "Write AND, or a number up to 10 for words of one sentence.")
    if distance == 0:
        order = "in this order" if one.term.ordered else "in either order"
        says = f"{operator}/0 asks for words side by side, {order}"
        yield hint(
            "side-by-side", one.term, says, 'Write a phrase in quotes ("a b"), or a larger number for words between.'
        )


# -- letters ---------------------------------------------------------------------------------------------------

_ALIKE = {"аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅКМТВН": "Cyrillic", "οαρνυκιχΟΑΡΝΥΚΙΧΒΕΖΗΜΤ": "Greek"}
_FOREIGN = {character: script for characters, script in _ALIKE.items() for character in characters}
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def _about_look_alikes(term: Text) -> Iterator[Remark]:
    """Letters of another script inside a Latin word, which nobody sees: copied text is full of them."""
    written = term.part if isinstance(term, Plain) else term
    text = written.text if isinstance(written, Word | Phrase | Wildcard | Hashtag | Name | Cased) else ""
    for word in re.findall(r"\w+", text):
        foreign = [character for character in word if character in _FOREIGN]
        if foreign and _LATIN.search(word):
            which = ", ".join(f"{character} is {_FOREIGN[character]}" for character in dict.fromkeys(foreign))
            says = f"{shown(word)} mixes letters of two scripts that look alike: {which}"
            yield warning("look-alike", term, says, "Type the word again instead of copying it.")


def _about_marks(query: Query) -> Iterator[Remark]:
    """Only for Latin letters: of others, few writers leave the marks out."""
    words = [
        one.term for one in occurrences(query) if isinstance(one.term, Word | Phrase | Hashtag) and not one.excluded
    ]
    known = {fold(word.text) for word in words}
    for word in words:
        bare = without_marks(fold(word.text))
        if bare.isascii() and bare not in known:
            known.add(bare)
            says = f"{shown(str(word))} is found only with its marks, not as {shown(bare)}"
            yield hint("marks", word, says, f"Write plain:{shown(str(word))} to find both.")


def _about_hashtags(query: Query) -> Iterator[Remark]:
    terms = [one.term for one in occurrences(query)]
    phrases = {Row.of(fold(term.text)).pieces for term in terms if isinstance(term, Word | Phrase)}
    for tag in (term for term in terms if isinstance(term, Hashtag) and not re.search(r"[*?]", term.text)):
        try:
            words = str(expand_joined(tag, str(tag)).parts[0]).strip('"')
        except QueryError:
            continue  # it cannot be seen where its words begin
        if Row.of(fold(words)).pieces not in phrases:
            says = f"{shown(str(tag))} finds the hashtag alone, not the words {shown(words)}"
            yield hint("tag-of-words", tag, says, f"Write joined:{shown(str(tag))} to find both.")
