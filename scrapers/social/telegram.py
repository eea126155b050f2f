"""Public Telegram channels, through the preview that Telegram shows of them on the web."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from insight.model import Deletion, Rejected, Watch
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import markup_of
from scrapers.formats.dates import moment
from scrapers.formats.values import each, whole_number
from scrapers.marks import distinct, mark_of, newest_mark, reaches_back, times_of
from scrapers.settings import named, under
from scrapers.social import telegram_preview as previews

CLOSED = "open https://t.me/s/{0} in a browser: if it shows no messages either, take {0} out of `channels`"
_CHANNEL = re.compile(r"(?:@|https?://(?:t|telegram)\.me/(?:s/)?)?([A-Za-z]\w{3,31})/?")


class Telegram(Source):
    """Telegram shows the messages of public channels on the web, at t.me/s/<channel>, to everybody and without a key.

    This preview is not documented and promises no rate: a request every three seconds has proved polite. Nothing limits
    how long what was read is kept; a message that is no longer shown is deleted here. There is no search across
    channels: those in `channels` are read whole, back to their first message. An owner may switch the preview off; such
    a channel, a private one and a group say "no public preview", which is an error and not an empty channel. Numbers
    are rounded by Telegram (1.2K), and of an edit it says that there was one, not when.
    """

    kind = "telegram"
    title = "Telegram channels"
    network = previews.NETWORK
    terms = Terms(
        Access.OPEN,
        "Public web previews of channels, without a key: undocumented, so one request in three seconds.",
        "https://telegram.org/tos",
        pace=3.0,
    )
    example: ClassVar[dict[str, Any]] = {"channels": ["telegram"]}
    default_every = 900.0
    looks_again = (timedelta(days=1), timedelta(days=7))

    channels: tuple[str, ...] = Field(description="Channels to read: telegram, @telegram or its address.", min_length=1)
    base_url: str = Field("https://t.me", description="Where the previews are.")

    @field_validator("channels")
    @classmethod
    def _names(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return named(given, _CHANNEL, "channel: write its name, such as telegram")

    @classmethod
    def for_page(cls, url: str) -> Telegram:
        name = _channel(url)
        return cls(channels=(name,)) if name and _CHANNEL.fullmatch(name) else cls(**cls.example)

    @property
    def label(self) -> str:
        return ",".join(self.channels)[:80]

    def budget(self) -> Budget:
        return Budget(per_minute=20)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(f"@{name.lower()}", name) for name in self.channels)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(under(self.base_url, f"s/{search.terms}"), since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """A page of the preview shows twenty messages at once, so those of a channel are looked up together."""
        by_channel: dict[str, list[str]] = {}
        for one in sorted((one for one in ids if whole_number(one.partition("/")[2])), key=_number, reverse=True):
            by_channel.setdefault(one.partition("/")[0], []).append(one)
        return tuple(
            _lookup_request(under(self.base_url, f"s/{channel}"), found) for channel, found in by_channel.items()
        )

    def parse(self, page: Page) -> Batch:
        found = previews.read(markup_of(page), page.url)
        if not found.messages and found.cut is None:
            return _without_messages(page, found)
        posts, rejected = each(found.messages, lambda one: previews.post(one, found.audience, page.url))
        posts = distinct(posts)
        if found.cut is not None:
            rejected += (Rejected("the page breaks off inside this message", found.cut),)
        if page.request.note.get("look"):
            # Of those that were asked for, the ones between messages that are shown and not shown themselves are gone.
            asked = page.request.note["look"].split(",")
            wanted = {one.lower() for one in asked}
            here = [one for one in posts if one.native_id.lower() in wanted]
            oldest = min(_number(message.id) for message in found.messages) if found.messages else 0
            shown = {message.id.lower() for message in found.messages}
            missing = [one for one in asked if _number(one) >= oldest and one.lower() not in shown and not rejected]
            left = [one for one in asked if _number(one) < oldest]
            gone = (Deletion(previews.NETWORK, one) for one in missing)
            return Batch((*here, *gone), (_lookup_request(page.request.url, left),) if left else (), None, rejected)
        times = times_of(posts)
        return Batch(posts, _next_requests(page, found, times), newest_mark(times, page), rejected)


def _without_messages(page: Page, found: previews.Preview) -> Batch:
    """A page without messages: what lies before a channel's first one, or no preview at all."""
    channel = _channel(page.request.url) or "the channel"
    here = urlsplit(page.url).path
    if not found.telegram or found.orphans:
        raise not_read(page, "messages of a Telegram channel")
    if page.request.params.get("before") and "/s/" in here and not page.request.note.get("look"):
        return Batch()
    # 404, as if Telegram had said so: what it does is redirect, and the other channels have nothing to do with it
    raise SourceError(
        f"no public preview of the Telegram channel {channel}: {page.url} shows no messages",
        permanent=True,
        remedy=CLOSED.format(channel),
        status=404,
    )


def _next_requests(page: Page, found: previews.Preview, times: Sequence[datetime]) -> tuple[Request, ...]:
    """The messages before these, until the known ones."""
    before = whole_number(found.before)
    if before is None or reaches_back(times, moment(page.request.since)[0]):
        return ()
    return (replace(page.request, params={**page.request.params, "before": str(before)}),)


def _lookup_request(url: str, ids: Sequence[str]) -> Request:
    return Request(url, {"before": str(_number(ids[0]) + 1)}, note={"look": ",".join(ids)})


def _number(native_id: str) -> int:
    return whole_number(native_id.partition("/")[2]) or 0


def _channel(url: str) -> str:
    parts = [part for part in urlsplit(url).path.split("/") if part]
    return parts[-1] if parts else ""
