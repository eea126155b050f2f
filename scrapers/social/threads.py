"""Posts of Threads that hold a keyword or bear a topic tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from insight.model import Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Terms
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    addresses,
    each,
    identifier,
    listed,
    mapping,
    origin_of,
    plain,
    text,
)
from scrapers.marks import newest_mark, times_of
from scrapers.social import graph
from scrapers.social.graph import GraphApi
from scrapers.terms import searches, with_own

FIELDS = "id,text,media_type,media_url,permalink,timestamp,username,has_replies,is_quote_post,is_reply"
# https://developers.facebook.com/docs/threads/keyword-search
BEGAN = 1_688_540_400  # the platform refuses an earlier `since`
QUERIES = 2200


class Threads(GraphApi):
    """Meta's Platform Terms: an app with the permission threads_keyword_search, free of charge after an app review;
    before it, the search sees the token's own posts only. What its author deletes or Meta asks to delete has to go.

    2,200 queries in 24 hours for each user, over all apps; each page is one. One that finds nothing is not counted
    there, but is here. Words that Meta finds offensive are answered with nothing. A single hashtag is asked for as a
    topic tag, of which a post has one; everything else as keywords. The token ends after 60 days: renew it in time.
    """

    kind = "threads"
    title = "Threads"
    network = "threads"
    terms = Terms(
        Access.KEY,
        "Keyword search after Meta's app review, 2,200 queries a day. Delete what is deleted there.",
        "https://developers.facebook.com/terms",
    )
    example: ClassVar[dict[str, Any]] = {"token": "${THREADS_TOKEN}", "queries": ["postgres"]}
    default_every = 900.0

    # How keywords match is not documented, so nothing is counted as missed.
    dialect = Dialect(phrase=None, names=("{}",), either=None, brackets=Brackets.NONE, complete=False)

    base_url: str = Field("https://graph.threads.net", description="Where the Threads API is.")
    version: str = Field("v1.0", description="The version of the Threads API.", pattern=r"^v\d{1,3}\.\d$")
    queries: tuple[str, ...] = Field((), description="Search for these too: keywords, or one #topic.")
    page_size: int = Field(50, ge=1, le=100, description="Posts a query.")

    @classmethod
    def for_page(cls, url: str) -> Threads:
        return cls(**{**cls.example, "base_url": origin_of(url)})

    def budget(self) -> Budget:
        return Budget(units=QUERIES)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return with_own([Search(query.lower(), query) for query in self.queries], searches(self, watches))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        words = search.terms.split()
        topic = len(words) == 1 and words[0].startswith("#")
        params = {
            "q": " ".join(word.lstrip("#") for word in words),
            "search_type": "RECENT",
            "search_mode": "TAG" if topic else "KEYWORD",
            "fields": FIELDS,
            "limit": str(self.page_size),
        }
        since = graph.earlier(high_water)
        if since is not None:
            params["since"] = str(max(BEGAN, int(since.timestamp())))
        note = {"topic": params["q"]} if topic else {}
        return self.ask("keyword_search", params, since=high_water, units=1, note=note)

    def parse_body(self, page: Page, body: dict[str, Any]) -> Batch:
        data = body.get("data") if "data" in body else [body] if "id" in body else None
        if not isinstance(data, list):
            raise not_read(page, "list of posts")
        topic = page.request.note.get("topic")
        posts, rejected = each(data, lambda found: _parse_post(found, topic))
        onward = () if graph.ended(posts, page.request.since) else graph.further(page, body, by_cursor=True)
        return Batch(posts, onward, newest_mark(times_of(posts), page), rejected)


def _parse_post(found: Any, topic: str | None) -> Post:
    native_id = identifier(mapping(found).get("id"))
    if native_id is None:
        raise UnreadableError("a post without an id")
    if not {"text", "permalink", "timestamp", "media_type"} & found.keys():
        raise UnreadableError("a post that shows nothing")
    said, (at, precision) = found.get("text"), moment(found.get("timestamp"))
    children = [mapping(child).get("media_url") for child in listed(mapping(found.get("children")).get("data"))]
    tag = text(found.get("topic_tag")) or topic
    return Post(
        network=Threads.network,
        native_id=native_id,
        text=plain(said) if isinstance(said, str) else "",
        url=address(found.get("permalink")),
        author=text(found.get("username")),
        published_at=at,
        precision=precision,
        reply_to=_other(found, "replied_to"),
        thread=_other(found, "root_post"),
        repost_of=_other(found, "reposted_post"),
        links=addresses([found.get("link_attachment_url")]),
        hashtags=(tag,) if tag else (),
        media=addresses([found.get("media_url"), *children]),
    )


def _other(found: Mapping[str, Any], name: str) -> str | None:
    other = found.get(name)
    return identifier(mapping(other).get("id")) if isinstance(other, dict) else identifier(other)
