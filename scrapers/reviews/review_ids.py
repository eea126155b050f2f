"""What a review on a page is known by: an id of the site's own where it has one that stays, else what it says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scrapers.formats.jsonld import Graph
from scrapers.formats.landed_ids import landed_address
from scrapers.formats.values import address, canonical, digest

_PAGING = re.compile(r"p|pg|page|page_?(no|num|number)|start|offset|sort(_?by)?|order(_?by)?", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*[^0-9A-Za-z][A-Za-z]*)([0-9]{1,9})", re.DOTALL)  # no digits at the end of a random id


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a page's reviews. `own`: the addresses that the site gives them, by the node; `alone`: those that one
    review has; `places`: those that say no more than where it stands."""

    url: str
    own: Mapping[int, str]
    alone: frozenset[str]
    places: frozenset[str]
    page: str
    landed_page: str

    @classmethod
    def of_page(cls, graph: Graph, nodes: Iterable[Mapping[str, Any]], url: str) -> Ids:
        here = canonical_of(url)
        own = {id(node): named for node in nodes if (named := _own_address(graph, node, url, here))}
        alone = frozenset(named for named, number in Counter(own.values()).items() if number == 1)
        places = _places([named for named in own.values() if named in alone])
        landed_page = _without_paging(landed_address(url)) if address(url) else page_name(url)
        return cls(url, own, alone, places, page_name(url), landed_page)

    def of(self, node: Mapping[str, Any], *said: object, sure: bool) -> tuple[str, ...]:
        """What names a review that says this (author, date and so on): its id, then those that it may be stored by.

        `sure`: whether its date is one. "Two days ago" is another text tomorrow.
        """
        author, written, *rest = (" ".join(str(part).split()) for part in said)
        landed = digest(author, written, *rest)[:24]
        made = landed if sure else digest(author, "", *rest)[:24]
        names = [f"{self.page}#{made}", f"{self.page}#{landed}", f"{self.landed_page}#{landed}"]
        own = self.own.get(id(node))
        if own in self.alone and own is not None:
            names = [*names, own] if own in self.places else [self._on_any_page(own), own, *names]
        return tuple(dict.fromkeys(names))

    def _on_any_page(self, own: str) -> str:
        """An anchor on the page is the same on its page two, and by whatever link the page was found."""
        parts = urlsplit(canonical(own))
        if not parts.fragment or page_name(own) != self.page:
            return own
        kept = "&".join(pair for pair in parts.query.split("&") if not _PAGING.fullmatch(pair.partition("=")[0]))
        return urlunsplit(parts._replace(query=kept))


def canonical_of(url: str) -> str:
    absolute = address(url)
    return canonical(absolute) if absolute else url


def page_name(url: str) -> str:
    """A page without its paging, so that a review keeps its id when it moves to page two."""
    return _without_paging(canonical_of(url))


def _own_address(graph: Graph, node: Mapping[str, Any], url: str, here: str) -> str | None:
    """The address that names this review and not the page."""
    named = (address(written, url) for written in (node.get("@id"), graph.text(node, "url")))
    return next((one for one in named if one and canonical(one) != here), None)


def _without_paging(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if not _PAGING.fullmatch(key)])
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/") + (f"?{query}" if query else "")


def _places(names: Sequence[str]) -> frozenset[str]:
    """Those whose number only counts the reviews down the page: #review-0, #review-1.

    A new review in front would take the id of an old one. Numbers that a site gave its reviews once have gaps, or go
    down where the newest come first; where they have none, aliases hold together what says the same.
    """
    alike: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in names:
        if found := _NUMBERED.fullmatch(name):
            alike[found[1]].append((int(found[2]), name))
    places: set[str] = set()
    for numbered in alike.values():
        numbers = [number for number, _ in numbered]
        rising = numbers == sorted(numbers) and numbers[-1] - numbers[0] < 2 * len(numbers)
        if rising and (len(numbers) > 1 or numbers[0] == 0):
            places.update(name for _, name in numbered)
    return frozenset(places)
