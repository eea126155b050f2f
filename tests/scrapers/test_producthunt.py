"""Product Hunt: launches by feed and by API under one id, comments, and GraphQL's errors."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from insight.model import Deletion, Engagement, Gap, Post, PostKind
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, SourceError
from scrapers.news.producthunt import ProductHunt
from tests.scrapers.samples import NOW, body, read

FEED = ProductHunt()
API = ProductHunt(token="s3cret", posts=("acme",))


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def answer(request: Request, content: object, status: int = 200, source: ProductHunt = API) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def launches(*numbers: int, cursor: str | None = None) -> dict[str, object]:
    nodes = [
        {"id": str(n), "name": f"Launch {n}", "createdAt": (NOW - timedelta(hours=n)).isoformat()} for n in numbers
    ]
    return {"data": {"posts": {"nodes": nodes, "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}}}


def test_a_launch_has_one_id_and_one_address_in_both_ways() -> None:
    by_feed = posts(read("producthunt", body("producthunt", "feed.xml")))[0]
    (by_api,) = posts(read("producthunt", body("producthunt", "posts.json")))
    assert by_feed.key == by_api.key
    assert (by_feed.url, by_feed.title, by_feed.published_at) == (by_api.url, by_api.title, by_api.published_at)
    assert by_feed.url == "https://www.producthunt.com/products/acme"


def test_the_feed_gives_the_tagline_without_what_stands_behind_it() -> None:
    first, second = posts(read("producthunt", body("producthunt", "feed.xml")))
    assert (first.text, first.author) == ("Bolts & nuts, by the dozen", "Fern Hollow")
    assert first.links == ("https://www.producthunt.com/r/p/700001?app_id=339",)
    assert first.edited_at is None, "it is updated by every vote"
    assert (second.text, second.links, second.author) == ("Just a bolt", (), None)


def test_the_api_gives_the_description_and_the_numbers_and_hides_who_it_was() -> None:
    (launch,) = posts(read("producthunt", body("producthunt", "posts.json")))
    assert launch.text == "Bolts & nuts, by the dozen\n\nEvery bolt you need.\nAnd nuts."
    assert launch.engagement == {"likes": 512, "replies": 33}
    assert (launch.author, launch.author_name) == (None, None)
    assert launch.media == ("https://ph-files.example/acme.png", "https://ph-files.example/one.png")


def test_comments_come_with_their_answers() -> None:
    first, reply = posts(read("producthunt", body("producthunt", "comments.json")))
    assert (first.native_id, first.kind, first.reply_to) == ("comment/9001", PostKind.COMMENT, "post/700001")
    assert (first.text, first.links) == ("Does it bolt?\nSee this.", ("https://birch.example/q",))
    assert (reply.reply_to, reply.thread, reply.author) == ("comment/9001", "post/700001", "fernhollow")


def test_the_token_travels_in_a_header_and_is_never_shown() -> None:
    requests = [API.start(search, None, NOW) for search in API.searches(())]
    assert API.headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in f"{requests}{API}{API!r}{API.id}"
    assert [request.method for request in requests] == ["POST", "POST"]
    assert FEED.start(FEED.searches(())[0], None, NOW).url == "https://www.producthunt.com/feed"


def test_a_walk_asks_for_what_was_posted_since_and_ends_at_what_is_known() -> None:
    since = NOW - timedelta(hours=10)
    request = API.start(API.searches(())[0], API.mark_at(since), NOW)
    assert json.loads(request.body or "")["variables"] == {"after": None, "since": "2026-03-02T20:00:00+00:00"}
    batch = answer(request, launches(0, 1, cursor="two"))
    assert batch.newest == NOW.isoformat(timespec="seconds")
    (second,) = batch.requests
    assert json.loads(second.body or "")["variables"]["after"] == "two"
    assert (second.since, second.method) == (request.since, "POST")
    assert answer(second, launches(17, cursor="three")).requests == (), "six hours behind the mark"
    assert answer(second, launches(2, cursor="two")).requests == (), "the same page again"
    assert answer(second, launches(2)).requests == ()


def test_launches_and_comments_are_looked_up_in_one_question() -> None:
    (request,) = API.look_again(["post/700001", "post/7", "comment/9", "comment/8", "tag:other"])
    query = json.loads(request.body or "")["query"]
    assert "post_700001: post(id: 700001)" in query
    assert "comment_9: comment(id: 9)" in query
    node = json.loads(body("producthunt", "posts.json"))["data"]["posts"]["nodes"][0]
    said = {"id": "9", "body": "x", "votesCount": 4}
    batch = answer(request, {"data": {"post_700001": node, "post_7": None, "comment_9": said, "comment_8": None}})
    first, *others = batch.items
    assert isinstance(first, Post)
    assert others == [
        Deletion("producthunt", "post/7"),
        Engagement("producthunt", "comment/9", {"likes": 4}),
        Deletion("producthunt", "comment/8"),
    ]
    assert len(API.look_again([f"post/{n}" for n in range(50)])) == 3
    assert FEED.look_again(["post/7"]) == ()


def test_the_limit_says_when_to_come_back() -> None:
    limited = {
        "errors": [{"error": "rate_limit_reached", "error_description": "slow down", "details": {"reset_in": 321}}]
    }
    for status in (200, 429):
        with pytest.raises(SourceError, match="slow down") as caught:
            answer(API.start(API.searches(())[0], None, NOW), {"data": None, **limited}, status)
        assert (caught.value.permanent, caught.value.retry_after) == (False, 321)


@pytest.mark.parametrize("status", [200, 401])
def test_a_token_that_is_refused_names_the_remedy(status: int) -> None:
    denied = {"data": None, "errors": [{"error": "invalid_oauth_token", "error_description": "check the token"}]}
    with pytest.raises(SourceError, match="check the token") as caught:
        answer(API.start(API.searches(())[0], None, NOW), denied, status)
    assert caught.value.permanent
    assert "`token`" in caught.value.remedy


def test_errors_of_graphql_are_errors_with_status_200() -> None:
    request = API.start(API.searches(())[0], None, NOW)
    with pytest.raises(SourceError, match="Field 'x'"):
        answer(request, {"errors": [{"message": "Field 'x' doesn't exist"}]})
    for content in ({}, {"data": None}, {"data": {"viewer": None}}, []):
        with pytest.raises(SourceError):
            answer(request, content)


def test_a_launch_there_is_not_is_named() -> None:
    with pytest.raises(SourceError, match="no such launch") as caught:
        answer(API.start(API.searches(())[1], None, NOW), {"data": {"post": None}})
    assert (caught.value.permanent, caught.value.status) == (True, 404)


def test_one_bad_launch_leaves_the_others() -> None:
    found = launches(1, 2)
    found["data"]["posts"]["nodes"][1:1] = [{"name": "no id"}, None, "launch"]  # type: ignore[index]
    batch = answer(API.start(API.searches(())[0], None, NOW), found)
    assert [post.title for post in posts(batch)] == ["Launch 1", "Launch 2"]
    assert len(batch.rejected) == 3


def test_a_feed_without_a_known_launch_leaves_a_gap() -> None:
    entry = "<entry><id>tag:www.producthunt.com,2005:Post/{}</id><title>t</title><published>{}</published></entry>"
    entries = (entry.format(n, (NOW - timedelta(hours=n)).isoformat()) for n in range(50))
    content = f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>".encode()
    for days, expected in ((30, 1), (1, 0)):
        since = NOW - timedelta(days=days)
        request = FEED.start(FEED.searches(())[0], since.isoformat(), NOW)
        batch = read_page(FEED, Page(request, 200, content, request.url, NOW))
        assert len([item for item in batch.items if isinstance(item, Gap)]) == expected
    assert FEED.mark_at(NOW) is None


def test_comments_need_a_token_and_a_launch_is_named_by_its_slug() -> None:
    assert ProductHunt(token="t", posts=("https://www.producthunt.com/posts/acme-2",)).posts == ("acme-2",)
    for wrong in ({"posts": ("acme",)}, {"token": "t", "posts": ("a b",)}):
        with pytest.raises(ValueError, match=r"token|launch"):
            ProductHunt(**wrong)
