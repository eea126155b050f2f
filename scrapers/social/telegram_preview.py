"""The preview that Telegram shows of a public channel: messages out of the events of its page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from insight.model import Post
from scrapers.formats import html
from scrapers.formats.dates import moment
from scrapers.formats.values import UnreadableError, address, addresses

NETWORK = "telegram"

_ID = re.compile(r"\w{1,64}/[0-9]{1,18}")
_LINKED = re.compile(r"https?://[^/]+/(\w{1,64}/[0-9]{1,18})(?:\?.*)?")
_PICTURE = re.compile(r"background-image:\s*url\(['\"]?(https?://[^'\"()\s]{1,2000})")
_COUNT = re.compile(r"([0-9][0-9\s,]{0,20}(?:\.[0-9]{1,3})?)\s*([KMB])?", re.IGNORECASE)
_LAST_COUNT = re.compile(r"[0-9.]{1,12}[KMB]?$", re.IGNORECASE)
_SHORT = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
_M = "tgme_widget_message"
# Elements whose text is wanted, by what it is.
_WANTED = {
    f"{_M}_text": "text",
    f"{_M}_views": "views",
    f"{_M}_owner_name": "owner",
    f"{_M}_document_title": "file",
    f"{_M}_poll_question": "poll",
    f"{_M}_poll_option_text": "poll",
    "tgme_reaction": "reactions",
}
_PICTURES = frozenset({f"{_M}_photo_wrap", f"{_M}_video_thumb", f"{_M}_roundvideo_thumb"})


@dataclass
class Message:
    """One message as the page says it. `service`: a line of the channel itself, such as a new photo."""

    id: str
    service: bool
    said: dict[str, list[html.Text]] = field(default_factory=dict)
    hashtags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    at: str | None = None
    url: str | None = None
    reply_to: str | None = None
    forwarded: str | None = None

    def first(self, what: str) -> html.Text:
        return next((found for found in self.said.get(what, ()) if found.text), html.Text(""))


class Preview:
    """A page's messages, in its order. `telegram`: whether it is one of Telegram's pages at all."""

    def __init__(self, base: str) -> None:
        self.messages: list[Message] = []
        self.before: str | None = None
        self.audience: int | None = None
        self.telegram = False
        self.orphans = False
        self._base = base
        self._depth = self._began = self._reply = 0
        self._message: Message | None = None
        self._wanted: tuple[str, int, html.Lines] | None = None
        self._over = False

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._depth += 1
        classes = set(attrib.get("class", "").split())
        if self._wanted:
            self._wanted[2].start(tag, self._without_tag_links(attrib))
        elif self._message and not self._reply:
            what = next((_WANTED[name] for name in sorted(classes & _WANTED.keys())), None)
            self._wanted = (what, self._depth, html.Lines()) if what else None
        if self._message:
            self._read_attributes(self._message, tag, classes, attrib)
        else:
            self._start_outside_messages(tag, classes, attrib)

    def end(self, tag: str) -> None:
        if self._over:
            return
        if self._wanted:
            what, began, lines = self._wanted
            if self._depth > began:
                lines.end(tag)
            else:
                self._wanted = None
                if self._message:
                    self._message.said.setdefault(what, []).append(html.text_of(lines, self._base))
                elif what == "audience":
                    self.audience = count(lines.lines())
        if self._reply == self._depth:
            self._reply = 0
        if self._message and self._depth == self._began:
            self.messages.append(self._message)
            self._message = None
        self._depth -= 1

    def data(self, data: str) -> None:
        if self._wanted:
            self._wanted[2].data(data)

    def ending(self) -> None:
        self._over = True

    @property
    def cut(self) -> str | None:
        """The message inside which the page breaks off."""
        return self._message.id if self._message else None

    def _start_outside_messages(self, tag: str, classes: set[str], attrib: Mapping[str, str]) -> None:
        self.telegram = self.telegram or any(name.startswith("tgme_") for name in classes)
        if _M in classes and "data-post" in attrib:
            self._message = Message(attrib["data-post"], "service_message" in classes)
            self._began = self._depth
        elif tag == "link" and attrib.get("rel") == "prev":
            self.before = next(iter(parse_qs(_query(attrib.get("href", ""))).get("before", ())), None)
        elif "data-before" in attrib and self.before is None:
            self.before = attrib["data-before"]
        elif "tgme_header_counter" in classes and not self._wanted:
            self._wanted = ("audience", self._depth, html.Lines())
        self.orphans = self.orphans or f"{_M}_text" in classes

    def _read_attributes(self, message: Message, tag: str, classes: set[str], attrib: Mapping[str, str]) -> None:
        link = attrib.get("href")
        if f"{_M}_reply" in classes:
            self._reply, message.reply_to = self._depth, link
        elif f"{_M}_date" in classes:
            message.url = link
        elif f"{_M}_forwarded_from_name" in classes:
            message.forwarded = link
        elif f"{_M}_link_preview" in classes and link:
            message.links.append(link)
        elif tag == "time" and "datetime" in attrib:
            message.at = attrib["datetime"]
        elif classes & _PICTURES:
            message.media += _PICTURE.findall(attrib.get("style", ""))
        elif tag in ("video", "audio") and "src" in attrib:
            message.media.append(attrib["src"])

    def _without_tag_links(self, attrib: Mapping[str, str]) -> Mapping[str, str]:
        """A hashtag leads to a search of the channel: it is no pointer to read on."""
        link = attrib.get("href", "")
        if not link.startswith("?q="):
            return attrib
        tag = next(iter(parse_qs(_query(link)).get("q", ())), "").strip().removeprefix("#")
        if self._message and re.fullmatch(r"\w{1,200}", tag):
            self._message.hashtags.append(tag)
        return {name: value for name, value in attrib.items() if name != "href"}


def read(markup: str, base: str) -> Preview:
    preview = Preview(base)
    html.feed(markup, preview)
    return preview


def post(message: Message, audience: int | None, base: str) -> Post | None:
    """A message as a post; None for what the channel says of itself. Raises UnreadableError.

    Telegram says that a message was edited, but not when.
    """
    if not _ID.fullmatch(message.id):
        raise UnreadableError("a message without the number of a channel's message")
    if message.service:
        return None
    at, precision = moment(message.at)
    body = message.first("text")
    asked = (found.text for what in ("file", "poll") for found in message.said.get(what, ()))
    views = count(message.first("views").text)
    given = [_LAST_COUNT.search(found.text) for found in message.said.get("reactions", ())]
    reactions = sum(count(found[0]) or 0 for found in given if found)
    return Post(
        network=NETWORK,
        native_id=message.id,
        text="\n".join(dict.fromkeys(filter(None, [body.text, *asked]))),
        url=address(message.url) or address(f"https://t.me/{message.id}"),
        author=message.id.partition("/")[0],
        author_name=message.first("owner").text or None,
        audience=audience,
        published_at=at,
        precision=precision,
        engagement={**({} if views is None else {"views": views}), **({"reactions": reactions} if reactions else {})},
        reply_to=_linked(message.reply_to),
        repost_of=_linked(message.forwarded),
        links=addresses([*body.links, *message.links], base),
        hashtags=tuple(dict.fromkeys(message.hashtags)),
        media=addresses(message.media, base),
    )


def count(written: str) -> int | None:
    """A count as Telegram shortens it: 92, 1.2K, "10 500 subscribers"."""
    found = _COUNT.match(written.strip())
    if not found:
        return None
    return round(float(re.sub(r"[\s,]", "", found[1])) * _SHORT[(found[2] or "").upper()])


def _linked(link: str | None) -> str | None:
    """The message an address leads to; a person's or a private channel's is not known."""
    found = _LINKED.fullmatch(link or "")
    return found[1] if found else None


def _query(link: str) -> str:
    try:
        return urlsplit(link).query
    except ValueError:
        return ""
