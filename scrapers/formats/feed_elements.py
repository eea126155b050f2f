"""The elements of a feed, known by the usual prefix of their namespace, and what they say as plain values."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from typing import Any

from lxml import etree

from scrapers.formats import html, limits
from scrapers.formats.values import address, plain

_NAMESPACES = {
    "www.w3.org/2005/atom": "",
    "purl.org/atom/ns#": "",
    "purl.org/rss/1.0": "",
    "www.w3.org/1999/xhtml": "xhtml",
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
_FIELDS = frozenset(
    {"link", "guid", "id", "description", "summary", "content", "content:encoded", "pubdate", "published"}
)
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TAG = re.compile(r"<[a-zA-Z/!]")
_PREFIXES = frozenset(filter(None, _NAMESPACES.values()))
_MAIL = re.compile(r"[(<]?(?<![@\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+[)>]?")  # no handle such as @fern@social.example
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Element:
    """An element whose children are known by the usual prefix of their namespace, whatever prefix the feed gives it.

    `home`: the namespace of the feed's root, whichever it is: its elements are those of RSS and Atom.
    """

    def __init__(self, node: Any, base: str, home: str) -> None:
        self.node = node
        self._base, self._home = base, home
        self.name = _name(str(node.tag), node.prefix, home)
        self._found: dict[str, list[Element]] | None = None

    @classmethod
    def root(cls, node: Any, base: str) -> Element:
        space, _, local = str(node.tag).rpartition("}")
        return cls(node, base, space if local.lower() in ("rss", "feed", "channel") else "")

    def with_base(self, base: str) -> Element:
        return Element(self.node, base, self._home)

    @property
    def plain_name(self) -> str:
        return f"{self.name.partition(':')[0]}:{str(self.node.tag).rpartition('}')[2]}"

    @property
    def base(self) -> str:
        """What relative addresses here start from: xml:base, else the feed's own address."""
        return address(self.node.base, self._base) or self._base

    def children(self) -> Iterator[Element]:
        return (Element(child, self._base, self._home) for child in self.node if isinstance(child.tag, str))

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

        Of several the page for people is preferred to JSON and PDF.
        https://www.rfc-editor.org/rfc/rfc4287#section-4.2.7.2
        """
        links = self.all("atom:link", "link")
        links.sort(key=lambda link: link.get("type").lower() not in ("", "text/html", "application/xhtml+xml"))
        found: dict[str, str] = {}
        for link in links:
            target = address(link.get("href"), link.base)
            if target:
                found.setdefault(link.get("rel").lower() or "alternate", target)
        return found

    def enclosures(self) -> list[str]:
        links = self.all("atom:link", "link")
        return [link.get("href") for link in links if link.get("rel").lower() == "enclosure"]

    @property
    def own_language(self) -> str | None:
        return str(self.node.get(_XML_LANG) or "").strip().replace("_", "-") or None

    def language(self) -> str | None:
        nodes = (self.node, *self.node.iterancestors())
        written = next(filter(None, (str(node.get(_XML_LANG) or "").strip() for node in nodes)), None)
        written = written or self.first("language", "dc:language")
        return written.replace("_", "-") if written else None

    def author(self) -> str | None:
        """The name, without the mail address that may stand before it, behind it, or in its place."""
        for written in self.all("author", "dc:creator", "dc:author", "itunes:author"):
            name = written.first("name") if len(written.node) else written.string()
            if name and "@" in name:
                bare = _MAIL.sub(" ", name)
                name = " ".join(bare.split()).strip(" ()<>,") if bare != name else name
            if name:
                return name
        return None

    def publisher(self) -> str | None:
        """Of a `source`: its title, which RSS writes as its text."""
        if not len(self.node):
            return self.string()
        return next(filter(None, (title.headline() for title in self.all("title"))), None)

    def value(self) -> html.Text:
        """Plain, HTML or XHTML text, by the element's type; RSS has no type and means HTML.

        See https://www.rfc-editor.org/rfc/rfc4287#section-3.1; the types of MIME are those of Atom 0.3.
        """
        kind, raw = self._content()
        if len(self.node) and not _TAG.search(raw):
            return html.text_of(_lines(self.node), self.base)
        if kind in ("text", "text/plain") or (self.atom and not kind and not _TAG.search(raw)):
            return html.Text(plain(_decoded(raw)))
        if self.name == "media:description" and kind in ("", "plain") and not _TAG.search(raw):
            return html.Text(plain(raw))  # plain is what Media RSS means by no type
        if kind in ("", "html", "xhtml", "escaped") or kind.startswith("text/") or "html" in kind:
            return html.read(raw, self.base)
        return html.Text("")

    def headline(self) -> str | None:
        if any(child.name in _FIELDS for child in self.children()):  # its end is missing, and they are no part of it
            return html.line(self.node.text or "") or None
        if len(self.node):
            return " ".join(_lines(self.node).lines().split()) or None
        kind, raw = self._content()
        if kind == "escaped" or "html" in kind:
            return " ".join(html.read(raw, self.base).text.split()) or None
        return html.line(raw) or None

    def _content(self) -> tuple[str, str]:
        """The element's type, and its text. Of another type than text the text is base64 of HTML, if of anything.

        https://www.rfc-editor.org/rfc/rfc4287#section-4.1.3.3; `mode` is Atom's 0.3.
        """
        kind, raw = self.get("type").lower(), self.node.text or ""
        is_text = not kind or "/" not in kind or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))
        if self.get("mode").lower() != "base64" and (is_text or not self.atom):
            return kind, raw
        try:
            return "html", b64decode(raw, validate=False).decode()
        except ValueError:  # a picture
            return kind, ""

    @property
    def atom(self) -> bool:
        return "atom" in str(self.node.tag).lower()


def _decoded(text: str) -> str:
    """With a character for each reference: what says that it is text often holds some all the same."""
    return _REFERENCE.sub(lambda found: unescape(found[0]), text)


@lru_cache(maxsize=1024)
def _name(tag: str, prefix: str | None, home: str) -> str:
    """`dc:creator`, `content:encoded`, and plain names for what RSS and Atom define themselves.

    A namespace that is written wrong is known by its prefix.
    """
    space, _, local = tag.rpartition("}")
    if not space or space == home:
        return local.lower()
    key = re.sub(r"^\{https?://|/+$", "", space.lower())
    known = _NAMESPACES.get(key, prefix if prefix in _PREFIXES else "?")
    return f"{known}:{local.lower()}" if known else local.lower()


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
