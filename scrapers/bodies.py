"""A page's body as what it is: markup, JSON, a feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from insight.model import Rejected
from scrapers.answers import not_read
from scrapers.base import Page
from scrapers.formats import charset, feed
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed
from scrapers.formats.values import each

T = TypeVar("T")


def begins(page: Page, *signs: bytes) -> bool:
    """Whether the body begins with one of these, behind blanks and a byte order mark."""
    return page.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(signs)


def markup_of(page: Page) -> str:
    """An HTML page's text: by its header, else by what it says of itself."""
    return charset.text_of(page.body, page.headers.get("content-type", ""))


def feed_of(page: Page, expected: str = "feed") -> ParsedFeed:
    """The feed that a page is. Raises SourceError when it is none."""
    try:
        return feed.read(page.body, page.url, page.headers.get("content-type", ""))
    except NotAFeedError as error:
        raise not_read(page, f"{expected} but {error}") from error


def entries_of(
    page: Page, read: Callable[[Entry], T | None], expected: str = "feed"
) -> tuple[tuple[T, ...], tuple[Rejected, ...]]:
    """What `read` makes of a feed's entries; one that the feed breaks off inside of is set aside."""
    found = feed_of(page, expected)
    items, rejected = each(found.entries, read)
    torn = () if found.cut is None else (Rejected("the feed breaks off inside this entry", found.cut),)
    return items, (*found.rejected, *rejected, *torn)
