"""What a person reads of markup, from a parser's events: lines of text, and the addresses it links to and shows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scrapers.formats import limits

_LETTERS = 8_000_000  # that are made into text: elements in elements, each with its own, say them again and again
# fmt: off
_BLOCKS = (
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
    "hr", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody",
    "tfoot", "thead", "tr", "ul",
)
_UNSEEN = frozenset({
    "head", "title", "script", "style", "template", "svg", "iframe", "noframes", "select", "datalist",
    "annotation", "annotation-xml",  # a formula once more, as it was typed: https://www.w3.org/TR/mathml-core/
})
# fmt: on
_EDGES = dict.fromkeys(_BLOCKS, "\f") | {"br": "\v", "td": " ", "th": " ", "q": '"'}
_PLAYERS = frozenset({"audio", "video", "canvas"})  # what they hold is for browsers that play nothing
_PICTURE_BOX = "lightbox-wrapper"  # a picture in a post of Discourse, with the name and size of its file
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_ASIDE = frozenset({"mention", "hashtag"})  # microformats of the fediverse: links that are no pointers to read on
# What a forum of Discourse puts into a post: posts of others, previews and titles of pages in the place of their
# addresses. And KaTeX writes each formula twice, once for the eye: https://katex.org/docs/options (output)
_PREVIEWS = frozenset({"onebox", "inline-onebox", "lazy-video-container"})
_PUT_IN = {"aside": _PREVIEWS | {"quote"}, "a": _PREVIEWS, "div": _PREVIEWS, "span": frozenset({"katex-html"})}
_NONE: frozenset[str] = frozenset()
_SMILEY = re.compile(r"emoji|emoticon|emote|smil(?:ey|ie)", re.IGNORECASE)
_SIGNS = re.compile(
    r":[\w+-]{1,60}:|(?=.*[^\x00-\x7f])"
    r"[\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\u200d\ufe0f\u20e3\U000e0020-\U000e007f#*0-9]{1,16}"
)
# Where a line may be broken or a word hyphenated: <wbr> and its like as characters. Joiners are part of how it reads.
HINTS = re.compile("[\u00ad\u200b\u2060\ufeff]")
_IN_PRE = str.maketrans(" \t\n", "\x1f\x1e\v")


class Lines:
    """Builds text from events: blocks and `<br>` break the line, white space folds, what nobody sees is left out.

    So is what others said, where the markup tells it apart. A picture that stands for a sign is that sign.
    """

    def __init__(self, without: str | None = None) -> None:
        self.parts: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self._without = without
        self._depth = self._pre = 0
        self._hidden: int | None = None  # the depth at which something unseen began
        self._silent: list[tuple[int, int, int]] = []  # depth of boxes that are not read, and where text, links begin
        self._previewed = False  # whether the address of the preview that is hidden is still to come
        self._left = _LETTERS

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._depth += 1
        if self._hidden is not None:
            if self._previewed and tag == "a" and "href" in attrib:
                self._show_source(attrib["href"])
            return
        if tag in _UNSEEN or (
            attrib
            and (
                "hidden" in attrib
                or ("style" in attrib and _NOT_SHOWN.search(attrib["style"]))
                or ("class" in attrib and (tag in _PUT_IN or self._without) and self._is_put_in(tag, attrib))
            )
        ):
            self._hidden = self._depth
            return
        if tag == "a":
            if attrib.get("href", "#")[:1] != "#" and not _ASIDE & set(attrib.get("class", "").split()):
                self.links.append(attrib["href"])
        elif tag == "img":
            self._picture(attrib)
        elif tag in _EDGES:
            self._pre += tag == "pre"
            self.parts.append(_EDGES[tag])
        elif tag in _PLAYERS:
            self._silent.append((self._depth, len(self.parts), len(self.links)))

    def _is_put_in(self, tag: str, attrib: Mapping[str, str]) -> bool:
        classes = attrib["class"].split()
        if _PICTURE_BOX in classes:
            self._silent.append((self._depth, len(self.parts), len(self.links)))
        if tag != "span" and not _PREVIEWS.isdisjoint(classes):
            self._previewed = True
            source = attrib.get("href" if tag == "a" else "data-onebox-src")
            if source:
                self._show_source(source, "" if tag == "a" else "\f")
        return self._without in classes or not _PUT_IN.get(tag, _NONE).isdisjoint(classes)

    def _show_source(self, source: str, edge: str = "\f") -> None:
        """What the author wrote is the address of what is previewed; forums of older days name it by a link inside."""
        self._previewed = False
        self.links.append(source)
        self.parts.append(f"{edge}{source}{edge}")

    def _picture(self, attrib: Mapping[str, str]) -> None:
        alt = attrib.get("alt", "").strip()
        if alt and (_SMILEY.search(attrib.get("class", "")) or _SIGNS.fullmatch(alt)):
            self.parts.append(alt)
        elif "src" in attrib:
            self.images.append(attrib["src"])

    def end(self, tag: str) -> None:
        if self._hidden is None:
            if self._silent and self._silent[-1][0] == self._depth:
                _, text, links = self._silent.pop()
                del self.parts[text:], self.links[links:]
            if tag in _EDGES and tag != "br":
                self._pre -= tag == "pre"
                self.parts.append(_EDGES[tag])
        elif self._hidden == self._depth:
            self._hidden = None
        self._depth -= 1

    def data(self, data: str) -> None:
        if self._hidden is None:
            self.parts.append(data.translate(_IN_PRE) if self._pre else data)

    def ending(self) -> None:
        self._silent.clear()  # one that the markup never closes would take the rest of the text along

    def lines(self, start: int = 0) -> str:
        """The text since a part: a form feed stands for the edge of a block, a vertical tab for a line break."""
        if self._left <= 0:
            limits.leave_out("the text of some elements was left out: they repeat each other")
            return ""
        said = "".join(self.parts[start:])
        self._left -= len(said) + len(self.parts) - start
        said = said if said.isascii() else HINTS.sub("", said)
        # a single blank stays as it is: replacing each would hold a list of all words
        folded = re.sub(r"[ \t\n\r\xa0]{2,}|[\t\n\r\xa0]", " ", limits.shortened(said))
        broken = re.sub(r" ?(?:\f ?)+", "\f", folded)
        broken = re.sub(r"\f?(\v)\f?", r"\1", broken).replace("\f", "\n").replace("\v", "\n")
        broken = re.sub(r"\n{3,}", "\n\n", re.sub(r"(?<![ \x1e\x1f])[ \x1e\x1f]*\n ?", "\n", broken)).strip("\n ")
        return broken.replace("\x1f", " ").replace("\x1e", "\t").rstrip()
