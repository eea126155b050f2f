"""Posts of Bluesky: the stream of everything, and its search with an account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, SecretStr, model_validator

from insight.model import Deletion, Item, Post, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import missing_posts, not_read
from scrapers.base import Access, Batch, Budget, Login, Page, Request, Search, Source, Stream, Terms
from scrapers.formats.values import UnreadableError, counts, each, listed, mapping, origin_of, text
from scrapers.marks import distinct, newest, portions, reaches_back, times_of
from scrapers.settings import own_searches, under
from scrapers.social import bluesky_jetstream as jetstream
from scrapers.social import bluesky_records as records
from scrapers.social.bluesky_jetstream import Mark
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=1)
PAGE = 100  # the most a search gives
SHOWN = 25  # posts that can be asked for at a time
ACCOUNT = "check `identifier` and `app_password` (made in Bluesky under Settings, Privacy and security, App passwords)"

_STREAM = Search()
_OTHERS = frozenset({"actors", "did", "didDoc", "handle", "accessJwt", "feeds", "lists", "notifications", "profile"})


class Bluesky(Source):
    """Jetstream, the public stream of everything, is open and free: every post comes within seconds, edits and
    deletions too, and after a break it goes on for about a day back. With `identifier` and `app_password` the search is
    asked as well: 3,000 requests in five minutes.

    Posts may be kept as long as their authors leave them, so deletions are obeyed. The search is meant for people and
    the stream for machines, so the search is no more than a second net. A post that came by the stream names its author
    by number (a DID), one that was looked at again or found by the search by handle, too.
    """

    kind = "bluesky"
    title = "Bluesky"
    network = records.NETWORK
    terms = Terms(
        Access.OPEN,
        "The public stream of all posts, free; its search with an account, 3,000 requests in five minutes.",
        "https://docs.bsky.app/docs/support/developer-guidelines",
    )
    example: ClassVar[dict[str, Any]] = {}
    hosts_from_settings = ("base_url", "public_url", "jetstream")
    looks_again = (timedelta(hours=6), timedelta(days=2))
    default_every = 900.0
    window = "the stream: about a day back; a search: the 10,000 newest posts"

    dialect = Dialect(either=None, brackets=Brackets.NONE)

    jetstream: str | None = Field(
        "wss://jetstream2.us-east.bsky.network/subscribe",
        description="Where the stream is: …/subscribe (version 1) or …/xrpc/network.bsky.jetstream.subscribeEvents "
        "(version 2). null: only the search is asked.",
        pattern=r"^wss?://[^\s@/]+/\S*$",
    )
    identifier: str | None = Field(None, description="Your handle or e-mail address, for the search.", min_length=1)
    app_password: SecretStr | None = Field(None, description="An app password, never your own one.")
    queries: tuple[str, ...] = Field((), description="Search for these too, besides what the watches name.")
    base_url: str = Field("https://bsky.social", description="Your account's server, for the login and the search.")
    public_url: str = Field("https://public.api.bsky.app", description="Where single posts are shown to everybody.")

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if (self.identifier is None) != (self.app_password is None):
            raise ValueError("identifier and app_password belong together: give both, or neither")
        if self.jetstream is None and self.identifier is None:
            raise ValueError(
                "the search needs `identifier` and `app_password`; without them leave `jetstream` as it is"
            )
        return self

    @classmethod
    def for_page(cls, url: str) -> Bluesky:
        return cls(jetstream=url) if url.startswith("ws") else cls(base_url=origin_of(url))

    def login(self) -> Login | None:
        if self.identifier is None or self.app_password is None:
            return None
        secrets = {"identifier": self.identifier, "password": self.app_password.get_secret_value()}
        url = under(self.base_url, "xrpc/com.atproto.server.createSession")
        return Login(Request(url, method="POST", body=json.dumps(secrets)), remedy=ACCOUNT)

    def session_headers(self, page: Page) -> Mapping[str, str]:
        token = text(mapping(page.json()).get("accessJwt"))
        if token is None:
            raise not_read(page, "session", remedy=ACCOUNT)
        return {"Authorization": f"Bearer {token}"}

    def session_expired(self, page: Page) -> bool:
        # https://atproto.com/specs/xrpc#error-responses: a token that has ended is told with 400
        return page.status == 401 or (page.status == 400 and b"ExpiredToken" in page.body)

    def budget(self) -> Budget:
        return Budget(per_minute=600)

    # -- the stream -----------------------------------------------------------------------------------------------

    def stream(self, search: Search, mark: str | None, now: datetime) -> Stream | None:
        if search.terms or self.jetstream is None:
            return None
        return jetstream.stream(self.jetstream, Mark.read(mark), now)

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        second = self.jetstream is not None and jetstream.is_second(self.jetstream)
        return jetstream.read(events, at, urlsplit(self.jetstream or "").hostname or "" if second else "")

    # -- the search -----------------------------------------------------------------------------------------------

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        streamed = () if self.jetstream is None else (_STREAM,)
        if self.identifier is None:
            return streamed
        return (*streamed, *with_own(own_searches(self.queries), searches(self, watches)))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = {"q": search.terms or "*", "sort": "latest", "limit": str(PAGE)}
        since = records.instant(high_water)
        if since is not None:
            params["since"] = _timestamp(since - OVERLAP)
        return Request(under(self.base_url, "xrpc/app.bsky.feed.searchPosts"), params, since=high_water)

    def mark_at(self, at: datetime) -> str:
        return _timestamp(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        base = self.public_url if self.identifier is None else self.base_url
        address = f"{base.rstrip('/')}/xrpc/app.bsky.feed.getPosts"
        queries = (urlencode([("uris", uri) for uri in some]) for some in portions(ids, SHOWN))
        return tuple(Request(f"{address}?{query}") for query in queries)

    def parse(self, page: Page) -> Batch:
        if page.body.lstrip()[:7] in (b'{"did":', b'{"$type') and b"\n{" in page.body.strip():
            return self.read_events([line for line in page.text.split("\n") if line.strip()], page.fetched_at)
        body = page.json()
        if not isinstance(body, dict) or "error" in body:
            raise not_read(page, "posts of Bluesky")
        views = list(_views_in(body))
        empty = isinstance(body.get("posts"), list) or isinstance(body.get("feed"), list) or "thread" in body
        if not views and not empty and not _OTHERS & body.keys():
            raise not_read(page, "posts of Bluesky")
        found, rejected = each(views, _parse_view)
        posts, missing = distinct(found), []
        if "posts" in body and not rejected:
            asked = parse_qs(urlsplit(page.request.url).query).get("uris", [])
            # a post without words is no post here, but it is there
            missing = missing_posts(page, asked, {text(mapping(view).get("uri")) or "" for view in views})
        items: tuple[Item, ...] = (*posts, *(Deletion(records.NETWORK, uri) for uri in missing))
        at = newest(times_of(posts), page)
        return Batch(items, _next_requests(page, body, posts), _timestamp(at) if at else None, rejected)


def _views_in(body: Mapping[str, Any]) -> Iterator[Any]:
    """The posts in an answer: of a search, a list of single ones, a feed, a thread, one record."""
    if isinstance(body.get("value"), dict) and body.get("uri"):
        yield {"uri": body["uri"], "record": body["value"]}
    yield from listed(body.get("posts"))
    for entry in listed(body.get("feed")):
        yield entry.get("post") if isinstance(entry, dict) else entry
    waiting = [body.get("thread")]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from listed(found.get("post"))
            waiting += [found.get("parent"), *listed(found.get("replies"))]


def _parse_view(view: Any) -> Post | None:
    """One post as the network shows it. Raises UnreadableError."""
    view = mapping(view)
    uri, record, author = text(view.get("uri")), view.get("record"), mapping(view.get("author"))
    if uri is None or records.url_of(uri) is None:
        raise UnreadableError("a post without its uri")
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise UnreadableError("a post without its record")
    names = {"likes": "like", "reposts": "repost", "replies": "reply", "quotes": "quote", "bookmarks": "bookmark"}
    handle = text(author.get("handle"))
    found = records.post(uri, record, records.instant(view.get("indexedAt")))
    return found and replace(
        found,
        author=handle if handle and handle != "handle.invalid" else found.author,
        author_name=text(author.get("displayName")),
        engagement=counts(**{ours: view.get(f"{theirs}Count") for ours, theirs in names.items()}),
    )


def _next_requests(page: Page, body: Mapping[str, Any], items: Sequence[Post]) -> tuple[Request, ...]:
    """Older posts, until they are older than what was asked for."""
    cursor = text(body.get("cursor"))
    since = records.instant(page.request.params.get("since"))
    if cursor is None or "searchPosts" not in page.request.url or reaches_back(times_of(items), since):
        return ()
    return (replace(page.request, params={**page.request.params, "cursor": cursor}),)


def _timestamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
