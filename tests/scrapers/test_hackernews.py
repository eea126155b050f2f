"""Hacker News: a window of time that slides over the hits, and every shape in which the platform gives an item."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from insight.model import Deletion, Post, PostKind, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Page, Request, Search, SourceError
from scrapers.saved import read_saved
from scrapers.social.hackernews import HackerNews
from tests.scrapers.samples import NOW, body, read

BASE = 1_772_442_000


def hit(number: int, at: int) -> dict[str, object]:
    return {
        "objectID": str(number),
        "created_at_i": at,
        "title": f"story {number}",
        "author": "moss",
        "_tags": ["story"],
    }


def server(hits: list[dict[str, object]], request: Request) -> bytes:
    """Algolia in small: newest first, within the bounds of `numericFilters`, one page."""
    low, high = 0, 10**12
    for bound in filter(None, request.params.get("numericFilters", "").split(",")):
        if ">=" in bound:
            low = int(bound.partition("=")[2])
        else:
            high = int(bound.partition("=")[2])
    size = int(request.params["hitsPerPage"])
    found = sorted(
        (h for h in hits if low <= int(str(h["created_at_i"])) <= high), key=lambda h: -int(str(h["created_at_i"]))
    )
    return json.dumps({"hits": found[:size], "hitsPerPage": size}).encode()


def walk(source: HackerNews, hits: list[dict[str, object]], high_water: str | None = None) -> tuple[list[str], int]:
    """The ids a walk sees, and how many pages it took."""
    waiting, seen, pages = [source.start(Search("acme", "acme"), high_water, NOW)], [], 0
    while waiting:
        request = waiting.pop()
        batch = read_page(source, Page(request, 200, server(hits, request), request.url, NOW))
        seen += [item.native_id for item in batch.items if isinstance(item, Post)]
        waiting += batch.requests
        pages += 1
        assert pages < 50, "the walk goes round"
    return seen, pages


def test_the_window_slides_to_the_oldest_hit_and_misses_none() -> None:
    hits = [hit(n, BASE + n // 3) for n in range(100)]  # three a second: pages end within a second
    seen, pages = walk(HackerNews(page_size=7), hits)
    assert set(seen) == {str(n) for n in range(100)}
    assert pages < 40


def test_a_page_of_a_single_second_does_not_stop_the_walk() -> None:
    hits = [hit(n, BASE) for n in range(10)] + [hit(99, BASE - 5)]
    seen, _ = walk(HackerNews(page_size=4), hits)
    assert "99" in seen


def test_the_next_walk_goes_an_hour_behind_the_mark_and_no_further() -> None:
    hits = [hit(1, BASE - 3500), hit(2, BASE - 3700), hit(3, BASE), hit(4, BASE + 50)]
    seen, _ = walk(HackerNews(), hits, high_water=str(BASE))
    assert seen == ["4", "3", "1"]


def test_a_mark_is_never_in_the_future() -> None:
    found = {"hits": [hit(1, BASE), hit(2, int(NOW.timestamp()) + 10**6)]}
    assert read("hackernews", json.dumps(found).encode()).newest == str(BASE)


def test_text_is_what_a_person_reads() -> None:
    comment, story, _ = read("hackernews", body("hackernews", "search.json")).items
    assert comment.text == "I moved from Acme to https://birch.example/docs & it's faster.\nWould not go back."
    assert (comment.kind, comment.title, comment.reply_to, comment.thread) == (
        PostKind.COMMENT,
        None,
        "9000002",
        "9000001",
    )
    assert comment.links == ("https://birch.example/docs",)
    assert comment.engagement == {}
    assert (story.title, story.links) == ("Acme 3.0 released", ("https://acme.example/blog/3-0",))
    assert story.engagement == {"points": 42, "replies": 7}


def test_an_item_comes_with_what_was_said_below_it() -> None:
    items = read("hackernews", body("hackernews", "item.json")).items
    assert {item.native_id for item in items if isinstance(item, Post)} == {"9000001", "9000002", "9000003"}
    assert Deletion("hackernews", "9000004") in items


def test_firebase_answers_without_a_post_are_empty() -> None:
    for content in (
        b"null",
        b"9000009",
        b"[1, 2, 3]",
        b'{"items": [1], "profiles": ["fern"]}',
        b'{"id": "fern", "karma": 3}',
    ):
        batch = read_saved("hackernews", content, url="https://hacker-news.firebaseio.com/v0/item/1.json", now=NOW)
        assert (batch.items, batch.rejected) == ((), ())
        with pytest.raises(SourceError):
            read_saved("hackernews", content, url="https://hn.algolia.com/api/v1/search_by_date?query=a", now=NOW)


def test_what_is_deleted_or_dead_is_a_deletion() -> None:
    for content in (
        b'{"id": 5, "deleted": true, "type": "comment", "time": 1772443000}',
        b'{"id": 5, "dead": true, "type": "story", "by": "x", "title": "t", "time": 1772443000}',
    ):
        assert read("hackernews", content).items == (Deletion("hackernews", "5"),)


def test_one_bad_hit_leaves_the_others() -> None:
    found = json.loads(body("hackernews", "search.json"))
    found["hits"].insert(1, {"title": "no id"})
    batch = read("hackernews", json.dumps(found).encode())
    assert len(batch.items) == 3
    assert [rejected.reason for rejected in batch.rejected] == ["a hit without an id"]


def test_what_watches_share_is_searched_for_once() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, 'Acme OR "acme notes" OR #acme')
    searches = HackerNews(queries=("ACME",)).searches((watch, replace(watch, id="other", query="birch")))
    assert {search.key: search.terms.lower() for search in searches} == {
        "acme": "acme",
        "birch": "birch",
    }
    assert len(searches) == 2


def test_a_bound_source_searches_for_its_own_watches_only() -> None:
    watches = (Watch("a", "A", Role.BRAND, "acme"), Watch("b", "B", Role.BRAND, "birch"))
    assert [search.key for search in HackerNews(watches=("b",)).searches(watches)] == ["birch"]


def test_single_items_are_asked_for_again_where_edits_and_deletions_show_first() -> None:
    asked = HackerNews().look_again(("44000001", "not a number"))
    assert [request.url for request in asked] == ["https://hacker-news.firebaseio.com/v0/item/44000001.json"]
    gone = json.dumps({"id": 44000001, "deleted": True, "time": BASE, "type": "comment"}).encode()
    assert read("hackernews", gone).items == (Deletion("hackernews", "44000001"),)
    assert not HackerNews(base_url="http://127.0.0.1:1/api").look_again(("44000001",))
    mirror = HackerNews(base_url="http://127.0.0.1:1/api", items_url="http://127.0.0.1:1/v0/")
    assert [request.url for request in mirror.look_again(("7",))] == ["http://127.0.0.1:1/v0/item/7.json"]
