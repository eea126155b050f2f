"""The filtered stream of X: one connection for all watches, its rules, its events and its end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from insight.model import Post, Role, Watch
from scrapers.answers import read_page, refused
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.x import X
from scrapers.social.x_posts import id_at
from tests.scrapers.samples import NOW

SETTINGS: dict[str, Any] = {"token": "s3cret", "monthly_cap": 20}
WATCHES = (Watch("acme", "Acme", Role.BRAND, 'Acme OR "acme corp"'), Watch("bolt", "Bolt", Role.COMPETITOR, "bolt"))
LIVE = X(**SETTINGS, live=True, queries=["from:acme"])


def answered(request: Request, content: object, status: int = 200) -> Batch:
    return read_page(LIVE, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def event(native_id: str) -> str:
    post = {"id": native_id, "text": "acme", "edit_history_tweet_ids": [native_id]}
    return json.dumps({"data": post, "matching_rules": [{"id": "1", "tag": "listener"}]})


def test_a_live_source_has_one_stream_for_all_watches() -> None:
    search = LIVE.searches(WATCHES)[-1]
    stream = LIVE.stream(search, None, NOW)
    assert stream is not None
    assert (stream.url, stream.protocol) == ("https://api.x.com/2/tweets/search/stream", "lines")
    assert "s3cret" not in repr(stream)
    assert X(**SETTINGS).stream(Search("acme", "acme"), None, NOW) is None
    assert LIVE.stream(replace(search, terms=""), None, NOW) is None  # without a rule X ends it at once


def test_the_visits_go_on_beside_the_stream_which_cannot_resume() -> None:
    assert X.polls
    *visited, search = LIVE.searches(WATCHES)
    assert {one.terms for one in visited} == set(search.terms.split("\n"))
    assert [LIVE.stream(one, None, NOW) for one in visited] == [None] * len(visited)


def test_the_stream_makes_up_for_a_break_only_where_that_is_granted() -> None:
    search = LIVE.searches(WATCHES)[-1]
    plain = LIVE.stream(search, None, NOW)
    granted = X(**SETTINGS, live=True, backfill_minutes=5).stream(search, None, NOW)
    assert plain is not None
    assert granted is not None
    assert "backfill_minutes" not in plain.params
    assert granted.params["backfill_minutes"] == "5"


def test_a_visit_makes_the_rules_those_of_the_watches_and_leaves_others_alone() -> None:
    search = LIVE.searches(WATCHES)[-1]
    request = LIVE.start(search, None, NOW)
    there = [
        {"id": "1", "value": "bolt", "tag": "listener"},
        {"id": "2", "value": "what nobody wants any more", "tag": "listener"},
        {"id": "3", "value": "somebody else's", "tag": "other"},
    ]
    posts = answered(request, {"data": there, "meta": {"sent": "2026-03-03T12:00:00.000Z"}}).requests
    gone, new = (json.loads(post.body or "") for post in posts)
    assert {post.method for post in posts} == {"POST"}
    assert gone == {"delete": {"ids": ["2"]}}
    assert {rule["value"] for rule in new["add"]} == set(search.terms.split("\n")) - {"bolt"}
    told = {"meta": {"summary": {"created": 1}}, "errors": [{"title": "DuplicateRule", "value": "x", "id": "9"}]}
    assert answered(posts[1], told, 201).requests == ()
    settled = [{"id": str(n), "value": rule, "tag": "listener"} for n, rule in enumerate(search.terms.split("\n"))]
    assert answered(request, {"data": settled, "meta": {}}).requests == ()


def test_rules_go_when_nobody_is_watched_any_more() -> None:
    request = LIVE.start(Search("(stream)", ""), None, NOW)
    assert answered(request, {"meta": {}}).requests == ()
    (post,) = answered(request, {"data": [{"id": "1", "value": "bolt", "tag": "listener"}], "meta": {}}).requests
    assert json.loads(post.body or "") == {"delete": {"ids": ["1"]}}


def test_a_rule_that_x_cannot_read_is_told_with_its_reason() -> None:
    search = LIVE.searches(WATCHES)[-1]
    (post,) = answered(LIVE.start(search, None, NOW), {"meta": {}}).requests
    error = {"title": "UnprocessableEntity", "value": "(", "details": ["missing ) at the end"]}
    with pytest.raises(SourceError, match="missing") as caught:
        answered(post, {"meta": {}, "errors": [error]})
    assert caught.value.permanent


def test_events_are_posts_with_their_price_and_the_newest_is_the_mark() -> None:
    ids = [id_at(NOW - timedelta(seconds=n)) for n in (1, 3, 2)]
    batch = LIVE.read_events([event(one) for one in ids], NOW)
    assert [item.native_id for item in batch.items if isinstance(item, Post)] == ids
    assert batch.newest == ids[0]
    assert batch.spent == pytest.approx(0.015)


def test_an_event_that_is_none_leaves_the_others() -> None:
    batch = LIVE.read_events(["{half", event("101"), "[1]"], NOW)
    assert len(batch.items) == 1
    assert len(batch.rejected) == 2


def test_the_end_of_the_stream_is_an_error_and_costs_nothing_that_came_before() -> None:
    end = json.dumps({"errors": [{"title": "operational-disconnect", "disconnect_type": "UpstreamOperational"}]})
    with pytest.raises(SourceError, match="operational-disconnect") as caught:
        LIVE.read_events([end], NOW)
    assert not caught.value.permanent
    assert len(LIVE.read_events([event("101"), end], NOW).items) == 1


def test_a_stream_that_has_no_rules_yet_is_tried_again() -> None:
    page = Page(Request(""), 409, b'{"title": "ConnectionException"}', "https://api.x.com/2/tweets/search/stream", NOW)
    assert not refused(page).permanent
