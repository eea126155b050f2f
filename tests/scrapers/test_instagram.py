"""Instagram: a window of a day under each hashtag, media that tag an account, comments below its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from insight.model import Gap, Post, PostKind, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.instagram import Instagram
from tests.scrapers.samples import NOW, body

ACCOUNT = "17840000000000001"


def source(**settings: Any) -> Instagram:
    return Instagram(**{"token": "EAAB", "account": ACCOUNT, **settings})


def parse(made: Instagram, content: Any, request: Request, status: int = 200) -> Batch:
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_page(made, Page(request, status, written, request.url, NOW))


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def recent(made: Instagram, since: str | None = None) -> Request:
    """The request for what is new under #acme, as it follows from the hashtag's id."""
    first = made.start(Search("#acme", "#acme"), since, NOW)
    (further,) = parse(made, {"data": [{"id": "17850000000000009"}]}, first).requests
    return further


def test_a_hashtag_is_asked_for_by_its_id() -> None:
    made = source()
    first = made.start(Search("#acme", "#acme"), None, NOW)
    assert (first.url.rpartition("/")[2], first.params["q"], first.params["user_id"]) == (
        "ig_hashtag_search",
        "acme",
        ACCOUNT,
    )
    further = recent(made)
    assert further.url.endswith("/17850000000000009/recent_media")
    assert "username" not in further.params["fields"]  # refused under a hashtag


def test_media_under_a_hashtag_bear_it_and_have_no_author() -> None:
    made = source()
    batch = parse(made, body("instagram", "hashtag.json"), recent(made))
    first, second = posts(batch)
    assert (first.hashtags, second.hashtags) == (("acme",), ("acme",))
    assert (first.author, first.engagement) == (None, {"likes": 5, "replies": 1})
    assert second.engagement == {"replies": 0}
    assert second.media == ("https://scontent.example/morning.jpg",)


@pytest.mark.parametrize(("hours", "gaps"), [(None, 0), (1, 0), (24, 0), (30, 1)])
def test_a_gap_is_what_the_window_of_a_day_did_not_reach(hours: int | None, gaps: int) -> None:
    made = source()
    since = (NOW - timedelta(hours=hours)).isoformat() if hours is not None else None
    batch = parse(made, body("instagram", "hashtag.json"), recent(made, since))
    found = [item for item in batch.items if isinstance(item, Gap)]
    assert len(found) == gaps
    assert batch.newest == NOW.isoformat()
    for gap in found:
        assert (gap.since, gap.until) == (NOW - timedelta(hours=30), NOW - timedelta(hours=24))


def test_a_quiet_hashtag_that_is_asked_for_in_time_has_no_gap() -> None:
    made = source()
    batch = parse(made, {"data": []}, recent(made))
    assert (batch.items, batch.newest) == ((), NOW.isoformat())


def test_a_hashtag_that_nobody_has_used_is_empty_and_one_too_many_is_an_error() -> None:
    made = source()
    first = made.start(Search("#acme", "#acme"), None, NOW)
    unknown = {"error": {"message": "The requested resource does not exist", "code": 24, "error_subcode": 2207024}}
    assert parse(made, unknown, first, 400).items == ()
    with pytest.raises(SourceError):
        parse(made, unknown, made.start(Search("tags", "tags"), None, NOW), 400)
    with pytest.raises(SourceError) as caught:
        parse(made, {"error": {"message": "too many", "code": 18}}, first, 400)
    assert "30 hashtags in 7 days" in caught.value.remedy


def test_media_that_tag_the_account_come_with_their_author() -> None:
    made = source()
    request = made.start(Search("tags", "tags"), None, NOW)
    batch = parse(made, body("instagram", "tags.json"), request)
    first, second = posts(batch)
    assert first.text == "My desk, tidied with @acme notes.\n#productivity"
    assert (first.author, second.text) == ("fern.moss", "")
    assert first.media == ("https://scontent.example/desk1.jpg", "https://scontent.example/desk2.jpg")
    assert batch.newest == "2026-03-02T20:15:01+00:00"
    known = made.start(Search("tags", "tags"), "2026-03-02T23:00:00+00:00", NOW)
    assert parse(made, body("instagram", "tags.json"), known).requests == ()


def test_comments_below_the_accounts_own_media_are_read_with_their_replies() -> None:
    made = source()
    reply = {"id": "3", "text": "So do I", "timestamp": "2026-03-03T10:00:00+0000", "username": "reed"}
    comment = {
        "id": "2",
        "text": "I love it",
        "timestamp": "2026-03-03T09:00:00+0000",
        "username": "fern",
        "like_count": 1,
    }
    medium = {
        "id": "1",
        "permalink": "https://www.instagram.com/p/C1/",
        "caption": "ours",
        "comments": {"data": [{**comment, "replies": {"data": [reply]}}]},
    }
    batch = parse(made, {"data": [medium]}, made.start(Search("comments", "comments"), None, NOW))
    first, second = posts(batch)
    assert (first.kind, first.text, first.thread, first.reply_to) == (PostKind.COMMENT, "I love it", "1", "1")
    assert (second.author, second.thread, second.reply_to) == ("reed", "1", "2")
    assert first.url == "https://www.instagram.com/p/C1/"
    assert batch.newest == "2026-03-03T10:00:00+00:00"


def test_mentions_are_read_where_they_are_given() -> None:
    made = source()
    medium = {"id": "9", "caption": "@acme hey", "timestamp": "2026-03-03T09:00:00+0000"}
    comment = {"id": "8", "text": "see @acme", "timestamp": "2026-03-03T09:00:00+0000", "media": {"id": "9"}}
    request = Request(f"https://graph.facebook.com/v25.0/{ACCOUNT}")
    (first,) = posts(parse(made, {"mentioned_media": medium, "id": ACCOUNT}, request))
    (second,) = posts(parse(made, {"mentioned_comment": comment, "id": ACCOUNT}, request))
    assert (first.kind, first.text) == (PostKind.POST, "@acme hey")
    assert (second.kind, second.thread) == (PostKind.COMMENT, "9")


def test_searches_are_hashtags_of_the_settings_and_the_watches() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, 'acme OR "acme notes"')
    assert [s.key for s in source(hashtags=["#Bolt App"]).searches((watch,))] == [
        "tags",
        "comments",
        "#boltapp",
        "#acme",
        "#acmenotes",
    ]
    assert [search.key for search in source(read=["tags"]).searches((watch,))] == ["tags"]


def test_settings_that_cannot_work_are_refused() -> None:
    for wrong in ({"account": "acme"}, {"hashtags": ["123"]}, {"read": []}, {"token": ""}):
        with pytest.raises(ValidationError):
            source(**wrong)
