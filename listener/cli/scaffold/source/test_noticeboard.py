"""Noticeboard: what a post says, and how a walk goes on and ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from insight.model import Post
from scrapers.base import Batch, Page, Request
from scrapers.social.noticeboard import Noticeboard
from tests.scrapers.samples import NOW, body, read


def answered(source: Noticeboard, request: Request, content: object) -> Batch:
    return source.parse(Page(request, 200, json.dumps(content).encode(), request.url, NOW))


# Change this: the values are those of tests/scrapers/samples/noticeboard/posts.json.
def test_a_post_says_who_wrote_what_where_and_when() -> None:
    first, second = read("noticeboard", body("noticeboard", "posts.json")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.native_id, first.author, first.title) == ("7002", "moss", "Acme 3 and old notebooks")
    assert first.text == "Does Acme 3 open old notebooks?"
    assert first.links == ("https://noticeboard.example/notebooks",)
    assert first.published_at == NOW.replace(day=2, hour=10, minute=15)
    assert first.engagement == {"likes": 3, "replies": 1}
    assert (second.title, second.text) == (None, "Acme lost my notes & I want them back.")


@pytest.mark.parametrize(("hours", "pages"), [(2.0, 2), (24.5, 2), (30.0, 1)])
def test_a_walk_goes_on_until_it_is_an_hour_behind_its_mark(hours: float, pages: int) -> None:
    source = Noticeboard(queries=["acme"])
    (search,) = source.searches(())
    request = source.start(search, source.mark_at(NOW - timedelta(hours=24)), NOW)
    post = {"id": 1, "posted": (NOW - timedelta(hours=hours)).isoformat(), "html": "acme"}
    batch = answered(source, request, {"posts": [post], "next": "c2"})
    assert [further.params["cursor"] for further in batch.requests] == ["c2"] * (pages - 1)
    assert answered(source, request, {"posts": [post], "next": None}).requests == ()


def test_a_post_without_its_id_is_set_aside_and_the_others_are_kept() -> None:
    source = Noticeboard(queries=["acme"])
    posts = [{"id": 1, "html": "acme"}, {"html": "nobody's"}, "no post"]
    batch = answered(source, Request("https://noticeboard.example/api/search"), {"posts": posts})
    assert [item.native_id for item in batch.items if isinstance(item, Post)] == ["1"]
    assert [rejected.reason for rejected in batch.rejected] == ["a post without its id"] * 2
