"""RSS, RDF and Atom in; entries as plain values out.

lxml alone. fastfeedparser and feedparser were measured: the first drops a feed's language, `xml:lang`, `xml:base` and
`slash:comments`, turns undeclared Latin-1 into question marks and lets dateutil fill the gaps of a date from today's
clock; the second takes 36 ms a feed and opens a local file when a body is a path.
"""

from __future__ import annotations

import re

from insight.model import Rejected
from scrapers.formats import charset, html, limits, xml
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed
from scrapers.formats.feed_elements import Element
from scrapers.formats.values import address, addresses, excerpt, whole_number

_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_THREAD_COUNT = "{http://purl.org/syndication/thread/1.0}count"
_ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_AROUND = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b[^<>]*>", re.IGNORECASE)
_FEED_END = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*)?\Z", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(r"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def read(body: bytes, base: str = "", content_type: str = "") -> ParsedFeed:
    """An XML feed of any kind. Raises NotAFeedError for everything else, an HTML page among them."""
    sent = charset.text_of(body, content_type)
    in_html = bool(_HTML.search(sent[:2000]))
    if "<" not in sent:
        raise NotAFeedError("text without a tag")
    text = xml.prepared(sent)
    root, fault = xml.parse(text)
    if root is None:
        raise NotAFeedError("an HTML page" if in_html else "nothing that can be read as XML")
    top = Element.root(root, base)
    items = list(limits.first(top.entries()))
    if not items and (in_html or top.name not in ("rss", "rdf:rdf", "feed", "channel")):
        raise NotAFeedError("an HTML page" if in_html else f"XML of another kind (<{top.name}>)")
    head = next((child for child in top.children() if child.name == "channel"), top)
    links = head.rels()
    home = links.get("alternate") or address(head.first("link"), base)
    base = base or links.get("self") or home or ""
    rejected: tuple[Rejected, ...] = ()
    cut = _unfinished_entry(text) if items else None
    if fault and len(items) < len(_ENTRY.findall(text)):
        items, rejected = _entries_one_by_one(text, base)
    elif cut is not None:
        items = items[:-1]
    author = head.author() if top.name == "feed" else None
    language = head.language()
    entries = tuple(_parse_entry(item.with_base(base), author, language) for item in limits.first(items))
    return ParsedFeed(entries, home, links, cut, rejected)


def _unfinished_entry(text: str) -> str | None:
    """The beginning of the last entry, when the document ends inside it."""
    if _FEED_END.search(text[-300:]):
        return None
    lowered = text.lower()
    start = max(lowered.rfind("<item"), lowered.rfind("<entry"))
    end = max(lowered.rfind("</item"), lowered.rfind("</entry"))
    return excerpt(text[start:]) if start > end else None


def _entries_one_by_one(text: str, base: str) -> tuple[list[Element], tuple[Rejected, ...]]:
    """Each entry by itself, for a document in which one that is broken has taken others along.

    Set aside is one without an end before the next one begins, and one in which neither title nor text can be read.
    """
    tags = _without_sections(text)
    starts = [found.start() for found in _ENTRY.finditer(tags)]
    entries: list[Element] = []
    rejected: list[Rejected] = []
    # what stands around an entry declares the prefixes
    opening = "".join(_AROUND.findall(text[: min(starts, default=0)]))
    for start, end in limits.first(list(zip(starts, [*starts[1:], len(text)], strict=True))):
        closed = _ENTRY_END.search(tags, start, end)
        if closed is None and end == len(text):
            break  # the document ends inside of it
        piece = text[start : closed.end() if closed else end]
        root, fault = xml.parse(opening + piece)
        found = next(Element.root(root, base).entries(), None) if root is not None else None
        if found is None or not (found.first("title", "description", "content", "summary") and closed):
            reason = fault or "it holds nothing"
            rejected.append(Rejected(f"the entry is broken: {reason}", excerpt(piece)))
        else:
            entries.append(found)
    return entries, tuple(rejected)


def _without_sections(text: str) -> str:
    """The text with blanks for what CDATA sections hold, which may speak of entries; but one that reaches from entry to
    entry has lost its end."""
    pieces, at, end = [], 0, 0
    while (begin := text.find("<![CDATA[", at)) >= 0:
        end = end if end > begin else text.find("]]>", begin)
        if end < 0:
            break
        lost = _ENTRY_END.search(text, begin, end)
        pieces += [text[at:begin], text[begin : lost.end()] if lost else " " * (end - begin)]
        at = lost.end() if lost else end
    return "".join([*pieces, text[at:]])


def _parse_entry(item: Element, author: str | None, language: str | None) -> Entry:
    rels, media = item.rels(), _media(item)
    body, body_language = _body(item, media)
    # https://www.rssboard.org/rss-specification#ltguidgtSubelementOfLtitemgt: a guid is an address unless it says not
    guid = next(iter(item.all("guid", "id", "dc:identifier")), None)
    permalink = guid is not None and guid.name == "guid" and guid.get("isPermaLink").lower() != "false"
    plain_link = next((link.string() for link in item.all("link") if link.string()), None)
    link = address(item.first("feedburner:origlink")) or rels.get("alternate") or address(plain_link, item.base)
    titles = item.all("title", "atom:title", "media:title", "dc:title")
    return Entry(
        id=guid.string() if guid is not None else item.get(_RDF_ABOUT) or None,
        is_permalink=permalink,
        link=link or (address(guid.string()) if guid is not None and guid.name == "id" else None),
        related=rels.get("related"),
        title=next(filter(None, (title.headline() for title in titles)), None),
        text=body.text,
        links=body.links,
        author=item.author() or author,
        published=_texts_of(
            item, "pubdate", "published", "dc:date", "issued", "created", "dcterms:created", "dcterms:issued"
        ),
        updated=_texts_of(item, "updated", "modified", "dcterms:modified"),
        language=body_language
        or next((it.own_language for it in titles if it.own_language), None)
        or item.language()
        or language,
        media=addresses([*(medium.get("url") for medium in media), *item.enclosures()], item.base),
        images=body.images,
        comments=address(item.first("comments"), item.base),
        replies=_reply_count(item),
        views=_views(item),
        reply_to=next(filter(None, (link.get("ref") for link in item.all("thr:in-reply-to"))), None),
        publisher=next((name for source in item.all("source") if (name := source.publisher())), None),
        publisher_url=next(filter(None, (address(source.get("url")) for source in item.all("source"))), None),
        extra={child.plain_name: child.string() or "" for child in item.children() if child.name.startswith("im:")},
    )


def _texts_of(item: Element, *names: str) -> tuple[str, ...]:
    return tuple(filter(None, (child.string() for child in item.all(*names))))


def _body(item: Element, media: list[Element]) -> tuple[html.Text, str | None]:
    """The whole text where the feed gives it, else the summary; and the language that is said of it alone."""
    bodies = item.all("content:encoded", "content", "fullitem", "xhtml:body", "body", "summary", "description")
    bodies += item.all("itunes:summary", "media:description", "dc:description", "itunes:subtitle")
    bodies += [inner for group in item.all("media:group") for inner in group.all("media:description")]
    for body in bodies:
        if (value := body.value()).text:
            return value, body.own_language
    # what is nothing but pictures is read by their descriptions
    described = [alt.value().text for medium in media for alt in medium.all("media:description")]
    return html.Text("\n".join(filter(None, described))), None


def _media(item: Element) -> list[Element]:
    found = item.all("enclosure", "media:content", "media:thumbnail")
    return found + [
        inner for group in item.all("media:group") for inner in group.all("media:content", "media:thumbnail")
    ]


def _reply_count(item: Element) -> int | None:
    counted = [whole_number(item.first("slash:comments", "thr:total"))]
    counted += [whole_number(link.node.get(_THREAD_COUNT)) for link in item.all("link") if link.get("rel") == "replies"]
    return next((count for count in counted if count is not None), None)


def _views(item: Element) -> int | None:
    """YouTube's, inside what Media RSS calls a community."""
    communities = [found for group in (item, *item.all("media:group")) for found in group.all("media:community")]
    counted = [whole_number(found.get("views")) for each in communities for found in each.all("media:statistics")]
    return next((count for count in counted if count is not None), None)
