"""Hashtag timelines of a Mastodon instance; with a token their streams and the search, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import AliasChoices, Field, PrivateAttr, SecretStr

from insight.model import Deletion, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import deleted, error_body, not_read, refused
from scrapers.base import Access, Batch, Page, Request, Search, Source, SourceError, Stream, Terms
from scrapers.formats.values import each, mapping, origin_of, text
from scrapers.marks import distinct
from scrapers.settings import bearer, host_and_path, under
from scrapers.social.mastodon_toots import NETWORK, LocalIds, alias, entities, read, streamed, tombstones
from scrapers.terms import concerning, pushed, searches, with_own

OVERLAP = timedelta(hours=1)  # a server files a late toot of another server under the time it was written
CLOSED = "this instance shows its timelines to members only: give a `token`, or choose another `instance`"
OFF = "its admins have turned hashtag timelines off: choose another `instance`"
_SEARCH = "search: "
_WORDS = Dialect(hashtag=None, either=None, brackets=Brackets.NONE, complete=False)
# https://docs.joinmastodon.org/methods/timelines/#tag
PAGE = 40  # the most a timeline gives


class Mastodon(Source):
    """Instances serve public hashtag timelines to everybody unless their admins close them; `token` opens those.

    300 requests in five minutes and address. Each instance has terms of its own; toots may be kept as long as their
    authors leave them, so deletions are obeyed: a stream tells them, and toots are looked at again. Only what is
    public comes this way. There is no search by word without an account: the hashtags, words, phrases and names of the
    watches are asked for as hashtags, and `hashtags` adds more. A boost is no new post: the boosted toot is read. A
    toot is known by its `uri`, the same on every instance.

    With a `token`, `stream_hashtags` listens to each hashtag as well, so that toots come at once; a stream cannot go on
    from where it was left, so the timelines are still visited. `search_words` asks for the words of the watches, too:
    that finds toots of people who allow it, on an instance with full-text search; where there is none, the answer is
    empty and proves nothing.
    """

    kind = "mastodon"
    title = "Mastodon"
    network = NETWORK
    terms = Terms(
        Access.OPEN,
        "Public hashtag timelines, 300 requests in five minutes; see the instance's own rules.",
        "https://docs.joinmastodon.org/methods/timelines/#tag",
    )
    example: ClassVar[dict[str, Any]] = {"instance": "https://mastodon.social", "hashtags": ["opensource"]}
    hosts_from_settings = ("instance", "streaming")
    polls = True
    looks_again = (timedelta(hours=6), timedelta(days=2))
    looks_by_alias = True

    dialect = Dialect(word=None, phrase=None, both=None, either=None, brackets=Brackets.NONE, complete=False)

    instance: str = Field(
        "https://mastodon.social",
        description="The instance whose timelines are read (`base_url` says the same).",
        pattern=r"^https?://[^\s@/]+(/\S*)?$",
        validation_alias=AliasChoices("instance", "base_url"),
    )
    hashtags: tuple[str, ...] = Field((), description="Hashtags to read too, besides what the watches name.")
    token: SecretStr | None = Field(None, description="An access token, for an instance that shows nothing without.")
    stream_hashtags: bool = Field(False, description="With a token: listen to the hashtags' streams, too.")
    search_words: bool = Field(False, description="With a token: ask the instance's search for words, too.")
    streaming: str | None = Field(
        None, description="Where the streams are, if not at the instance: https://streaming.mastodon.social, say."
    )

    _local: LocalIds = PrivateAttr(default_factory=LocalIds)

    @classmethod
    def for_page(cls, url: str) -> Mastodon:
        return cls(instance=origin_of(url))

    @property
    def label(self) -> str:
        return host_and_path(self.instance)

    def headers(self) -> Mapping[str, str]:
        return bearer(self.token)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = [Search(f"#{tag}", tag) for tag in filter(None, map(hashtag, self.hashtags))]
        found = [replace(search, terms=search.terms.removeprefix("#")) for search in searches(self, watches)]
        return (*with_own(own, found), *(self._word_searches(watches) if self.token and self.search_words else ()))

    def _word_searches(self, watches: Sequence[Watch]) -> Iterator[Search]:
        asked: dict[str, set[str]] = {}
        for watch in concerning(self, watches):
            for written in pushed(watch.query, _WORDS).searches:
                asked.setdefault(written, set()).add(watch.id)
        for written, served in asked.items():
            yield Search(f"{_SEARCH}{written}", written, frozenset(served))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        params = {"limit": str(PAGE)}
        earlier = _an_hour_earlier(high_water) if high_water is not None else None
        if search.key.startswith(_SEARCH):
            params |= {"q": search.terms, "type": "statuses", **({"min_id": earlier} if earlier else {})}
            return Request(under(self.instance, "api/v2/search"), params, since=high_water)
        if earlier is not None:
            params["since_id"] = earlier
        timeline = under(self.instance, f"api/v1/timelines/tag/{quote(search.terms)}")
        if high_water is None:  # the first time, whether the instance shows timelines at all
            return Request(under(self.instance, "api/v2/instance"), note={"timeline": timeline})
        return Request(timeline, params, since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        # Mastodon's ids are times (those of its relatives are not): milliseconds above 16 bits of a counter, see
        # https://github.com/mastodon/mastodon/blob/main/lib/mastodon/snowflake.rb
        return str(int(at.timestamp() * 1000) << 16)

    def stream(self, search: Search, mark: str | None, now: datetime) -> Stream | None:
        if self.token is None or not self.stream_hashtags or search.key.startswith(_SEARCH):
            return None
        base = (self.streaming or self.instance).rstrip("/")
        return Stream(f"{base}/api/v1/streaming/hashtag", {"tag": search.terms}, protocol="sse")

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        toots, gone = streamed(events)
        self._local.learn(toots)
        known, host = self._local.uris, urlsplit(self.instance).netloc
        posts, rejected = each(toots, lambda toot: read(toot, known, host))
        deletions = (Deletion(NETWORK, known.get(local) or alias(local, host)) for local in gone)
        return Batch((*distinct(posts), *deletions), rejected=rejected)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """One request for each that is known by what it is called here."""
        host = urlsplit(self.instance).netloc
        places = ((one, self._local.of(one, host)) for one in ids)
        return tuple(
            Request(under(self.instance, f"api/v1/statuses/{quote(local)}"), note={"look": one})
            for one, local in places
            if local
        )

    def parse_error(self, page: Page) -> Batch:
        if "timeline" in page.request.note and page.status != 429 and page.status < 500:
            return self._check_timelines_open(page)  # no Mastodon of today: its timeline will tell
        if page.status == 410 and (gone := tombstones(page)):
            return Batch(gone)
        if deletion := deleted(page, NETWORK):
            return deletion
        closed = page.status in (401, 403, 422) and "/timelines/" in page.url and not self.token
        raise refused(page, remedy=CLOSED if closed else "")

    def parse(self, page: Page) -> Batch:
        if "timeline" in page.request.note:
            return self._check_timelines_open(page)
        found = entities(page)
        if found.error is not None:
            raise not_read(page, "toots")
        self._local.learn(found.toots)
        known, host = self._local.uris, urlsplit(self.instance).netloc
        posts, rejected = each(found.toots, lambda toot: read(toot, known, host))
        if "look" in page.request.note:
            return Batch((*found.gone, *distinct(posts)), rejected=rejected)
        named = (mapping(toot).get("id") for toot in found.toots)
        ids = [str(local) for local in named if isinstance(local, str | int)]
        newest = max(ids, key=_order, default=None)
        return Batch((*found.gone, *distinct(posts)), _next_requests(page, ids), newest, rejected)

    def _check_timelines_open(self, page: Page) -> Batch:
        """On to the timeline, unless the instance says that nobody, or no stranger, is shown any (Mastodon 4.5).

        One that says nothing of the kind is older, or no Mastodon: its timeline will tell.
        """
        # https://docs.joinmastodon.org/entities/Instance/
        # who is shown toots of this instance and of others by hashtag: "public", "authenticated", "disabled"
        body = error_body(page) if page.status == 200 else {}
        feeds = mapping(mapping(body.get("configuration")).get("timelines_access")).get("hashtag_feeds")
        access = set(filter(None, map(text, mapping(feeds).values())))
        if access and "public" not in access and (self.token is None or access == {"disabled"}):
            remedy = CLOSED if "authenticated" in access else OFF
            raise SourceError(
                f"{self.label} does not show hashtag timelines", permanent=True, remedy=remedy, status=403
            )
        return Batch(requests=(Request(page.request.note["timeline"], {"limit": str(PAGE)}),))


def hashtag(written: str) -> str | None:
    """A term as a hashtag: `#Acme`, "acme corp" → acme, acmecorp. None where nothing a hashtag may be is left."""
    tag = re.sub(r"[^\w]", "", written.strip("@").partition("@")[0]).lower()
    return tag if re.search(r"[^\W\d_]", tag) else None


def _next_requests(page: Page, ids: list[str]) -> tuple[Request, ...]:
    """Older toots: what the Link header calls next, asked of the address that was asked before (a mirror, perhaps).

    A page may be empty and have a next one all the same: what is not for everybody was left out of it.
    """
    following = _link_next(page.headers.get("link", ""))
    full = any(part in page.request.url for part in ("/timelines/", "/search")) and len(ids) >= (
        _number(page.request.params.get("limit")) or PAGE
    )
    if following is None and full:
        following = min(ids, key=_order)  # a mirror without the header
    params = dict(page.request.params)
    since = params.get("since_id") or params.get("min_id")
    if following is None or (since is not None and _order(following) <= _order(since)):
        return ()
    if "/timelines/" in page.request.url:
        params.pop("min_id", None)
    return (replace(page.request, params={**params, "max_id": following}),)


# https://docs.joinmastodon.org/api/guidelines/#pagination
def _link_next(header: str) -> str | None:
    for target, rel in re.findall(r"<([^<>]{1,2000})>\s*;\s*rel=\"?(\w+)", header):
        if rel == "next":
            try:
                return next(iter(parse_qs(urlsplit(target).query).get("max_id", ())), None)
            except ValueError:
                return None
    return None


def _order(toot: str) -> tuple[int, str]:
    """Ids grow with time: Mastodon's as numbers, those of its relatives as text of one length."""
    return len(toot), toot


def _an_hour_earlier(toot: str) -> str:
    """The id that a toot an hour older would have: Mastodon's ids are milliseconds with 16 bits behind them."""
    number = _number(toot)
    if number is None or number >> 16 < OVERLAP // timedelta(milliseconds=1):
        return toot
    return str(number - ((OVERLAP // timedelta(milliseconds=1)) << 16))


def _number(written: str | None) -> int | None:
    return int(written) if written and re.fullmatch(r"[0-9]{1,19}", written) else None
