"""The single terms of Google's search language as ours: words, phrases with a *, number ranges, `site:` and its kin."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from itertools import pairwise
from urllib.parse import urlsplit

from insight.query import QueryError, parse
from insight.query.tree import And, Between, Field, Hashtag, In, Name, Near, Not, Or, Phrase, Query, Raw, Wildcard, Word
from listener.cli.google_alerts.notes import ConversionNotes

STAR = 3
"""Words that a * in quotes may stand for. Google says one or more, and shows few."""

_MOST_NUMBERS = 50
_EDGES = ".,;:!?¡¿…'’‘`“”„"

PLACES = {
    "intitle": "title", "allintitle": "title", "insubject": "title", "inurl": "url", "allinurl": "url",
    "intext": "text", "allintext": "text", "inbody": "text", "author": "author",
}  # fmt: skip
"""Google's names of the places where words are looked for, and ours."""

_PLACE_IN_NEWS = "Google's own idea of where a page belongs is not known here"
_ANCHORS = "only Google knows the words of the links that lead to a page"
GONE: dict[str, tuple[str, str]] = {
    "related": ("only Google knows which pages it takes for related", "name the sites you mean: site:example.com"),
    "cache": ("it asks for Google's own copy of a page", ""),
    "info": ("it asks for what Google knows of a page", ""),
    "define": ("it asks for a dictionary", ""),
    "inanchor": (_ANCHORS, "look into the addresses that posts link to: links:example.com"),
    "allinanchor": (_ANCHORS, "look into the addresses that posts link to: links:example.com"),
    "source": ("Google News' own names of publishers are not known here", "name the site instead: site:example.com"),
    "location": (_PLACE_IN_NEWS, "name a language (lang:de) or a domain (site:de) instead"),
    "loc": (_PLACE_IN_NEWS, "name a language (lang:de) or a domain (site:de) instead"),
    "daterange": ("what is new is all that comes in", "write after:2026-03-02 or before:2026-03-02"),
    "numrange": ("numbers are words here, so a range of them cannot be searched", "name the numbers you need"),
    "imagesize": ("pictures are not searched", ""),
}
"""What cannot be said here: why, and what comes near it."""

VALUES = ("site", "filetype", "ext", "link", "before", "after")
"""What takes one value. All of these names are fields to Google; any other `name:` is text."""


def word(text: str, notes: ConversionNotes) -> Query | None:
    """A bare word, or what stands where one would; None when nothing of it can be searched."""
    if text in ("AND", "&") or text.lower() == "and":
        return None
    if text == "or":
        why = "in small letters it is no operator to Google, so every word must occur"
        notes.keep("or", why, "write OR, with brackets around its sides, if you meant either")
        return None
    if numbers := re.fullmatch(r"\D?(\d{1,9})\.\.\D?(\d{1,9})?", text):
        low = int(numbers[1])
        high = int(numbers[2]) if numbers[2] else None
        if high is None or not 0 <= high - low < _MOST_NUMBERS:
            notes.lose(text, *GONE["numrange"])
            return None
        notes.keep(text, "the numbers are written out")
        return either([Word(str(number)) for number in range(low, high + 1)])
    if "*" in text:
        return _starred(text, notes)
    found = _bare(text)
    if found is None:
        notes.lose(text, "it holds nothing to search for")
    elif isinstance(found, Hashtag):
        notes.keep(text, "Google finds the bare word, too; here it is the hashtag alone", f"add: OR {found.text}")
    return found


def phrase(inner: str, notes: ConversionNotes) -> Query | None:
    """A quoted phrase. A * between words becomes a distance; one at the edge means nothing."""
    texts = re.split(r"(?:^|\s)(?:\*+(?:\s+|$))+", inner)
    terms = [term for term in map(_phrase, texts) if term]
    if not terms:
        notes.lose(f'"{inner}"', "it holds nothing to search for")
        return None
    if len(terms) == 1:
        return terms[0]
    why = f"each * stands for some words: up to {STAR} may stand there"
    notes.keep(f'"{inner}"', why, "change the number behind ONEAR as you like")
    return joined([Near(STAR, True, (left,), (right,)) for left, right in pairwise(terms)])


def inside(place: str, query: Query) -> Query:
    """The query with its words looked for in one place (title, url); fields such as site: stay as they are."""
    if isinstance(query, And | Or):
        return type(query)(tuple(inside(place, part) for part in query.parts))
    if isinstance(query, Not):
        return Not(inside(place, query.part))
    if isinstance(query, In | Field | Between):
        return query
    if isinstance(query, Hashtag | Name) and place in ("url", "author"):
        query = Phrase(query.text)
    return In(place, query)


def valued(name: str, value: str, notes: ConversionNotes) -> Query | None:
    """`site:`, `filetype:` and the others of VALUES."""
    shown = f"{name}:{value}"
    if name == "site":
        return _site(value, notes)
    if name in ("before", "after"):  # Google takes 2026, 2026/3/2 and 2026-03-02
        numbers = re.fullmatch(r"(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2}))?", value.strip())
        with suppress(ValueError):  # of the 45th, say
            if numbers:
                return Field(name, date(*(int(number or 1) for number in numbers.groups())).isoformat())
        notes.lose(shown, "it is no date", f"write {name}:2026-03-02")
        return None
    ending = _phrase(value.lstrip("."))
    if ending is None:
        notes.lose(shown, "it holds nothing to search for")
        return None
    if name == "link":
        notes.keep(shown, "here it is looked for in the addresses that a post links to")
        return In("links", ending)
    notes.keep(shown, "here the address must hold it; what kind of file lies there is not looked at")
    return In("url", ending)


def joined(parts: list[Query]) -> Query | None:
    """The AND of these parts, flat and without repeats; None when there are none."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))]
    unique = list(dict.fromkeys(flat))
    return And(tuple(unique)) if len(unique) > 1 else next(iter(unique), None)


def either(parts: list[Query]) -> Query | None:
    """The OR of these parts, flat and without repeats; None when there are none."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))]
    unique = list(dict.fromkeys(flat))
    return Or(tuple(unique)) if len(unique) > 1 else next(iter(unique), None)


def _bare(text: str) -> Query | None:
    """The word without quotes where our language reads it as one word, hashtag or name; otherwise in quotes."""
    kept = text.strip(_EDGES) or text
    for made in (text if text[:1] in "#@" else kept, kept):
        found = _read(made)
        if isinstance(found, Word | Hashtag | Name):
            return found
    if re.fullmatch(r"[$€£¥]\w+", kept) and isinstance(found := _read(str(Raw(kept))), Raw):
        return found
    return _phrase(kept)


def _phrase(text: str) -> Phrase | None:
    made = Phrase(text.strip())
    return made if isinstance(_read(str(made)), Phrase) else None


def _read(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


def _starred(text: str, notes: ConversionNotes) -> Query | None:
    kept = text.strip(_EDGES)
    plain = kept.replace("*", "")
    found = _bare(plain) if plain else None
    if found is None:
        notes.lose(text, "outside of quotes a * stands for anything", "say how near words must be: a NEAR/3 b")
    elif kept.rstrip("*") == plain and isinstance(starred := _read(plain + "*"), Wildcard):
        notes.keep(text, "Google passes over the *; here it finds every word that begins so")
        return starred
    else:
        notes.lose(text, "Google passes over a * inside a word: the rest alone is searched")
    return found


def _site(value: str, notes: ConversionNotes) -> Query | None:
    """Google takes hosts, their endings (.edu) and folders."""
    parts = urlsplit(value if "://" in value else f"//{value}", scheme="https")
    host = parts.netloc.lower().rpartition("@")[2].partition(":")[0].replace("*", "").strip(".").removeprefix("www.")
    if not isinstance(_read(f"site:{host}"), Field):
        notes.lose(f"site:{value}", "it names no host", "write site:example.com")
        return None
    folder = _phrase(f"{host}{parts.path}") if parts.path.strip("/*") else None
    if folder is None:
        return Field("site", host)
    notes.keep(f"site:{value}", "a site is a host; the folder is looked for in the address")
    return And((Field("site", host), In("url", folder)))
