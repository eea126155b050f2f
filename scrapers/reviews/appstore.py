"""Reviews of an app in Apple's App Store, country by country."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, field_validator

from insight.model import Gap, Post, PostKind, Precision, Rating, Watch
from scrapers.answers import not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import begins, feed_of
from scrapers.formats.dates import moment
from scrapers.formats.values import (
    UnreadableError,
    address,
    counts,
    each,
    identifier,
    listed,
    mapping,
    plain,
    text,
    whole_number,
)
from scrapers.marks import gap_since, newest_mark, times_of
from scrapers.paging import both_ways

LAST_PAGE = 10  # the store gives no more: 500 reviews of a country
TRIES = 3
SHOWS = "the store shows the 500 newest reviews of a country only"
OVERLAP = timedelta(days=2)  # a review shows when it has been checked, under the date it was written

_ADDRESS = re.compile(r"/([a-z]{2})/rss/customerreviews/(?:.*/)?id=(\d+)", re.IGNORECASE)
_PAGE = re.compile(r"/page=(\d+)(?:/|$)")
# What is known to answer in the store's name without holding reviews: a look-up, the metadata of an app.
_OTHERS = frozenset({"resultCount", "bundleId", "trackId", "trackName", "appId"})


class AppStore(Source):
    """Apple's review feed is public and needs no key, without a promise: undocumented, and at times empty or failing.

    500 newest reviews a country, in ten pages. Nothing limits how long they are kept. Names are what reviewers chose to
    show. Owners of an app have a better way in App Store Connect. An answer without reviews is not taken for "there are
    none" when reviews were seen before, or when the page before announced more: it is asked again, then named a gap.
    The date is that of the review's last change; feeds of older days leave it out.
    """

    kind = "appstore"
    title = "Apple App Store reviews"
    network = "appstore"
    terms = Terms(
        Access.OPEN,
        "Apple's public review feed, without a key: the 500 newest reviews a country.",
        "https://www.apple.com/legal/internet-services/terms/site.html",
        pace=2.0,
    )
    example: ClassVar[dict[str, Any]] = {"app": "310633997", "countries": ["us"]}
    default_every = 3600.0
    window = "the 500 newest reviews of a country"

    app: str = Field(
        description="The app's number, as in the address of its page: …/id310633997.", pattern=r"^\d{1,19}$"
    )
    countries: tuple[str, ...] = Field(("us",), description="Stores to read, by country: us, de, jp.", min_length=1)
    base_url: str = Field("https://itunes.apple.com", description="Where the store's feeds are.")

    @field_validator("app", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return str(value).strip().removeprefix("id") if isinstance(value, str | int) else value

    @field_validator("countries")
    @classmethod
    def _codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for country in value:
            if not re.fullmatch(r"[A-Za-z]{2}", country):
                raise ValueError(f"{country!r} is no country: write its two letters, such as us or de")
        return tuple(dict.fromkeys(country.lower() for country in value))

    @classmethod
    def for_page(cls, url: str) -> AppStore:
        found = _ADDRESS.search(url)
        return cls(app=found[2], countries=(found[1],)) if found else cls(**cls.example)

    @property
    def label(self) -> str:
        return self.app

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(country, country) for country in self.countries)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(self._address(search.terms, 1), since=high_water)

    def parse(self, page: Page) -> Batch:
        found = _entries_of(page)
        if found is None:
            return Batch()
        entries, announced = found
        country = (_ADDRESS.search(page.request.url) or _ADDRESS.search(page.url) or ("", self.countries[0]))[1].lower()
        reviews, rejected = each(
            (entry for entry in entries if not _is_app(entry)), lambda entry: _parse_post(entry, country)
        )
        here = _number_of(page.request.url)
        if not reviews and not rejected:
            return self._without_reviews(page, here)
        requests = self._next_requests(page, country, here, announced, reviews)
        missed = gap_since(_dated(page.request.since), times_of(reviews), SHOWS) if here >= LAST_PAGE else ()
        return Batch((*reviews, *missed), requests, _newest(reviews, page), rejected)

    def _address(self, country: str, number: int) -> str:
        store = f"{self.base_url.rstrip('/')}/{country}/rss/customerreviews"
        return f"{store}/page={number}/id={self.app}/sortby=mostrecent/json"

    def _without_reviews(self, page: Page, here: int) -> Batch:
        """No reviews: true of an app that has none; else the feed failing, which it does now and then."""
        tried = (whole_number(page.request.note.get("tried")) or 1) + 1
        if here > 1 and page.request.note:
            if tried <= TRIES:
                return Batch(requests=(replace(page.request, note={**page.request.note, "tried": str(tried)}),))
            gap = Gap(None, page.fetched_at, f"the store announced page {here} of the reviews and gave an empty one")
            return Batch((gap,))
        if here == 1 and page.request.since is not None:
            raise SourceError(f"{page.url} answered without reviews, though there were some before", status=page.status)
        return Batch()

    def _next_requests(
        self, page: Page, country: str, here: int, announced: int, reviews: Sequence[Post]
    ) -> tuple[Request, ...]:
        ids, since = sorted(review.native_id for review in reviews), page.request.since
        shown = hashlib.sha256(",".join(ids).encode()).hexdigest()[:16]
        repeated = page.request.note.get("before") == shown
        known = since is not None and bool(reviews) and _all_known(reviews, since)
        ended = here >= min(announced, LAST_PAGE) or repeated or known
        before = (
            Request(self._address(country, here - 1), since=since) if 1 < here < LAST_PAGE and not repeated else None
        )
        after = None if ended else Request(self._address(country, here + 1), since=since, note={"before": shown})
        return both_ways(page, before, after, ids)


def _entries_of(page: Page) -> tuple[list[Any], int] | None:
    """The entries of a page, JSON or XML, and the last page it speaks of; None for an answer that holds no reviews."""
    if begins(page, b"<"):
        return _read_xml(page)
    body = page.json()
    found = mapping(body).get("feed")
    if isinstance(found, dict):
        rels = [mapping(mapping(link).get("attributes")) for link in listed(found.get("link"))]
        links = {str(link.get("rel")): str(link.get("href")) for link in rels}
        return listed(found.get("entry")), _announced(links)
    if _OTHERS & mapping(body).keys():
        return None
    raise not_read(page, "feed of reviews", remedy="check the `app` number")


def _read_xml(page: Page) -> tuple[list[Any], int]:
    """The same feed as Atom, brought into the shape of the JSON one."""
    found = feed_of(page, "feed of reviews")
    entries: list[Any] = []
    for entry in found.entries:
        named = {
            "id": entry.id,
            "title": entry.title,
            "content": entry.text,
            "updated": next(iter(entry.updated), None),
        }
        labels = {name: {"label": value} for name, value in {**named, **entry.extra}.items() if value is not None}
        author, link = {"name": {"label": entry.author}}, {"attributes": {"href": entry.related}}
        entries.append({**labels, "author": author, "link": link})
    return entries + ([found.cut] if found.cut is not None else []), _announced(found.links)


def _label(value: Any) -> str | None:
    return text(mapping(value).get("label"))


def _is_app(entry: Any) -> bool:
    """Feeds of older days begin with the app itself."""
    found = mapping(entry)
    return "im:rating" not in found and any(key in found for key in ("im:name", "im:artist", "im:price", "im:image"))


def _parse_post(entry: Any, country: str) -> Post:
    found = mapping(entry)
    native_id = _label(found.get("id")) or identifier(mapping(found.get("id")).get("label"))
    if not found or native_id is None:
        raise UnreadableError("a review without an id" if found else "an entry that is no review, or is cut off")
    written = _label(found.get("content"))
    title = _label(found.get("title"))
    stars = whole_number(mapping(found.get("im:rating")).get("label"))
    rating = Rating(float(stars), 1.0, 5.0) if stars is not None and 1 <= stars <= 5 else None
    if written is None and title is None and rating is None:
        raise UnreadableError("a review without a text, a title and a rating")
    at, precision = moment(_label(found.get("updated")))
    hrefs = (address(mapping(mapping(link).get("attributes")).get("href")) for link in listed(found.get("link")))
    return Post(
        network=AppStore.network,
        native_id=native_id,
        kind=PostKind.REVIEW,
        text=plain(written or ""),
        title=" ".join(title.split()) if title else None,
        url=next(filter(None, hrefs), None),
        author=_label(mapping(found.get("author")).get("name")),
        published_at=at,
        precision=precision,
        country=country.upper(),
        rating=rating,
        engagement=counts(helpful=_label(found.get("im:voteSum")), votes=_label(found.get("im:voteCount"))),
        facts={"version": version} if (version := _label(found.get("im:version"))) else {},
    )


def _number_of(url: str) -> int:
    found = _PAGE.search(url)
    return int(found[1][:6]) if found else 1


def _announced(links: Mapping[str, str]) -> int:
    """The last page there is, by the feed's links; the last page calls itself the next one."""
    return max((_number_of(links[rel].partition("?")[0]) for rel in ("last", "next") if rel in links), default=1)


def _newest(reviews: Sequence[Post], page: Page) -> str | None:
    """The newest date, else the highest number of a review: a mark that `_all_known` understands."""
    numbers = [int(review.native_id) for review in reviews if re.fullmatch(r"[0-9]{1,19}", review.native_id)]
    return newest_mark(times_of(reviews), page) or (str(max(numbers)) if numbers else None)


def _dated(since: str | None) -> datetime | None:
    """When the mark was, where it is a date and no number."""
    return moment(since)[0] if since and "-" in since else None


def _all_known(reviews: Sequence[Post], since: str) -> bool:
    at = _dated(since)
    if at is not None and all(review.precision is not Precision.UNKNOWN for review in reviews):
        return all(review.published_at and review.published_at < at - OVERLAP for review in reviews)
    numbers = [whole_number(review.native_id) for review in reviews]
    mark = whole_number(since)
    return mark is not None and all(number is not None and number <= mark for number in numbers)
