"""Discourse: old and new ways to page, quotes of others left out, one identity in JSON and in feeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from insight.model import Deletion, Gap, Post, PostKind, Visibility
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.discourse import Discourse
from tests.scrapers.samples import NOW, body, read

FORUM = Discourse(base_url="https://forum.example")
Held = dict[int, dict[str, Any]]


def post(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "topic_id": 1,
        "post_number": number,
        "post_type": 1,
        "username": "fern",
        "created_at": at.isoformat(),
        "raw": f"post {number}",
        "cooked": f"<p>post {number}</p>",
    }


def answer(request: Request, content: object, status: int = 200, source: Discourse = FORUM, url: str = "") -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), url or request.url, NOW))


def span(held: Held, before: int | None) -> list[dict[str, Any]]:
    """A page up to version 3.4: what is public of fifty numbers, the bound counted in."""
    top = before or max(held)
    return [held[n] for n in range(top, max(0, top - 50), -1) if n in held]


def newest(held: Held, before: int | None) -> list[dict[str, Any]]:
    """A page since then: the fifty newest below the bound."""
    return [held[n] for n in sorted(held, reverse=True) if before is None or n < before][:50]


def walk(
    serve: Callable[[Held, int | None], list[dict[str, Any]]], held: Held, since: str | None
) -> tuple[set[int], list[Gap]]:
    waiting, seen, gaps = [FORUM.start(Search(), since, NOW)], set(), []
    for _ in range(200):
        if not waiting:
            return seen, gaps
        request = waiting.pop()
        before = request.params.get("before")
        batch = answer(request, {"latest_posts": serve(held, int(before) if before else None)})
        seen |= {int(item.native_id.rpartition("/")[2]) for item in batch.items if isinstance(item, Post)}
        gaps += [item for item in batch.items if isinstance(item, Gap)]
        waiting += batch.requests
    pytest.fail("the walk goes round")


@pytest.mark.parametrize("serve", [span, newest])
def test_a_walk_reaches_the_mark_across_numbers_of_private_messages(serve: Any) -> None:
    public = [n for n in range(1, 1001) if not 500 <= n < 900]
    held = {n: post(n, NOW - timedelta(minutes=1001 - n)) for n in public}
    seen, gaps = walk(serve, held, FORUM.mark_at(NOW - timedelta(minutes=600)))
    assert {n for n in public if n >= 401 - 60} <= seen
    assert min(seen) >= 200
    assert gaps == []


@pytest.mark.parametrize("serve", [span, newest])
def test_a_first_walk_reads_to_the_first_post_and_ends(serve: Any) -> None:
    held = {n: post(n, NOW - timedelta(minutes=200 - n)) for n in range(1, 180)}
    seen, gaps = walk(serve, held, None)
    assert (seen, gaps) == (set(held), [])


def test_a_stretch_without_any_public_post_is_given_up_and_recorded() -> None:
    held = {5000: post(5000, NOW), 10: post(10, NOW - timedelta(days=9))}
    seen, (gap,) = walk(span, held, FORUM.mark_at(NOW - timedelta(days=5)))
    assert seen == {5000}
    assert gap.since == NOW - timedelta(days=5)


def test_a_post_is_what_its_author_wrote() -> None:
    reply, opening, flagged = read("discourse", body("discourse", "posts.json")).items
    assert isinstance(opening, Post)
    assert isinstance(reply, Post)
    assert (opening.native_id, opening.kind) == ("forum.example/t/40/1", PostKind.POST)
    assert (opening.title, opening.text) == ("Notes are & stay gone", "All notes are gone.\nhttps://acme.example/log")
    assert (opening.links, opening.media) == (
        ("https://acme.example/log",),
        ("https://forum.example/uploads/shot.png",),
    )
    assert opening.url == "https://forum.example/t/notes-are-gone/40/1"
    assert opening.engagement == {"replies": 2, "views": 9}
    assert (reply.text, reply.links) == ("Same here with Bolt.", ("https://bolt.example",))
    assert (reply.title, reply.reply_to, reply.thread) == (None, opening.native_id, opening.native_id)
    assert (reply.engagement["likes"], reply.edited_at) == (4, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert flagged == Deletion("discourse", "forum.example/t/39/5")


def feed_of(*descriptions: str) -> bytes:
    items = (
        f"<item><description><![CDATA[{said}]]></description>"
        f"<link>https://forum.example/t/leaks/40/{number}</link></item>"
        for number, said in enumerate(descriptions, 1)
    )
    return f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode()


def test_what_a_feed_of_topics_closes_with_is_no_word_of_the_author() -> None:
    tail = '<p><small>1,204 Beiträge - 17 Teilnehmer</small></p><p><a href="/t/leaks/40/{}">Thema lesen</a></p>'
    first, second = read(
        "discourse", feed_of("<p>It leaks.</p>" + tail.format(1), "<p>Mine too.</p><p>Help</p>" + tail.format(2))
    ).items
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.text, second.text, second.links) == ("It leaks.", "Mine too.\nHelp", ())


def test_what_an_author_closes_with_stays() -> None:
    found = read("discourse", feed_of('<p>See <a href="/t/leaks/40/2">below</a></p>', "<p>Mine too.</p>")).items
    assert [item.text for item in found if isinstance(item, Post)] == ["See below", "Mine too."]


def test_a_post_is_read_as_the_forum_shows_it() -> None:
    shown = (
        "<p>It costs 3*4 <img class='emoji' alt=':rage:' src='/e.png'></p>"
        "<details><summary>More</summary>Leaks.</details>"
    )
    written = 'It costs 3\\*4 :rage:\n[details="More"]\nLeaks.\n[/details]'
    (read_as,) = answer(
        FORUM.start(Search(), None, NOW), {"latest_posts": [post(1, NOW) | {"cooked": shown, "raw": written}]}
    ).items
    assert isinstance(read_as, Post)
    assert (read_as.text, read_as.media) == ("It costs 3*4 :rage:\nMore\nLeaks.", ())


def test_a_post_of_nothing_but_a_video_says_its_address() -> None:
    shown = {"cooked": '<div class="lazy-video-container"><a href="https://v.example/7"><img src="/t.jpg"></a></div>'}
    (read_as,) = answer(
        FORUM.start(Search(), None, NOW),
        {"latest_posts": [post(1, NOW) | shown | {"raw": "https://v.example/7"}]},
    ).items
    assert isinstance(read_as, Post)
    assert (read_as.text, read_as.links) == ("https://v.example/7", ("https://v.example/7",))


def test_a_video_is_its_address_and_a_place_on_the_page_no_link_without_raw_text_too() -> None:
    video = '<div class="tiktok-onebox lazy-video-container"><a href="https://v.example/7"><img src="/t.jpg"></a></div>'
    shown = {"cooked": f'<p>See <a href="#fn1">the note</a></p>{video}'}
    (read_as,) = answer(
        FORUM.start(Search(), None, NOW), {"latest_posts": [post(1, NOW) | shown | {"raw": None}]}
    ).items
    assert isinstance(read_as, Post)
    assert (read_as.text, read_as.links, read_as.media) == (
        "See the note\nhttps://v.example/7",
        ("https://v.example/7",),
        (),
    )


@pytest.mark.parametrize("name", ["topic.json", "search.json", "latest.json", "posts.xml"])
def test_a_post_is_the_same_one_wherever_it_is_shown(name: str) -> None:
    known = {item.native_id: item for item in read("discourse", body("discourse", "posts.json")).items}
    batch = read("discourse", body("discourse", name))
    assert batch.rejected == ()
    for item in batch.items:
        assert isinstance(item, Post)
        same = known[item.native_id]
        assert isinstance(same, Post)
        assert (item.kind, item.thread) == (same.kind, same.thread)
        assert item.published_at is not None
        assert (item.title is not None) is (same.title is not None)


def test_only_the_wanted_categories_are_read() -> None:
    source = Discourse(base_url="https://forum.example", categories=(7,))
    found = [post(2, NOW) | {"category_id": 7}, post(1, NOW) | {"category_id": 4}]
    batch = answer(source.start(Search(), None, NOW), {"latest_posts": found}, source=source)
    assert [item.native_id for item in batch.items if isinstance(item, Post)] == ["forum.example/t/1/2"]


def test_hits_of_a_search_are_asked_for_whole_and_only_while_they_are_new() -> None:
    source = Discourse(base_url="https://forum.example", queries=("acme",))
    (search,) = source.searches(())
    request = source.start(search, source.mark_at(NOW), NOW)
    assert (request.url, request.params["q"]) == (
        "https://forum.example/search.json",
        "acme order:latest after:2026-03-02",
    )
    hits = [post(3, NOW), *(post(n, NOW - timedelta(hours=2)) for n in (12, 11, 10))]
    batch = answer(request, {"posts": hits, "grouped_search_result": {"more_full_page_results": True}}, source=source)
    (one,) = batch.requests
    assert (one.url, batch.items, batch.newest) == ("https://forum.example/posts/3.json", (), source.mark_at(NOW))
    whole = answer(one, post(3, NOW), source=source)
    assert [item.text for item in whole.items if isinstance(item, Post)] == ["post 3"]
    assert whole.newest is None
    full = answer(
        request, {"posts": hits[:1], "grouped_search_result": {"more_full_page_results": True}}, source=source
    )
    assert full.requests[-1].params["page"] == "2"


def test_a_search_that_finds_nothing_is_empty_and_no_error() -> None:
    assert read("discourse", b'{"grouped_search_result": {"term": "zzz"}}').items == ()


def test_what_is_looked_for_again_and_gone_is_deleted() -> None:
    (request,) = FORUM.look_again(["forum.example/t/40/3", "other.example/t/40/3"])
    assert request.url == "https://forum.example/posts/by_number/40/3.json"
    for status in (404, 410):
        assert answer(request, {"errors": ["x"], "error_type": "not_found"}, status).items == (
            Deletion("discourse", "forum.example/t/40/3"),
        )
    deleted = post(3, NOW) | {"topic_id": 40, "user_deleted": True}
    assert answer(request, deleted).items == (Deletion("discourse", "forum.example/t/40/3"),)


@pytest.mark.parametrize("status", [403, 200])
def test_a_forum_of_members_only_says_so_with_the_remedy(status: int) -> None:
    content = {"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"}
    with pytest.raises(SourceError, match="need to be logged in") as caught:
        read("discourse", json.dumps(content).encode(), status)
    assert caught.value.permanent
    assert "api_key" in caught.value.remedy


def test_a_login_page_in_place_of_the_posts_says_the_same() -> None:
    page = Page(
        FORUM.start(Search(), None, NOW), 200, b"<html><title>Log in</title></html>", "https://forum.example/login", NOW
    )
    with pytest.raises(SourceError, match="login page") as caught:
        read_page(FORUM, page)
    assert caught.value.permanent


def test_a_limit_names_how_long_to_wait() -> None:
    content = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 17}}
    with pytest.raises(SourceError, match="slow down") as caught:
        read("discourse", json.dumps(content).encode(), 429)
    assert (caught.value.permanent, caught.value.retry_after) == (False, 17)


def test_a_forum_in_a_folder_is_one_of_its_own() -> None:
    for address in ("posts.json", "t/x/40/3.json", "search.json?q=acme", "latest.rss"):
        source = Discourse.for_page(f"https://site.example/forum/{address}")
        assert source.label == "site.example/forum"
    assert Discourse.for_page("https://forum.example/posts.json").label == "forum.example"
    source = Discourse(base_url="https://site.example/forum/")
    assert (
        source.look_again(["site.example/forum/t/4/1"])[0].url == "https://site.example/forum/posts/by_number/4/1.json"
    )


def test_a_key_travels_in_headers_and_never_alone() -> None:
    source = Discourse(base_url="https://forum.example", api_key="s3cret", api_username="reader")
    assert source.headers() == {"Api-Key": "s3cret", "Api-Username": "reader"}
    assert "s3cret" not in repr(source)
    page = Page(source.start(Search(), None, NOW), 200, body("discourse", "posts.json"), "https://x", NOW)
    assert {item.visibility for item in read_page(source, page).items if isinstance(item, Post)} == {Visibility.PRIVATE}
    with pytest.raises(ValueError, match="belong together"):
        Discourse(base_url="https://forum.example", api_key="s3cret")


def test_a_page_of_hits_is_asked_for_once_more_after_the_next_for_what_has_moved_up() -> None:
    source = Discourse(base_url="https://forum.example", queries=("acme",))
    request = source.start(source.searches(())[0], None, NOW)
    more = {"grouped_search_result": {"more_full_page_results": True}}
    first = answer(request, more | {"posts": [post(9, NOW), post(8, NOW)]}, source=source)
    second = answer(first.requests[-1], more | {"posts": [post(6, NOW), post(5, NOW)]}, source=source)
    again = next(one for one in second.requests if one.params.get("page") == "1")
    third = answer(again, more | {"posts": [post(8, NOW), post(7, NOW), post(6, NOW)]}, source=source)
    assert {one.url[-6:] for one in third.requests} == {"7.json"}, "the others were there before"
