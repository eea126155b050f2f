"""What a feed of any format holds, before anybody says what it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from insight.model import Rejected


class NotAFeedError(ValueError):
    """The body is not a feed; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its feed wrote it; dates are still as written. `images` stand in the text, `media` beside it.

    `extra` are the leaves of Apple's namespace.
    """

    id: str | None = None
    is_permalink: bool = False
    link: str | None = None
    related: str | None = None
    title: str | None = None
    text: str = ""
    links: tuple[str, ...] = ()
    author: str | None = None
    published: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    language: str | None = None
    media: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    comments: str | None = None
    replies: int | None = None
    views: int | None = None
    reply_to: str | None = None
    publisher: str | None = None
    publisher_url: str | None = None
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """`links` are the feed's own by their rel (`next`, …); `cut` is the beginning of an entry without an end.

    `rejected`: entries so broken that nothing can be said of them.
    """

    entries: tuple[Entry, ...] = ()
    home: str | None = None
    links: dict[str, str] = field(default_factory=dict)
    cut: str | None = None
    rejected: tuple[Rejected, ...] = ()
