"""JSON Feed (jsonfeed.org, 1 and 1.1) as the same entries that an XML feed gives."""

from __future__ import annotations

from typing import Any

from insight.model import Rejected
from scrapers.formats import html, limits
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed
from scrapers.formats.values import UnreadableError, address, addresses, each, identifier, listed, mapping, plain, text


# https://www.jsonfeed.org/version/1.1/
def read(body: bytes, base: str = "") -> tuple[ParsedFeed, tuple[Rejected, ...]]:
    """Raises NotAFeedError for JSON that is not a feed, or no JSON at all."""
    try:
        found = mapping(limits.loads(body))
    except ValueError as error:
        raise NotAFeedError("JSON that is broken off or malformed") from error
    items = found.get("items")
    if not isinstance(items, list) or not ("jsonfeed" in str(found.get("version")) or "feed_url" in found):
        raise NotAFeedError("JSON of another kind")
    home = address(found.get("home_page_url"), base)
    base = base or address(found.get("feed_url")) or home or ""
    author, language = _author(found), text(found.get("language"))
    entries, rejected = each(items, lambda item: _parse_entry(item, base, author, language))
    following = address(found.get("next_url"), base)
    return ParsedFeed(entries, home, {"next": following} if following else {}), rejected


def _parse_entry(item: Any, base: str, author: str | None, language: str | None) -> Entry:
    if not isinstance(item, dict):
        raise UnreadableError(f"an entry is a {type(item).__name__}")
    markup, written = text(item.get("content_html")), text(item.get("content_text")) or text(item.get("summary"))
    read = html.read(markup, base) if markup else html.Text("")
    body = read if read.text or not written else html.Text(plain(written), read.links, read.images)
    external = address(item.get("external_url"), base)
    attached = [mapping(each).get("url") for each in listed(item.get("attachments"))]
    native_id = identifier(item.get("id"))
    return Entry(
        id=native_id,
        link=address(item.get("url"), base) or address(native_id) or external,
        title=" ".join((text(item.get("title")) or "").split()) or None,
        text=body.text,
        links=tuple(dict.fromkeys([*body.links, *([external] if external else [])])),
        author=_author(item) or author,
        published=tuple(filter(None, [text(item.get("date_published"))])),
        updated=tuple(filter(None, [text(item.get("date_modified"))])),
        language=text(item.get("language")) or language,
        media=addresses([item.get("image"), item.get("banner_image"), *attached], base),
    )


def _author(found: Any) -> str | None:
    """1.1 has a list of authors, 1.0 had one."""
    people = [*listed(found.get("authors")), found.get("author")]
    return next(filter(None, (text(mapping(person).get("name")) or text(person) for person in people)), None)
