"""What Google News finds, as the feed of its search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from insight.model import Gap, Post, PostKind, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.base import Access, Batch, Page, Request, Search, Source, Terms
from scrapers.bodies import feed_of
from scrapers.formats.dates import moment
from scrapers.formats.entries import Entry
from scrapers.formats.landed_ids import address_ids
from scrapers.formats.values import UnreadableError, each, origin_of
from scrapers.marks import distinct, mark_of, times_of
from scrapers.settings import own_searches
from scrapers.terms import searches, with_own

OVERLAP = timedelta(days=1)  # `after:` knows days only, and articles turn up late
CUT = "Google News shows a hundred articles of a search at most, and this one has more: make it narrower"
FULL = 90  # it shows 100 at most, and now and then keeps some of them back

_REGIONAL = {"es-419": "es-419", "pt-BR": "pt-419", "zh-CN": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant"}


class GoogleNews(Source):
    """Google gives the feeds of Google News to "personal, non-commercial" feed readers and forbids any other use.

    So this is off until `accept_terms: true` says that you have read that and that it is what you do. There is no key
    and no documented rate: a reader that asks too often is answered 503 or a page for people. A search gives a hundred
    articles at most, headlines without text, with a link that leads to the publisher through Google: so the same
    article found by another source is another post. Nothing is said about how long what was read may be kept.
    """

    kind = "google_news"
    title = "Google News"
    network = "web"
    terms = Terms(
        Access.GREY,
        "For personal, non-commercial reading only; at most 100 headlines a search.",
        "https://support.google.com/news/publisher-center/answer/9606710",
        pace=5.0,
    )
    example: ClassVar[dict[str, Any]] = {"queries": ["postgres"]}
    default_every = 1800.0
    window = "about 100 articles a search"

    # Nothing of it is documented; it searches the whole article of which the headline alone is shown.
    dialect = Dialect(
        hashtag=None, brackets=Brackets.AROUND_OR, fields={"title": "intitle:{}"}, max_length=1500, max_terms=30,
        accents=True, complete=False,
    )  # fmt: skip

    base_url: str = Field("https://news.google.com", description="Where Google News is.")
    queries: tuple[str, ...] = Field((), description="Search for these too, in Google's own language.")
    hl: str = Field("en-US", description="The edition's language: en-US, de, pt-BR.", pattern=r"^[A-Za-z]{2,3}(-\w+)*$")
    gl: str = Field("US", description="The edition's country: US, DE, BR.", pattern=r"^[A-Za-z]{2}$")
    ceid: str | None = Field(None, description="The edition as Google calls it, where it is not country:language.")
    days: int = Field(7, ge=1, le=365, description="How far back a first visit goes.")

    @classmethod
    def for_page(cls, url: str) -> GoogleNews:
        said = dict(parse_qsl(urlsplit(url).query))
        edition = {name: said[name] for name in ("hl", "gl", "ceid") if said.get(name)}
        return cls(**{**cls.example, **edition, "base_url": origin_of(url)})

    @property
    def edition(self) -> str:
        return self.ceid or f"{self.gl.upper()}:{_REGIONAL.get(self.hl, self.hl.partition('-')[0])}"

    @property
    def label(self) -> str:
        return self.edition

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return with_own(own_searches(self.queries), searches(self, watches))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        since = moment(high_water)[0]
        when = f"after:{(since - OVERLAP).date().isoformat()}" if since else f"when:{self.days}d"
        terms = f"({search.terms})" if " OR " in search.terms and "(" not in search.terms else search.terms
        params = {"q": f"{terms} {when}", "hl": self.hl, "gl": self.gl.upper(), "ceid": self.edition}
        return Request(f"{self.base_url.rstrip('/')}/rss/search", params, since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)

    def parse(self, page: Page) -> Batch:
        posts, rejected = each(feed_of(page).entries, _parse_post)
        posts = distinct(posts)
        since, times = moment(page.request.since)[0], times_of(posts)
        full = len(posts) + len(rejected) >= FULL
        # those it leaves out are the least relevant, not the oldest: so nobody knows from when they are
        begin = since or page.fetched_at - timedelta(days=self.days)
        gap = (Gap(begin, page.fetched_at, CUT),) if full else ()
        newest = max((mark for mark in map(mark_of, times) if mark <= mark_of(page.fetched_at)), default=None)
        return Batch((*posts, *gap), newest=newest, rejected=rejected)


def _parse_post(entry: Entry) -> Post:
    """The headline without the publisher that Google puts behind it; what lies below it are other headlines."""
    if entry.link is None or entry.title is None:
        raise UnreadableError("an article without a headline" if entry.link else "an article without a link")
    at, precision = moment(next(iter(entry.published), None))
    title = entry.title
    if entry.publisher:
        title = re.sub(rf"\s+[-–—]\s+{re.escape(entry.publisher)}$", "", title)
    native_id, *aliases = address_ids(entry.link)
    return Post(
        network=GoogleNews.network,
        native_id=native_id,
        kind=PostKind.ARTICLE,
        text="",
        title=title.strip() or entry.title,
        url=entry.link,
        author=entry.publisher,
        published_at=at,
        precision=precision,
        language=entry.language,
        links=(entry.publisher_url,) if entry.publisher_url else (),
        aliases=tuple(aliases),
    )
