"""Reddit: listings that are walked back, those that end too soon, and errors in every form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from insight.model import Gap
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, SourceError
from scrapers.social.reddit import Reddit
from scrapers.walk import Cursor, advance, begin, next_request
from tests.scrapers.reddit_answers import API, FEEDS, POSTS, answer, feed, gaps, link, listing, posts
from tests.scrapers.samples import NOW


def walked(source: Reddit, answers: dict[str, object], high_water: str | None) -> tuple[list[str], list[Gap], Cursor]:
    """Walk over pages by their `after`."""
    cursor, seen, missed = begin(source, POSTS, Cursor(high_water), NOW), [], []
    for _ in range(20):
        request = next_request(cursor)
        batch = answer(request, answers[request.params.get("after", "")], source=source)
        seen += [post.native_id for post in posts(batch)]
        missed += gaps(batch)
        cursor = advance(cursor, Page(request, 200, b"", request.url, NOW), batch)
        if not cursor.walk:
            return seen, missed, cursor
    pytest.fail("the walk goes round")


def pages(count: int, per_page: int) -> dict[str, object]:
    """A listing of posts a minute apart, newest first, in pages."""
    found: dict[str, object] = {}
    for start in range(0, count, per_page):
        numbers = range(start, min(start + per_page, count))
        last = f"t3_{numbers[-1]:06}" if numbers[-1] + 1 < count else None
        key = f"t3_{start - 1:06}" if start else ""
        found[key] = listing([link(n, NOW - timedelta(minutes=n)) for n in numbers], last)
    return found


def test_a_walk_reads_back_to_an_hour_behind_the_mark() -> None:
    seen, missed, cursor = walked(API, pages(1000, 100), API.mark_at(NOW - timedelta(minutes=150)))
    assert len(seen) == 300, "the page that ends with what is known is the last one"
    assert missed == []
    assert cursor.high_water == NOW.isoformat(timespec="seconds")


def test_a_listing_that_ends_before_the_known_posts_leaves_a_gap() -> None:
    since = NOW - timedelta(minutes=5000)
    seen, missed, _ = walked(API, pages(1000, 100), API.mark_at(since))
    assert len(seen) == 1000
    assert [(gap.since, gap.until) for gap in missed] == [(since, NOW - timedelta(minutes=999))]
    assert walked(API, pages(1000, 100), None)[1] == [], "nobody promised what was before the first visit"


def test_a_last_page_without_anything_leaves_the_same_gap() -> None:
    answers = {**pages(100, 100), "": listing([link(1, NOW)], "t3_000001"), "t3_000001": listing([])}
    since = NOW - timedelta(days=3)
    assert [gap.until for gap in walked(API, answers, API.mark_at(since))[1]] == [NOW]


def test_a_short_page_is_not_the_end_of_a_listing() -> None:
    answers = {"": listing([link(1, NOW)], "t3_000001"), "t3_000001": listing([link(2, NOW)])}
    assert walked(API, answers, None)[0] == ["t3_000001", "t3_000002"]


def test_feeds_are_walked_by_the_last_entry_until_one_is_short() -> None:
    answers: dict[str, object] = {"": feed(list(range(25)), NOW), "t3_000024": feed(list(range(25, 40)), NOW)}
    seen, missed, _ = walked(FEEDS, answers, None)
    assert (len(seen), missed) == (40, [])
    since = NOW - timedelta(minutes=500)
    assert [gap.since for gap in walked(FEEDS, answers, FEEDS.mark_at(since))[1]] == [since]


def test_an_empty_listing_is_empty() -> None:
    assert answer(API.start(POSTS, API.mark_at(NOW), NOW), listing([])) == Batch()


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (400, b"<html><body><h1>400 Bad request</h1></body></html>", "400"),
        (400, b"Bad Request", "Bad Request"),
        (401, b'{"message": "Unauthorized", "error": 401}', "Unauthorized"),
        (403, b"<html><head><title>Blocked</title></head><body>whoa there, pardner!</body></html>", "Blocked"),
        (200, b"<!doctype html><html><title>Welcome to Reddit</title></html>", "Welcome to Reddit"),
        (200, b'{"message": "Forbidden", "error": 403}', "Forbidden"),
        (200, b'{"kind": "t2", "data": {}}', "no Reddit listing"),
    ],
)
def test_an_error_is_one_in_every_form(status: int, content: bytes, says: str) -> None:
    for source in (API, FEEDS):
        with pytest.raises(SourceError, match=says) as caught:
            answer(source.start(POSTS, None, NOW), content, status, source)
        assert caught.value.permanent is (status >= 400)


def test_a_machine_that_is_blocked_is_told_what_to_do() -> None:
    with pytest.raises(SourceError) as caught:
        answer(FEEDS.start(POSTS, None, NOW), b"<html><title>Blocked</title></html>", 403, FEEDS)
    assert "client_id" in caught.value.remedy


@pytest.mark.parametrize(("status", "reason"), [(403, "private"), (404, "banned"), (403, "quarantined")])
def test_a_shut_subreddit_stops_no_other(status: int, reason: str) -> None:
    with pytest.raises(SourceError, match=f"r/widgets cannot be read: {reason}") as caught:
        answer(API.start(POSTS, None, NOW), {"reason": reason, "message": "no", "error": status}, status)
    assert (caught.value.permanent, caught.value.status) == (True, 404)


def test_a_subreddit_there_is_not_is_no_empty_one() -> None:
    moved = "https://oauth.reddit.com/subreddits/search?q=widgets"
    with pytest.raises(SourceError, match="no such subreddit") as caught:
        answer(API.start(POSTS, None, NOW), listing([{"kind": "t5", "data": {"name": "t5_1"}}]), url=moved)
    assert caught.value.permanent


def test_a_used_up_allowance_says_when_to_come_back() -> None:
    page = Page(Request("https://x.example"), 429, b"", "https://x.example", NOW, {"x-ratelimit-reset": "234.0"})
    with pytest.raises(SourceError) as caught:
        read_page(API, page)
    assert (caught.value.permanent, caught.value.retry_after) == (False, 234)


def test_one_bad_thing_leaves_the_others() -> None:
    bad = [link(1, NOW), {"kind": "t3", "data": {}}, "thing", link(2, NOW, selftext=None), link(3, NOW)]
    batch = answer(Request("https://x.example"), listing(bad))  # type: ignore[arg-type]
    assert [post.native_id for post in posts(batch)] == ["t3_000001", "t3_000003"]
    assert len(batch.rejected) == 3
