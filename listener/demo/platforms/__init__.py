"""The platforms of the simulated market: `respond` gives each one's wire format, with what exists at a given time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from zlib import crc32

from listener.demo.market import LABEL, Market
from listener.demo.platforms.appstore import AppStore
from listener.demo.platforms.feeds import AtomFeed, Feed
from listener.demo.platforms.hackernews import PATH as SEARCH
from listener.demo.platforms.hackernews import HackerNews
from listener.demo.platforms.mastodon import Mastodon
from listener.demo.platforms.reviews import ReviewSite
from listener.demo.platforms.serving import HttpAnswer, Query, json_answer
from listener.demo.posts import MarketPost

__all__ = ["HttpAnswer", "Platforms"]

ROBOTS = b"User-agent: *\nDisallow: /private/\n"
THROTTLED = ("hackernews", "mastodon", "appstore")
ONE_IN = 250  # one request in so many is told to come back later
RETRY_AFTER = 20

Handler = Callable[[re.Match[str], Query, Mapping[str, str], datetime], HttpAnswer]


class Platforms:
    """All platforms on one host. `base` is where it is reached, for the links that must lead back to it."""

    def __init__(self, market: Market, base: str = "http://127.0.0.1") -> None:
        self._market = market
        self._hackernews = HackerNews(self._posts_of("hackernews"))
        self._mastodon = Mastodon(self._posts_of("mastodon"), base)
        self._press = Feed(self._posts_of("feed", "press"), f"{base}/feeds/press.xml")
        self._forum = AtomFeed(self._posts_of("feed", "forum"), f"{base}/feeds/forum.atom")
        self._appstore = AppStore(self._posts_of("appstore"), base)
        self._reviews = ReviewSite(self._posts_of("reviews"))
        self._routes = tuple((platform, re.compile(path), handler) for platform, path, handler in self._route_table())

    def _route_table(self) -> Iterator[tuple[str, str, Handler]]:
        """Platform, path, what answers there."""
        yield "hackernews", SEARCH, lambda _, query, __, now: self._hackernews.search(query, now)
        yield (
            "mastodon",
            r"/api/v1/timelines/tag/([^/]+)",
            lambda path, query, _, now: self._mastodon.timeline(path[1], query, now),
        )
        yield "mastodon", r"/api/v1/statuses/(\d+)", lambda path, _, __, now: self._mastodon.status(path[1], now)
        yield "mastodon", r"/api/v2/instance", lambda *_: self._mastodon.instance()
        yield "feed", r"/feeds/press\.xml", lambda _, __, headers, now: self._press.read(headers, now)
        yield "feed", r"/feeds/forum\.atom", lambda _, __, headers, now: self._forum.read(headers, now)
        yield (
            "appstore",
            r"/(\w\w)/rss/customerreviews/page=(\d+)/id=(\d+)/sortby=mostrecent/json",
            lambda path, _, __, now: self._appstore.page(path[1], path[3], int(path[2]), now),
        )
        yield "reviews", r"/reviews/([\w-]+)", lambda path, _, __, now: self._reviews.page(path[1], now)
        yield "robots", r"/robots\.txt", lambda *_: HttpAnswer(200, {"content-type": "text/plain"}, ROBOTS)
        yield "home", r"/", lambda *_: HttpAnswer(200, {"content-type": "text/plain"}, LABEL.encode())

    def _posts_of(self, platform: str, place: str = "") -> list[MarketPost]:
        return [post for post in self._market.posts if post.platform == platform and place in ("", post.place)]

    def platform(self, path: str) -> str:
        """Whose path this is; "" for nobody's."""
        return next((name for name, pattern, _ in self._routes if pattern.fullmatch(path)), "")

    def respond(self, path: str, query: Query, now: datetime, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """What that address answers then. Pure: the same question at the same time has the same answer."""
        for platform, pattern, handler in self._routes:
            if matched := pattern.fullmatch(path):
                return self._failure(platform, path, query, now) or handler(matched, query, headers or {}, now)
        return json_answer({"error": "Not found"}, status=404)

    def _failure(self, platform: str, path: str, query: Query, now: datetime) -> HttpAnswer | None:
        """An error instead of an answer: during the one long outage, and for one request in ONE_IN, told to wait."""
        events = self._market.events
        if platform == events.outage_of and now in events.outage:
            return HttpAnswer(503, {"content-type": "text/html"}, b"<h1>503 Service Unavailable</h1>")
        asked = f"{self._market.seed} {path} {sorted(query.items())} {now.timestamp():.0f}"
        if platform in THROTTLED and crc32(asked.encode()) % ONE_IN == 0:
            return json_answer({"error": "Too many requests"}, status=429, headers={"retry-after": str(RETRY_AFTER)})
        return None
