"""Posts of Noticeboard, through its search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from insight.model import Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, Terms
from scrapers.formats import html
from scrapers.formats.dates import moment
from scrapers.formats.values import UnreadableError, address, counts, each, identifier, origin_of, text
from scrapers.marks import distinct, mark_of, newest_mark, times_of
from scrapers.settings import own_searches, under
from scrapers.terms import searches, with_own

# Change this: what the site really answers. This API is invented: GET /api/search?q=acme&limit=50 answers, newest
# first,
#
#   {"posts": [{"id": 7001, "posted": "2026-03-02T09:30:00Z", "author": "fern", "title": "Acme 3",
#               "html": "<p>Hello</p>", "url": "https://noticeboard.example/posts/7001", "likes": 3, "replies": 1}],
#    "next": "c2"}
#
# and the next page is asked for with &cursor=c2; on the last page "next" is null.

PAGE = 50  # Change this: the most posts that the site gives at once.
OVERLAP = timedelta(hours=1)  # Change this: how much later than its date a post may turn up in the search.


class Noticeboard(Source):
    """Noticeboard answers searches to everybody, without a key; it asks for one request a second.

    Change this: say first what the platform allows, then how far back its search goes, and what a user should know. The
    page of this kind is made of this text, of `terms` and of the settings below.
    """

    kind = "noticeboard"
    title = "Noticeboard"
    network = "noticeboard"  # Change this only where another kind reads posts of the same site.
    # Change this: how freely the site may be read, and the address of its own terms. `keep_days` where they limit it.
    terms = Terms(Access.OPEN, "Public API without a key.", "https://noticeboard.example/terms", pace=1.0)
    example: ClassVar[dict[str, Any]] = {"queries": ["acme"]}

    # Change this: what the site's search understands, and no more than its documents promise. This one finds words and
    # "phrases", all of them; for a site without a search write `dialect = None`.
    dialect = Dialect(hashtag=None, either=None, brackets=Brackets.NONE, max_length=200)

    # The fields are the settings in config.yaml. A secret is a SecretStr, and travels in headers().
    base_url: str = Field("https://noticeboard.example/api", description="Where its API is.")
    queries: tuple[str, ...] = Field((), description="Search for these too, besides what the watches name.")

    @classmethod
    def for_page(cls, url: str) -> Noticeboard:
        """For a saved answer: a source that could have asked for this address."""
        return cls(base_url=under(origin_of(url), "api"))

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        """What to ask for, each with a cursor of its own: the queries above, and those of the watches."""
        return with_own(own_searches(self.queries), searches(self, watches))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        """The first request of a walk, which goes back to the mark of the last one. Change this: the parameters."""
        params = {"q": search.terms, "limit": str(PAGE)}
        return Request(under(self.base_url, "search"), params, since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        """Marks are times here, so that `listener backfill` can walk back to one."""
        return mark_of(at)

    def parse(self, page: Page) -> Batch:
        """Read an answer. Errors (a status, an empty body) have been dealt with: a page that comes here has a body."""
        body = page.json()
        # Change this: what only a true answer has. Anything else is an error, not an answer without posts.
        # Change this where errors come with status 200: raise SourceError("…", permanent=…, remedy="…"); permanent is
        # what trying again cannot help.
        if not isinstance(body, dict) or not isinstance(body.get("posts"), list):
            raise not_read(page, "posts of Noticeboard")
        items, rejected = each(body["posts"], read_post)
        times, cursor = times_of(items), text(body.get("next"))
        since, _ = moment(page.request.since)
        further: tuple[Request, ...] = ()
        if cursor and times and (since is None or min(times) > since - OVERLAP):
            further = (replace(page.request, params={**page.request.params, "cursor": cursor}),)
        return Batch(distinct(items), further, newest_mark(times, page), rejected)


def read_post(entry: Any) -> Post:
    """One post. Raises UnreadableError for what is none: it is set aside with the reason, and the others are kept.

    Change this: the names of the site's fields. What is absent or of another type becomes None: invent nothing.
    """
    native_id = identifier(entry.get("id")) if isinstance(entry, dict) else None
    if native_id is None:
        raise UnreadableError("a post without its id")
    url = address(entry.get("url"))
    body = html.read(text(entry.get("html")) or "", url or "")
    published_at, precision = moment(entry.get("posted"))  # unix seconds: epoch(whole_number(…))
    return Post(
        network="noticeboard",
        native_id=native_id,
        title=text(entry.get("title")),
        text=body.text,
        links=body.links,
        url=url,
        author=text(entry.get("author")),
        published_at=published_at,
        precision=precision,
        engagement=counts(likes=entry.get("likes"), replies=entry.get("replies")),
    )
