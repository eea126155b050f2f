"""Feeds of every kind: what their entries say, by the standard library's XML parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from insight.model import PostKind, Precision
from tests.scrapers.recordings.judging import Said, numbers, time
from tests.scrapers.recordings.markup import Markup, web

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
RSS1 = "{http://purl.org/rss/1.0/}"
SLASH = "{http://purl.org/rss/1.0/modules/slash/}comments"
MEDIA = "{http://search.yahoo.com/mrss/}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
THREAD = "{http://purl.org/syndication/thread/1.0}"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DECLARED = re.compile(r"<\?xml[^>]*\?>")


class Item:
    """An item or entry, asked by the plain or the qualified names of its elements."""

    def __init__(self, node: ElementTree.Element, parents: Sequence[ElementTree.Element]) -> None:
        """A feed says for all its entries in which language they are, who wrote them and where they stand."""
        heads = [*parents[::-1], *(child for top in parents for child in top if child.tag.endswith("channel"))]
        self.node = node
        inside = [child for name in ("content", "summary") for child in node.findall(f"{ATOM}{name}")]
        own = (
            top.get(LANG) or top.findtext("language") or top.findtext(f"{DC}language")
            for top in (*inside, node, *heads)
        )
        self.language = next(filter(None, own), None)
        bases = [top.get(BASE) for top in (node, *heads)]
        bases += [link.get("href") for top in heads for link in top.findall(f"{ATOM}link") if link.get("rel") == "self"]
        bases += [top.findtext("link") or top.findtext(f"{RSS1}link") for top in heads]
        self.base = next(filter(None, bases), "").strip()
        self.feed_author = next((each for top in heads for each in top.findall(f"{ATOM}author/{ATOM}name")), None)

    def all(self, *names: str) -> list[ElementTree.Element]:
        wanted = [f"{space}{name}" if "}" not in name else name for name in names for space in ("", ATOM, RSS1)]
        return [child for name in wanted for child in self.node if child.tag == name]

    def text(self, *names: str) -> str | None:
        found = ("".join(each.itertext()).strip() for each in self.all(*names))
        return next((" ".join(one.split()) for one in found if one), None)

    def markup(self, *names: str) -> str:
        """As HTML: what is escaped in the element, or stands in it as XHTML."""
        for each in self.all(*names):
            if len(each):
                inner = "".join(ElementTree.tostring(child, "unicode", method="html") for child in each)
                return re.sub(r"(</?)\w+:", r"\1", escape(each.text or "") + inner)
            written = each.text or ""
            if each.tag.startswith(ATOM) and each.get("type", "text") == "text":
                written = written.replace("&", "&amp;").replace("<", "&lt;")
            if written.strip():
                return written
        return ""

    def rel(self, name: str) -> str | None:
        links = [each for each in self.all("link") if each.get("href") and each.get("rel", "alternate") == name]
        return links[0].get("href") if links else None


def items(raw: str) -> Iterator[Item]:
    """All that are whole, also of a document that is cut off or begins with white space."""
    parser = ElementTree.XMLPullParser(["start", "end"])
    with suppress(ElementTree.ParseError):
        parser.feed(_DECLARED.sub("", raw.lstrip("\ufeff \r\n\t"), count=1))
    above: list[ElementTree.Element] = []
    found: list[tuple[ElementTree.Element, list[ElementTree.Element]]] = []
    with suppress(ElementTree.ParseError):
        for event, node in parser.read_events():
            assert isinstance(node, ElementTree.Element)
            if event == "start":
                above.append(node)
            else:
                above.pop()
                if node.tag.rpartition("}")[2] in ("item", "entry"):
                    found.append((node, list(above)))
    for node, parents in found:
        yield Item(node, parents)


_PORTUGUESE = {"Fev": "Feb", "Abr": "Apr", "Mai": "May", "Ago": "Aug", "Set": "Sep", "Out": "Oct", "Dez": "Dec"}


def moment(written: str | None) -> datetime | None:
    if not written:
        return None
    english = re.sub(r"\b(Fev|Abr|Mai|Ago|Set|Out|Dez)\b", lambda month: _PORTUGUESE[month[1]], written)
    written = re.sub(r"^[^\W\d]+, ", "", english)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError):
            at = read(written)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


# https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287, https://www.jsonfeed.org/version/1.1
def feed(raw: Any, url: str) -> Sequence[Said] | None:
    if not isinstance(raw, str):
        return [_json_entry(one, raw) for one in raw["items"]]
    found = [read_entry(item) for item in items(raw)]
    return [said for said in found if said["title"] or said["text"] or said["url"]] if found or "<feed" in raw else None


def read_entry(item: Item) -> Said:
    link = (
        item.text("{http://rssnamespace.org/feedburner/ext/1.0}origLink") or item.rel("alternate") or item.text("link")
    )
    guid = item.all("guid")
    if not link and guid and guid[0].get("isPermaLink", "true") != "false" and (guid[0].text or "").startswith("http"):
        link = guid[0].text
    link = urljoin(item.base, link) if link else None
    counted = item.text(SLASH, f"{THREAD}total")
    counted = counted or next(filter(None, (each.get(f"{THREAD}count") for each in item.all("link"))), None)
    names = (
        "{http://purl.org/rss/1.0/modules/content/}encoded",
        "content",
        "summary",
        "description",
        f"{ITUNES}summary",
    )
    body = next((read for name in names if (read := Markup(item.markup(name), item.base)).text), Markup(""))
    published = moment(item.text("pubDate", "published", f"{DC}date", "{http://purl.org/dc/terms/}issued"))
    updated = moment(item.text("updated"))
    when = published or updated
    pictures = [
        each.get("url") or each.get("href") or ""
        for each in item.all("enclosure", f"{MEDIA}content", f"{MEDIA}thumbnail")
    ]
    pictures += [each.get("href", "") for each in item.all("link") if each.get("rel") == "enclosure"]
    people = [
        each.findtext(f"{ATOM}name") or each.text or ""
        for each in item.all("author", f"{DC}creator", f"{ITUNES}author")
    ]
    people += [item.feed_author.text or ""] if item.feed_author is not None else []
    author = next((name for one in people if (name := _name(one))), None)
    title = item.all("title")
    return {
        "network": "web",
        "native_id": None,  # where it comes from is the affair of the tests of identity
        "kind": PostKind.ARTICLE,
        "text": body.text,
        "title": Markup(item.markup("title")).text if title else None,
        "url": link,
        "author": author,
        "published_at": when,
        "precision": Precision.SECOND if when else Precision.UNKNOWN,
        "edited_at": updated if published and updated and updated > published else None,
        "language": item.language,
        "engagement": numbers(replies=counted),
        "links": tuple(one for one in body.links if one != link),
        "media": web(pictures),
    }


def _name(written: str) -> str | None:
    """A person, never the mail: RSS writes "jo@a.example (Jo)"."""
    mail = re.fullmatch(r"\s*\S+@\S+\s*\((.+)\)\s*", written)
    name = (mail[1] if mail else written).strip()
    return None if re.fullmatch(r"\S+@\S+", name) else name or None


def _json_entry(one: Any, whole: Any) -> Said:
    body = Markup(one.get("content_html") or "", one.get("url") or "")
    published, updated = time(one.get("date_published")), time(one.get("date_modified"))
    return {
        "network": "web",
        "native_id": None,
        "kind": PostKind.ARTICLE,
        "text": body.text or one.get("content_text") or one.get("summary") or "",
        "title": one.get("title"),
        "url": one.get("url"),
        "author": next(iter(one.get("authors", ())), {}).get("name"),
        "language": one.get("language") or whole.get("language"),
        "published_at": published or updated,
        "edited_at": updated if published and updated and updated > published else None,
        "links": web([link for link in [one.get("external_url") or "", *body.hrefs] if link != one.get("url")]),
        "media": web([one.get("image") or "", one.get("banner_image") or ""]),
    }
