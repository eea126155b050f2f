"""The only file that knows a feed parser: RSS, RDF, Atom and JSON Feed in; entries as plain values out.

lxml alone. fastfeedparser and feedparser were measured: the first drops a feed's language, `xml:lang`, `xml:base` and
`slash:comments`, turns undeclared Latin-1 into question marks and lets dateutil fill the gaps of a date from today's
clock; the second takes 36 ms a feed and opens a local file when a body is a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from typing import Any

from lxml import etree

from scrapers.formats import charset, html, limits
from scrapers.formats.entries import Entry, NotAFeedError, ParsedFeed
from scrapers.formats.values import address, addresses, clean, excerpt, plain, whole_number

_NAMESPACES = {
    "www.w3.org/2005/atom": "",
    "purl.org/atom/ns#": "",
    "purl.org/rss/1.0": "",
    "my.netscape.com/rdf/simple/0.9": "",
    "backend.userland.com/rss2": "",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/slash": "slash",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/syndication/thread/1.0": "thr",
    "search.yahoo.com/mrss": "media",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "itunes.apple.com/rss": "im",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
}
_ENTRIES = {"item", "entry"}
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_THREAD_COUNT = "{http://purl.org/syndication/thread/1.0}count"
_TAG = re.compile(r"<[a-zA-Z/!]")
_MAIL = re.compile(r"[^\s()]+@[^\s()]+\s*\((.{1,200})\)")


def read(body: bytes, base: str = "", content_type: str = "") -> ParsedFeed:
    """An XML feed of any kind. Raises NotAFeedError for everything else, an HTML page among them."""
    text = charset.decode(body, charset.from_head(body), charset.from_header(content_type))
    top = _Element(_root(text), base)
    items = list(limits.first(top.entries()))
    if not items and top.name not in ("rss", "rdf:rdf", "feed", "channel"):
        raise NotAFeedError("an HTML page" if _is_html(text) else f"XML of another kind (<{top.name}>)")
    head = next((child for child in top.children() if child.name == "channel"), top)
    links = head.rels()
    home = links.get("alternate") or address(head.first("link"), base)
    base = base or links.get("self") or home or ""
    cut = _cut(text) if items else None
    author = head.author() if top.name == "feed" else None
    language = head.language()
    complete = items[:-1] if cut is not None else items
    entries = tuple(_entry(_Element(item.node, base), author, language) for item in limits.first(complete))
    return ParsedFeed(entries, home, links, cut)


def _root(text: str) -> Any:
    start = text.find("<")
    if start < 0:
        raise NotAFeedError("text without a tag")
    text = limits.cut_markup(clean(_DECLARATION.sub("", text[start:], count=1)))
    text = _ENTITY.sub(_character, text)
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


def _character(found: re.Match[str]) -> str:
    """`&nbsp;` and its like, which HTML knows and XML does not; what XML knows stays as it is."""
    known = html5.get(found[1] + ";", "&")
    return found[0] if set(known) & set("&<>\"'") else known


def _is_html(text: str) -> bool:
    return bool(re.search(r"<(!doctype\s+html|html|head|body)\b", text[:2000], re.IGNORECASE))


def _cut(text: str) -> str | None:
    """The beginning of the last entry, when the document ends inside it."""
    if re.search(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*)?\Z", text[-300:], re.IGNORECASE | re.DOTALL):
        return None
    lowered = text.lower()
    start = max(lowered.rfind("<item"), lowered.rfind("<entry"))
    end = max(lowered.rfind("</item"), lowered.rfind("</entry"))
    return excerpt(text[start:]) if start > end else None


class _Element:
    """An element whose children are known by the usual prefix of their namespace, whatever the feed calls it."""

    def __init__(self, node: Any, base: str) -> None:
        self.node = node
        self._base = base
        self.name = _name(str(node.tag))
        self._found: dict[str, list[_Element]] | None = None

    @property
    def plain_name(self) -> str:
        return f"{self.name.partition(':')[0]}:{str(self.node.tag).rpartition('}')[2]}"

    @property
    def base(self) -> str:
        """What relative addresses here start from: xml:base, else the feed's own address."""
        return address(self.node.base, self._base) or self._base

    def children(self) -> Iterator[_Element]:
        return (_Element(child, self._base) for child in self.node if isinstance(child.tag, str))

    def all(self, *names: str) -> list[_Element]:
        if self._found is None:
            self._found = {}
            for child in self.children():
                if child.name not in _ENTRIES:  # the head of a feed needs none of its thousands of entries
                    self._found.setdefault(child.name, []).append(child)
        return [child for name in names for child in self._found.get(name, ())]

    def first(self, *names: str) -> str | None:
        return next(filter(None, (child.string() for child in self.all(*names))), None)

    def string(self) -> str | None:
        return " ".join(limits.shortened("".join(self.node.itertext(with_tail=False))).split()) or None

    def get(self, name: str) -> str:
        return str(self.node.get(name) or "").strip()

    def entries(self) -> Iterator[_Element]:
        for child in self.children():
            if child.name in _ENTRIES:
                yield child
            elif child.name in ("channel", "items", "rss", "feed"):
                yield from child.entries()

    def rels(self) -> dict[str, str]:
        """Links with a rel, the first of each: Atom's, which RSS borrows."""
        found: dict[str, str] = {}
        for link in self.all("atom:link", "link"):
            target = address(link.get("href"), link.base)
            if target:
                found.setdefault(link.get("rel").lower() or "alternate", target)
        return found

    def language(self) -> str | None:
        nodes = (self.node, *self.node.iterancestors())
        written = next(filter(None, (str(node.get(_XML_LANG) or "").strip() for node in nodes)), None)
        return written or self.first("language", "dc:language")

    def author(self) -> str | None:
        for written in self.all("author", "dc:creator", "itunes:author"):
            name = written.first("name") if len(written.node) else written.string()
            if name:
                mail = _MAIL.fullmatch(name)
                return mail[1].strip() if mail else name
        return None

    def value(self) -> html.Text:
        """Plain, HTML or XHTML text, by the element's type; RSS has no type and means HTML."""
        kind, raw = self.get("type").lower(), self.node.text or ""
        if len(self.node) and not _TAG.search(raw):
            return html.text_of(_lines(self.node), self.base)
        if kind in ("text", "text/plain") or (self.atom and not kind and not _TAG.search(raw)):
            return html.Text(plain(raw))
        if self.name == "media:description" and kind in ("", "plain") and not _TAG.search(raw):
            return html.Text(plain(raw))  # plain is what Media RSS means by no type
        if kind in ("", "html", "xhtml", "escaped") or kind.startswith("text/") or "html" in kind:
            return html.read(raw, self.base)
        return html.Text("")

    def headline(self) -> str | None:
        if len(self.node):
            return " ".join(_lines(self.node).lines().split()) or None
        raw = self.node.text or ""
        return (" ".join(raw.split()) if self.atom and self.get("type") in ("", "text") else html.line(raw)) or None

    @property
    def atom(self) -> bool:
        return "atom" in str(self.node.tag).lower()


def _entry(item: _Element, author: str | None, language: str | None) -> Entry:
    rels, body, media = item.rels(), _body(item), _media(item)
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
        replies=_replies(item),
        views=_views(item),
        reply_to=next(filter(None, (link.get("ref") for link in item.all("thr:in-reply-to"))), None),
        publisher=next((source.string() for source in item.all("source") if not len(source.node)), None),
        publisher_url=next(filter(None, (address(source.get("url")) for source in item.all("source"))), None),
        extra={child.plain_name: child.string() or "" for child in item.children() if child.name.startswith("im:")},
    )


def _texts_of(item: _Element, *names: str) -> tuple[str, ...]:
    return tuple(filter(None, (child.string() for child in item.all(*names))))


def _body(item: _Element) -> html.Text:
    """The whole text where the feed gives it, else the summary."""
    bodies = item.all("content:encoded", "content", "summary", "description", "itunes:summary", "media:description")
    bodies += [inner for group in item.all("media:group") for inner in group.all("media:description")]
    values = (body.value() for body in bodies)
    return next((value for value in values if value.text), html.Text(""))


def _media(item: _Element) -> list[str]:
    found = item.all("enclosure", "media:content", "media:thumbnail")
    found += [inner for group in item.all("media:group") for inner in group.all("media:content", "media:thumbnail")]
    return [medium.get("url") for medium in found]


def _replies(item: _Element) -> int | None:
    counted = [whole_number(item.first("slash:comments", "thr:total"))]
    counted += [whole_number(link.node.get(_THREAD_COUNT)) for link in item.all("link") if link.get("rel") == "replies"]
    return next((count for count in counted if count is not None), None)


def _views(item: _Element) -> int | None:
    """YouTube's, inside what Media RSS calls a community."""
    communities = [found for group in (item, *item.all("media:group")) for found in group.all("media:community")]
    counted = [whole_number(found.get("views")) for each in communities for found in each.all("media:statistics")]
    return next((count for count in counted if count is not None), None)


@lru_cache(maxsize=1024)
def _name(tag: str) -> str:
    """`dc:creator`, `content:encoded`, and plain names for what RSS and Atom define themselves."""
    space, _, local = tag.rpartition("}")
    key = re.sub(r"^\{https?://|/+$", "", space.lower())
    prefix = _NAMESPACES.get(key, "?") if space else ""
    return f"{prefix}:{local.lower()}" if prefix else local.lower()


def _lines(node: Any) -> html.Lines:
    """XHTML inside a feed, as the same events that an HTML page gives."""
    lines = html.Lines()
    lines.data(node.text or "")
    for event, part in etree.iterwalk(node, events=("start", "end")):
        if part is node:
            continue
        tag = str(part.tag).rpartition("}")[2].lower()
        if event == "start":
            lines.start(tag, part.attrib)
            lines.data(part.text or "")
        else:
            lines.end(tag)
            lines.data(part.tail or "")
    return lines
