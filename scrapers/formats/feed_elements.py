"""The elements of a feed, known by the usual prefix of their namespace, and what they say as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from scrapers.formats import html, limits
from scrapers.formats.values import address, plain

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
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TAG = re.compile(r"<[a-zA-Z/!]")
_MAIL = re.compile(r"[^\s()]+@[^\s()]+\s*\((.{1,200})\)")


class Element:
    """An element whose children are known by the usual prefix of their namespace, whatever prefix the feed gives it."""

    def __init__(self, node: Any, base: str) -> None:
        self.node = node
        self._base = base
        self.name = _name(str(node.tag))
        self._found: dict[str, list[Element]] | None = None

    @property
    def plain_name(self) -> str:
        return f"{self.name.partition(':')[0]}:{str(self.node.tag).rpartition('}')[2]}"

    @property
    def base(self) -> str:
        """What relative addresses here start from: xml:base, else the feed's own address."""
        return address(self.node.base, self._base) or self._base

    def children(self) -> Iterator[Element]:
        return (Element(child, self._base) for child in self.node if isinstance(child.tag, str))

    def all(self, *names: str) -> list[Element]:
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

    def entries(self) -> Iterator[Element]:
        for child in self.children():
            if child.name in _ENTRIES:
                yield child
            elif child.name in ("channel", "items", "rss", "feed"):
                yield from child.entries()

    def rels(self) -> dict[str, str]:
        """Links with a rel, the first of each: Atom's, which RSS borrows. Without a rel one is `alternate`.

        https://www.rfc-editor.org/rfc/rfc4287#section-4.2.7.2
        """
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
        """Plain, HTML or XHTML text, by the element's type; RSS has no type and means HTML.

        See https://www.rfc-editor.org/rfc/rfc4287#section-3.1; the types of MIME are those of Atom 0.3.
        """
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
