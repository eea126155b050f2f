"""HTML by the standard library's parser alone: words, links and pictures, for expectations that share no reader."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

_BLOCKS = re.compile(
    "p|div|br|li|ul|ol|blockquote|pre|h[1-6r]|table|tr|td|th|dl|dt|dd|figure|figcaption|section|article|aside|details"
    "|summary|header|footer|main"
)
_BARE = re.compile(r"https?://[^\s<>\"]+")
_VOID = re.compile("br|hr|img|input|meta|link|source|wbr|area|col|embed|track")


class Markup(HTMLParser):
    """`skip`: classes whose elements say nothing; `unlinked`: one whose anchors are no links; `bare`: addresses in the
    text are links, but not in code; `previews`: classes of what stands for an address. Scripts and styles say nothing.
    """

    def __init__(
        self, markup: str, base: str = "", skip: str = "", unlinked: str = "", bare: bool = False, previews: str = ""
    ) -> None:
        super().__init__(convert_charrefs=True)
        self.written, self.hrefs, self.sources = "", [], []  # type: str, list[str], list[str]
        self._base, self._skip, self._unlinked, self._bare = base, set(skip.split()), unlinked, bare
        self._previews, self._preview, self._hidden, self._quoted = set(previews.split()), False, 0, 0
        self.feed(markup)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(self.written.split())

    @property
    def links(self) -> tuple[str, ...]:
        return web(self.hrefs)

    @property
    def pictures(self) -> tuple[str, ...]:
        return web(self.sources)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        quiet = tag in ("script", "style", "svg") or bool(self._skip & set(said.get("class", "").split()))
        if self._previews & set(said.get("class", "").split()) and not self._hidden:
            quiet = self._preview = True
        shown = said.get("data-onebox-src") or (said.get("href") if tag == "a" else "")
        if self._preview and shown:
            self.written += f" {shown} "
            self.hrefs.append(shown)
            self._preview = False
        if (self._hidden or quiet) and not _VOID.fullmatch(tag):
            self._hidden += 1
        self._quoted += tag in ("a", "code", "pre")
        if _BLOCKS.fullmatch(tag):
            self.written += "\n"
        if self._hidden:
            return
        named = self._unlinked and self._unlinked in said.get("class", "").split()
        href = said.get("href", "").strip()
        if tag == "a" and href and not href.startswith("#") and not named:
            self.hrefs.append(urljoin(self._base, href))
        if tag == "img" and "emoji" in said.get("class", "").split():
            self.written += said.get("alt", "")
        elif tag == "img" and said.get("src"):
            self.sources.append(urljoin(self._base, said["src"].strip()))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= self._hidden > 0 and not _VOID.fullmatch(tag)
        self._quoted -= tag in ("a", "code", "pre") and self._quoted > 0
        if _BLOCKS.fullmatch(tag):
            self.written += "\n"

    def handle_data(self, data: str) -> None:
        self.written += "" if self._hidden else data
        if self._bare and not self._quoted and not self._hidden:
            self.hrefs += bare_links(data)


def web(addresses: list[str]) -> tuple[str, ...]:
    """Those of the web, each once, in their order."""
    found = (one.replace(" ", "%20") for one in addresses if one.startswith(("http://", "https://")))
    return tuple(dict.fromkeys(found))


def forum_post(cooked: str, host: str) -> Markup:
    """What its author wrote of a post of Discourse: not the posts that it quotes, and of a preview the address alone.

    A picture that can be enlarged is no link.
    """
    previews = "onebox inline-onebox lazy-video-container"
    return Markup(cooked, f"https://{host}/", skip="quote meta", unlinked="lightbox", previews=previews)


def bare_links(text: str) -> tuple[str, ...]:
    """Addresses in plain text, without the punctuation of their sentence."""
    return web([found.rstrip(".,;:!?)]}'") for found in _BARE.findall(text)])


def words(markup: str) -> str:
    """What a title says that may hold references and tags."""
    return Markup(markup).text


def unescaped(text: str) -> str:
    return " ".join(unescape(text).split())
