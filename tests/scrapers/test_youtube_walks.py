"""YouTube: walks back to what is known, past the 500 videos of a search, and what its errors mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from insight.model import Gap, Post
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.walk import Cursor, advance, begin, next_request
from tests.scrapers.samples import NOW
from tests.scrapers.youtube_answers import (
    CHANNEL,
    COMMENTS,
    FEEDS,
    SOURCE,
    VIDEO,
    answer,
    error,
    listing,
    posts,
    started,
    thread,
)


def server(stamps: dict[str, datetime], request: Request) -> Batch:
    """The search and the videos of YouTube in small: newest first, 50 a page, 500 at most."""
    if request.url.endswith("/videos"):
        items = [
            {
                "kind": "youtube#video",
                "id": native_id,
                "snippet": {"title": native_id, "publishedAt": _written(stamps[native_id])},
            }
            for native_id in request.params["id"].split(",")
        ]
        return answer(request, listing("video", list(items)))
    after = request.params.get("publishedAfter", "0")
    before = request.params.get("publishedBefore", "9")
    found = sorted((at, one) for one, at in stamps.items() if after <= _written(at) < before)[::-1][:500]
    start = int(request.params.get("pageToken", "0"))
    shown = [
        {
            "kind": "youtube#searchResult",
            "id": {"videoId": one},
            "snippet": {"title": "cut ...", "publishedAt": _written(at)},
        }
        for at, one in found[start : start + 50]
    ]
    return answer(request, listing("search", list(shown), str(start + 50) if start + 50 < len(found) else None))


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def walked(stamps: dict[str, datetime], high_water: str | None) -> tuple[list[Post], Cursor]:
    cursor, seen = begin(SOURCE, Search("acme", "acme"), Cursor(high_water), NOW), []
    for _ in range(60):
        request = next_request(cursor)
        batch = server(stamps, request)
        seen += posts(batch)
        cursor = advance(cursor, Page(request, 200, b"", request.url, NOW), batch)
        if not cursor.walk:
            return seen, cursor
    pytest.fail("the walk goes round")


def test_a_search_goes_behind_the_500_videos_it_shows_and_every_video_is_read_whole() -> None:
    stamps = {f"video{n:06}": NOW - timedelta(minutes=n) for n in range(1203)}
    seen, cursor = walked(stamps, (NOW - timedelta(hours=20)).isoformat())
    assert {post.native_id for post in seen} == stamps.keys()
    assert {post.title for post in seen} == stamps.keys(), "what the search cuts short is never stored"
    assert cursor.high_water == NOW.isoformat(timespec="seconds")


def test_a_first_search_goes_back_a_week_only() -> None:
    stamps = {f"video{n:06}": NOW - timedelta(days=n) for n in range(20)}
    seen, _ = walked(stamps, None)
    assert len(seen) == 8


def test_comments_are_walked_back_to_the_known_ones() -> None:
    since = (NOW - timedelta(hours=1)).isoformat()
    request = started(COMMENTS, high_water=since)
    assert request.params["order"] == "time"
    new = answer(request, listing("commentThread", [thread(1, NOW), thread(2, NOW - timedelta(hours=2))], "p2"))
    assert new.newest == NOW.isoformat(timespec="seconds")
    (second,) = new.requests
    assert (second.params["pageToken"], second.since) == ("p2", since)
    old = answer(second, listing("commentThread", [thread(3, NOW - timedelta(hours=8))], "p3"))
    assert old.requests == ()
    assert answer(second, listing("commentThread", [thread(1, NOW)], "p2")).requests == (), "the same page again"


def test_a_thread_with_more_replies_than_it_carries_is_asked_for_them() -> None:
    request = started(COMMENTS)
    (more,) = answer(request, listing("commentThread", [thread(1, NOW, replies=3), thread(2, NOW)])).requests
    assert (more.url.rpartition("/")[2], more.params["parentId"], more.units) == ("comments", "UgxThread00001", 1)
    snippet = {"textOriginal": "me too", "parentId": "UgxThread00001", "publishedAt": "2026-03-03T11:00:00Z"}
    reply = {"kind": "youtube#comment", "id": "UgxThread00001.r1", "snippet": snippet}
    batch = answer(more, listing("comment", [reply], "p2"))
    (found,) = posts(batch)
    assert (found.thread, found.reply_to, batch.newest) == (VIDEO, "UgxThread00001", None)
    assert batch.requests[0].params["pageToken"] == "p2"


def test_a_video_without_comments_is_passed_over_and_one_that_is_gone_is_named() -> None:
    request = started(COMMENTS)
    assert answer(request, error("commentsDisabled"), 403) == Batch()
    with pytest.raises(SourceError) as caught:
        answer(request, error("videoNotFound"), 404)
    assert (caught.value.permanent, caught.value.status) == (True, 404)


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=UTC), 20),  # 04:00 in California
        (datetime(2026, 7, 15, 12, tzinfo=UTC), 19),
        (datetime(2026, 3, 8, 9, tzinfo=UTC), 22),  # 01:00; the clocks go forward this night
    ],
)
def test_a_spent_quota_rests_until_midnight_in_california(now: datetime, hours: int) -> None:
    request = started("acme")
    page = Page(request, 403, json.dumps(error("quotaExceeded")).encode(), request.url, now)
    with pytest.raises(SourceError) as caught:
        read_page(SOURCE, page)
    assert not caught.value.permanent
    assert hours * 3600 <= caught.value.retry_after <= hours * 3600 + 300


def test_asking_too_fast_passes_and_a_bad_key_does_not() -> None:
    request = started("acme")
    with pytest.raises(SourceError) as fast:
        answer(request, error("rateLimitExceeded"), 403)
    assert (fast.value.permanent, fast.value.retry_after) == (False, 60)
    details = {"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}}
    for content, status in ((error("accessNotConfigured"), 403), (details, 400), (error("keyInvalid"), 200)):
        with pytest.raises(SourceError) as caught:
            answer(request, content, status)
        assert caught.value.permanent
        assert "api_key" in caught.value.remedy


def feed(count: int, newest: datetime) -> bytes:
    entry = "<entry><id>yt:video:video{:06}</id><title>t</title><published>{}</published></entry>"
    entries = (entry.format(n, (newest - timedelta(hours=n)).isoformat()) for n in range(count))
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>".encode()


@pytest.mark.parametrize(
    ("count", "since", "gaps"),
    [
        (15, NOW - timedelta(days=3), 1),
        (15, NOW - timedelta(hours=3), 0),
        (9, NOW - timedelta(days=3), 0),
        (15, None, 0),
    ],
)
def test_a_full_feed_without_a_known_video_leaves_a_gap(count: int, since: datetime | None, gaps: int) -> None:
    request = started(f"videos of {CHANNEL}", FEEDS, since.isoformat() if since else None)
    batch = read_page(FEEDS, Page(request, 200, feed(count, NOW), request.url, NOW))
    found = [item for item in batch.items if isinstance(item, Gap)]
    assert len(found) == gaps
    assert [gap.since for gap in found] == [since] * gaps
    assert batch.newest == NOW.isoformat(timespec="seconds")


def test_an_answer_without_items_is_empty_and_one_of_another_kind_an_error() -> None:
    request = started("acme")
    assert answer(request, {"kind": "youtube#channelListResponse"}) == Batch()
    for content in ({}, [], {"items": []}, {"kind": "drive#fileList", "items": []}):
        with pytest.raises(SourceError):
            answer(request, content)
