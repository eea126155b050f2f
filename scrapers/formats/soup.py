"""The only file that knows Beautiful Soup: a page as a tree within bounds, and what CSS selectors find in it.

The tree is built from the events of `html.feed`, which stops past depth and number. bs4's own lxml builder reads the
same events four times slower and without an end: 50,000 nested `<div>` take it half a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import soupsieve
from bs4 import BeautifulSoup, Tag
from bs4.builder import HTMLTreeBuilder
from bs4.element import NavigableString

from scrapers.formats import html, limits

LONGEST = 500  # characters of a selector
DEEPEST, MOST = 800, 50_000  # elements of a page: the largest of 200 recorded ones has 15,000
_WHOLE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
# What soupsieve takes and never finds on a page that nobody uses, and an old name that it warns of.
_REFUSED = dict.fromkeys(
    (":active", ":focus", ":focus-visible", ":focus-within", ":hover", ":target", ":target-within", ":visited"),
    "is nothing that a page as it is sent can tell",
)
_REFUSED[":contains"] = "is written :-soup-contains('words') here"


Only = Callable[[str, Mapping[str, str]], bool]


class BadSelectorError(ValueError):
    """A selector that cannot be read or used; the message says which."""


def check(written: str) -> None:
    """Raises BadSelectorError for a selector that cannot be used."""
    _compiled(written)


def _compiled(written: str) -> soupsieve.SoupSieve:
    if len(written) > LONGEST:
        raise BadSelectorError(f"a selector of more than {LONGEST} characters")
    try:
        return soupsieve.compile(written, flags=soupsieve.NOSTRICT, ignore=_REFUSED)  # `:has(footer a)`, as CSS has it
    except (soupsieve.SelectorSyntaxError, NotImplementedError, ValueError, RecursionError) as error:
        said = str(error).partition("\n")[0]
        refused = re.match(r"The selector '(.+?)' .* disallowed", said)
        why = f": {refused[1]} {_REFUSED[refused[1].lower()]}" if refused else f" is no CSS selector: {said}"
        raise BadSelectorError(f"{written!r}{why}") from error


_LINKS = ("parent", "previous_element", "next_element", "previous_sibling", "next_sibling")


class Element(Tag):
    """A tag with what selectors ask for, and without what printing one needs: that takes most of a tag's time.

    `number`: its place on the page; `until`: the place of the first element behind it and all it holds; `torn`: nothing
    but the end of the page closed it.
    """

    __slots__ = ("attrs", "contents", "name", "number", "torn", "until", *_LINKS)  # half the memory of a dict

    prefix = namespace = None
    known_xml = hidden = can_be_empty_element = False
    attrs: Any
    number: int
    until: int
    torn: bool

    def __init__(self, name: str, attrs: Mapping[str, str], parent: Tag, previous: Any, number: int) -> None:
        self.name, self.attrs, self.contents = name, attrs, []
        self.number, self.torn = number, False
        _append(self, parent, previous)


class _Words(NavigableString):
    __slots__ = _LINKS

    def __new__(cls, words: str, parent: Tag, previous: Any) -> _Words:
        self = str.__new__(cls, words)
        _append(self, parent, previous)
        return self


def _append(node: Any, parent: Tag, previous: Any) -> None:
    """Put a node behind what its parent has; `previous` is the node before it on the page."""
    node.parent, node.previous_element, node.next_element, node.next_sibling = parent, previous, None, None
    previous.next_element = node
    siblings = parent.contents
    if siblings:
        node.previous_sibling = before = siblings[-1]
        before.next_sibling = node
    else:
        node.previous_sibling = None
    siblings.append(node)


class _Builder(HTMLTreeBuilder):
    """Builds the tree of one page, given by events. `only`: what is kept of it, with all that it holds."""

    def __init__(self, markup: str, only: Only | None) -> None:
        super().__init__(multi_valued_attributes={}, string_containers={})
        self.elements: list[Element] = []
        self._markup, self._only, self._words = markup, only, list[str]()
        self._ended = False
        self._late: list[Element] = []  # what the markup itself did not close

    def feed(self, markup: Any) -> None:
        self._at: Any = self.soup
        self._last: Any = self.soup
        whole = html.feed(self._markup, self, deepest=DEEPEST, most=MOST)
        self._flush()
        self._ended = True
        while self._at is not self.soup:
            self.end("")
        if not whole or not _WHOLE.search(self._markup[-2000:]):
            for element in self._late:
                element.torn = True
        self._late.clear()

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        if self._words:
            self._flush()
        elements = self.elements
        if self._at is self.soup and self._only and not self._only(tag, attrib):
            return
        self._at = self._last = made = Element(tag, attrib, self._at, self._last, len(elements))
        elements.append(made)

    def end(self, tag: str) -> None:
        if self._words:
            self._flush()
        at = self._at
        if at is self.soup:
            return
        at.until, self._at = len(self.elements), at.parent
        if self._ended:
            self._late.append(at)

    def data(self, data: str) -> None:
        self._words.append(data)

    def ending(self) -> None:
        self._ended = True

    def _flush(self) -> None:
        words, self._words = self._words, []
        if words and not (self._only and self._at is self.soup):
            self._last = _Words("".join(words), self._at, self._last)


@dataclass(frozen=True, slots=True)
class Tree:
    """A page's elements in their order, without those in a `<template>`: nobody sees them. `size` counts them, too."""

    elements: Sequence[Element]
    size: int
    root: BeautifulSoup

    def close(self) -> None:
        """Let go of the page: its nodes hold each other, and 40 MB of a large one would wait to be collected."""
        node: Any = self.root
        while node is not None:
            following = node.next_element
            node.parent = node.previous_element = node.next_element = node.previous_sibling = node.next_sibling = None
            node = following
        self.root.contents.clear()

    def find(self, selector: str, scopes: Iterable[Element] = ()) -> list[Element]:
        """What a selector finds, in the order of the page; `:scope` is each of the scopes. Raises BadSelectorError."""
        if not selector or limits.spent():
            return []
        compiled = _compiled(selector)
        if ":scope" in selector:
            inside = (found for scope in scopes if not limits.spent() for found in compiled.iselect(scope))
            by_number = {found.number: found for found in inside if isinstance(found, Element)}
            return [by_number[number] for number in sorted(by_number)]
        first, *further = map(_possible, compiled.selectors)
        likely: Iterable[Element] = filter(first, self.elements)
        if further:
            likely = (one for one in self.elements if first(one) or any(test(one) for test in further))
        return cast("list[Element]", compiled.filter(likely))


def _possible(selector: Any) -> Callable[[Element], bool]:
    """A quick test that everything passes which the selector finds: soupsieve takes 4 µs to look at an element."""
    name: str | None
    if name := next(iter(getattr(selector, "classes", ())), None):
        return lambda element: name in element.attrs.get("class", "")
    if name := next(iter(getattr(selector, "ids", ())), None):
        return lambda element: element.attrs.get("id") == name
    if name := next((one.attribute.lower() for one in getattr(selector, "attributes", ()) if not one.inverse), None):
        return lambda element: name in element.attrs
    tag = getattr(selector, "tag", None)
    name = tag and tag.name and tag.name.lower()
    return lambda element: name in (element.name, None, "*")


def parse(markup: str, only: Only | None = None) -> Tree:
    """The tree of some markup, whole page or fragment; past the bounds the rest is left out.

    `only`: an element for which it holds is kept with all that it holds, and what stands outside of them is not.
    """
    builder = _Builder(markup, only)
    root = BeautifulSoup("", builder=builder)
    elements, builder.elements = builder.elements, []
    return Tree(list(_shown(elements)), len(elements), root)


def _shown(elements: Iterable[Element]) -> Iterator[Element]:
    until = 0
    for element in elements:
        if element.number >= until:
            yield element
            # declarative shadow DOM is shown: https://html.spec.whatwg.org/multipage/scripting.html#the-template-element
            if element.name == "template" and "shadowrootmode" not in element.attrs:
                until = element.until


def read_into(lines: html.Lines, element: Element, without: Collection[int] = ()) -> html.Lines:
    """Give lines what an element holds. The elements of these numbers say nothing in it."""
    lines.start(element.name, {})  # it was asked for: it is read where its attributes hide it
    waiting: list[tuple[str, Iterator[Any]]] = [(element.name, iter(element.contents))]
    while waiting:
        name, rest = waiting[-1]
        for node in rest:
            if isinstance(node, Element):
                lines.start(node.name, node.attrs)
                waiting.append((node.name, iter(() if node.number in without else node.contents)))
                break
            lines.data(node)
        else:
            waiting.pop()
            lines.end(name)
    return lines
