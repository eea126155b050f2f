"""The only file that knows an HTML parser: markup in; text, links or the structure of a page out.

lxml's events, not a tree: a tree makes 65,000 attributes on one tag cost seconds, selectolax takes 4 s for 50,000
nested `<div>`, and both have to be walked again. Events are linear, once depth is bounded and the input is cut.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from scrapers.formats import limits
from scrapers.formats.values import address, clean

CAP = 4_000_000
_DEPTH = 800  # no page of people is deeper; each end tag may search all that is open
_ELEMENTS = 60_000  # the largest of 200 recorded pages has 15,000
_ATTRIBUTES = 300_000  # tags among them
_LETTERS = 8_000_000  # that are made into text: elements in elements, each with its own, say them again and again
_CHUNK = 8192  # an exception in a handler stops the parser only between two chunks

# fmt: off
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({
    "head", "title", "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio",
    "video", "select",
})
# fmt: on
_ASIDE = frozenset({"mention", "hashtag"})  # microformats of the fediverse: links that are no pointers to read on
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|em|font|i|mark|p|q|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]{0,500})?/?>",
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

    def __init__(self, target: Target) -> None:
        self._target, self._depth, self._elements = target, 0, 0
        self.data = target.data

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEPTH or self._elements > _ELEMENTS:
            limits.leave_out(f"the rest of the page was left out: {_ELEMENTS:,} elements, {_DEPTH} deep, are the most")
            raise _TooMuchError
        self._target.start(tag, attrib)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._target.end(tag)

    def close(self) -> None:
        pass  # lxml asks every target for it


def feed(markup: str, target: Target) -> None:
    """Give a target the events of some markup, whole page or fragment; past the bounds the rest is left out."""
    parser = etree.HTMLParser(target=_Bounded(target), encoding="utf-8", huge_tree=True, no_network=True)
    data = limits.cut_markup(clean(markup[:CAP]), _ATTRIBUTES).encode("utf-8", errors="replace")
    try:
        for start in range(0, len(data), _CHUNK):
            if limits.spent():
                return
            parser.feed(data[start : start + _CHUNK])
        target.ending()
        parser.close()
    except (_TooMuchError, etree.LxmlError, AssertionError):  # the last: closed without having been fed a tag
        return


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads in some markup: lines of text, and the addresses it links to and shows."""

    text: str
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


class Lines:
    """Builds text from events: blocks and `<br>` break the line, white space folds, what nobody sees is left out."""

    def __init__(self, without: str | None = None) -> None:
        self.parts: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self._without = without
        self._depth = self._pre = 0
        self._hidden: int | None = None  # the depth at which something unseen began
        self._left = _LETTERS

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._depth += 1
        if self._hidden is not None:
            return
        if tag == "a" and "href" in attrib and not _ASIDE & set(attrib.get("class", "").split()):
            self.links.append(attrib["href"])
        elif tag == "img" and "src" in attrib:
            self.images.append(attrib["src"])
        if tag in _UNSEEN or (self._without and self._without in attrib.get("class", "").split()):
            self._hidden = self._depth
            return
        self._pre += tag == "pre"
        self._break(tag)

    def end(self, tag: str) -> None:
        if self._hidden is None:
            self._pre -= tag == "pre"
            if tag != "br":
                self._break(tag)
        elif self._hidden == self._depth:
            self._hidden = None
        self._depth -= 1

    def data(self, data: str) -> None:
        if self._hidden is None:
            self.parts.append(data.replace("\n", "\v") if self._pre else data)

    def ending(self) -> None:
        pass

    def _break(self, tag: str) -> None:
        if tag == "br":
            self.parts.append("\v")
        elif tag in _BLOCKS:
            self.parts.append("\f")
        elif tag in _CELLS:
            self.parts.append(" ")

    def lines(self, start: int = 0) -> str:
        """The text since a part: a form feed stands for the edge of a block, a vertical tab for a line break."""
        if self._left <= 0:
            limits.leave_out("the text of some elements was left out: they repeat each other")
            return ""
        said = "".join(self.parts[start:])
        self._left -= len(said) + len(self.parts) - start
        # a single blank stays as it is: replacing each would hold a list of all words
        folded = re.sub(r"[ \t\n\r\xa0]{2,}|[\t\n\r\xa0]", " ", limits.shortened(said))
        broken = re.sub(r" ?(?:\f ?)+", "\f", folded)
        broken = re.sub(r"\f?(\v)\f?", r"\1", broken).replace("\f", "\n").replace("\v", "\n")
        return re.sub(r"\n{3,}", "\n\n", re.sub(r" ?\n ?", "\n", broken)).strip()


def read(markup: str, base: str = "", *, without: str | None = None) -> Text:
    """What a person reads. `without` leaves out the elements of one class."""
    markup = limits.shortened(markup)
    if "<" not in markup and "&" not in markup:
        return Text(" ".join(clean(markup).split()))
    lines = Lines(without)
    feed(markup, lines)
    return text_of(lines, base)


def text_of(lines: Lines, base: str = "") -> Text:
    links = dict.fromkeys(filter(None, (address(link, base) for link in lines.links)))
    images = dict.fromkeys(filter(None, (address(image, base) for image in lines.images)))
    return Text(lines.lines(), tuple(links), tuple(images))


def line(markup: str) -> str:
    """A headline: entities decoded and emphasis dropped, while `<template>` in a title about HTML stays."""
    return " ".join(clean(entities.unescape(_INLINE.sub("", clean(limits.shortened(markup))))).split())


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
