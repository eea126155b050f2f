"""A page's structured data: its JSON-LD blocks as written, its microdata in the shape that JSON-LD has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapers.formats import html
from scrapers.formats.values import address

Item = dict[str, Any]

# Where an element has its value: https://html.spec.whatwg.org/multipage/microdata.html#values
_ADDRESSES = {"a": "href", "area": "href", "link": "href", "object": "data"}
_ADDRESSES |= dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src")


@dataclass(slots=True)
class Outline:
    """`cut` are the items that nothing but the page's end closed; `next` is where rel=next leads."""

    blocks: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    cut: list[Item] = field(default_factory=list)
    next: str | None = None


@dataclass(slots=True)
class _Open:
    """An element that is open: the item it is, and the property of the item around it that it gives."""

    item: Item | None = None
    owner: Item | None = None
    names: tuple[str, ...] = ()
    value: str | None = None
    start: int = 0
    script: bool = False


def outline(markup: str, base: str) -> Outline:
    reader = _Reader(base)
    html.feed(markup, reader)
    reader.finish()
    return reader.found


class _Reader(html.Lines):
    """Builds the page's text, too: a property without a value of its own is the text inside its element."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.found = Outline()
        self._base = base
        self._open: list[_Open] = []
        self._items: list[Item] = []
        self._block: list[str] | None = None
        self._ended = False

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        super().start(tag, attrib)
        if tag in ("a", "link") and "next" in attrib.get("rel", "").lower().split():
            self.found.next = self.found.next or address(attrib.get("href"), self._base)
        script = tag == "script" and "ld+json" in attrib.get("type", "").lower()
        self._block = [] if script else self._block
        opened = _Open(start=len(self.parts), script=script)
        names = tuple(attrib.get("itemprop", "").split())
        if names and self._items:
            opened.owner, opened.names, opened.value = self._items[-1], names, self._value(tag, attrib)
        if "itemscope" in attrib:
            item: Item = {"@type": attrib.get("itemtype", "").split()}
            named = address(attrib.get("itemid"), self._base)
            opened.item = {**item, "@id": named} if named else item
            self._items.append(opened.item)
            if not opened.names:
                self.found.items.append(opened.item)
        self._open.append(opened)

    def end(self, tag: str) -> None:
        super().end(tag)
        if not self._open:
            return
        opened = self._open.pop()
        if opened.script and self._block is not None:
            self.found.blocks.append("".join(self._block))
            self._block = None
        if opened.item is not None:
            self._items.pop()
            if self._ended:
                self.found.cut.append(opened.item)
        if opened.owner is not None:
            value = opened.item if opened.item is not None else opened.value
            value = self.lines(opened.start) if value is None else value
            for name in opened.names:
                opened.owner.setdefault(name, []).append(value)

    def data(self, data: str) -> None:
        if self._block is not None:
            self._block.append(data)
        else:
            super().data(data)

    def ending(self) -> None:
        self._ended = True

    def finish(self) -> None:
        """Close what is open because the parser stopped at its bounds."""
        self.ending()
        while self._open:
            self.end("")

    def _value(self, tag: str, attrib: Mapping[str, str]) -> str | None:
        """What the element says in an attribute; None: its text is what it says."""
        if "content" in attrib:
            return attrib["content"]
        if tag == "meta":
            return ""
        if tag in _ADDRESSES:
            return address(attrib.get(_ADDRESSES[tag]), self._base) or attrib.get(_ADDRESSES[tag], "")
        if tag in ("data", "meter"):
            return attrib.get("value")
        return attrib.get("datetime") if tag in ("time", "ins", "del") else None
