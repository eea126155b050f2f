"""Threads: keywords and topic tags, walked by time within the day's queries."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from insight.model import Post, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.social.threads import Threads
from tests.scrapers.samples import NOW, body


def source(**settings: Any) -> Threads:
    return Threads(**{"token": "THAA", **settings})


def parse(made: Threads, content: Any, request: Request) -> Batch:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_page(made, Page(request, 200, written, request.url, NOW))


def server(total: int, request: Request) -> bytes:
    """The platform in small: newest first, one post a minute, pages by cursor, no `next`."""
    size, start = int(request.params["limit"]), int(request.params.get("after", "0"))
    since = int(request.params.get("since", "0"))
    numbers = [n for n in range(start, min(start + size, total)) if (NOW - timedelta(minutes=n)).timestamp() >= since]
    data = [
        {"id": str(1000 - n), "text": "acme", "timestamp": f"{NOW - timedelta(minutes=n):%Y-%m-%dT%H:%M:%S}+0000"}
        for n in numbers
    ]
    return json.dumps({"data": data, "paging": {"cursors": {"before": "b", "after": str(start + size)}}}).encode()


def walk(made: Threads, total: int, mark: str | None = None) -> list[str]:
    waiting, seen = [made.start(Search("acme", "acme"), mark, NOW)], []
    for _ in range(50):
        if not waiting:
            return seen
        request = waiting.pop()
        batch = parse(made, server(total, request), request)
        seen += [item.native_id for item in batch.items if isinstance(item, Post)]
        waiting += batch.requests
    raise AssertionError("the walk goes round")


def test_pages_by_cursor_are_walked_to_their_end() -> None:
    assert walk(source(page_size=10), 34) == [str(1000 - n) for n in range(34)]


def test_the_next_walk_goes_an_hour_behind_the_mark_and_no_further() -> None:
    mark = (NOW - timedelta(minutes=30)).isoformat()
    assert walk(source(page_size=50), 300, mark) == [str(1000 - n) for n in range(91)]


def test_a_post_is_read_with_its_author() -> None:
    made = source()
    request = made.start(Search("acme", "acme"), None, NOW)
    first, second = parse(made, body("threads", "search.json"), request).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert first.text == "Moved my notes from Bolt to Acme.\nNo regrets so far."
    assert (first.author, first.engagement, first.hashtags) == ("fern.moss", {}, ())
    assert second.media == ("https://scontent.example/down.jpg",)


def test_one_hashtag_is_asked_for_as_a_topic_and_the_rest_as_keywords() -> None:
    made = source()
    topic = made.start(Search("#acme", "#acme"), None, NOW)
    assert (topic.params["q"], topic.params["search_mode"], topic.params["search_type"]) == ("acme", "TAG", "RECENT")
    found = parse(made, {"data": [{"id": "1", "text": "hi"}]}, topic).items[0]
    assert isinstance(found, Post)
    assert found.hashtags == ("acme",)
    words = made.start(Search("", "#acme crash"), None, NOW)
    assert (words.params["q"], words.params["search_mode"]) == ("acme crash", "KEYWORD")


def test_nothing_found_is_empty() -> None:
    made = source()
    batch = parse(made, {"data": []}, made.start(Search("acme", "acme"), None, NOW))
    assert (batch.items, batch.requests, batch.newest) == ((), (), None)


def test_each_query_takes_one_of_the_days_2200() -> None:
    made = source(page_size=2)
    request = made.start(Search("acme", "acme"), None, NOW)
    (further,) = parse(made, server(5, request), request).requests
    assert (made.budget().units, request.units, further.units) == (2200, 1, 1)


def test_a_mark_before_the_platform_began_is_not_asked_for() -> None:
    assert source().start(Search("acme", "acme"), "2020-01-01T00:00:00+00:00", NOW).params["since"] == "1688540400"


def test_searches_come_from_the_settings_and_the_watches() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, 'acme OR "acme notes" OR #acme')
    assert {search.key for search in source(queries=["Bolt"]).searches((watch,))} >= {"bolt", "acme"}
