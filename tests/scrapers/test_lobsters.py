"""Lobsters: lists and how they go on, threads of both ages, and what was taken away."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from insight.model import Deletion, Post, PostKind
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.social.lobsters import Lobsters
from tests.scrapers.samples import NOW, body, read


def story(number: int, hours: float, **fields: object) -> dict[str, object]:
    at = (NOW - timedelta(hours=hours)).isoformat()
    return {"short_id": f"s{number}", "title": f"story {number}", "created_at": at, **fields}


def answered(source: Lobsters, request: Request, content: object, status: int = 200) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def test_the_pages_of_a_list_are_those_of_the_site() -> None:
    source, entries = Lobsters(tags=["c++"]), [story(n, 1) for n in range(25)]
    (search,) = source.searches(())
    first = source.start(search, None, NOW)
    (second,) = answered(source, first, entries).requests
    third, back = answered(source, second, entries).requests
    assert back.url == "https://lobste.rs/t/c++/page/1.json", "what has moved up meanwhile stands there now"
    assert answered(source, back, entries).requests == ()
    assert [request.url.removeprefix("https://lobste.rs") for request in (first, second, third)] == [
        "/t/c++.json",
        "/t/c++/page/2.json",
        "/t/c++/page/3.json",
    ]
    assert [one.url[-6:] for one in answered(source, third, entries[:24]).requests] == ["2.json"]


@pytest.mark.parametrize(("oldest", "more"), [(2.0, 1), (28.0, 1), (31.0, 0)])
def test_a_walk_ends_six_hours_behind_its_mark(oldest: float, more: int) -> None:
    source = Lobsters()
    request = source.start(Search("newest"), source.mark_at(NOW - timedelta(hours=24)), NOW)
    entries = [story(n, 1) for n in range(22)] + [story(97 + n, oldest) for n in range(3)]
    assert len(answered(source, request, entries).requests) == more


def test_a_tag_cannot_be_a_path() -> None:
    with pytest.raises(ValidationError, match="no tag"):
        Lobsters(tags=["../login"])


def test_a_story_is_known_by_its_short_id_and_links_to_what_it_is_about() -> None:
    first, second = read("lobsters", body("lobsters", "newest.json")).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.native_id, first.url, first.author) == ("s/aaaaa1", "https://lobste.rs/s/aaaaa1", "fern")
    assert first.links == ("https://acme.example/3-0",)
    assert first.engagement == {"points": 12, "replies": 2}
    assert first.published_at == NOW.replace(day=2, hour=9)
    assert (second.text, second.author, second.links) == ("I use Bolt & paper.", "moss", ("https://bolt.example/",))


def test_a_thread_says_who_answers_whom_and_what_was_taken_away() -> None:
    items = {item.native_id: item for item in read("lobsters", body("lobsters", "story.json")).items if item}  # type: ignore[union-attr]
    first, second = items["c/bbbbb1"], items["c/bbbbb2"]
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.kind, first.reply_to, first.thread) == (PostKind.COMMENT, "s/aaaaa1", "s/aaaaa1")
    assert (first.edited_at, second.edited_at) == (NOW.replace(day=2, hour=10, minute=9), None)
    assert (second.reply_to, second.thread) == ("c/bbbbb1", "s/aaaaa1")
    assert items["c/bbbbb3"] == Deletion("lobsters", "c/bbbbb3")


def test_an_older_thread_tells_it_by_how_far_it_is_set_in() -> None:
    def comment(short: str, level: int) -> dict[str, object]:
        user = {"username": "moss"}
        return {"short_id": short, "comment": "<p>acme</p>", "indent_level": level, "commenting_user": user}

    found = {**story(1, 1), "comments": [comment("a", 1), comment("b", 2), comment("c", 3), comment("d", 2)]}
    posts = answered(Lobsters(), Request("https://lobste.rs/s/s1.json"), found).items[1:]
    assert [post.reply_to for post in posts if isinstance(post, Post)] == ["s/s1", "c/a", "c/b", "c/a"]
    assert {post.author for post in posts if isinstance(post, Post)} == {"moss"}


def test_threads_are_asked_for_where_comments_are_wanted_and_there_are_any() -> None:
    entries = [story(1, 1, comment_count=2), story(2, 1, comment_count=0)]
    request = Lobsters().start(Search("newest"), None, NOW)
    assert answered(Lobsters(), request, entries).requests == ()
    (thread,) = answered(Lobsters(include=("stories", "comments")), request, entries).requests
    assert thread.url == "https://lobste.rs/s/s1.json"


def test_what_is_gone_is_a_deletion_only_when_it_was_asked_for() -> None:
    source = Lobsters()
    one, two = source.look_again(["s/aaaaa1", "c/bbbbb1", "x/../login"])
    assert (one.url, two.url) == ("https://lobste.rs/s/aaaaa1.json", "https://lobste.rs/c/bbbbb1.json")
    assert answered(source, two, {"error": "gone"}, 404).items == (Deletion("lobsters", "c/bbbbb1"),)
    alone = json.loads(body("lobsters", "story.json"))["comments"][1]
    (post,) = answered(source, two, alone).items
    assert isinstance(post, Post)
    assert (post.native_id, post.reply_to) == ("c/bbbbb2", "c/bbbbb1")


def test_its_robots_txt_is_obeyed_for_it_forbids_programs() -> None:
    assert Lobsters.obey_robots
