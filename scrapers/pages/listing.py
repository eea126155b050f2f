"""A list page, read by CSS selectors: its items, and for each what was found by which selector."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from scrapers.formats import html, limits, soup

MOST_ITEMS = 500

_SPEC = re.compile(r"(?P<selector>.*?)(?:@(?P<attribute>[\w:-]{1,60}))?", re.DOTALL)
_OWN = {"link": "href", "next": "href", "date": "datetime"}  # attributes that say it better than the text


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
            soup.check(selector)
        elif attribute is None:
            soup.check(written)
        return cls(selector, attribute.lower() if attribute else None)


@dataclass(frozen=True, slots=True)
class Item:
    """`values` by field; `stars`: how many elements the field of that name found.

    `torn`: nothing but the end of the page closed it.
    """

    values: Mapping[str, str]
    stars: int
    text: html.Text
    torn: bool


@dataclass(frozen=True, slots=True)
class Listing:
    items: list[Item]
    next: str | None
    nothing: bool


def read(markup: str, wanted: Mapping[str, Wanted], base: str) -> Listing:
    """`wanted` holds `item`, the fields, and perhaps `next` and `nothing` (what a page shows that has no items)."""
    fields = {name: want for name, want in wanted.items() if name not in ("item", "next", "nothing")}
    tree = soup.parse(markup)
    elements = tree.find(wanted["item"].selector)
    items = elements[:MOST_ITEMS]
    if len(elements) > MOST_ITEMS:
        limits.leave_out(f"{len(elements) - MOST_ITEMS:,} more items left out: a page may hold {MOST_ITEMS}")
    inside: list[dict[str, list[soup.Element]] | None] = [None] * tree.size  # for each element what its item holds
    for item in items:
        inside[item.number : item.until] = [{}] * (item.until - item.number)
    for name, want in fields.items():
        for element in tree.find(want.selector, items):
            if (held := inside[element.number]) is not None:
                held.setdefault(name, []).append(element)
    others = frozenset(item.number for item in items)
    read_items = [_item(item, inside[item.number] or {}, fields, others, base) for item in limits.first(items)]
    onward, nothing = wanted.get("next", Wanted("")), wanted.get("nothing", Wanted(""))
    targets = (element.attrs.get(onward.attribute or "href") for element in tree.find(onward.selector, items))
    found = Listing(read_items, next(filter(None, targets), None), bool(tree.find(nothing.selector, items)))
    tree.close()
    return found


def _item(
    item: soup.Element,
    held: Mapping[str, list[soup.Element]],
    wanted: Mapping[str, Wanted],
    others: frozenset[int],
    base: str,
) -> Item:
    """An item, by what its selectors found in it. What an item inside it holds, it does not say again."""
    values = {}
    for name, want in wanted.items():
        elements = held.get(name, ()) if want.selector else (item,)
        parts = filter(str.strip, _said(name, want, elements, others))
        if said := "\n".join(parts) if name == "text" else next(parts, ""):
            values[name] = said
    text = html.text_of(soup.read_into(html.Lines(), item, others), base)
    return Item(values, len(held.get("stars", ())), text, item.torn)


def _said(name: str, want: Wanted, elements: Iterable[soup.Element], others: frozenset[int]) -> Iterator[str]:
    """What the elements of a field say: an attribute, or the text of each that is in no other of them.

    An attribute comes before the text that it stands in: `.date, time` is to find the time in the date.
    """
    ends: list[tuple[int, str | None, soup.Element]] = []
    until = 0
    for element in elements:
        attribute = want.attribute or (_OWN.get(name) if _OWN.get(name) in element.attrs else None)
        if attribute is not None:
            ends.append((element.number, attribute, element))
        elif element.number >= until:
            until = element.until
            ends.append((until, None, element))
    for _, attribute, element in sorted(ends, key=itemgetter(0)):
        if attribute is None:
            yield soup.read_into(html.Lines(), element, others).lines()
        else:
            yield element.attrs.get(attribute, "")
