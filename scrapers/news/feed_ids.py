"""What an entry of a feed is known by: the same at each visit, whoever stands beside it.

Its guid, which is there for that (https://www.rssboard.org/rss-specification#ltguidgtSubelementOfLtitemgt): links carry
sessions, and change with a site's design. Else its link; with title and date where that leads to no single entry.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrapers.base import Page
from scrapers.formats.entries import Entry
from scrapers.formats.landed_ids import landed_address
from scrapers.formats.values import canonical, digest, host_of

_HOME = re.compile("https://[^/?#]+/")


def identify(entries: Sequence[Entry], home: str | None, page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The native id of each entry, and its aliases: what else names it, and what the landed version knew it by.

    `home`: the page that the feed says it belongs to.
    """
    listed = [(entry, canonical(entry.link) if entry.link else "") for entry in entries]
    general = _General(
        frozenset(canonical(one) for one in (home, page.url, page.request.url) if one),
        # RFC 4287, 4.1.1: two entries with one id are one. But some publishers write one guid into all.
        _shared((entry.id, link or entry.title) for entry, link in listed),
        _shared((link, (_headline(entry), entry.text)) for entry, link in listed),
        _shared(((link, _headline(entry)), entry.text) for entry, link in listed),
    )
    raw_links = Counter(entry.link for entry in entries)
    found = []
    for entry, link in listed:
        native_id, *aliases = dict.fromkeys([*general.names(entry, link, page), _landed(entry, raw_links, page)])
        found.append((native_id, tuple(aliases)))
    return found


@dataclass(frozen=True, slots=True)
class _General:
    """What names no single entry: addresses of the whole, guids, links and headlines (at a link) of several."""

    places: frozenset[str]
    guids: frozenset[Hashable]
    links: frozenset[Hashable]
    headlines: frozenset[Hashable]

    def names(self, entry: Entry, link: str, page: Page) -> Iterator[str]:
        """The surest first."""
        guid = entry.id or ""
        # A link that is the guid, or ends in it, says the same, and on which site.
        spelled_by_link = f"/{link}".endswith(f"/{canonical(guid)}")
        if guid and not spelled_by_link and guid not in self.guids and not self._leads_home(guid):
            yield canonical(guid) if ":" in guid else f"{host_of(entry.link or page.url)}#{guid}"
        else:
            guid = ""
        if (
            link
            and link not in self.links
            and not self._leads_home(link)
            and not (entry.id and entry.id == entry.comments)
        ):
            yield link
        if not guid:
            whole = (link, _headline(entry)) in self.headlines
            yield _described(entry, link, page, whole=whole)

    def _leads_home(self, said: str) -> bool:
        same = canonical(said)
        return same in self.places or _HOME.fullmatch(same) is not None


def _headline(entry: Entry) -> tuple[str | None, ...]:
    return (entry.title, *entry.published)


def _shared(pairs: Iterable[tuple[Hashable, Hashable]]) -> frozenset[Hashable]:
    """What stands beside several different things."""
    times = Counter(name for name, _ in set(pairs))
    return frozenset(name for name, number in times.items() if number > 1)


def _described(entry: Entry, link: str, page: Page, *, whole: bool) -> str:
    """By title and date, at its link; by its text, too, where there is no title, or others have it."""
    text = entry.text if whole or not entry.title else ""
    return f"{link or host_of(page.url)}#{digest(entry.title or '', text, *entry.published)[:24]}"


def _landed(entry: Entry, listed: Counter[str | None], page: Page) -> str:
    """The link, unless a guid stood beside one that was a home page, or shared, or discussed."""
    link, guid = entry.link, entry.id
    home = link is not None and urlsplit(link).path in ("", "/") and not urlsplit(link).query
    if link and not (guid and (home or listed[link] > 1 or guid == entry.comments)):
        return landed_address(link)
    if guid:
        return guid if ":" in guid else f"{host_of(link or page.url)}#{guid}"
    return _described(entry, "", page, whole=True)
