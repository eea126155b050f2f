"""Two feeds: a magazine as RSS 2.0 and the brand's forum as Atom, with validators and 304."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import islice
from xml.sax.saxutils import escape

from listener.demo.platforms.serving import HttpAnswer, PostTimeline, Rendered
from listener.demo.posts import MarketPost

LONGEST = 50
RSS = "application/rss+xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"


class Feed:
    """One feed. It changes when a post appears, is edited or goes."""

    def __init__(self, posts: Iterable[MarketPost], address: str) -> None:
        self._timeline = PostTimeline(posts)
        self._address = address
        times = ((post.at, post.edited_at, post.deleted_at) for post in self._timeline.posts)
        self._changes = sorted(at for each in times for at in each if at)
        self._rendered = Rendered(self._entry)

    def read(self, headers: Mapping[str, str], now: datetime) -> HttpAnswer:
        """The newest entries, or 304 for a reader who has them."""
        changes = bisect_right(self._changes, now)
        changed = self._changes[changes - 1] if changes else now.replace(minute=0, second=0, microsecond=0)
        tag = f'W/"{changes:x}"'
        validators = {"etag": tag, "last-modified": format_datetime(changed, usegmt=True)}
        if _not_modified(headers, tag, changed):
            return HttpAnswer(304, validators, b"")
        entries = (self._rendered.of(post, now) for post in islice(self._timeline.newest_first(now), LONGEST))
        document = self._frame("\n".join(entries), changed)
        return HttpAnswer(200, validators | {"content-type": self.content_type}, document.encode())

    content_type = RSS

    def _frame(self, entries: str, changed: datetime) -> str:
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>The Software Reader (simulated)</title><link>https://softwarereader.example/</link>
<description>A magazine of the simulated market: nobody is real.</description><language>en</language>
<lastBuildDate>{format_datetime(changed, usegmt=True)}</lastBuildDate>
<atom:link href="{self._address}" rel="self" type="application/rss+xml"/>
{entries}
</channel></rss>
"""

    def _entry(self, post: MarketPost, now: datetime) -> str:
        return (
            f"<item><title>{escape(post.title)}</title><link>{post.link}</link>"
            f'<guid isPermaLink="false">softwarereader-{post.id}</guid><dc:creator>{post.author.name}</dc:creator>'
            f"<pubDate>{format_datetime(post.at, usegmt=True)}</pubDate>"
            f"<description>{escape(_html(post, now))}</description></item>"
        )


class AtomFeed(Feed):
    content_type = ATOM

    def _frame(self, entries: str, changed: datetime) -> str:
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>tag:forum.lanternfish.example,2026:latest</id>
<title>Lanternfish community (simulated market: nobody is real)</title>
<updated>{changed.isoformat()}</updated><link rel="self" href="{self._address}"/>
{entries}
</feed>
"""

    def _entry(self, post: MarketPost, now: datetime) -> str:
        return (
            f"<entry><id>tag:forum.lanternfish.example,2026:topic-{post.id}</id><title>{escape(post.title)}</title>"
            f'<link rel="alternate" href="https://forum.lanternfish.example/t/{post.id}"/>'
            f"<author><name>{post.author.handle}</name></author><published>{post.at.isoformat()}</published>"
            f"<updated>{post.changed(now).isoformat()}</updated>"
            f'<content type="html">{escape(_html(post, now))}</content></entry>'
        )


def _html(post: MarketPost, now: datetime) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in post.says(now).split("\n"))


def _not_modified(headers: Mapping[str, str], tag: str, changed: datetime) -> bool:
    """Whether the reader has it already. An ETag, where one is sent, decides alone (RFC 9110, 13.1.3)."""
    if "if-none-match" in headers:
        return tag in headers["if-none-match"]
    try:
        return parsedate_to_datetime(headers["if-modified-since"]) >= changed
    except (KeyError, ValueError):
        return False
