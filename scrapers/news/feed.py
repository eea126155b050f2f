"""Articles from any RSS, Atom or JSON feed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from insight.model import Gap, Post, PostKind, Rejected
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Page, Request, Terms
from scrapers.bodies import begins
from scrapers.formats import entries, feed, jsonfeed
from scrapers.formats.dates import UNKNOWN, Moment, moment
from scrapers.formats.entries import Entry, NotAFeedError
from scrapers.formats.values import address, excerpt, origin_of, whole_number
from scrapers.marks import gap_since, mark_of, reaches_back
from scrapers.news import feed_fulltext as fulltext
from scrapers.news.feed_ids import identify
from scrapers.settings import ADDRESS, UrlSource

_GOOGLE = re.compile(r"(www\.)?google\.[a-z.]{2,6}")


class Feed(UrlSource):
    """A feed is published to be read by programs: free, without a key, and for the reader's own use of its text.

    A publisher may say more in the feed's `rights` or its terms; Google News, for one, allows personal readers only.
    Nothing limits how long what was read is kept. Feeds name their own pace (`ttl`); a quarter of an hour is polite.

    An article is known by its guid, else by its link without what only tells where the reader came from, else (where
    several entries share that, or it is the site's home page) by link, title and date. What is found by an article's
    link, by another source or in a feed without guids, is the same post where it says the same.
    Categories are a publisher's filing, not hashtags somebody wrote, and are left out. An entry that is dated only by
    its last change counts from then. With `full_text`, eight new articles a visit are read on their own pages; where a
    page cannot be read, or gives less, the feed's own text stays.
    """

    kind = "feed"
    title = "RSS, Atom and JSON feeds"
    network = "web"
    terms = Terms(
        Access.OPEN,
        "Public feeds are meant for programs; the text stays its publisher's.",
        "https://www.rssboard.org/rss-specification",
    )
    example: ClassVar[dict[str, Any]] = {"url": "https://example.com/feed.xml"}
    default_every = 900.0
    window = "the newest entries, as many as the feed's publisher likes"
    full: ClassVar[int] = 10  # entries; a feed of fewer may show all there is
    shows: ClassVar[str] = "the feed shows its newest entries only, and none that was known"

    url: str = Field(description="The feed's address.", pattern=ADDRESS)
    full_text: bool = Field(
        False, description="Read the article behind each new entry too, where robots.txt lets us (extra `articles`)."
    )

    def parse_error(self, page: Page) -> Batch | None:
        return fulltext.read(page) if page.request.article else None

    def parse(self, page: Page) -> Batch:
        if page.request.article:
            return fulltext.read(page)
        broken: tuple[Rejected, ...] = ()
        try:
            if begins(page, b"{", b"["):
                found, broken = jsonfeed.read(page.body, page.url)
            else:
                found = feed.read(page.body, page.url, page.headers.get("content-type", ""))
        except NotAFeedError as error:
            raise not_read(page, f"feed but {error}", remedy="check that `url` is the feed's own address") from error
        entries = [_with_real_link(entry) for entry in found.entries]
        posts, rejected = [], [*broken, *found.rejected]

        for entry, ids in zip(entries, identify(entries, found.home, page), strict=True):
            post = _parse_post(entry, *ids)
            if post:
                posts.append(post)
            else:
                rejected.append(Rejected("an entry without a title, a text and a link", excerpt(repr(entry))))
        if found.cut is not None:
            rejected.append(Rejected("the feed breaks off inside this entry", found.cut))
        marks = [mark_of(post.published_at) for post in posts if post.published_at]
        newest = max((mark for mark in marks if mark <= mark_of(page.fetched_at)), default=None)
        onward = self._next_requests(page, found, marks)
        missed: tuple[Gap, ...] = ()
        # A feed that dates all its entries alike, by when it was made, says nothing of their time.
        if not onward and len(marks) >= self.full and len(set(marks)) > 1:
            since = moment(fulltext.time_of(page.request.since))[0]
            missed = gap_since(since, list(map(datetime.fromisoformat, marks)), self.shows)
        if not self.full_text:
            return Batch((*posts, *missed), onward, newest, tuple(rejected))
        plain, articles = fulltext.split(posts, page.request.since, first="page" not in page.request.note)
        return Batch((*plain, *missed), (*articles, *onward), fulltext.mark(newest, posts), tuple(rejected))

    def _next_requests(self, page: Page, found: entries.ParsedFeed, marks: list[str]) -> tuple[Request, ...]:
        """The next page of a paged feed, as long as nearly everything on this one is news.

        https://www.rfc-editor.org/rfc/rfc5005#section-3
        """
        following, number = found.links.get("next"), (whole_number(page.request.note.get("page")) or 1) + 1
        here = {page.url, page.request.url}
        if not following or following in here or not marks or origin_of(following) != origin_of(page.url):
            return ()
        times = sorted(map(datetime.fromisoformat, marks), reverse=True)
        if reaches_back(times, moment(fulltext.time_of(page.request.since))[0]):
            return ()
        if number > self.max_pages * 10:  # pages that lead back to each other
            return ()
        return (Request(following, since=page.request.since, note={"page": str(number)}),)


def _with_real_link(entry: Entry) -> Entry:
    """With the link that Google Alerts wrap in one of their own, and no guid: both differ from alert to alert."""
    parts = urlsplit(entry.link or "")
    if not (_GOOGLE.fullmatch(parts.hostname or "") and parts.path == "/url"):
        return entry
    said = parse_qs(parts.query)
    target = address(next(iter(said.get("url") or said.get("q") or ()), None))
    return replace(entry, link=target, id=None) if target else entry


def _parse_post(entry: Entry, native_id: str, aliases: tuple[str, ...]) -> Post | None:
    if not (entry.title or entry.text or entry.link):
        return None
    published, updated = _first(entry.published), _first(entry.updated)
    at, precision = published if published[0] else updated
    edited = updated[0] if published[0] and updated[0] and updated[0] > published[0] else None
    permalink = entry.id if entry.is_permalink and entry.id and entry.id.startswith(("http://", "https://")) else None
    return Post(
        network=Feed.network,
        native_id=native_id,
        kind=PostKind.ARTICLE,
        text=entry.text,
        title=entry.title,
        url=entry.link or permalink,
        author=entry.author,
        published_at=at,
        precision=precision,
        edited_at=edited,
        language=entry.language,
        engagement={} if entry.replies is None else {"replies": entry.replies},
        reply_to=entry.reply_to,
        links=tuple(link for link in entry.links if link != entry.link),
        media=entry.media,
        aliases=aliases,
    )


def _first(written: tuple[str, ...]) -> Moment:
    """The first date that is one: feeds write several, and one of them wrong."""
    return next((known for known in map(moment, written) if known[0]), UNKNOWN)
