"""Posts of X, through its paid API: recent search, and the filtered stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from pydantic import Field, SecretStr

from insight.model import Deletion, Gap, Rejected, Watch
from insight.query.dialect import Dialect
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Stream, Terms
from scrapers.formats import limits
from scrapers.formats.values import each, excerpt, identifier, mapping, origin_of
from scrapers.marks import distinct, portions
from scrapers.settings import bearer, own_searches, under
from scrapers.social.x_answers import XAnswer, answer, event, refusal
from scrapers.social.x_posts import NETWORK, id_at, number, read, superseded, written_at
from scrapers.social.x_rules import changes, wanted
from scrapers.terms import searches, with_own

OVERLAP = timedelta(minutes=1)  # each post that is read again is counted again
WINDOW = timedelta(days=7)
MARGIN = timedelta(minutes=10)  # X refuses an id that is a minute older than its window
PAGE = 100
BESIDE = 3  # a post, one that it quotes or repeats, and one that it answers
SPELLING = 40  # characters that X's own names of languages and `-is:retweet` may add to a search
STREAM = "(stream)"
_LANG = re.compile(r'("[^"]*")|\blang:(id|he|zh)\b')
_SPELLED = {"id": "lang:in", "he": "lang:iw", "zh": "(lang:zh-CN OR lang:zh-TW)"}
_FIELDS = {
    "expansions": "author_id,referenced_tweets.id,attachments.media_keys,referenced_tweets.id.attachments.media_keys,"
    "geo.place_id",
    "tweet.fields": "created_at,author_id,conversation_id,referenced_tweets,public_metrics,lang,entities,note_tweet,"
    "attachments,geo,edit_history_tweet_ids",
    "user.fields": "username,name,protected,public_metrics",
    "media.fields": "url,preview_image_url",
    "place.fields": "country_code",
}

# A word is a token between signs of punctuation, wherever it stands; between quotes such signs are blanks, so that what
# holds one is asked for as a phrase.
_DIALECT = Dialect(
    names=("@{}", "from:{}"),
    fields={"lang": "lang:{}", "author": "from:{}"},
    max_length=512,
    keeps="'_",
    accents=True,
    emoji=True,
)


class _Room:
    """The dialect, with as much room as the access level of a source gives."""

    def __get__(self, source: X | None, kind: type[X]) -> Dialect:
        return _DIALECT if source is None else replace(_DIALECT, max_length=source.room - SPELLING)


class X(Source):
    """X's API is paid for by use: about $0.005 for each post read, once in a UTC day. There is no free access any more.

    `monthly_cap` is what may be spent in a month, in US dollars: at it reading stops. What is spent is reckoned here,
    never too low by what is known: a post read twice counts twice, as does one that is repeated or answered; X shows
    the bill in its console. Posts may be kept as long as they stand on X, so each is asked for once more, a day later
    (`checks`): what was deleted, or shown to some only, is deleted here. The search gives the last seven days; a first
    visit reads the newest hundred posts and `listener backfill` more. An edited post is known by its first id.

    `live: true` reads the filtered stream as well, one connection for all watches: its rules are set here. It cannot
    resume, so the visits go on and find what came while it was down; what both bring is charged once, but reckoned
    twice. `backfill_minutes` makes up for short breaks where the contract with X has it.
    """

    kind = "x"
    title = "X"
    network = NETWORK
    terms = Terms(
        Access.KEY,
        "Paid by use, about $0.005 a post; what is deleted on X must be deleted here.",
        "https://docs.x.com/developer-terms/policy",
    )
    example: ClassVar[dict[str, Any]] = {"token": "a bearer token", "monthly_cap": 50, "queries": ["acme"]}
    default_every = 900.0
    window = "the last seven days"
    polls = True  # a visit sets the rules of the stream, and finds what it has missed
    looks_again = (timedelta(days=1),)
    dialect: ClassVar[Dialect | None] = cast("Dialect", _Room())

    token: SecretStr = Field(description="The bearer token of an app: console.x.com, Keys and tokens.")
    monthly_cap: float = Field(gt=0, description="US dollars; at so much in a month reading stops.")
    price_per_post: float = Field(0.005, ge=0, description="US dollars for a post read; see your console.")
    price_per_author: float = Field(
        0.0,
        ge=0,
        description="US dollars for an author shown beside a post, where your console shows that X counts it.",
    )
    queries: tuple[str, ...] = Field((), description="Search for these too, in X's own language.")
    reposts: bool = Field(True, description="Read reposts, too; they cost as much as posts.")
    room: int = Field(512, ge=100, le=4096, description="Characters of a search: 512, 1024 with Pro, 4096 by contract.")
    checks: bool = Field(
        True, description="Ask for each post again a day later, at its price, whether it still stands."
    )
    live: bool = Field(False, description="Read the filtered stream, too: posts within seconds.")
    backfill_minutes: int = Field(0, ge=0, le=5, description="What the stream makes up for after a break; by contract.")
    base_url: str = Field("https://api.x.com", description="Where the API is.")

    @classmethod
    def for_page(cls, url: str) -> X:
        return cls(**cls.example, base_url=origin_of(url))

    def headers(self) -> Mapping[str, str]:
        return bearer(self.token)

    def budget(self) -> Budget:
        return Budget(per_minute=4, money=self.monthly_cap)  # 60 searches in a quarter of an hour

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        own = own_searches(self.queries)
        found = tuple(replace(search, terms=self._in_words_of_x(search.terms)) for search in searches(self, watches))
        asked = with_own(own, found)
        rules = "\n".join(search.terms for search in asked)
        return (*asked, Search(STREAM, rules)) if self.live else asked

    def _in_words_of_x(self, terms: str) -> str:
        """With X's own names of languages, outside quotes, and without reposts where they are not wanted."""
        spelled = _LANG.sub(lambda found: found[1] or _SPELLED[found[2]], terms)
        if self.reposts:
            return spelled
        return f"({spelled}) -is:retweet" if " OR " in spelled else f"{spelled} -is:retweet"

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        if search.key == STREAM:
            note = {"rules": search.terms}
            return Request(under(self.base_url, "2/tweets/search/stream/rules"), since=high_water, note=note)
        params = {"query": search.terms, "max_results": str(PAGE), "sort_order": "recency", **_FIELDS}
        since = number(high_water)
        if since is not None:
            earlier = since - ((OVERLAP // timedelta(milliseconds=1)) << 22)
            params["since_id"] = str(max(0, earlier, int(id_at(now - WINDOW + MARGIN))))
        return Request(
            under(self.base_url, "2/tweets/search/recent"), params, since=high_water, cost=self._highest_cost(PAGE)
        )

    def mark_at(self, at: datetime) -> str | None:
        return id_at(at)

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        return tuple(self._lookup_requests(ids)) if self.checks else ()

    def _lookup_requests(self, ids: Sequence[str]) -> Iterator[Request]:
        known = [native_id for native_id in ids if re.fullmatch(r"\d{1,19}", native_id)]
        for some in portions(known, PAGE):
            named = ",".join(some)
            cost = self._highest_cost(len(some))
            yield Request(under(self.base_url, "2/tweets"), {"ids": named, **_FIELDS}, note={"look": named}, cost=cost)

    def parse_error(self, page: Page) -> Batch:
        raise refusal(page)

    def parse(self, page: Page) -> Batch:
        body = page.json()
        if "rules" in page.request.note or page.request.url.endswith("/stream/rules"):
            return Batch(requests=changes(page, mapping(body)))
        found = answer(page, body)
        batch = self._batch(found)
        look = page.request.note.get("look")
        if look is not None:
            gone = (Deletion(NETWORK, native_id) for native_id in look.split(",") if native_id in found.gone)
            newer = filter(None, map(superseded, found.posts))
            return replace(batch, items=(*batch.items, *gone), requests=tuple(self._lookup_requests(tuple(newer))))
        requests, gap = self._next_requests(page, found)
        return replace(batch, items=(*batch.items, *gap), requests=requests, newest=_newest(found, page.fetched_at))

    def _batch(self, found: XAnswer) -> Batch:
        posts, rejected = each(found.posts, lambda tweet: read(tweet, found.includes))
        read_now = {identifier(mapping(tweet).get("id")) for tweet in found.posts} | found.includes.posts.keys()
        spent = len(read_now) * self.price_per_post + len(found.includes.users) * self.price_per_author
        return Batch(distinct(posts), rejected=rejected, spent=spent)

    def _highest_cost(self, posts: int) -> float:
        """What so many posts may cost, with a repeated and an answered one beside each, and the authors of all."""
        return BESIDE * posts * (self.price_per_post + self.price_per_author)

    def _next_requests(self, page: Page, found: XAnswer) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
        """The next page, or at the last one the gap, where the window does not reach back to the mark."""
        request = page.request
        if found.following and request.since is not None and found.following != request.params.get("next_token"):
            return (replace(request, params={**request.params, "next_token": found.following}),), ()
        since, reached = number(request.since), number(request.params.get("since_id"))
        begin, end = written_at(request.since), written_at(request.params.get("since_id"))
        if since is None or reached is None or reached <= since or begin is None or end is None:
            return (), ()
        return (), (Gap(begin, end, "X's search gives the last seven days only"),)

    def stream(self, search: Search, mark: str | None, now: datetime) -> Stream | None:
        if not self.live or search.key != STREAM or not wanted(search.terms):
            return None
        backfill = {"backfill_minutes": str(self.backfill_minutes)} if self.backfill_minutes else {}
        return Stream(under(self.base_url, "2/tweets/search/stream"), {**_FIELDS, **backfill}, protocol="lines")

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        batches: list[Batch] = []
        for written in events:
            try:
                batches.append(self._parse_event(written, at))
            except SourceError:
                if not batches:
                    raise
                break  # X ends the stream: what came before is not lost, and the end is seen when it comes
        items = tuple(item for batch in batches for item in batch.items)
        marks = [int(batch.newest) for batch in batches if batch.newest]
        return Batch(
            items,
            newest=str(max(marks)) if marks else None,
            rejected=tuple(one for batch in batches for one in batch.rejected),
            spent=sum(batch.spent for batch in batches),
        )

    def _parse_event(self, written: str, at: datetime) -> Batch:
        try:
            body = limits.loads(written)
        except ValueError:
            return Batch(rejected=(Rejected("an event that is no JSON", excerpt(written)),))
        if not written.strip() or not isinstance(body, dict):
            return Batch(rejected=(Rejected("an event that is no object", excerpt(written)),))
        found = event(body)
        return replace(self._batch(found), newest=_newest(found, at))


def _newest(found: XAnswer, now: datetime) -> str | None:
    """Never one of the future, which would make the source blind."""
    ids = (number(identifier(mapping(tweet).get("id"))) for tweet in found.posts)
    limit = int(id_at(now + MARGIN))
    return str(max((one for one in ids if one is not None and 0 < one <= limit), default=0) or "") or None
