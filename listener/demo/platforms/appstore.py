"""Customer reviews as the App Store's JSON feed: everything under `label`, 50 a page, ten pages at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from listener.demo.platforms.serving import HttpAnswer, PostTimeline, Rendered, json_answer
from listener.demo.posts import MarketPost

APPS = {"9900000001": "lanternfish", "9900000002": "quillmoss", "9900000003": "foldermint"}
PAGE, PAGES = 50, 10
CUPERTINO = timezone(timedelta(hours=-7))  # the feed's own time zone


class AppStore:
    def __init__(self, posts: Iterable[MarketPost], base: str) -> None:
        self._base = base
        by_store: dict[tuple[str, str], list[MarketPost]] = defaultdict(list)
        for post in posts:
            by_store[post.place, post.country].append(post)
        self._stores = {store: PostTimeline(reviews) for store, reviews in by_store.items()}
        self._rendered = Rendered(self._fields)

    def page(self, country: str, app: str, page: int, now: datetime) -> HttpAnswer:
        """One page, newest first; a review that was edited counts from its edit."""
        if page < 1 or page > PAGES:
            message = f"CustomerReviews RSS page depth is limited to {PAGES}"
            return HttpAnswer(400, {"content-type": "text/plain"}, message.encode())
        timeline = self._stores.get((APPS.get(app, ""), country), PostTimeline(()))
        reviews = sorted(timeline.newest_first(now), key=lambda post: post.changed(now), reverse=True)
        last = max(1, min(PAGES, -(-len(reviews) // PAGE)))
        shown = islice(reviews, (page - 1) * PAGE, page * PAGE)
        entries = [self._rendered.of(post, now) for post in shown]
        return json_answer(self._frame(country, app, page, last, entries, now))

    def _frame(self, country: str, app: str, page: int, last: int, entries: list[str], now: datetime) -> str:
        """`entry` is a list, one object when there is one review, and absent when there is none."""
        address = f"{self._base}/{country}/rss/customerreviews/page={{}}/id={app}/sortby=mostrecent/"
        pages = {"self": page, "first": 1, "last": last, "previous": max(1, page - 1), "next": min(last, page + 1)}
        frame: dict[str, Any] = {
            "author": {"name": {"label": "iTunes Store"}, "uri": {"label": f"{self._base}/{country}/"}},
            "updated": {"label": _time(now)},
            "rights": {"label": "Simulated market: nobody is real."},
            "title": {"label": "iTunes Store: Customer Reviews"},
            # The real feed names the XML form in its links, whatever was asked for.
            "link": [{"attributes": {"rel": rel, "href": address.format(n) + "xml"}} for rel, n in pages.items()],
            "id": {"label": address.format(page) + "json"},
        }
        found = f'"entry":{entries[0] if len(entries) == 1 else "[" + ",".join(entries) + "]"},' if entries else ""
        return '{"feed":{' + found + json_answer(frame).body.decode()[1:] + "}"

    def _fields(self, post: MarketPost, now: datetime) -> dict[str, Any]:
        store = f"https://apps.example/{post.country}"
        return {
            "author": {
                "uri": {"label": f"{store}/reviews/id{post.author.number}"},
                "name": {"label": post.author.name},
                "label": "",
            },
            "updated": {"label": _time(post.changed(now))},
            "im:rating": {"label": str(post.stars(now))},
            "im:version": {"label": f"5.{(post.at - datetime(2026, 1, 1, tzinfo=post.at.tzinfo)).days // 14}.0"},
            "id": {"label": post.id},
            "title": {"label": post.title},
            "content": {"label": post.says(now), "attributes": {"type": "text"}},
            "link": {"attributes": {"rel": "related", "href": f"{store}/review?id={post.id}"}},
            "im:voteSum": {"label": str(post.applause // 4)},
            "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
            "im:voteCount": {"label": str(post.applause // 2)},
        }


def _time(at: datetime) -> str:
    return at.astimezone(CUPERTINO).isoformat(timespec="seconds")
