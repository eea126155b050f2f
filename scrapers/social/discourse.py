"""Posts of a Discourse forum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from insight.model import Deletion, Gap, Item, Post, Visibility, Watch
from scrapers.answers import deleted, error_body, not_read, platform_message, refused
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import begins
from scrapers.formats.dates import moment
from scrapers.formats.values import each, identifier, listed, mapping, text, whole_number
from scrapers.marks import distinct, newest, reaches_back, times_of
from scrapers.paging import both_ways, marks
from scrapers.settings import ADDRESS, host_and_path, under
from scrapers.social.discourse_posts import NETWORK, Forum, from_feed, posts_of

OVERLAP = timedelta(hours=1)  # a post that waited for approval appears under the time it was written
PAGE = 50  # post numbers a page of the newest posts spans
BARREN = 20  # pages in a row without a public post: the numbers of private messages lie between
MEMBERS = "this forum is for its members only: give an `api_key` and `api_username` of its administration"
_ENDS = re.compile(
    r"/(?:posts\.(?:json|rss)|posts/.*|search\.json|latest\.(?:json|rss)|t/.*|c/.*|top\.\w+|tag/.*|u/.*|login)?"
)


class Discourse(Source):
    """A public forum shows its newest posts to everybody, as JSON and without a key; about 200 requests a minute.

    Each forum has terms of its own, and what its members write stays theirs; it may be kept as long as it stands
    there, so deletions and hidden posts are obeyed. All new posts are read and nothing is searched for, unless
    `queries` are given: then only what the forum's search finds, which is slower. One source is one forum. A post is
    known by its forum, topic and number (`forum.example/t/12/3`), which its answers and feeds name, too.
    """

    kind = "discourse"
    title = "Discourse forums"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Public JSON of the forum, about 200 requests a minute; see the forum's own terms.",
        "https://docs.discourse.org/",
    )
    example: ClassVar[dict[str, Any]] = {"base_url": "https://meta.discourse.org"}
    looks_again = (timedelta(hours=6), timedelta(days=3))

    base_url: str = Field(description="The forum's address.", pattern=ADDRESS)
    categories: tuple[int, ...] = Field((), description="Only what is in these categories, by the number of each.")
    queries: tuple[str, ...] = Field(
        (), description="Search for these, in the forum's own language, and read only that."
    )
    api_key: SecretStr | None = Field(None, description="A key of the forum's administration, for closed forums.")
    api_username: str | None = Field(None, description="The user this key acts for.")

    @model_validator(mode="after")
    def _whole_key(self) -> Discourse:
        if (self.api_key is None) != (self.api_username is None):
            raise ValueError("`api_key` and `api_username` belong together: give both or none")
        return self

    @classmethod
    def for_page(cls, url: str) -> Discourse:
        parts = urlsplit(url)
        folder = next((parts.path[:n] for n in range(len(parts.path) + 1) if _ENDS.fullmatch(parts.path[n:])), "")
        return cls(base_url=f"{parts.scheme}://{parts.netloc}{folder}")

    @property
    def label(self) -> str:
        return host_and_path(self.base_url)

    def headers(self) -> Mapping[str, str]:
        if self.api_key is None or self.api_username is None:
            return {}
        return {"Api-Key": self.api_key.get_secret_value(), "Api-Username": self.api_username}

    def budget(self) -> Budget:
        return Budget(per_minute=60)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(query.lower(), query) for query in self.queries) or (Search(),)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if not search.terms:
            return Request(under(self.base_url, "posts.json"), since=high_water)
        since = moment(high_water)[0]
        after = f" after:{(since - timedelta(days=1)).date().isoformat()}" if since else ""
        params = {"q": f"{search.terms} order:latest{after}"}
        return Request(under(self.base_url, "search.json"), params, since=high_water, note={"whole": "yes"})

    def mark_at(self, at: datetime) -> str | None:
        return _mark(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        places = ((native_id, self._forum().place_of(native_id)) for native_id in ids)
        return tuple(
            Request(under(self.base_url, f"posts/by_number/{at}.json"), note={"look": one}) for one, at in places if at
        )

    def _forum(self) -> Forum:
        visibility = Visibility.PRIVATE if self.api_key else Visibility.PUBLIC  # a key opens what not everybody sees
        return Forum(self.base_url.rstrip("/"), frozenset(self.categories), visibility)

    def parse_error(self, page: Page) -> Batch:
        if gone := deleted(page, NETWORK):
            return gone
        if "error_type" in (body := error_body(page)):
            raise _error(page, body)
        raise refused(page, remedy=MEMBERS if page.status in (401, 403) else "")

    def parse(self, page: Page) -> Batch:
        if urlsplit(page.url).path.rstrip("/").endswith(("/login", "/session/sso")):
            raise SourceError(f"{page.url} is the forum's login page", permanent=True, remedy=MEMBERS, status=403)
        if begins(page, b"<"):
            posts, rejected = from_feed(page, self._forum())
            return Batch(posts, newest=_newest(posts, page), rejected=rejected)
        body, look = page.json(), page.request.note.get("look")
        if "error_type" in mapping(body):
            raise _error(page, body)
        if isinstance(mapping(body).get("errors"), list) and not {"posts", "post_stream"} & body.keys():
            raise not_read(page, "posts of a forum")
        if page.request.note.get("whole") and isinstance(mapping(body).get("grouped_search_result"), dict):
            return self._parse_hits(page, body)
        found = posts_of(page, body)
        items: tuple[Post | Deletion, ...]
        items, rejected = each(found.posts, partial(self._forum().read, titles=found.titles))
        items = distinct(items)
        if look or page.request.note.get("one"):
            return Batch(items, rejected=rejected)
        further, gap = self._older_requests(page, found.posts) if "latest_posts" in mapping(body) else ((), ())
        return Batch((*items, *gap), further, _newest(items, page), rejected)

    def _older_requests(self, page: Page, posts: Sequence[Any]) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
        """The posts before these. A forum counts private messages, too, and up to version 3.4 a page was a span of
        numbers: it may hold no public post although older ones exist."""
        if urlsplit(page.request.url).path.rpartition("/")[2] != "posts.json":
            return (), ()
        request, since = page.request, moment(page.request.since)[0]
        asked = whole_number(request.params.get("before"))
        numbers = [number for post in posts if (number := whole_number(mapping(post).get("id")))]
        barren = (whole_number(request.note.get("barren")) or 0) + 1 if not numbers else 0
        if numbers and since and reaches_back(_times_by_number(posts), since - OVERLAP):
            return (), ()
        lowest = min(numbers, default=asked)
        if lowest is None or (barren and since is None):
            return (), ()
        if asked is not None and lowest >= asked:  # the bound counts on old forums
            lowest = asked - PAGE
        if lowest <= 1:
            return (), ()
        if barren >= BARREN:
            reason = f"{BARREN * PAGE} numbers below {asked} hold no public post, and nothing older was looked for"
            return (), (Gap(since, page.fetched_at, reason),)
        params = {**request.params, "before": str(lowest)}
        return (replace(request, params=params, note={"barren": str(barren)} if barren else {}),), ()

    def _parse_hits(self, page: Page, body: Mapping[str, Any]) -> Batch:
        """Hits are cut short: what is new among them is asked for whole, one by one."""
        since = moment(page.request.since)[0]
        hits = [mapping(hit) for hit in listed(body.get("posts"))]
        times = [(hit, moment(hit.get("created_at"))[0]) for hit in hits]
        met = set(page.request.note.get("again", "").split(","))  # where the page before is asked for once more
        new = [hit for hit, at in times if at is None or since is None or at > since - OVERLAP]
        new = [hit for hit in new if marks([str(hit.get("id"))]) not in met]
        numbers = filter(None, (identifier(hit.get("id")) for hit in new))
        ones = tuple(
            Request(under(self.base_url, f"posts/{number}.json"), note={"one": number})
            for number in numbers
            if number.isdigit()
        )
        at = newest((at for _, at in times if at), page)
        mark = _mark(at) if at else None
        if "again" in page.request.note:
            return Batch((), ones)
        number, ids = whole_number(page.request.params.get("page")) or 1, [str(hit.get("id")) for hit in hits]
        params = page.request.params
        before, after = (replace(page.request, params={**params, "page": str(n)}) for n in (number - 1, number + 1))
        more = bool(mapping(body.get("grouped_search_result")).get("more_full_page_results") and hits)
        more = more and not reaches_back([at for _, at in times if at], since - OVERLAP if since else None)
        return Batch((), (*ones, *both_ways(page, before if number > 1 else None, after if more else None, ids)), mark)


def _error(page: Page, body: Mapping[str, Any]) -> SourceError:
    """The error in the forum's own words and with its own pause."""
    kind, extras = text(body.get("error_type")) or "", mapping(body.get("extras"))
    told = "; ".join(filter(None, map(text, listed(body.get("errors"))))) or platform_message(page) or kind
    message = f"{page.url} answered {page.status}, {kind}: {' '.join(told.split())[:300]}"
    plain = refused(page) if page.status != 200 else None
    if kind == "rate_limit" or page.status == 429:
        seconds = whole_number(extras.get("wait_seconds"))
        known = float(seconds) if seconds and 0 < seconds <= 86_400 else plain.retry_after if plain else None
        return SourceError(message, retry_after=known or 60.0, status=page.status)
    permanent = plain.permanent if plain else kind in ("not_logged_in", "invalid_access", "not_found")
    members = MEMBERS if kind in ("not_logged_in", "invalid_access") else ""
    remedy = members or (plain.remedy if plain else "check the settings of this source")
    return SourceError(message, permanent=permanent, remedy=remedy if permanent else "", status=page.status)


def _times_by_number(posts: Sequence[Any]) -> list[datetime]:
    """When posts were written, those of the highest numbers first: moved ones get new numbers and keep their times."""
    by_number = sorted(map(mapping, posts), key=lambda post: whole_number(post.get("id")) or 0, reverse=True)
    return [at for at in (moment(post.get("created_at"))[0] for post in by_number) if at]


def _newest(items: Sequence[Item], page: Page) -> str | None:
    at = newest(times_of(items), page)
    return _mark(at) if at else None


def _mark(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")  # always UTC, so that marks compare as text
