"""The main text of an article's page, without what stands around it (extra `articles`)."""

from __future__ import annotations

import html as entities
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from insight.model import Post
from scrapers.base import Page, Request, SourceError
from scrapers.bodies import markup_of
from scrapers.formats import html
from scrapers.formats.values import plain

ENOUGH = 2000  # characters that a feed gives only where it gives the whole article
MOST_ELEMENTS = 2500
LONGEST = 300_000

_INSTALL = "run `pip install 'listener[articles]'`, or take `full_text` out of the config"
_KEPT = ("class", "id", "href")
# What says nothing of where the text is. trafilatura takes two minutes for 60,000 <span>, and seconds for 65,000
# attributes; so it gets a page's blocks and links alone, and not too many.
# fmt: off
_INLINE = frozenset({
    "abbr", "b", "bdi", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small",
    "span", "strong", "sub", "sup", "tt", "u", "var", "wbr",
})
_UNSEEN = frozenset({
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio", "video", "select",
    "form", "button",
})
# fmt: on
_ADAPTER = TypeAdapter(Post)


def require_trafilatura() -> Any:
    """trafilatura. Raises SourceError, with what to install, where it is not there."""
    try:
        import trafilatura
    except ImportError as error:
        raise SourceError("`full_text` needs the extra `articles`", permanent=True, remedy=_INSTALL) from error
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it calls a page without an article an error
    return trafilatura


def main_text(markup: str) -> str | None:
    """The text of the article on a page; None: there is none. Raises SourceError as `require_trafilatura`."""
    trafilatura = require_trafilatura()
    simplified = _Simplified()
    html.feed(markup[: html.CAP], simplified)
    try:
        found = trafilatura.extract(simplified.markup(), include_comments=False, include_tables=False)
    except Exception:  # noqa: BLE001  # a page that it stumbles over costs the text of that page alone
        return None
    return plain(found) or None if isinstance(found, str) else None


def request_for(post: Post) -> Request | None:
    """What brings the whole text of a post; None where the feed gives as much already, or no address."""
    if post.url is None or len(post.text) >= ENOUGH:
        return None
    return Request(post.url, note={"post": _ADAPTER.dump_json(post).decode()}, article=True)


def with_main_text(page: Page) -> Post | None:
    """The post with the text of its page; as the feed gave it, where the page does not give more. None: no post."""
    try:
        post = _ADAPTER.validate_json(page.request.note.get("post", ""))
    except ValidationError:
        return None
    if not page.usable or "html" not in page.headers.get("content-type", "html"):
        return post
    found = main_text(markup_of(page))
    return replace(post, text=found) if found and len(found) > len(post.text) else post


class _Simplified:
    """Builds a page's blocks and links again, without attributes that say nothing and with an end to their number."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[str | None] = []
        self._hidden = 0
        self._elements = 0
        self._size = 0

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._hidden += tag in _UNSEEN
        shown = not self._hidden and tag not in _INLINE and self._elements < MOST_ELEMENTS
        self._open.append(tag if shown else None)
        if not shown:
            self._say(" " if tag not in _INLINE else "")
            return
        self._elements += 1
        kept = "".join(f' {name}="{entities.escape(attrib[name][:200])}"' for name in _KEPT if name in attrib)
        self._parts.append(f"<{tag}{kept}>")

    def end(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN and self._hidden > 0
        shown = self._open.pop() if self._open else None
        if shown is not None and shown not in ("br", "hr", "img", "meta", "link", "input"):
            self._parts.append(f"</{shown}>")

    def data(self, data: str) -> None:
        if not self._hidden:
            self._say(entities.escape(data, quote=False))

    def ending(self) -> None:
        pass

    def markup(self) -> str:
        return "".join(self._parts)

    def _say(self, said: str) -> None:
        self._size += len(said)
        if self._size <= LONGEST:
            self._parts.append(said)
