"""Stories and comments of Hacker News, through Algolia's search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from insight.model import Deletion, Item, Post, PostKind, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, Terms
from scrapers.formats import html
from scrapers.formats.dates import UNKNOWN, epoch, moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    counts,
    each,
    identifier,
    listed,
    mapping,
    text,
    whole_number,
)
from scrapers.marks import newest, times_of
from scrapers.settings import own_searches
from scrapers.terms import searches, with_own

# https://hn.algolia.com/api and https://github.com/HackerNews/API
SEARCH = "https://hn.algolia.com/api/v1"
ITEMS = "https://hacker-news.firebaseio.com/v0"
OVERLAP = 3600  # Algolia indexes late: what is older than the mark may still turn up
KINDS = {"comment": PostKind.COMMENT, "story": PostKind.POST, "job": PostKind.POST, "poll": PostKind.POST}

_BEFORE, _SINCE = "created_at_i<=", "created_at_i>="


class HackerNews(Source):
    """Algolia's search of Hacker News is documented, free and needs no key: 10,000 requests an hour and address.

    Neither it nor Hacker News limits how long what was read is kept. Searches are by word; hits come newest first and
    1,000 of them at most, so the walk moves a window of time over them. For what has changed since, single items are
    asked of the Firebase API, which is free, too: one that is deleted or dead is a deletion.
    """

    kind = "hackernews"
    title = "Hacker News"
    network = "hackernews"
    terms = Terms(Access.OPEN, "Free search API, 10,000 requests an hour.", "https://hn.algolia.com/api")
    example: ClassVar[dict[str, Any]] = {"queries": ["postgres"]}

    # The index holds the HTML of a comment: between two words there may stand a tag, and don't is don&#x27;t. So quotes
    # would miss phrases, and a word with an apostrophe is asked for by its beginning. Authors are searched like words.
    dialect = Dialect(
        phrase=None,
        hashtag=None,
        names=("{}",),
        prefix="{}",
        either=None,
        brackets=Brackets.NONE,
        max_length=512,
        in_bytes=True,
        signs="+#",
        apostrophes=False,
        accents=True,
    )

    hosts_from_settings = ("base_url", "items_url")
    looks_again = (timedelta(hours=2), timedelta(days=1), timedelta(days=7))

    base_url: str = Field(SEARCH, description="Where the search API is.")
    items_url: str | None = Field(
        None, description="Where single items are asked for again; with the usual `base_url`: Firebase."
    )
    queries: tuple[str, ...] = Field((), description="Search for these too, besides what the watches name.")
    include: tuple[str, ...] = Field(
        ("story", "comment"), description="What to read: story, comment, poll, job.", min_length=1
    )
    page_size: int = Field(100, ge=1, le=1000, description="Hits a page.")

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return with_own(own_searches(self.queries), searches(self, watches))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = {
            "query": search.terms,
            "tags": f"({','.join(self.include)})",
            "hitsPerPage": str(self.page_size),
            "typoTolerance": "false",
            "queryType": "prefixAll",  # an index that says "acmes" for Acme's is asked for all that begins with acme
            "advancedSyntax": "true",  # for quotes in `queries`; what the watches ask for has none
        }
        since = whole_number(high_water)
        if since is not None:
            params["numericFilters"] = f"{_SINCE}{since - OVERLAP}"
        return Request(f"{self.base_url.rstrip('/')}/search_by_date", params, since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        return str(int(at.timestamp()))

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        items = self.items_url or (ITEMS if self.base_url == SEARCH else "")
        known = [native_id for native_id in ids if native_id.isdecimal()] if items else []
        return tuple(Request(f"{items.rstrip('/')}/item/{native_id}.json") for native_id in known)

    def parse(self, page: Page) -> Batch:
        body = page.json()
        items: tuple[Item, ...]
        if isinstance(body, dict) and isinstance(body.get("hits"), list):
            items, rejected = each(body["hits"], _parse_hit)
            return Batch(items, _next_requests(page, body), _newest(items, page), rejected)
        found = mapping(body)
        # a person, or what has changed lately: answers of the platform that hold no post
        other = "karma" in found or ("items" in found and "profiles" in found)
        if body is None or isinstance(body, int | list) or other:
            if "/search" in page.request.url:
                raise not_read(page, "Hacker News search result")  # what is no answer is not an empty one
            return Batch()  # Firebase: an id that never was, the newest id, a list of ids; or a person
        if not isinstance(body, dict) or "error" in body or not ({"id", "objectID"} & body.keys()):
            raise not_read(page, "Hacker News item")
        items, rejected = each(_with_answers_below(body), _parse_hit)
        return Batch(items, newest=_newest(items, page), rejected=rejected)


def _next_requests(page: Page, body: dict[str, Any]) -> tuple[Request, ...]:
    """The hits before the oldest of these. A page that is not full is the last one."""
    hits, request = body["hits"], page.request
    size = whole_number(body.get("hitsPerPage")) or whole_number(request.params.get("hitsPerPage")) or len(hits) + 1
    if len(hits) < size or "search_by_date" not in request.url:
        return ()
    times = [at for at in (whole_number(mapping(hit).get("created_at_i")) for hit in hits) if at is not None]
    bounds = request.params.get("numericFilters", "").split(",")
    lower = next((whole_number(bound.removeprefix(_SINCE)) for bound in bounds if bound.startswith(_SINCE)), None)
    upper = next((whole_number(bound.removeprefix(_BEFORE)) for bound in bounds if bound.startswith(_BEFORE)), None)
    if not times or (lower is not None and min(times) < lower):
        return ()
    # The search shows no more than 1,000 hits, however many pages are asked for: so the bound of time moves instead.
    # "<=" because a second may be shared by two hits; a whole page of one second must not be asked for again
    oldest = min(times) if upper is None or min(times) < upper else upper - 1
    filters = [f"{_BEFORE}{oldest}"] + ([f"{_SINCE}{lower}"] if lower is not None else [])
    if lower is not None and oldest < lower:
        return ()
    return (replace(request, params={**request.params, "numericFilters": ",".join(filters)}),)


def _newest(items: Sequence[Item], page: Page) -> str | None:
    at = newest(times_of(items), page)
    return str(int(at.timestamp())) if at else None


def _with_answers_below(item: dict[str, Any]) -> Iterator[Any]:
    """An item with all that was said below it; an Algolia item nests its answers, a Firebase one lists their ids."""
    waiting: list[Any] = [item]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += [child for child in listed(mapping(found).get("children")) if not isinstance(child, int)]


def _parse_hit(item: Any) -> Item | None:
    if not isinstance(item, dict):
        raise UnreadableError(f"a hit is a {type(item).__name__}")
    native_id = identifier(item.get("objectID")) or identifier(item.get("id"))
    if native_id is None:
        raise UnreadableError("a hit without an id")
    kind = _kind(item)
    if kind == "pollopt":
        return None  # an answer to choose, not something somebody said
    if kind not in KINDS and "deleted" not in item:
        raise UnreadableError(f"a hit of an unknown kind ({kind})")
    written = text(item.get("comment_text")) or text(item.get("story_text")) or text(item.get("text"))
    author = text(item.get("author")) or text(item.get("by"))
    title = text(item.get("title"))
    if item.get("deleted") is True or item.get("dead") is True or not (author or written or title):
        return Deletion(HackerNews.network, native_id)
    return _parse_post(item, native_id, KINDS.get(kind, PostKind.POST), title, written, author)


def _kind(item: dict[str, Any]) -> str:
    tags = [tag for tag in listed(item.get("_tags")) if isinstance(tag, str)]
    named = text(item.get("type")) or next((tag for tag in tags if tag in KINDS or tag == "pollopt"), None)
    if named:
        return named
    return "comment" if text(item.get("comment_text")) else "story" if text(item.get("title")) else "unknown"


def _parse_post(
    item: dict[str, Any], native_id: str, kind: PostKind, title: str | None, written: str | None, author: str | None
) -> Post:
    body = html.read(written or "")
    outside = address(item.get("url"))
    at, precision = next(
        (known for known in (epoch(whole_number(item.get(key))) for key in ("created_at_i", "time")) if known[0]),
        moment(item.get("created_at")) if item.get("created_at") else UNKNOWN,
    )
    comment = kind is PostKind.COMMENT
    return Post(
        network=HackerNews.network,
        native_id=native_id,
        kind=kind,
        text=body.text,
        title=" ".join(html.line(title).split()) if title and not comment else None,
        url=f"https://news.ycombinator.com/item?id={native_id}",
        author=author,
        published_at=at,
        precision=precision,
        engagement=counts(
            points=item.get("points", item.get("score")), replies=item.get("num_comments", item.get("descendants"))
        ),
        reply_to=identifier(item.get("parent_id")) or identifier(item.get("parent")) if comment else None,
        thread=identifier(item.get("story_id")) if comment else None,
        links=tuple(dict.fromkeys([*([outside] if outside and not comment else []), *body.links])),
    )
