"""DEV: lists by age and by heat, texts and comments that are asked for one by one, and what is gone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from insight.model import Deletion, Post, PostKind
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.social.devto import DevTo
from tests.scrapers.samples import NOW, body, read


def article(number: int, hours: float, **fields: object) -> dict[str, object]:
    at = (NOW - timedelta(hours=hours)).isoformat()
    return {"type_of": "article", "id": number, "title": f"article {number}", "published_at": at, **fields}


def answered(source: DevTo, request: Request, content: object, status: int = 200) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def test_all_new_articles_are_read_unless_tags_or_people_are_named() -> None:
    (everything,) = DevTo().searches(())
    assert DevTo().start(everything, None, NOW).url == "https://dev.to/api/articles/latest"
    source = DevTo(tags=["#Acme"], users=["@fern"])
    asked = [source.start(search, None, NOW).params for search in source.searches(())]
    assert [params.get("tag") or params.get("username") for params in asked] == ["acme", "fern"]


def test_an_article_is_the_same_in_a_list_and_alone() -> None:
    first = read("devto", body("devto", "articles.json")).items[0]
    (alone,) = read("devto", body("devto", "article.json")).items
    assert isinstance(first, Post)
    assert isinstance(alone, Post)
    assert (first.native_id, first.title, first.text, first.hashtags) == (
        alone.native_id,
        alone.title,
        alone.text,
        alone.hashtags,
    )
    assert first.text == "What went well & what did not."
    assert first.engagement == {"likes": 14, "replies": 2}
    assert first.links == ("https://fern.example/moving",)


def test_the_whole_text_is_asked_for_by_itself_and_the_teaser_is_not_shown_before_it() -> None:
    source = DevTo(full_text=True)
    request = source.start(Search("newest"), None, NOW)
    batch = answered(source, request, json.loads(body("devto", "articles.json")))
    assert batch.items == ()
    assert [follows.url for follows in batch.requests] == [
        "https://dev.to/api/articles/700001",
        "https://dev.to/api/articles/700000",
    ]
    (post,) = answered(source, batch.requests[0], json.loads(body("devto", "article.json"))).items
    assert isinstance(post, Post)
    assert post.text == "Acme took an hour.\nSee how."
    assert "https://example.com/how" in post.links


def test_only_what_is_new_or_changed_is_asked_for() -> None:
    source = DevTo(full_text=True)
    mark = source.mark_at(NOW - timedelta(hours=10))
    changed = (NOW - timedelta(hours=1)).isoformat()
    entries = [article(1, 2), article(2, 30), article(3, 40, edited_at=changed)]
    batch = answered(source, source.start(Search("newest"), mark, NOW), entries)
    assert [request.note["text"] for request in batch.requests] == ["1", "3"]


def test_comments_are_read_where_there_are_new_ones() -> None:
    source = DevTo(include=("articles", "comments"))
    mark = source.mark_at(NOW - timedelta(hours=10))
    new, old = ((NOW - timedelta(hours=hours)).isoformat() for hours in (1, 20))
    entries = [
        article(1, 30, comments_count=2, last_comment_at=new),
        article(2, 30, comments_count=2, last_comment_at=old),
        article(3, 2, comments_count=0, last_comment_at=new),
    ]
    (request,) = answered(source, source.start(Search("newest"), mark, NOW), entries).requests
    assert (request.url, request.params["a_id"]) == ("https://dev.to/api/comments", "1")
    first, second, gone = answered(source, request, json.loads(body("devto", "comments.json"))).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.kind, first.reply_to, first.thread) == (PostKind.COMMENT, "1", "1")
    assert (second.reply_to, second.url) == ("c/2abc", "https://dev.to/fern/comment/2abd")
    assert gone == Deletion("devto", "c/2abe")


@pytest.mark.parametrize(("oldest", "pages"), [(3.0, 2), (50.0, 1)])
def test_a_list_goes_on_as_long_as_something_on_it_is_new(oldest: float, pages: int) -> None:
    source = DevTo()
    request = source.start(Search("newest"), source.mark_at(NOW - timedelta(hours=24)), NOW)
    entries = [article(n, oldest) for n in range(100)]
    assert len(answered(source, request, entries).requests) == pages - 1
    assert answered(source, request, entries[:99]).requests == ()


def test_a_tag_is_read_for_a_few_pages_only() -> None:
    source, entries = DevTo(tags=["acme"]), [article(n, 1) for n in range(100)]
    request, pages = source.start(source.searches(())[0], None, NOW), 1
    while following := answered(source, request, entries).requests:
        request, pages = following[0], pages + 1
        assert pages <= 3
    assert pages == 3


def test_what_is_gone_is_a_deletion_only_when_it_was_asked_for() -> None:
    source = DevTo()
    one, two = source.look_again(["700001", "c/2abc", "../../etc"])
    assert (one.url, two.url) == ("https://dev.to/api/articles/700001", "https://dev.to/api/comments/2abc")
    gone = answered(source, two, {"error": "not found", "status": 404}, 404)
    assert gone.items == (Deletion("devto", "c/2abc"),)
    assert gone.newest is None
