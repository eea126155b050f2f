"""Questions, answers and comments of Stack Overflow and the other sites of Stack Exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, field_validator

from insight.model import Deletion, Item, Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import missing_posts, not_read
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import begins
from scrapers.formats.values import each, mapping, origin_of, text, whole_number
from scrapers.marks import distinct, portions
from scrapers.settings import bearer, own_searches, under
from scrapers.social.stackexchange_questions import NETWORK, api_name, read
from scrapers.terms import searches, with_own

OVERLAP = 3600  # the search's index is behind, and what was closed may be opened again
PAGE = 100  # the most the API gives
# https://api.stackexchange.com/docs/error-handling
_PASSING = frozenset({500, 502, 503})  # error_id: internal_error, throttle_violation, temporarily_unavailable
_CREDENTIALS = frozenset({401, 402, 403, 405, 406})
_PATHS = {"q": "questions", "a": "answers", "c": "comments"}


class StackExchange(Source):
    """The API of all sites is documented and free: 300 requests a day and address, 10,000 with a free `key`.

    Texts are under CC BY-SA: name author and link where they are shown. They may be kept; what is deleted disappears
    from the API and is taken out here. A search finds questions, by words in them or in their answers; with `answers`
    or `comments` in `include`, those of the questions found are read too, at one request more for each page. `tags`
    are read whole. A `backoff` in an answer is obeyed, and when the day's quota is used up the source waits until
    midnight UTC.
    """

    kind = "stackexchange"
    title = "Stack Exchange"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Free API, 300 requests a day, 10,000 with a free key; CC BY-SA with attribution.",
        "https://api.stackexchange.com/docs/throttle",
    )
    example: ClassVar[dict[str, Any]] = {"sites": ["stackoverflow"], "queries": ["postgres"]}
    default_every = 900.0
    looks_again = (timedelta(hours=12), timedelta(days=3))

    # How the search works is not documented. It sees questions only, and their beginnings and endings as it likes.
    dialect = Dialect(hashtag=None, either=None, brackets=Brackets.NONE, max_length=240, signs="+#", complete=False)

    base_url: str = Field("https://api.stackexchange.com/2.3", description="Where the API is.")
    sites: tuple[str, ...] = Field(
        ("stackoverflow",), description="The sites, as the API calls them or by their address.", min_length=1
    )
    queries: tuple[str, ...] = Field((), description="Search for these too, besides what the watches name.")
    tags: tuple[str, ...] = Field((), description="Read everything under these tags; `a;b` is what has both.")
    include: tuple[Literal["questions", "answers", "comments"], ...] = Field(
        ("questions",), description="What to read: questions, and their answers and comments.", min_length=1
    )
    key: SecretStr | None = Field(None, description="A key of stackapps.com: 10,000 requests a day instead of 300.")

    @field_validator("sites", mode="after")
    @classmethod
    def _called(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(api_name(site) for site in given))

    @classmethod
    def for_page(cls, url: str) -> StackExchange:
        site = dict(parse_qsl(urlsplit(url).query)).get("site") or "stackoverflow"
        version = re.search(r"/\d\.\d(?=/)", urlsplit(url).path)
        return cls(sites=(site,), base_url=origin_of(url) + (version[0] if version else ""))

    @property
    def label(self) -> str:
        return ",".join(self.sites)

    def budget(self) -> Budget:
        return Budget(per_minute=30, per_day=10_000 if self.key else 300)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        found = [Search(f"[{tag}]", f"[{tag}]") for tag in self.tags]
        found += with_own(own_searches(self.queries), searches(self, watches))
        return tuple(replace(search, key=f"{site}: {search.key}") for site in self.sites for search in found)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = self._params(search.key.partition(":")[0]) | {"pagesize": str(PAGE), "order": "desc"}
        # An answer makes its question active: so what is read with the questions is found by their activity.
        params["sort"] = "creation" if self.include == ("questions",) else "activity"
        since = whole_number(high_water)
        if since is not None:
            params["min"] = str(since - OVERLAP)
        tag = re.fullmatch(r"\[(.+)\]", search.terms)
        if tag and search.key.endswith(f": [{tag[1]}]"):
            return Request(under(self.base_url, "questions"), {**params, "tagged": tag[1]}, since=high_water)
        return Request(under(self.base_url, "search/advanced"), {**params, "q": search.terms}, since=high_water)

    def _params(self, site: str) -> dict[str, str]:
        return {"site": site, "filter": "withbody"}

    def headers(self) -> Mapping[str, str]:
        """As a bearer token: since 2026 the API refuses a key in the address."""
        return bearer(self.key)

    def mark_at(self, at: datetime) -> str | None:
        return str(int(at.timestamp()))

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        asked: dict[tuple[str, str], list[str]] = {}
        for native_id in ids:
            found = re.fullmatch(r"([a-z0-9.-]{1,80})/([qac])(\d{1,18})", native_id)
            if found:
                asked.setdefault((found[1], found[2]), []).append(found[3])
        requests: list[Request] = []
        for (site, letter), numbers in asked.items():
            params = self._params(site) | {"pagesize": str(PAGE)}
            for some in portions(numbers, PAGE):
                note = {"look": ";".join(f"{site}/{letter}{number}" for number in some)}
                requests.append(Request(under(self.base_url, f"{_PATHS[letter]}/{';'.join(some)}"), params, note=note))
        return tuple(requests)

    def parse_error(self, page: Page) -> Batch | None:
        """By the API's own number; the status is 400 for all of them. https://api.stackexchange.com/docs/error-handling"""
        body = mapping(page.json()) if begins(page, b"{") else {}
        if whole_number(body.get("error_id")) is not None:
            raise _error(page, body)
        return None

    def parse(self, page: Page) -> Batch:
        body = page.json()
        if whole_number(mapping(body).get("error_id")) is not None:
            raise _error(page, body)
        if not isinstance(body, dict) or not isinstance(body.get("items"), list):
            raise not_read(page, "answer of the Stack Exchange API")
        site = api_name(page.request.params.get("site") or self.sites[0])
        found, rejected = each(body["items"], lambda item: read(item, site))
        posts = distinct(post for some in found for post in some)
        looked_for = set(filter(None, page.request.note.get("look", "").split(";")))
        missing = missing_posts(page, looked_for, {post.native_id for post in posts})
        told = not body["items"] or not body.get("has_more")  # whether what is not shown is not on a later page
        deletions = (Deletion(NETWORK, native_id) for native_id in sorted(missing) if told)
        items: tuple[Item, ...] = (*posts, *deletions)
        dated = "last_activity_date" if page.request.params.get("sort") == "activity" else "creation_date"
        times = [at for at in (whole_number(mapping(item).get(dated)) for item in body["items"]) if at is not None]
        if page.request.note:  # beside the walk: posts to be seen again, the answers of some questions
            return Batch(items, _next_requests(page, body, times), rejected=rejected, pause=_pause(page, body))
        newest = max((at for at in times if at <= page.fetched_at.timestamp()), default=None)
        requests = (*self._answer_and_comment_requests(page, posts), *_next_requests(page, body, times))
        return Batch(items, requests, None if newest is None else str(newest), rejected, pause=_pause(page, body))

    def _answer_and_comment_requests(self, page: Page, posts: Sequence[Post]) -> Iterator[Request]:
        """The answers and comments of a page's questions: the newest, and of a known time only what came since."""
        ids = [found[1] for post in posts if (found := re.search(r"/q(\d+)$", post.native_id))][:PAGE]
        params = self._params(page.request.params.get("site") or self.sites[0])
        params |= {"pagesize": str(PAGE), "order": "desc", "sort": "creation"}
        params |= {name: value for name, value in page.request.params.items() if name == "min"}
        for what in ("answers", "comments"):
            if ids and what in self.include and page.request.params.get("sort") == "activity":
                yield Request(under(self.base_url, f"questions/{';'.join(ids)}/{what}"), params, note={"with": what})


def _error(page: Page, body: Mapping[str, Any]) -> SourceError:
    number = whole_number(body.get("error_id"))
    name, message = text(body.get("error_name")) or "error", text(body.get("error_message")) or ""
    told = f"{page.url} answered {name} ({number}): {' '.join(message.split())[:300]}"
    if number not in _PASSING:
        remedy = "check the `key` of this source" if number in _CREDENTIALS or "key" in message else ""
        remedy = remedy or "check the `sites`, `tags` and `queries` of this source"
        return SourceError(told, permanent=True, remedy=remedy, status=page.status)
    seconds = re.search(r"available in (\d{1,6}) seconds", message)
    pause = float(seconds[1]) if seconds else _number(body.get("backoff")) or (60.0 if number == 502 else None)
    return SourceError(told, retry_after=pause, status=page.status)


def _number(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 86_400
    return float(value) if usable else None  # type: ignore[arg-type]


# https://api.stackexchange.com/docs/throttle
def _pause(page: Page, body: Mapping[str, Any]) -> float | None:
    """What `backoff` asks for; after the last request of the day, what is left of it."""
    if whole_number(body.get("quota_remaining")) == 0:
        now = page.fetched_at.astimezone(UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - now).total_seconds()
    return _number(body.get("backoff"))


def _next_requests(page: Page, body: Mapping[str, Any], times: Sequence[int]) -> tuple[Request, ...]:
    """What is older than the oldest of these: a window of time that slides, for pages end at the 25th without a key."""
    request = page.request
    upper, lower = whole_number(request.params.get("max")), whole_number(request.params.get("min"))
    if body.get("has_more") is not True or not times or "sort" not in request.params:
        return ()
    # The API counts the bound in. A page that is all of one second must not be asked for again.
    oldest = min(times) if upper is None or min(times) < upper else upper - 1
    if lower is not None and oldest < lower:
        return ()
    return (replace(request, params={**request.params, "max": str(oldest)}),)
