"""The only file that knows an HTML parser: markup in; text, links or the structure of a page out.

lxml's events, not a tree: a tree makes 65,000 attributes on one tag cost seconds, selectolax takes 4 s for 50,000
nested `<div>`, and both have to be walked again. Events are linear, once depth is bounded and the input is cut.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Protocol

from lxml import etree

from scrapers.formats import limits
from scrapers.formats.lines import HINTS
from scrapers.formats.lines import Lines as Lines  # noqa: PLC0414  # users know it as html.Lines
from scrapers.formats.values import address, clean

CAP = 4_000_000
_DEPTH = 1_200  # no page of people is deeper; each end tag may search all that is open
_ELEMENTS = 60_000  # the largest of 200 recorded pages has 15,000
_ATTRIBUTES = 300_000  # tags among them
_CHUNK = 8192  # an exception in a handler stops the parser only between two chunks

_HALF = re.compile(r"&#(?:[xX]0{0,4}([dD][89a-fA-F][\da-fA-F]{2})|0{0,4}(5[5-7]\d{3}));?")
_LONGEST_HEADLINE = 10_000  # letters in which media are looked for: each tag is sought to its end
_MEDIA = re.compile(
    r"<(script|style|object|applet|iframe|svg)\b[^<>]{0,2000}>.{0,5000}?</\1\s*>"
    r"|<(?:img|iframe|embed|object|applet|frame|link|meta|video|audio|source)\s[^<>]{1,2000}>",
    re.IGNORECASE | re.DOTALL,
)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|big|blink|br|center|cite|code|div|em|font|h[1-6]|i|mark|p|q|s|small|span|strong|sub|sup|tt|u|wbr)"
    r"(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)


class Target(Protocol):
    """Takes a parser's events. After `ending` come the ends of what the markup itself did not close."""

    def start(self, tag: str, attrib: Mapping[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...
    def data(self, data: str) -> None: ...
    def ending(self) -> None: ...


class _TooMuchError(Exception):
    pass


class _Bounded:
    """Hands a parser's events on, as long as what is open stays within bounds."""

    def __init__(self, target: Target, deepest: int, most: int) -> None:
        self._target, self._deepest, self._most = target, deepest, most
        self._depth = self._elements = 0
        self.data = target.data

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > self._deepest or self._elements > self._most:
            bounds = f"{self._most:,} elements, {self._deepest} deep, are the most"
            limits.leave_out(f"the rest of the page was left out: {bounds}")
            raise _TooMuchError
        self._target.start(tag, attrib)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._target.end(tag)

    def close(self) -> None:
        pass  # lxml asks every target for it


# lxml asks each new parser's target what `start` takes: worked out every time, that is a tenth of a short text's time
_Bounded.start.__signature__ = signature(_Bounded.start)  # type: ignore[attr-defined]


def feed(markup: str, target: Target, *, deepest: int = _DEPTH, most: int = _ELEMENTS) -> bool:
    """Give a target the events of some markup, whole page or fragment, and say whether it is all of them.

    Past the bounds the rest is left out.
    """
    parser = etree.HTMLParser(target=_Bounded(target, deepest, most), encoding="utf-8", huge_tree=True, no_network=True)
    text = clean(whole_letters(markup[:CAP]))
    kept = limits.cut_markup(text, _ATTRIBUTES)
    whole = len(markup) <= CAP and len(kept) == len(text)
    try:
        for start in range(0, len(kept), _CHUNK):
            if limits.spent():
                return False
            parser.feed(kept[start : start + _CHUNK].encode("utf-8", errors="replace"))
        target.ending()
        parser.close()
    except (_TooMuchError, etree.LxmlError, AssertionError):  # the last: closed without having been fed a tag
        return False
    return whole


def whole_letters(markup: str) -> str:
    """References to the two halves of a letter (`&#55357;&#56832;`) become the letter; one half alone says nothing."""
    if "&#" not in markup or not _HALF.search(markup):
        return markup
    halves = _HALF.sub(_half, markup)
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _half(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2])
    return chr(number) if 0xD800 <= number < 0xE000 else found[0]


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads in some markup: lines of text, and the addresses it links to and shows."""

    text: str
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


def read(markup: str, base: str = "", *, without: str | None = None) -> Text:
    """What a person reads. `without` leaves out the elements of one class."""
    markup = limits.shortened(markup)
    if "<" not in markup and "&" not in markup:
        return Text(" ".join(HINTS.sub("", clean(markup)).split()))
    lines = Lines(without)
    feed(f"<body>{markup}", lines)  # else a script that stands first opens a head, and what follows is part of it
    return text_of(lines, base)


def text_of(lines: Lines, base: str = "") -> Text:
    links = dict.fromkeys(filter(None, (address(link, base) for link in lines.links)))
    images = dict.fromkeys(filter(None, (address(image, base) for image in lines.images)))
    return Text(lines.lines(), tuple(links), tuple(images))


def line(markup: str) -> str:
    """A headline: entities decoded, pictures and emphasis dropped, while `<template>` in a title about HTML stays."""
    text = clean(whole_letters(limits.shortened(markup)))
    text = _INLINE.sub("", _MEDIA.sub("", text) if len(text) <= _LONGEST_HEADLINE else text)
    return " ".join(HINTS.sub("", clean(entities.unescape(text))).split())


class _Title:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._inside = False

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._inside = self._inside or (tag == "title" and not self.parts)

    def end(self, tag: str) -> None:
        self._inside = self._inside and tag != "title"

    def data(self, data: str) -> None:
        if self._inside:
            self.parts.append(data)

    def ending(self) -> None:
        pass


def title(markup: str) -> str | None:
    """The title of a page: what a block page says of itself."""
    found = _Title()
    feed(markup, found)
    return " ".join("".join(found.parts).split()) or None
