"""XML as it is sent: mended in its text, so that lxml loses nothing of it in silence, and then read."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.entities import html5
from typing import Any

from lxml import etree

from insight.model.clean import clean as whole_pairs
from scrapers.formats import limits
from scrapers.formats.values import clean

_BEGIN = re.compile(r"<\?xml\b|<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_SHOWN = re.compile(r"&lt;(?:\?xml|rss|feed|rdf:RDF)\b", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[<>]{0,500}(?:\[(.{0,20000}?)\]\s*)?>", re.IGNORECASE | re.DOTALL)
_DECLARED = re.compile(r"""<!ENTITY\s+([A-Za-z][\w.-]{0,31})\s+(?:"([^"]{0,300})"|'([^']{0,300})')\s*>""")
_CDATA = "<![CDATA["
# Of the references of XML itself there is nothing to mend.
_REFERENCE = re.compile(
    r"&(?!(?:lt|gt|amp|quot|apos);)"
    r"(?:#(?:(?P<dec>\d{1,20})|[xX](?P<hex>[0-9a-fA-F]{1,16}));?|(?P<name>[A-Za-z][\w.-]{0,31});)?"
)
_BARE = re.compile(r"&(?!#[0-9]|#[xX][0-9a-fA-F]|[A-Za-z])")
_SIGNS = frozenset("&<>\"'")
_MOST_EXPANDED = 100_000  # letters: entities of one's own may multiply a document
# What pages write as 0x80 to 0x9F is windows-1252: https://html.spec.whatwg.org/#numeric-character-reference-end-state
_WINDOWS = {code: bytes([code]).decode("cp1252", errors="replace") for code in range(0x80, 0xA0)}
_C1 = re.compile("[\x80-\x9f]")


def prepared(text: str) -> str:
    """The document alone, without what stands before it, its declarations, and what no XML parser takes.

    A PHP warning may stand before a feed, and HTML around it; a bare `&` is an `&`, references are those of HTML.
    """
    begin = _BEGIN.search(text)
    if begin is None and (shown := _SHOWN.search(text)):  # a page that shows the feed as text
        return prepared(html.unescape(text[shown.start() : text.rfind("&gt;") + len("&gt;")]))
    own, at = {}, text[:30_000].lower().find("<!doctype")
    if doctype := _DOCTYPE.match(text, at) if at >= 0 else None:
        own = {name: one or other for name, one, other in _DECLARED.findall(doctype[1] or "")}
    text = _DECLARATION.sub("", text[begin.start() :] if begin else text[max(0, text.find("<")) :], count=1)
    if doctype:
        text = text.replace(doctype[0], "", 1)
    if _C1.search(text):
        text = text.translate(_WINDOWS)
    return clean(_mend_references(limits.cut_markup(text), own))


def _mend_references(text: str, own: Mapping[str, str]) -> str:
    """With a character for each reference that XML does not know; a `&` that begins none is one.

    An entity of the document's own is text, whatever it holds, so that none is made of others.
    """
    left, seen = _MOST_EXPANDED, dict[str, str]()

    def mended(found: re.Match[str]) -> str:
        nonlocal left
        if found["name"] in own and left > 0:
            left -= len(own[found["name"]])
            return html.escape(own[found["name"]])
        if found[0] not in seen:  # texts of numbered references alone have hundreds of thousands
            seen[found[0]] = character_of(found)
        return seen[found[0]]

    def character_of(found: re.Match[str]) -> str:
        if digits := found["dec"] or found["hex"]:
            code = int(digits, 10 if found["dec"] else 16)
            character = _WINDOWS.get(code) or (chr(code) if 0 < code <= 0x10FFFF else "\ufffd")
        else:
            character = html5.get(f"{found['name']};", "")
        if not character:
            return f"&amp;{found[0][1:]}"
        return f"&#{ord(character)};" if character in _SIGNS else html.escape(character)

    first, *others = text.split(_CDATA)
    pieces = [_REFERENCE.sub(mended, _BARE.sub("&amp;", first))]
    for other in others:  # what stands in a section is text
        inside, end, behind = other.partition("]]>")
        pieces += [_CDATA, inside, end, _REFERENCE.sub(mended, _BARE.sub("&amp;", behind))]
    return whole_pairs("".join(pieces))  # two references may be the halves of an emoji


def parse(text: str) -> tuple[Any | None, str | None]:
    """The root of what lxml makes of it, mistakes mended, if it makes anything; and what it could not mend."""
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
    except etree.XMLSyntaxError as error:
        return None, str(error)
    fatal = (error.message for error in parser.error_log if error.level == etree.ErrorLevels.FATAL)
    return root, next(fatal, None)
