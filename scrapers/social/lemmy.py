"""Posts and comments of Lemmy, the federated link aggregator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator

from insight.model import Deletion, Gap, Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import platform_message, refused
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Terms
from scrapers.formats.dates import moment
from scrapers.formats.values import each, origin_of
from scrapers.marks import distinct, newest, reaches_back, times_of
from scrapers.paging import Numbered
from scrapers.settings import bearer, host_and_path
from scrapers.social.lemmy_views import NETWORK, Views, read, views
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=1)  # what other servers send late is filed under the time it was written
PAGE = 50  # the most a list gives
NUMBERED = Numbered("page", "limit", PAGE)
PRIVATE = "this instance is for its members only: give a `token`, or choose another `instance`"
_GONE = frozenset({"couldnt_find_post", "couldnt_find_comment", "couldnt_find_object", "not_found"})
_CLOSED = frozenset({"instance_is_private", "not_logged_in", "incorrect_login"})
_PASSING = frozenset({"rate_limit_error", "too_many_requests"})


class Lemmy(Source):
    """Most instances show posts, comments and their search to everybody; some only to members, for whom `token` is.

    Each has rules and rates of its own; 60 searches in ten minutes and address is usual. What was read may be kept as
    long as its author leaves it: deletions and removals are obeyed. An instance knows what its members follow, so a
    search finds that part of the network. Searches are by letters anywhere in a title, body or comment; `communities`
    are read whole. A post is known by its `ap_id`, the same on every instance. Versions 0.18 and 0.19 answer under
    `/api/v3`, 1.0 under `/api/v4` too.
    """

    kind = "lemmy"
    title = "Lemmy"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Public API, about 60 searches in ten minutes; see the instance's own rules.",
        "https://join-lemmy.org/docs/contributors/04-api.html",
    )
    example: ClassVar[dict[str, Any]] = {"instance": "https://lemmy.world", "queries": ["selfhosted"]}
    hosts_from_settings = ("instance",)
    looks_again = (timedelta(hours=6), timedelta(days=2))

    # The search is SQL's ILIKE with blanks as wildcards: letters anywhere, in the order in which they are given.
    dialect = Dialect(
        phrase="{}",
        names=("{}",),
        prefix="{}",
        both=None,
        either=None,
        brackets=Brackets.NONE,
        signs="+#",
        apostrophes=False,
        runs=True,
        emoji=True,
        complete=False,
    )

    instance: str = Field(
        "https://lemmy.world",
        description="The instance that is asked (`base_url` says the same).",
        pattern=r"^https?://[^\s@/]+(/\S*)?$",
        validation_alias=AliasChoices("instance", "base_url"),
    )
    queries: tuple[str, ...] = Field((), description="Search for these too, besides what the watches name.")
    communities: tuple[str, ...] = Field((), description="Read these whole: `name` here, or `name@instance`.")
    listing: Literal["All", "Local"] | None = Field(
        None, description="Read everything the instance knows (All), or what was written there (Local)."
    )
    include: tuple[Literal["posts", "comments"], ...] = Field(
        ("posts", "comments"), description="What to read: posts, comments.", min_length=1
    )
    api: Literal["v3", "v4"] = Field("v3", description="The API's version; v4 from Lemmy 1.0.")
    token: SecretStr | None = Field(None, description="A login token (JWT), for an instance of members only.")

    @field_validator("communities", mode="after")
    @classmethod
    def _named(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.strip().removeprefix("!") for name in given)

    @classmethod
    def for_page(cls, url: str) -> Lemmy:
        return cls(instance=origin_of(url), api="v4" if "/api/v4/" in url else "v3")

    @property
    def label(self) -> str:
        return host_and_path(self.instance)

    def headers(self) -> Mapping[str, str]:
        return bearer(self.token)

    def budget(self) -> Budget:
        return Budget(per_minute=6)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = [Search(key) for key in self._lists()]
        own += [Search(query.lower().strip('"'), query.strip('"')) for query in self.queries]
        return with_own(own, searches(self, watches))

    def _lists(self) -> dict[str, tuple[str, dict[str, str]]]:
        """The lists that are read whole, by the key of their search: the endpoint and its parameters."""
        places = {f"!{name}": {"community_name": name, "type_": "All"} for name in self.communities}
        places |= {f"({self.listing})": {"type_": self.listing}} if self.listing else {}
        ends = {what: f"{what.removesuffix('s')}/list" for what in self.include}
        return {f"{place} {what}": (end, only) for place, only in places.items() for what, end in ends.items()}

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        kind = "All" if len(self.include) > 1 else self.include[0].capitalize()
        by_words = {"q": search.terms, "type_": kind, "listing_type": "All"}
        end, params = self._lists().get(search.key, ("search", by_words))
        params = {**params, "sort": "New", "limit": str(PAGE)}
        if self.api == "v4":
            lower = ("type_", "listing_type", "sort")
            params = {key: value.lower() if key in lower else value for key, value in params.items()}
        return self._request(end, params, high_water)

    def _request(self, end: str, params: Mapping[str, str], since: str | None) -> Request:
        return Request(f"{self.instance.rstrip('/')}/api/{self.api}/{end}", params, since=since)

    def mark_at(self, at: datetime) -> str | None:
        return _mark(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """By its `ap_id` an instance shows what it has of it to everybody, and nothing when it is deleted."""
        requests = (self._request("resolve_object", {"q": native_id}, None) for native_id in ids)
        return tuple(replace(request, note={"look": request.params["q"]}) for request in requests)

    def parse_error(self, page: Page) -> Batch:
        look = page.request.note.get("look")
        if page.status in (400, 404) and look and platform_message(page) in _GONE:
            return Batch((Deletion(NETWORK, look),))
        raise _named_error(page) or refused(page, remedy=PRIVATE if page.status in (401, 403) else "")

    def parse(self, page: Page) -> Batch:
        if error := _named_error(page):
            raise error
        look = page.request.note.get("look")
        found = views(page)
        parents = found.parent_comments(origin_of(page.url))
        items: tuple[Post | Deletion, ...]
        items, rejected = each(found.entries, partial(read, parents=parents))
        items = distinct(items)  # a search finds one of 1.0 twice where its address is searched for
        if look or not page.request.params.get("sort"):
            return Batch(items, rejected=rejected)
        at, (requests, gap) = newest(times_of(items), page), self._next_requests(page, found)
        return Batch((*items, *gap), requests, _mark(at) if at else None, rejected)

    def _next_requests(self, page: Page, found: Views) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
        """What is older, as long as a list of this page goes on and its end is news."""
        request, since = page.request, moment(page.request.since)[0]
        known = since - OVERLAP if since else None
        if found.next_page or "/api/v4/" in request.url:  # version 1 has cursors only
            going_on = found.next_page and not all(reaches_back(one.times, known) for one in found.lists)
            params = {key: value for key, value in request.params.items() if key != "page"}
            onward = replace(request, params={**params, "page_cursor": found.next_page or ""})
            return ((onward,) if going_on else ()), ()
        _, size = NUMBERED.place(request)
        full = [one for one in found.lists if one.length >= size and not reaches_back(one.times, known)]
        return NUMBERED.following(page, [one.ids for one in full or found.lists], more=bool(full))


def _named_error(page: Page) -> SourceError | None:
    """The error that the instance names, with whatever status; None where it names none that is known."""
    name = platform_message(page)
    if name in _CLOSED:
        return SourceError(f"{page.url}: {name}", permanent=True, remedy=PRIVATE, status=page.status)
    if name in _PASSING:
        passing = refused(page)
        return SourceError(str(passing), retry_after=passing.retry_after or 600.0, status=page.status)
    return None


def _mark(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")  # always UTC, so that marks compare as text
