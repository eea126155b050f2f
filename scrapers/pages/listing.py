"""A list page, read by CSS selectors: its items, and for each what was found by which selector."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scrapers.formats import html
from scrapers.formats.selectors import Matcher, check

MOST_ITEMS = 500
MOST_ELEMENTS = 50_000  # no page of people has so many; what follows is left out

_SPEC = re.compile(r"(?P<selector>.*?)(?:@(?P<attribute>[\w:-]{1,60}))?", re.DOTALL)
_WHOLE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_OWN = {"link": "href", "next": "href", "date": "datetime"}  # attributes that say it better than the text
_ITEM, _NEXT, _NOTHING = "item", "next", "nothing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`h3 a@title`: the attribute of what a selector finds; without one its text. `@data-id`: of the item itself."""

    selector: str
    attribute: str | None = None

    @classmethod
    def parse(cls, written: str) -> Wanted:
        """Raises BadSelectorError."""
        found = _SPEC.fullmatch(written.strip())
        selector, attribute = (found["selector"].strip(), found["attribute"]) if found else (written, None)
        if selector:
            check(selector)
        elif attribute is None:
            check(written)
        return cls(selector, attribute.lower() if attribute else None)


@dataclass(slots=True)
class Item:
    """`values` by field; `stars`: how many elements the field of that name found.

    `torn`: nothing but the end of the page closed it.
    """

    values: dict[str, str] = field(default_factory=dict)
    stars: int = 0
    text: html.Text = field(default_factory=lambda: html.Text(""))
    torn: bool = True


@dataclass(slots=True)
class Listing:
    """`long`: the page went on after what was read of it."""

    items: list[Item] = field(default_factory=list)
    next: str | None = None
    nothing: bool = False
    long: bool = False


def read(markup: str, wanted: Mapping[str, Wanted], base: str) -> Listing:
    """`wanted` holds `item`, the fields, and perhaps `next` and `nothing` (what a page shows that has no items)."""
    reader = _Reader(wanted, base)
    html.feed(markup, reader)
    reader.finish()
    if not reader.stopped and _WHOLE.search(markup[-2000:]):
        for item in reader.found.items:
            item.torn = False
    return reader.found


@dataclass(slots=True)
class _Building:
    item: Item
    start: int
    links: int
    images: int
    paragraphs: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)  # fields whose element is open


@dataclass(slots=True)
class _Open:
    """An element that is open: the item it is, and the fields whose text it gives."""

    matched: bool = True
    item: _Building | None = None
    gives: list[tuple[str, _Building, int]] = field(default_factory=list)


class _Reader(html.Lines):
    def __init__(self, wanted: Mapping[str, Wanted], base: str) -> None:
        super().__init__()
        self.found = Listing()
        self.stopped = False
        self._ended = False
        self._base, self._wanted = base, wanted
        self._matcher = Matcher({name: want.selector for name, want in wanted.items() if want.selector})
        self._of_item = [(name, want.attribute) for name, want in wanted.items() if not want.selector]
        self._open: list[_Open] = []
        self._items: list[_Building] = []
        self._elements = 0

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        super().start(tag, attrib)
        self._elements += 1
        opened = _Open(matched=self._elements <= MOST_ELEMENTS)
        self._open.append(opened)
        self.found.long = not opened.matched
        matched = self._matcher.start(tag, attrib) if opened.matched else []
        if _ITEM in matched and len(self.found.items) < MOST_ITEMS:
            opened.item = self._begin(attrib)
        for name in matched:
            if name == _NOTHING:
                self.found.nothing = True
            elif name == _NEXT:
                self.found.next = self.found.next or attrib.get(self._wanted[name].attribute or "href")
            elif name != _ITEM and self._items:
                self._give(name, attrib, opened, self._items[-1])

    def _begin(self, attrib: Mapping[str, str]) -> _Building:
        building = _Building(Item(), len(self.parts), len(self.links), len(self.images))
        for name, attribute in self._of_item:
            _set(building.item, name, attrib.get(attribute or "", ""))
        self._items.append(building)
        self.found.items.append(building.item)
        return building

    def _give(self, name: str, attrib: Mapping[str, str], opened: _Open, building: _Building) -> None:
        if name == "stars":
            building.item.stars += 1
            return
        attribute = self._wanted[name].attribute or (_OWN.get(name) if _OWN.get(name) in attrib else None)
        if attribute is not None:
            _set(building.item, name, attrib.get(attribute, ""))
        elif name not in building.busy and (name == "text" or name not in building.item.values):
            building.busy.add(name)
            opened.gives.append((name, building, len(self.parts)))

    def end(self, tag: str) -> None:
        super().end(tag)
        if not self._open:
            return
        opened = self._open.pop()
        if opened.matched:
            self._matcher.end()
        for name, building, start in opened.gives:
            building.busy.discard(name)
            said = self.lines(start)
            if name == "text":
                building.paragraphs += [said] if said else []
            else:
                _set(building.item, name, said)
        if opened.item is not None:
            self._finish_item(self._items.pop())

    def _finish_item(self, building: _Building) -> None:
        """What an item held is taken out of the text, so that the one around it does not say it again."""
        _set(building.item, "text", "\n".join(building.paragraphs))
        inner = html.Lines()
        inner.parts = self.parts[building.start :]
        inner.links, inner.images = self.links[building.links :], self.images[building.images :]
        building.item.text = html.text_of(inner, self._base)
        building.item.torn = self._ended
        del self.parts[building.start :], self.links[building.links :], self.images[building.images :]

    def ending(self) -> None:
        self._ended = True

    def finish(self) -> None:
        """Close what is open because the parser stopped at its bounds."""
        self.stopped, self._ended = not self._ended, True
        while self._open:
            self.end("")


def _set(item: Item, name: str, said: str) -> None:
    if said.strip():
        item.values.setdefault(name, said)
