"""Issues, pull requests, their comments, releases and discussions of GitHub."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from insight.model import Gap, Post, Visibility, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import deleted
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, Terms
from scrapers.formats.dates import moment
from scrapers.formats.values import each, listed, mapping, origin_of, whole_number
from scrapers.marks import distinct, newest, reaches_back
from scrapers.paging import Numbered
from scrapers.settings import bearer, own_searches, under
from scrapers.social.github_answers import body_of, incomplete, refusal
from scrapers.social.github_discussions import DISCUSSIONS, DiscussionPage, discussions
from scrapers.social.github_issues import NETWORK, items_of, place_of, read
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=1)  # the search's index is behind by minutes, now and then by more
# https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
PAGE = 100  # the most the API gives
_LISTS = {"issues": "issues", "comments": "issues/comments", "releases": "releases"}
NUMBERED = Numbered("page", "per_page", PAGE)
_NEXT = re.compile(r"<([^<>]{1,2000})>\s*;\s*rel=\"?next\b")


class GitHub(Source):
    """The API is documented and free: 60 requests an hour and address, ten searches a minute; with a `token` 5,000
    and thirty. Its terms forbid spam and the selling of people's data, and set no limit on how long texts are kept.

    The search finds issues and pull requests by words in their title, text and comments, and shows title and text.
    `repositories` are read whole: issues and pull requests, what is said below them, releases, and discussions where
    a token is given. What was edited comes again by itself. A search gives 1,000 posts at most, so a window of time
    moves over them. A post is known by its repository and number (`acme/notes#12`): what answers it can name it.
    """

    kind = "github"
    title = "GitHub"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Free API, 60 requests an hour, 5,000 with a token; ten or thirty searches a minute.",
        "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
    )
    example: ClassVar[dict[str, Any]] = {"repositories": ["octocat/Hello-World"], "search": False}
    looks_again = (timedelta(days=1), timedelta(days=7))

    # Words of an issue's comments are searched, too; what is found in them alone matches nothing here.
    dialect = Dialect(
        hashtag=None, brackets=Brackets.NONE, max_length=256, max_operators=5, keeps=".'_-", complete=False
    )

    base_url: str = Field("https://api.github.com", description="Where the API is; `https://HOST/api/v3` elsewhere.")
    repositories: tuple[str, ...] = Field((), description="Read these whole: `owner/name`.")
    include: tuple[Literal["issues", "comments", "releases", "discussions"], ...] = Field(
        ("issues", "comments", "releases"), description="What to read of a repository.", min_length=1
    )
    search: bool = Field(True, description="Search all of GitHub for what the watches name.")
    queries: tuple[str, ...] = Field((), description="Search for these too, in GitHub's own language.")
    private: bool = Field(False, description="The repositories are not public: what is read stays within the team.")
    token: SecretStr | None = Field(None, description="A personal access token; one without any scope is enough.")

    @field_validator("repositories", mode="after")
    @classmethod
    def _named(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        names = [urlsplit(name).path.strip("/") if "//" in name else name.strip("/ ") for name in given]
        wrong = next((name for name in names if not re.fullmatch(r"[\w.-]{1,100}/[\w.-]{1,100}", name)), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no repository: write owner/name")
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _may_discuss(self) -> GitHub:
        if "discussions" in self.include and not self.token:
            raise ValueError("discussions are shown to nobody without a token: give a `token`")
        return self

    @classmethod
    def for_page(cls, url: str) -> GitHub:
        base = origin_of(url) + ("/api/v3" if "/api/v3/" in url or url.endswith("/api/graphql") else "")
        found = re.search(r"/repos/([\w.-]+/[\w.-]+)", url)
        return cls(base_url=base, repositories=(found[1],) if found else (), search=False, queries=("is:issue",))

    @property
    def label(self) -> str:
        host = urlsplit(self.base_url).netloc
        return " ".join([*([] if host == "api.github.com" else [host]), ",".join(self.repositories)]).strip()

    def headers(self) -> Mapping[str, str]:
        own = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**own, **bearer(self.token)}

    def budget(self) -> Budget:
        return Budget(per_minute=30, per_day=24 * 5000) if self.token else Budget(per_minute=10, per_day=24 * 60)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = [*map(Search, self._lists()), *own_searches(self.queries)]
        return with_own(own, searches(self, watches) if self.search else ())

    def _lists(self) -> dict[str, tuple[str, str]]:
        """The lists that are read whole, by the key of their search: the repository and what of it."""
        return {f"{name} {what}": (name, what) for name in self.repositories for what in self.include}

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        since = moment(high_water)[0]
        earlier = _mark(since - OVERLAP) if since else None
        if search.key in (lists := self._lists()):
            name, what = lists[search.key]
            if what == "discussions":
                owner, _, repository = name.partition("/")
                asked = {"query": DISCUSSIONS, "variables": {"owner": owner, "name": repository, "after": None}}
                url = self.base_url.rstrip("/").removesuffix("/v3") + "/graphql"
                return Request(url, method="POST", body=json.dumps(asked), since=high_water)
            params = {"per_page": str(PAGE)}
            if what != "releases":
                params |= {"sort": "updated", "direction": "desc"}
                params |= {"state": "all"} if what == "issues" else {}
                params |= {"since": earlier} if earlier else {}
            return Request(under(self.base_url, f"repos/{name}/{_LISTS[what]}"), params, since=high_water)
        terms = f"({search.terms})" if " OR " in search.terms else search.terms
        terms += "" if self.private else " is:public"  # a token shows more than everybody may see
        params = {"q": terms + (f" created:>={earlier}" if earlier else ""), "sort": "created", "order": "desc"}
        note = {"terms": terms} | ({"from": earlier} if earlier else {})
        # advanced: where OR and brackets mean what they say
        params |= {"per_page": str(PAGE), "advanced_search": "true"}
        return Request(under(self.base_url, "search/issues"), params, since=high_water, note=note)

    def mark_at(self, at: datetime) -> str | None:
        return _mark(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """One request for each; discussions and their comments come again with their repository's list."""
        places = ((native_id, place_of(native_id)) for native_id in ids)
        return tuple(
            Request(under(self.base_url, place), note={"look": native_id}) for native_id, place in places if place
        )

    def parse_error(self, page: Page) -> Batch:
        if gone := deleted(page, NETWORK):
            return gone
        raise refusal(page, token=self.token is not None)

    def parse(self, page: Page) -> Batch:
        body, look = body_of(page), page.request.note.get("look")
        if isinstance(body, dict) and "data" in body:
            return self._parse_discussions(page, discussions(page, body))
        found = items_of(page, body)
        posts, rejected = each(found, lambda item: read(item, look))
        posts = self._distinct(posts)
        if look:
            return Batch(posts, rejected=rejected)
        mark = None if incomplete(body) else _newest(_stamps(page, found), page)
        requests, gap = self._next_requests(page, body, found)
        return Batch((*posts, *gap), requests, mark, rejected)

    def _distinct(self, posts: Sequence[Post]) -> tuple[Post, ...]:
        found = distinct(posts)
        return tuple(replace(post, visibility=Visibility.PRIVATE) for post in found) if self.private else found

    def _parse_discussions(self, page: Page, found: DiscussionPage) -> Batch:
        posts, rejected = each(found.nodes, lambda node: node.read())
        batch = Batch(self._distinct(posts), (), _newest(found.times, page), rejected)
        if reaches_back(found.times, _known(page)) or not found.after or page.request.body is None:
            return batch
        asked = mapping(json.loads(page.request.body))
        following = json.dumps({**asked, "variables": {**mapping(asked.get("variables")), "after": found.after}})
        return replace(batch, requests=(replace(page.request, body=following),))

    def _next_requests(
        self, page: Page, body: Any, found: Sequence[Any]
    ) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
        if isinstance(body, dict) and "total_count" in body:
            return _older_requests(page, found), ()
        onward = {} if reaches_back(_stamps(page, found), _known(page)) else _linked_place(page)
        if after := onward.get("after"):
            return (replace(page.request, params={**page.request.params, "after": after}),), ()
        ids = [str(mapping(item).get("id")) for item in found]
        return NUMBERED.following(page, [ids], more="page" in onward)


def _linked_place(page: Page) -> dict[str, str]:
    """Where the page is that the Link header calls next; it is asked of the address that was asked before (a mirror,
    perhaps)."""
    header = _NEXT.search(page.headers.get("link", ""))
    try:
        following = dict(parse_qsl(urlsplit(header[1]).query)) if header else {}
    except ValueError:
        return {}
    number, here = whole_number(following.get("page")) or 0, NUMBERED.place(page.request)[0]
    if number <= here and "page" in following:
        del following["page"]
    return {name: value for name, value in following.items() if name in ("page", "after")}


def _known(page: Page) -> datetime | None:
    since = moment(page.request.since)[0]
    return since - OVERLAP if since else None


def _older_requests(page: Page, found: Sequence[Any]) -> tuple[Request, ...]:
    """The posts that were created before the oldest of these: no page of a search goes past the 1,000th.

    https://docs.github.com/en/rest/search/search
    """
    request, size = page.request, whole_number(page.request.params.get("per_page")) or PAGE
    terms, low = request.note.get("terms"), request.note.get("from")
    times = [at for at in (moment(mapping(item).get("created_at"))[0] for item in found) if at]
    if terms is None or len(found) < size or not times:
        return ()
    upper = moment(request.note.get("until"))[0]
    # the bound counts: a page that is all of one second must not be asked for again
    oldest = min(times) if upper is None or min(times) < upper else upper - timedelta(seconds=1)
    if low and _mark(oldest) < low:
        return ()
    until = _mark(oldest)
    params = {**request.params, "q": f"{terms} created:{low or '*'}..{until}"}
    return (replace(request, params=params, note={**request.note, "until": until}),)


def _stamps(page: Page, found: Sequence[Any]) -> list[datetime]:
    """When the items of this page were last changed, or for a search and for releases when they came."""
    changed = page.request.params.get("sort") == "updated"
    names = ("updated_at",) if changed else ("published_at", "created_at")
    stamps = (
        next(filter(None, (moment(mapping(item).get(name))[0] for name in names)), None) for item in listed(found)
    )
    return [at for at in stamps if at]


def _newest(stamps: Sequence[datetime], page: Page) -> str | None:
    at = newest(stamps, page)
    return _mark(at) if at else None


def _mark(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
