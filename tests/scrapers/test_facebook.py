"""Facebook pages: posts with the newest comments below them, recommendations, and what is gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from insight.model import Deletion, Post, PostKind, Rating, Reading
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.facebook import Facebook
from tests.scrapers.samples import NOW, body

PAGE = "1000000000001"
FEED = Search("", f"{PAGE}/feed")


def source(**settings: Any) -> Facebook:
    return Facebook(**{"token": "EAAB", "pages": [PAGE], **settings})


def parse(made: Facebook, content: Any, request: Request | None = None, status: int = 200) -> Batch:
    request = request or made.start(FEED, None, NOW)
    written = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_page(made, Page(request, status, written, request.url, NOW))


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def test_a_post_comes_with_the_newest_comments_below_it() -> None:
    first, second, reply, comment = posts(parse(source(), body("facebook", "feed.json")))
    assert first.text == "Acme Notes 4 is out.\n\nTell us what you think of it!"
    assert (first.author, first.title) == ("Acme", "What is new in Acme Notes 4")
    assert first.links == ("https://acme.example/blog/4",)
    assert first.engagement == {"likes": 24, "reactions": 31, "replies": 2, "reposts": 4}
    assert first.edited_at is None  # `updated_time` is the last comment's
    assert (second.author, second.kind) == (None, PostKind.POST)
    assert (reply.kind, reply.thread, reply.reply_to) == (
        PostKind.COMMENT,
        first.native_id,
        "2000000000003_3000000000001",
    )
    assert (comment.reply_to, comment.engagement) == (first.native_id, {"likes": 7, "replies": 1})


def test_a_comment_without_an_id_is_known_by_its_address() -> None:
    content = json.loads(body("facebook", "feed.json"))
    comments = content["data"][0]["comments"]["data"]
    before = posts(parse(source(), content))
    for comment in comments:
        del comment["id"]
        comment.pop("parent", None)
    assert posts(parse(source(), content)) == before
    listed = {"data": comments, "paging": {}}
    assert {p.native_id for p in posts(parse(source(), listed, Request("https://graph.facebook.com/v25.0/")))} == {
        "2000000000003_3000000000001",
        "2000000000003_3000000000002",
    }


def test_more_comments_are_asked_for_only_where_all_of_these_are_new() -> None:
    content = json.loads(body("facebook", "feed.json"))
    content["data"][0]["comments"]["paging"]["next"] = "https://graph.facebook.com/v25.0/x?access_token=t&after=a1"
    made = source()
    more = parse(made, content, made.start(FEED, "2026-03-02T09:00:00+00:00", NOW)).requests[-1]
    assert more.url.endswith("/1000000000001_2000000000003/comments")
    assert (more.params["after"], more.params["order"]) == ("a1", "reverse_chronological")
    known = parse(made, content, made.start(FEED, "2026-03-03T08:00:00+00:00", NOW)).requests
    assert not any("/comments" in request.url for request in known)
    below = {"data": content["data"][0]["comments"]["data"]}
    assert {post.thread for post in posts(parse(made, below, more))} == {"1000000000001_2000000000003"}


def test_a_visit_looks_back_over_the_days_in_which_comments_are_read() -> None:
    mark = NOW.isoformat()
    for settings, back in (({}, timedelta(days=7)), ({"read": ["feed"]}, timedelta(hours=1))):
        params = source(**settings).start(FEED, mark, NOW).params
        assert params["since"] == str(int((NOW - back).timestamp()))
    assert "since" not in source().start(FEED, None, NOW).params
    assert "{id,message" not in source(read=["feed"]).start(FEED, None, NOW).params["fields"]


def test_only_what_is_wanted_is_taken() -> None:
    kinds = {post.kind for post in posts(parse(source(read=["comments"]), body("facebook", "feed.json")))}
    assert kinds == {PostKind.COMMENT}
    kinds = {post.kind for post in posts(parse(source(read=["feed"]), body("facebook", "feed.json")))}
    assert kinds == {PostKind.POST}
    assert [search.key for search in source(read=["comments", "ratings"]).searches(())] == [
        f"feed of {PAGE}",
        f"ratings of {PAGE}",
    ]


def test_a_recommendation_is_a_review_on_two_steps() -> None:
    made = source(read=["ratings"])
    request = made.start(Search("", f"{PAGE}/ratings"), None, NOW)
    no, yes, stars = posts(parse(made, body("facebook", "ratings.json"), request))
    assert (no.kind, no.rating, no.native_id, no.author) == (
        PostKind.REVIEW,
        Rating(0, 0, 1),
        "5000000000002",
        "Ash Birch",
    )
    assert (yes.rating, yes.author) == (Rating(1, 0, 1), None)
    assert stars.rating == Rating(4)
    assert len({no.native_id, yes.native_id, stars.native_id}) == 3
    assert posts(parse(made, body("facebook", "ratings.json"), request)) == [no, yes, stars]


def test_a_version_without_recommendations_says_what_to_do() -> None:
    with pytest.raises(SourceError) as caught:
        parse(source(), {"error": {"message": "(#12) deprecated", "code": 12}}, status=400)
    assert "take `ratings` out" in caught.value.remedy


def test_a_post_that_is_gone_is_a_deletion_when_it_was_looked_for() -> None:
    made = source()
    gone = {"error": {"message": "Object with ID '1_2' does not exist", "code": 100, "error_subcode": 33}}
    (request,) = made.look_again(["1_2"])
    assert parse(made, gone, request, 400).items == (Deletion("facebook", "1_2"),)
    with pytest.raises(SourceError):
        parse(made, gone, status=400)
    with pytest.raises(SourceError):
        parse(made, {"error": {"message": "no", "code": 190}}, request, 400)


def test_a_post_that_is_looked_at_again_is_what_it_was() -> None:
    content = json.loads(body("facebook", "feed.json"))
    post, comment = content["data"][0], content["data"][0]["comments"]["data"][1]
    made = source()
    for shown, kind in ((post, PostKind.POST), (comment, PostKind.COMMENT)):
        (request,) = made.look_again([shown["id"]])
        asked = {
            key: shown[key] for key in ("id", "message", "permalink_url", "created_time", "reactions") if key in shown
        }
        (found,) = posts(parse(made, asked, request))
        assert (found.kind, found.native_id, found.text) == (
            kind,
            shown["id"],
            posts(parse(made, {"data": [shown]}))[0].text,
        )
    assert made.look_again(["recommendation:ab", "../me"]) == ()


def test_a_page_says_its_averages() -> None:
    found = parse(source(), {"id": PAGE, "username": "acme", "overall_star_rating": 4.2, "rating_count": 17})
    assert found.items == (
        Reading("rating:facebook.com/acme", NOW, 4.2),
        Reading("reviews:facebook.com/acme", NOW, 17.0),
    )
    assert parse(source(), {"id": PAGE, "name": "Acme"}).items == ()


def test_recommendations_are_walked_back_to_the_mark() -> None:
    made = source(read=["ratings"])
    content = json.loads(body("facebook", "ratings.json"))
    content["paging"]["next"] = "https://graph.facebook.com/v25.0/x?after=aaa"
    for mark, pages in ((datetime(2026, 2, 1, tzinfo=UTC), 1), (datetime(2026, 3, 1, tzinfo=UTC), 0)):
        request = made.start(Search("", f"{PAGE}/ratings"), mark.isoformat(), NOW)
        assert len(parse(made, content, request).requests) == pages


def test_pages_are_named_by_id_name_or_address() -> None:
    assert source(pages=["https://www.facebook.com/acme.notes/", "17"]).pages == ("acme.notes", "17")
    for wrong in ([], ["two words"], ["a/b?c"]):
        with pytest.raises(ValidationError):
            source(pages=wrong)
