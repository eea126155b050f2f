"""Launches on Product Hunt and what is said of them: its feed, or its API with a token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from insight.model import Deletion, Engagement, Item, Rejected, Watch
from scrapers.answers import error_body, not_read
from scrapers.base import Access, Batch, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import begins, entries_of
from scrapers.formats.dates import moment
from scrapers.formats.values import counts, each, identifier, listed, mapping, text, whole_number
from scrapers.marks import distinct, gap_since, mark_of, newest_mark, portions, times_of
from scrapers.news import producthunt_launches as launches
from scrapers.settings import bearer, named

OVERLAP = timedelta(hours=6)  # what is scheduled shows under the time it was written
PAGE = 20
FEED = 40  # entries of a full feed: about 50
LOOKED = 20
REMEDY = "make a developer token on producthunt.com (API dashboard) and give it as `token`"
_SLUG = re.compile(r"(?:.*/posts/)?([\w-]{1,200})/?")
_DENIED = frozenset({"invalid_oauth_token", "unauthorized_oauth", "forbidden"})

_INFO = "pageInfo { hasNextPage endCursor }"
_POSTS = (
    f"query($after: String, $since: DateTime) {{ posts(order: NEWEST, first: {PAGE}, after: $after,"
    f" postedAfter: $since) {{ nodes {{ {launches.POST} }} {_INFO} }} }}"
)
_COMMENTS = (
    f"query($slug: String, $after: String) {{ post(slug: $slug) {{ id comments(order: NEWEST, first: {PAGE},"
    f" after: $after) {{ nodes {{ {launches.COMMENT} replies(first: {PAGE}) {{ nodes {{ {launches.COMMENT} }} }} }}"
    f" {_INFO} }} }} }}"
)


class ProductHunt(Source):
    """The feed of what is featured is public and needs no key. The API is free for non-commercial use only: for any
    other, Product Hunt has to agree first.

    Without a token: about 50 launches, each with its name and its tagline. With `token`: every launch, newest first,
    with description and votes, and the comments on the launches named in `posts`. 6,250 points of complexity in a
    quarter of an hour; Product Hunt says how many are left. Nothing limits how long what was read is kept. There is no
    search. The API hides who wrote what. Both ways give a launch the same id.
    """

    kind = "producthunt"
    title = "Product Hunt"
    network = launches.NETWORK
    terms = Terms(
        Access.OPEN,
        "Public feed; API with a token for non-commercial use, 6,250 points of complexity in 15 minutes.",
        "https://api.producthunt.com/v2/docs",
        pace=2.0,
    )
    example: ClassVar[dict[str, Any]] = {}
    hosts_from_settings = ("base_url", "api_url")
    default_every = 1800.0
    window = "without a token: the about 50 launches of the feed"
    looks_again = (timedelta(days=1), timedelta(days=7))

    token: SecretStr | None = Field(None, description="A developer token, for the API (non-commercial use).")
    posts: tuple[str, ...] = Field(
        (), description="Launches whose comments are read, with a token: acme, or its address."
    )
    base_url: str = Field("https://www.producthunt.com/feed", description="Where the feed is.")
    api_url: str = Field("https://api.producthunt.com/v2/api/graphql", description="Where the API is.")

    @field_validator("posts")
    @classmethod
    def _slugs(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return named(given, _SLUG, "launch: write the last part of its address, behind /posts/")

    @model_validator(mode="after")
    def _able(self) -> Self:
        if self.posts and not self.token:
            raise ValueError("the comments on `posts` can be read with a `token` only")
        return self

    def headers(self) -> Mapping[str, str]:
        return bearer(self.token)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return (Search(), *(Search(f"comments on {slug}", slug) for slug in self.posts))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if not self.token:
            return Request(self.base_url, since=high_water)
        if search.terms:
            return self._ask(_COMMENTS, {"slug": search.terms, "after": None}, high_water)
        since = moment(high_water)[0]
        posted = mark_of(since - OVERLAP) if since else None
        return self._ask(_POSTS, {"after": None, "since": posted}, high_water)

    def _ask(self, query: str, variables: Mapping[str, Any], since: str | None = None) -> Request:
        body = json.dumps({"query": query, "variables": variables})
        return Request(self.api_url, method="POST", body=body, since=since)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at) if self.token else None

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """Several in one question, each under a name of its own."""
        if not self.token:
            return ()
        known = [found for found in (re.fullmatch(r"(post|comment)/(\d{1,18})", one) for one in ids) if found]
        fields = {"post": launches.POST, "comment": launches.COMMENT}
        parts = [
            f"{kind}_{number}: {kind}(id: {number}) {{ {fields[kind]} }}"
            for kind, number in (f.groups() for f in known)
        ]
        asked = (self._ask(f"query {{ {' '.join(some)} }}", {}) for some in portions(parts, LOOKED))
        return tuple(replace(request, note={"look": "1"}) for request in asked)

    def parse_error(self, page: Page) -> Batch | None:
        if errors := listed(error_body(page).get("errors")):
            raise _error(page, list(map(mapping, errors)))
        return None

    def parse(self, page: Page) -> Batch:
        if not begins(page, b"{", b"["):
            items, rejected = entries_of(page, launches.from_feed)
            items = distinct(items)
            since, times = moment(page.request.since)[0], times_of(items)
            reason = "the feed shows about 50 launches and none that was known"
            missed = gap_since(since, times, reason) if len(items) >= FEED else ()
            return Batch((*items, *missed), (), newest_mark(times, page), rejected)
        body = mapping(page.json())
        if errors := listed(body.get("errors")):  # GraphQL tells errors with status 200, too
            raise _error(page, list(map(mapping, errors)))
        data = mapping(body.get("data"))
        if page.request.note.get("look"):
            return _parse_lookup(data)
        post = mapping(data.get("post"))
        if "post" in data and not post:
            raise SourceError("there is no such launch", permanent=True, remedy="check `posts`", status=404)
        if not post and not isinstance(data.get("posts"), dict):
            raise not_read(page, "launches")
        found, bad = each(launches.nodes(data.get("posts")), launches.launch)
        said, unread = each(launches.discussed(post), lambda pair: launches.comment(*pair))
        items = distinct((*found, *said))
        connection = mapping(post.get("comments") if post else data.get("posts"))
        times = times_of(one for one in items if one.reply_to == one.thread)
        return Batch(items, _next_requests(page, connection, times), newest_mark(times, page), bad + unread)


def _error(page: Page, errors: Sequence[Mapping[str, Any]]) -> SourceError:
    names = {name for error in errors if (name := text(error.get("error")))}
    said = next((said for error in errors for key in _SAID if (said := text(error.get(key)))), "an error")
    if "rate_limit_reached" in names or page.status == 429:
        waits = [whole_number(mapping(error.get("details")).get("reset_in")) for error in errors]
        pause = next((float(seconds) for seconds in waits if seconds is not None and seconds >= 0), 900.0)
        return SourceError(f"Product Hunt asks to wait: {said}", retry_after=pause, status=429)
    if names & _DENIED or page.status in (401, 403):
        return SourceError(f"Product Hunt refuses the token: {said}", permanent=True, remedy=REMEDY, status=page.status)
    passing = page.status < 400 or page.status >= 500
    remedy = "" if passing else "check the settings of this source"
    return SourceError(f"Product Hunt answered: {said}", permanent=not passing, remedy=remedy, status=page.status)


_SAID = ("error_description", "message", "error")


def _parse_lookup(data: Mapping[str, Any]) -> Batch:
    """Those that were asked for; one that is null is gone. A comment alone does not say what it is about: only its
    votes are news."""
    items: list[Item] = []
    rejected: tuple[Rejected, ...] = ()
    for alias, node in data.items():
        kind, _, number = alias.partition("_")
        if node is None and number.isdigit():
            items.append(Deletion(launches.NETWORK, f"{kind}/{number}"))
        elif kind == "post":
            found, bad = each([node], launches.launch)
            items, rejected = [*items, *found], rejected + bad
        elif number.isdigit():
            votes = counts(likes=mapping(node).get("votesCount"))
            items.append(Engagement(launches.NETWORK, f"{kind}/{number}", votes))
    return Batch(tuple(items), rejected=rejected)


def _next_requests(page: Page, connection: Mapping[str, Any], times: Sequence[datetime]) -> tuple[Request, ...]:
    """The next page, as long as something on this one is news."""
    info, since = mapping(connection.get("pageInfo")), moment(page.request.since)[0]
    cursor = identifier(info.get("endCursor"))
    try:
        asked = json.loads(page.request.body or "")
        variables = mapping(asked["variables"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    known = since is not None and bool(times) and times[-1] < since - OVERLAP  # newest first
    if info.get("hasNextPage") is not True or known or cursor is None or cursor == variables.get("after"):
        return ()
    body = json.dumps({**asked, "variables": {**variables, "after": cursor}})
    return (replace(page.request, body=body),)
