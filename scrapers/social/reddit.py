"""Posts and comments of Reddit: its API with credentials, its feeds without."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from insight.model import Deletion, Gap, Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import error_body, platform_message, refused
from scrapers.base import Access, Batch, Budget, Login, Page, Request, Search, Source, SourceError, Terms
from scrapers.bodies import begins
from scrapers.formats.dates import moment
from scrapers.formats.values import each, mapping, text
from scrapers.marks import distinct, gap_since, mark_of, newest_mark, portions, reaches_back, times_of
from scrapers.social import reddit_feed as redditfeed
from scrapers.social import reddit_things as redditthings
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=1)  # what was posted reaches the search late
# https://www.reddit.com/dev/api/#listings
PAGE = 100
FULL = 25  # entries of a feed's page where it does not heed the limit
LOOKED = 100
CREDENTIALS = "check `client_id` and `client_secret`: new ones need Reddit's approval, and a script or web app"
BLOCKED = "Reddit does not let this machine read its feeds: ask less often, or give `client_id` and `client_secret`"
ADULTS = "give `client_id` and `client_secret`, or take it out of `subreddits`"
_ADULTS = re.compile(r"<title>[^<]*over 18\?|name=\"over18\"", re.IGNORECASE)
_WALL = re.compile(r"whoa there, pardner|blocked by network security|blocked due to a network policy", re.IGNORECASE)
_SHUT = frozenset({"private", "banned", "quarantined", "gold_only", "restricted"})


class Reddit(Source):
    """Commercial use of Reddit's data needs a contract; since November 2025 every new API access needs its approval.

    Without credentials its public feeds are read, which are for personal readers and promise nothing: 10 requests a
    minute. With `client_id` and `client_secret` it is the Data API, 100 a minute and client. What its author or a
    moderator has taken away must be deleted, and is: with credentials each post is looked at again. A search finds
    posts only; comments come from `subreddits`, which are read whole. A listing holds 1,000 things at most, and a
    search fewer: where it ends before the last known one, the gap is recorded. Both ways give a post the same id.
    """

    kind = "reddit"
    title = "Reddit"
    network = redditthings.NETWORK
    terms = Terms(
        Access.GREY,
        "Feeds for personal readers, or the Data API with approved credentials; commercial use needs a contract.",
        "https://support.reddithelp.com/hc/en-us/articles/42728983564564-Responsible-Builder-Policy",
        pace=6.0,
    )
    example: ClassVar[dict[str, Any]] = {"subreddits": ["selfhosted"]}
    hosts_from_settings = ("base_url", "api_url")
    default_every = 600.0
    window = "the 1,000 newest things of a subreddit; of a search about 250"
    looks_again = (timedelta(hours=6), timedelta(days=2), timedelta(days=14))

    # AND, OR and NOT in capitals, quotes, brackets, title: and author: are documented; 512 characters.
    dialect = Dialect(
        hashtag=None,
        names=("{}", "author:{}"),
        brackets=Brackets.AROUND_OR,
        fields={"title": "title:{}", "author": "author:{}"},
        max_length=512,
        complete=False,
    )

    subreddits: tuple[str, ...] = Field((), description="Subreddits to read whole: selfhosted, r/selfhosted.")
    include: tuple[Literal["posts", "comments"], ...] = Field(
        ("posts", "comments"), description="What to read of them: posts, comments.", min_length=1
    )
    search: bool = Field(True, description="Search all of Reddit for what the watches name.")
    queries: tuple[str, ...] = Field((), description="Search for these too.")
    client_id: str | None = Field(None, description="The id of an app of yours, for the Data API.", min_length=1)
    client_secret: SecretStr | None = Field(None, description="The app's secret.")
    base_url: str = Field("https://www.reddit.com", description="Where the feeds and the login are.")
    api_url: str = Field("https://oauth.reddit.com", description="Where the Data API is.")

    @field_validator("subreddits")
    @classmethod
    def _names(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        names = [re.sub(r"^(https?://[^/]+)?/?r/|/$", "", written.strip()) for written in given]
        for name in names:
            if not re.fullmatch(r"\w{2,30}", name):
                raise ValueError(f"{name!r} is no subreddit: write its name, such as selfhosted")
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("give both `client_id` and `client_secret`, or neither")
        return self

    @property
    def label(self) -> str:
        return ",".join(self.subreddits)[:80]

    @property
    def pace(self) -> float:
        return 0.6 if self.client_id else self.terms.pace

    def budget(self) -> Budget:
        return Budget(per_minute=100 if self.client_id else 10)

    def login(self) -> Login | None:
        if self.client_id is None or self.client_secret is None:
            return None
        pair = f"{self.client_id}:{self.client_secret.get_secret_value()}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        url, body = f"{self.base_url.rstrip('/')}/api/v1/access_token", "grant_type=client_credentials"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Login(Request(url, method="POST", body=body), {**headers, **form}, CREDENTIALS)

    def session_headers(self, page: Page) -> Mapping[str, str]:
        token = text(mapping(page.json()).get("access_token"))
        if token is None:
            why = text(mapping(page.json()).get("error")) or "it gave no access token"
            raise SourceError(f"Reddit refused the login: {why}", permanent=True, remedy=CREDENTIALS)
        return {"Authorization": f"Bearer {token}"}

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = [Search(f"r/{name} {what}", name) for name in self.subreddits for what in self.include]
        own += [Search(query.lower(), query) for query in self.queries]
        return with_own(own, searches(self, watches) if self.search else ())

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        place, _, what = search.key.partition(" ")
        if place == f"r/{search.terms}" and what in self.include:
            return self._ask(f"{place}/{'new' if what == 'posts' else 'comments'}", {}, high_water)
        return self._ask("search", {"q": search.terms, "sort": "new", "type": "link"}, high_water)

    def _ask(self, end: str, params: Mapping[str, str], since: str | None) -> Request:
        if self.client_id:
            url = f"{self.api_url.rstrip('/')}/{end}"
            return Request(url, {**params, "limit": str(PAGE), "raw_json": "1"}, since=since)
        return Request(f"{self.base_url.rstrip('/')}/{end}.rss", {**params, "limit": str(PAGE)}, since=since)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        if not self.client_id:
            return ()
        asked = (self._ask("api/info", {"id": ",".join(some)}, None) for some in portions(ids, LOOKED))
        return tuple(replace(request, note={"look": "1"}) for request in asked)

    def parse_error(self, page: Page) -> Batch:
        if page.status in (403, 404) and (reason := text(error_body(page).get("reason"))) in _SHUT:
            raise _shut(page, reason)  # it stops none of the others
        blocked = "" if self.client_id else BLOCKED
        raise refused(page, remedy={401: CREDENTIALS, 403: blocked}.get(page.status, ""))

    def parse(self, page: Page) -> Batch:
        path = urlsplit(page.url).path
        if "/subreddits/search" in path:
            raise _shut(page, "there is no such subreddit")  # where Reddit sends those who ask for one
        if path.rstrip("/").endswith("/over18") or (begins(page, b"<") and _ADULTS.search(page.text[:20_000])):
            raise _shut(page, "it is shown to people over 18 who are logged in", ADULTS)
        if begins(page, b"<") and _WALL.search(page.text[:20_000]):
            raise SourceError(
                f"{page.url} answered {page.status} with Reddit's wall: {platform_message(page)}",
                permanent=True, remedy=CREDENTIALS if self.client_id else BLOCKED, status=403,
            )  # fmt: skip
        items: tuple[Post | Deletion, ...]
        if begins(page, b"{", b"["):
            found = redditthings.listing(page)
            items, rejected = each(found.things, redditthings.read)
            after = found.after
        else:
            items, rejected = redditfeed.read(page)
            after = items[-1].native_id if len(items) >= FULL else None
        items = distinct(items)
        if page.request.note.get("look"):
            return Batch(items, rejected=rejected)
        times = times_of(items)
        gap: tuple[Gap, ...] = ()
        if after is None:  # a listing holds so many things and no more: did it reach what was known?
            before = moment(page.request.note.get("oldest"))[0]
            reached = times or ([before] if before else [])
            reason = "Reddit's listing ended before the last known post"
            gap = gap_since(moment(page.request.since)[0], reached, reason)
        return Batch((*items, *gap), _next_requests(page, after, times), newest_mark(times, page), rejected)


def _shut(page: Page, why: str, remedy: str = "") -> SourceError:
    name = next(iter(re.findall(r"/r/(\w+)", page.request.url)), "it")
    says = error_body(page).get("explanation")
    told = f"r/{name} cannot be read: {why}" + (f" ({' '.join(says.split())[:300]})" if isinstance(says, str) else "")
    remedy = remedy or f"take {name} out of `subreddits`"
    return SourceError(told, permanent=True, remedy=remedy, status=404)


def _next_requests(page: Page, after: str | None, times: Sequence[datetime]) -> tuple[Request, ...]:
    """What is older, as long as something on this page is news."""
    request, since = page.request, moment(page.request.since)[0]
    known = reaches_back(times, since - OVERLAP if since else None)
    if after is None or known or "/api/info" in request.url:
        return ()
    note = {"oldest": mark_of(min(times))} if times else dict(request.note)
    return (replace(request, params={**request.params, "after": after}, note=note),)
