"""The addresses of Google Alerts' feeds, which the data export leaves out: from a feed reader's OPML or a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

# Also as feed readers kept them from the days of Google Reader: user/1/state/com.google/alerts/2.
_ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?google\.[a-z.]{2,6}/alerts/feeds/(\d+)/(\d+)"
    r"|(?:https?://[^\s\"'<>]*)?user(?:/|%2F)(\d+)(?:/|%2F)state(?:/|%2F)com\.google(?:/|%2F)alerts(?:/|%2F)(\d+)",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^\s*Google\s+\S+\s+[-–—]\s+", re.IGNORECASE)  # "Google Alert - acme", in Google's many languages


@dataclass(frozen=True, slots=True)
class AlertFeed:
    """`query` is what its title says Google searches for; "" when the list names the address alone."""

    url: str
    query: str = ""


def parse_feeds(text: str) -> list[AlertFeed]:
    """The feeds in `text`, each address once: OPML, or lines with an address and perhaps the alert's query."""
    outlines = _OutlineParser()
    if "<outline" in text.lower():
        outlines.feed(text)
        outlines.close()
    feeds = outlines.feeds
    if not feeds:  # lines: `acme OR bolt | https://…`, the address first, or the address alone
        addressed = ((address(line), line) for line in text.splitlines())
        feeds = [AlertFeed(url, _query(_ADDRESS.sub(" ", line).strip(" \t|;,="))) for url, line in addressed if url]
    found: dict[str, AlertFeed] = {}
    for feed in feeds:  # an address that comes twice keeps its first query
        if feed.url not in found or not found[feed.url].query:
            found[feed.url] = feed
    return list(found.values())


def key(query: str) -> str:
    """A form of the query in which two spellings of it are equal."""
    return " ".join(re.sub("[“”„＂]", '"', query).casefold().split())


def address(text: str) -> str | None:
    """The address of the feed that the text names, as Google writes it today; None when it names none."""
    found = _ADDRESS.search(text)
    if not found:
        return None
    user, alert = (found[1], found[2]) if found[1] else (found[3], found[4])
    return f"https://www.google.com/alerts/feeds/{user}/{alert}"


def _query(title: str) -> str:
    return " ".join(_TITLE.sub("", title, count=1).split())


class _OutlineParser(HTMLParser):
    """OPML's `<outline title=… xmlUrl=…>` (http://opml.org/spec2.opml).

    Read as tags alone, so that no entity of the file can be expanded or fetched; HTMLParser gives names in lower case.
    """

    def __init__(self) -> None:
        super().__init__()
        self.feeds: list[AlertFeed] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        url = address(values.get("xmlurl", "")) if tag == "outline" else None
        if url:
            self.feeds.append(AlertFeed(url, _query(values.get("title") or values.get("text") or "")))
