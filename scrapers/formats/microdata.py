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
    tree, found = soup.parse(markup, _says_something), Outline()
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
    around: list[Item | None] = [None] * tree.size  # the item that each element stands in
    words = html.Lines()
    for element in limits.first(marked, MOST):
        owner, value = around[element.number], None
        names = element.attrs.get("itemprop", "").split(maxsplit=WORDS)[:WORDS] if owner is not None else ()
        if "itemscope" in element.attrs:
            value = _item(element, base)
            around[element.number : element.until] = [value] * (element.until - element.number)
            found.cut += [value] if element.torn else []
            found.items += [] if names else [value]
        if owner is not None and names:
            said = _value(element, base, words) if value is None else value
            for name in names:
                owner.setdefault(name, []).append(said)


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
