"""Articles that GDELT has seen in the world's news, through its DOC 2.0 API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from insight.model import Gap, Post, PostKind, Precision, Watch
from insight.query.dialect import Brackets, Dialect
from scrapers.answers import not_read, platform_message
from scrapers.base import Access, Batch, Budget, Page, Request, Search, Source, SourceError, Terms
from scrapers.formats import limits
from scrapers.formats.dates import UNKNOWN, Moment, moment
from scrapers.formats.landed_ids import address_ids
from scrapers.formats.values import UnreadableError, address, addresses, each, listed, origin_of, text
from scrapers.marks import distinct, mark_of, newest_mark, times_of
from scrapers.news.gdelt_names import LANGUAGES, THREE_LETTERS, country
from scrapers.settings import own_searches
from scrapers.terms import searches, with_own

OVERLAP = timedelta(hours=2)  # articles are filed a quarter of an hour at a time, some later
# https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/
WINDOW = timedelta(days=90)
FIRST = timedelta(days=1)
PAGE = 250  # the most a list gives
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)Z?")
_BUSY = re.compile(r"limit requests|try again|temporarily|timed? ?out|unavailable|overload", re.IGNORECASE)
_WRONG = re.compile(
    r"too short|too long|too common|parenthes|surrounded by|illegal|invalid|must (be|appear)|may only|not supported",
    re.IGNORECASE,
)
_LANG = re.compile(r'("[^"]*")|\bsourcelang:(\w+)')
_JUNK = re.compile(r"(?:%20|%22|\s|\")+(?:title|target|class|rel|style)=.*$", re.IGNORECASE)


class Gdelt(Source):
    """GDELT is free and open to all, one request in five seconds; it turns requests away whenever it is busy, often.

    It asks heavy users to take its files instead, and promises nothing: so it is off until `accept_terms: true` says
    that you know that. It says that its data may be used and kept without limit. A list gives 250 articles, so the walk
    cuts time into slices; it reaches back three months. What is known of an article is its headline, its site and when
    GDELT saw it, to a quarter of an hour. The search reads whole articles, those in other languages as translated into
    English; the query of a watch then decides on the headline, unless the source is bound to it by `watches`.
    """

    kind = "gdelt"
    title = "GDELT"
    network = "web"
    terms = Terms(
        Access.GREY,
        "Free and open, without any promise: one request in five seconds, and often none.",
        "https://www.gdeltproject.org/about.html#termsofuse",
        pace=5.0,
    )
    example: ClassVar[dict[str, Any]] = {"queries": ["postgres"]}
    default_every = 1800.0
    window = "the last three months"

    # Its grammar is known from its refusals: brackets around an OR and nowhere else, no sign inside a word, no word
    # of two letters.
    dialect = Dialect(
        hashtag=None, brackets=Brackets.ALWAYS, fields={"lang": "sourcelang:{}"}, max_length=250, keeps="",
        shortest=3, complete=False,
    )  # fmt: skip

    base_url: str = Field("https://api.gdeltproject.org", description="Where the API is.")
    queries: tuple[str, ...] = Field((), description="Search for these too, in GDELT's own language.")

    @classmethod
    def for_page(cls, url: str) -> Gdelt:
        return cls(**cls.example, base_url=origin_of(url))

    def budget(self) -> Budget:
        return Budget(per_minute=12)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return with_own(own_searches(self.queries), searches(self, watches))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        since = moment(high_water)[0]
        begin = max(since - OVERLAP, now - WINDOW) if since else now - FIRST
        terms = _LANG.sub(_language, search.terms)
        params = {
            "query": terms, "mode": "ArtList", "format": "json", "maxrecords": str(PAGE), "sort": "DateDesc",
            "startdatetime": _stamp(begin), "enddatetime": _stamp(now),
        }  # fmt: skip
        return Request(f"{self.base_url.rstrip('/')}/api/v2/doc/doc", params, since=high_water)

    def mark_at(self, at: datetime) -> str | None:
        return mark_of(at.astimezone(UTC))

    def parse(self, page: Page) -> Batch:
        articles = _articles_of(page)
        posts, rejected = each(articles, _parse_post)
        posts = distinct(posts)
        times = [at for at in times_of(posts) if at <= page.fetched_at]
        requests, gap = _next_requests(page, len(articles), times)
        return Batch((*posts, *gap), requests, newest_mark(times, page), rejected)


def _articles_of(page: Page) -> list[Any]:
    """The list; nothing found is `{}`. GDELT says in plain text, with 200, that something is wrong."""
    try:
        found = limits.loads(page.text)
    except ValueError:
        found = None
    if isinstance(found, dict) and (not found or isinstance(found.get("articles"), list)):
        return listed(found.get("articles"))
    told = platform_message(page) or " ".join(page.text[:200].split())
    if _BUSY.search(told):
        raise SourceError(f"{page.url} is busy: {told}", retry_after=60.0, status=page.status)
    if found is None and page.body.lstrip()[:1] not in (b"<", b"{", b"[") and _WRONG.search(told):
        remedy = "make the query of that watch, or `queries`, one that GDELT takes"
        raise SourceError(f"{page.url} refuses the query: {told}", permanent=True, remedy=remedy, status=page.status)
    raise not_read(page, "list of articles")


def _next_requests(page: Page, count: int, times: Sequence[datetime]) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
    """The slice before the oldest article of a full list; at the end the gap, where the window is too short."""
    request, since = page.request, moment(page.request.since)[0]
    begin, end = _time(request.params.get("startdatetime"))[0], _time(request.params.get("enddatetime"))[0]
    size = request.params.get("maxrecords", str(PAGE))
    if count >= (int(size) if re.fullmatch(r"\d{1,3}", size) else PAGE) and times and begin and end:
        oldest = min(times)
        crowded = oldest >= end  # a full list of one moment, and no way to see what else it holds
        until = oldest - timedelta(seconds=1) if crowded else oldest
        gap = Gap(oldest - timedelta(minutes=15), oldest, "GDELT lists 250 articles of a quarter of an hour at most")
        params = {**request.params, "enddatetime": _stamp(until)}
        return ((replace(request, params=params),) if until > begin else ()), (gap,) if crowded else ()
    if since and begin and since < begin:
        return (), (Gap(since, begin, "GDELT's search reaches back three months only"),)
    return (), ()


def _parse_post(article: Any) -> Post:
    if not isinstance(article, dict):
        raise UnreadableError(f"an article is a {type(article).__name__}")
    url = address(_JUNK.sub("", text(article.get("url")) or ""))
    if url is None:
        raise UnreadableError("an article without an address")
    url = re.sub(r"^(https?://[^/?#]+):(80|443)(?=[/?#]|$)", r"\1", url)
    language = (text(article.get("language")) or "").lower()
    at, precision = _time(article.get("seendate"))
    native_id, *aliases = address_ids(url)
    return Post(
        network=Gdelt.network,
        native_id=native_id,
        kind=PostKind.ARTICLE,
        text="",
        title=mended(text(article.get("title")) or "", french=language == "french") or None,
        url=url,
        author=text(article.get("domain")),
        published_at=at,
        precision=precision,
        language=LANGUAGES.get(language),
        country=country(text(article.get("sourcecountry")) or ""),
        media=addresses([article.get("socialimage")]),
        aliases=tuple(aliases),
    )


def mended(title: str, *, french: bool = False) -> str:
    """A headline as it was printed: GDELT keeps it as tokens with blanks between them."""
    line = " ".join(title.split())
    line = re.sub(r" ([,.…)\]]|[;:!?%](?!\S))" if not french else r" ([,.…)\]])", r"\1", line)
    line = re.sub(r"([(\[]) ", r"\1", line)
    line = re.sub(r"(\w) ?(['’]) (s|t|re|ve|ll|d|m)\b", r"\1\2\3", line)
    line = re.sub(r"(\d)([.,]) (?=\d)", r"\1\2", line)
    return re.sub(r"\b([A-Z]\.) (?=[A-Z]\.)", r"\1", line).strip()


def _language(found: re.Match[str]) -> str:
    """A phrase as it is, and a language by its three letters."""
    return found[1] or f"sourcelang:{THREE_LETTERS.get(found[2].lower(), found[2])}"


def _time(written: object) -> Moment:
    found = _STAMP.fullmatch(written) if isinstance(written, str) else None
    try:
        return (datetime(*map(int, found.groups()), tzinfo=UTC), Precision.SECOND) if found else UNKNOWN  # type: ignore[misc, arg-type]
    except ValueError:
        return UNKNOWN


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
