"""RSS, RDF and Atom in; entries as plain values out.

lxml alone. fastfeedparser and feedparser were measured: the first drops a feed's language, `xml:lang`, `xml:base` and
`slash:comments`, turns undeclared Latin-1 into question marks and lets dateutil fill the gaps of a date from today's
clock; the second takes 36 ms a feed and opens a local file when a body is a path.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Any

from lxml import etree

from scrapers.formats import charset, html, limits
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed
from scrapers.formats.feed_elements import Element
from scrapers.formats.values import address, addresses, clean, excerpt, whole_number

_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_THREAD_COUNT = "{http://purl.org/syndication/thread/1.0}count"


def read(body: bytes, base: str = "", content_type: str = "") -> ParsedFeed:
    """An XML feed of any kind. Raises NotAFeedError for everything else, an HTML page among them."""
    text = charset.text_of(body, content_type)
    top = Element(_parse(text), base)
    items = list(limits.first(top.entries()))
    if not items and top.name not in ("rss", "rdf:rdf", "feed", "channel"):
        raise NotAFeedError("an HTML page" if _is_html(text) else f"XML of another kind (<{top.name}>)")
    head = next((child for child in top.children() if child.name == "channel"), top)
    links = head.rels()
    home = links.get("alternate") or address(head.first("link"), base)
    base = base or links.get("self") or home or ""
    cut = _unfinished_entry(text) if items else None
    author = head.author() if top.name == "feed" else None
    language = head.language()
    complete = items[:-1] if cut is not None else items
    entries = tuple(_parse_entry(Element(item.node, base), author, language) for item in limits.first(complete))
    return ParsedFeed(entries, home, links, cut)


def _parse(text: str) -> Any:
    """The root of what lxml makes of it, mistakes mended. Raises NotAFeedError."""
    start = text.find("<")
    if start < 0:
        raise NotAFeedError("text without a tag")
    text = limits.cut_markup(clean(_DECLARATION.sub("", text[start:], count=1)))
    text = _ENTITY.sub(_replaced_entity, text)
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise NotAFeedError("an HTML page" if _is_html(text) else "nothing that can be read as XML")
    return root


def _replaced_entity(found: re.Match[str]) -> str:
    """`&nbsp;` and its like, which HTML knows and XML does not; what XML knows stays as it is."""
    known = html5.get(found[1] + ";", "&")
    return found[0] if set(known) & set("&<>\"'") else known


def _is_html(text: str) -> bool:
    return bool(re.search(r"<(!doctype\s+html|html|head|body)\b", text[:2000], re.IGNORECASE))


def _unfinished_entry(text: str) -> str | None:
    """The beginning of the last entry, when the document ends inside it."""
    if re.search(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*)?\Z", text[-300:], re.IGNORECASE | re.DOTALL):
        return None
    lowered = text.lower()
    start = max(lowered.rfind("<item"), lowered.rfind("<entry"))
    end = max(lowered.rfind("</item"), lowered.rfind("</entry"))
    return excerpt(text[start:]) if start > end else None


def _parse_entry(item: Element, author: str | None, language: str | None) -> Entry:
    rels, body, media = item.rels(), _body(item), _media(item)
    # https://www.rssboard.org/rss-specification#ltguidgtSubelementOfLtitemgt: a guid is an address unless it says not
    guid = next(iter(item.all("guid", "id", "dc:identifier")), None)
    permalink = guid is not None and guid.name == "guid" and guid.get("isPermaLink").lower() != "false"
    plain_link = next((link.string() for link in item.all("link") if link.string()), None)
    titles = (title.headline() for title in item.all("title", "atom:title", "media:title"))
    return Entry(
        id=guid.string() if guid is not None else item.get(_RDF_ABOUT) or None,
        is_permalink=permalink,
        link=address(item.first("feedburner:origlink")) or rels.get("alternate") or address(plain_link, item.base),
        related=rels.get("related"),
        title=next(filter(None, titles), None),
        text=body.text,
        links=body.links,
        author=item.author() or author,
        published=_texts_of(item, "pubdate", "published", "dc:date", "issued", "dcterms:created", "dcterms:issued"),
        updated=_texts_of(item, "updated", "modified", "dcterms:modified"),
        language=item.language() or language,
        media=addresses([*media, rels.get("enclosure")], item.base),
        comments=address(item.first("comments"), item.base),
        replies=_reply_count(item),
        views=_views(item),
        reply_to=next(filter(None, (link.get("ref") for link in item.all("thr:in-reply-to"))), None),
        publisher=next((source.string() for source in item.all("source") if not len(source.node)), None),
        publisher_url=next(filter(None, (address(source.get("url")) for source in item.all("source"))), None),
        extra={child.plain_name: child.string() or "" for child in item.children() if child.name.startswith("im:")},
    )


def _texts_of(item: Element, *names: str) -> tuple[str, ...]:
    return tuple(filter(None, (child.string() for child in item.all(*names))))


def _body(item: Element) -> html.Text:
    """The whole text where the feed gives it, else the summary."""
    bodies = item.all("content:encoded", "content", "summary", "description", "itunes:summary", "media:description")
    bodies += [inner for group in item.all("media:group") for inner in group.all("media:description")]
    values = (body.value() for body in bodies)
    return next((value for value in values if value.text), html.Text(""))


def _media(item: Element) -> list[str]:
    found = item.all("enclosure", "media:content", "media:thumbnail")
    found += [inner for group in item.all("media:group") for inner in group.all("media:content", "media:thumbnail")]
    return [medium.get("url") for medium in found]


def _reply_count(item: Element) -> int | None:
    counted = [whole_number(item.first("slash:comments", "thr:total"))]
    counted += [whole_number(link.node.get(_THREAD_COUNT)) for link in item.all("link") if link.get("rel") == "replies"]
    return next((count for count in counted if count is not None), None)


def _views(item: Element) -> int | None:
    """YouTube's, inside what Media RSS calls a community."""
    communities = [found for group in (item, *item.all("media:group")) for found in group.all("media:community")]
    counted = [whole_number(found.get("views")) for each in communities for found in each.all("media:statistics")]
    return next((count for count in counted if count is not None), None)
