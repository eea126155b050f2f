"""A page's structured data: its JSON-LD blocks as written, its microdata in the shape that JSON-LD has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapers.formats import html, limits, soup
from scrapers.formats.values import address

Item = dict[str, Any]
MOST = 4 * limits.ITEMS  # properties and items: a review is four or five, and more reviews are not looked at
WORDS = 10  # names of one property, types of one item

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


def outline(markup: str, base: str) -> Outline:
    found = Outline()
    tree = soup.parse(markup, None if "itemref" in markup else _says_something)
    for element in tree.elements:
        said, name = element.attrs, element.name
        if name == "script" and "ld+json" in said.get("type", "").lower():
            found.blocks.append("".join(map(str, element.contents)))
        elif "rel" in said and name in ("a", "link") and "next" in said["rel"].lower().split():
            found.next = found.next or address(said.get("href"), base)
    _read_items(tree, found, base)
    tree.close()
    return found


def _says_something(tag: str, attrib: Mapping[str, str]) -> bool:
    return tag in ("script", "a", "link") or "itemscope" in attrib


def _read_items(tree: soup.Tree, found: Outline, base: str) -> None:
    marked = [one for one in tree.elements if "itemprop" in one.attrs or "itemscope" in one.attrs]
    marked = list(limits.first(marked, MOST))
    items = {one.number: _item(one, base) for one in marked if "itemscope" in one.attrs}
    around = _owners(tree, marked, items)
    words = html.Lines()
    for element in marked:
        owner, value = around[element.number], items.get(element.number)
        names = element.attrs.get("itemprop", "").split(maxsplit=WORDS)[:WORDS] if owner is not None else ()
        if value is not None:
            found.cut += [value] if element.torn else []
            found.items += [] if names else [value]
        if owner is not None and names and not limits.spent():
            said = _value(element, base, words) if value is None else value
            for name in names:
                owner.setdefault(name, []).append(said)


def _owners(tree: soup.Tree, marked: list[soup.Element], items: Mapping[int, Item]) -> list[Item | None]:
    """For each element the item that it stands in, or that refers to it from elsewhere on the page.

    https://html.spec.whatwg.org/multipage/microdata.html#attr-itemref
    """
    around: list[Item | None] = [None] * tree.size
    referring = []
    for element in marked:
        if item := items.get(element.number):
            around[element.number + 1 : element.until] = [item] * (element.until - element.number - 1)
            if "itemref" in element.attrs:
                referring.append((element, item))
    named = {one.attrs["id"]: one for one in reversed(tree.elements) if "id" in one.attrs} if referring else {}
    for element, item in limits.first(referring):
        for name in element.attrs["itemref"].split(maxsplit=WORDS)[:WORDS]:
            part = named.get(name)
            if part is not None and not part.number <= element.number < part.until:
                before = around[part.number]
                inside = range(part.number, part.until)
                around[part.number : part.until] = [item if around[n] is before else around[n] for n in inside]
    return around


def _item(element: soup.Element, base: str) -> Item:
    item: Item = {"@type": element.attrs.get("itemtype", "").split(maxsplit=WORDS)[:WORDS]}
    named = address(element.attrs.get("itemid"), base)
    return {**item, "@id": named} if named else item


def _value(element: soup.Element, base: str, words: html.Lines) -> str:
    """What the element says in an attribute, else its text. `words` bounds how often the same is said again."""
    said, name = element.attrs, element.name
    if "content" in said or name == "meta":
        return str(said.get("content", ""))
    if name in _ADDRESSES:
        return address(said.get(_ADDRESSES[name]), base) or str(said.get(_ADDRESSES[name], ""))
    attribute = {"data": "value", "meter": "value", "time": "datetime", "ins": "datetime", "del": "datetime"}.get(name)
    if attribute in said:
        return str(said[attribute])
    start = len(words.parts)
    text = soup.read_into(words, element).lines(start)
    del words.parts[start:]
    return text
