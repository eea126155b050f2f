"""Lemmy: one identity across instances, lists with something pinned on top, and the shapes of its versions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from insight.model import Deletion, Post, PostKind, Role, Visibility, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, SourceError
from scrapers.saved import read_saved
from scrapers.social.lemmy import Lemmy
from scrapers.walk import Cursor, advance, begin, next_request
from tests.scrapers.samples import NOW, body, read

SOURCE = Lemmy(instance="https://posts.example", queries=("acme",))


def view(number: int, at: datetime, **fields: object) -> dict[str, object]:
    uri, written = f"https://posts.example/post/{number}", at.isoformat().replace("+00:00", "Z")
    return {"post": {"id": number, "name": f"post {number}", "ap_id": uri, "published": written, **fields}}


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def answer(request: Request, content: object, status: int = 200) -> Batch:
    return read_page(SOURCE, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def test_a_post_and_its_comments_are_known_by_their_ap_id() -> None:
    post, rules, comment, reply, gone = read("lemmy", body("lemmy", "search.json")).items
    assert isinstance(post, Post)
    assert (post.native_id, post.url, post.title) == ("https://posts.example/post/101",) * 2 + (
        "Acme 3.0 loses my notes",
    )
    assert post.text == "Since the update every note is gone.\nSee the log and\nwas it the sync?"
    assert (post.author, post.author_name, post.language) == ("fern@posts.example", "Fern Moss", "en")
    assert post.links == ("https://acme.example/blog/3-0", "https://fern.example/log")
    assert post.media == ("https://fern.example/shot.png",)
    assert post.engagement == {"points": 40, "likes": 44, "dislikes": 4, "replies": 3}
    assert post.edited_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert isinstance(rules, Post)
    assert (rules.published_at, rules.language) == (datetime(2023, 6, 1, 8, 0, 0, 500_000, tzinfo=UTC), None)
    assert isinstance(comment, Post)
    assert isinstance(reply, Post)
    assert (comment.kind, comment.reply_to, comment.thread) == (PostKind.COMMENT, post.native_id, post.native_id)
    assert (reply.reply_to, reply.author) == (comment.native_id, "oak@other.example")
    assert gone == Deletion("lemmy", "https://posts.example/comment/202")


def test_the_parent_of_a_comment_alone_is_its_address_on_this_instance() -> None:
    found = json.loads(body("lemmy", "search.json"))
    found["comments"] = found["comments"][1:2]
    reply = posts(read("lemmy", json.dumps(found).encode()))[-1]
    assert reply.reply_to == "https://posts.example/comment/200"


def test_version_1_says_the_same_in_other_words() -> None:
    old = {post.native_id: post for post in posts(read("lemmy", body("lemmy", "search.json")))}
    new = posts(read("lemmy", body("lemmy", "v4.json")))
    assert len(new) == 2
    for post in new:
        assert replace(post, author=None) == replace(old[post.native_id], author=None)
        assert post.author


def test_a_walk_pages_back_to_an_hour_before_the_mark_past_what_is_pinned() -> None:
    source = Lemmy(instance="https://posts.example", communities=("!tools",), include=("posts",))
    stored = [view(n, NOW - timedelta(minutes=n)) for n in range(1, 301)]
    pinned = view(999, NOW - timedelta(days=900), featured_community=True)
    (search,) = source.searches(())
    cursor = begin(source, search, Cursor(source.mark_at(NOW - timedelta(minutes=100))), NOW)
    seen: list[str] = []
    for _ in range(20):
        request = next_request(cursor)
        assert request.params["community_name"] == "tools"
        start = int(request.params.get("page_cursor", "P0")[1:])
        some = ([pinned] if start == 0 else []) + stored[start : start + 49 + (start > 0)]
        content = {"posts": some, "next_page": f"P{start + 49 + (start > 0)}"}
        page = Page(request, 200, json.dumps(content).encode(), request.url, NOW)
        batch = read_page(source, page)
        seen += [post.native_id for post in posts(batch)]
        cursor = advance(cursor, page, batch)
        if not cursor.walk:
            break
    assert not cursor.walk
    assert {f"https://posts.example/post/{n}" for n in range(1, 160)} <= set(seen)
    assert len(seen) < 210
    assert cursor.high_water == source.mark_at(NOW - timedelta(minutes=1))


def test_a_search_goes_on_by_number_while_either_list_is_full() -> None:
    (search,) = SOURCE.searches(())
    request = SOURCE.start(search, None, NOW)
    assert (request.params["q"], request.params["type_"], request.params["sort"]) == ("acme", "All", "New")
    full = [view(n, NOW - timedelta(minutes=n)) for n in range(50)]
    (second,) = answer(request, {"posts": full, "comments": []}).requests
    assert (second.params["page"], second.params["limit"], second.params["q"]) == ("2", "45", "acme")
    assert answer(second, {"posts": full[:44], "comments": []}).requests == ()


def test_version_1_is_asked_in_its_own_words() -> None:
    source = Lemmy(instance="https://posts.example", api="v4", queries=("acme",), listing="Local")
    requests = [source.start(search, None, NOW) for search in source.searches(())]
    assert [urlpath.url for urlpath in requests] == [
        f"https://posts.example/api/v4/{end}" for end in ("post/list", "comment/list", "search")
    ]
    assert [request.params["type_"] for request in requests] == ["local", "local", "all"]


def test_what_is_looked_for_again_and_not_found_is_deleted() -> None:
    uri = "https://other.example/post/90"
    (request,) = SOURCE.look_again([uri])
    assert (request.url, request.params) == ("https://posts.example/api/v3/resolve_object", {"q": uri})
    assert answer(request, {"error": "couldnt_find_object"}, 404).items == (Deletion("lemmy", uri),)
    with pytest.raises(SourceError, match="unknown"):
        answer(request, {"error": "unknown"}, 400)
    found = json.loads(body("lemmy", "search.json"))["posts"][1]
    batch = answer(request, {"post": found})
    assert [post.native_id for post in posts(batch)] == [uri]
    assert (batch.requests, batch.newest) == ((), None)


@pytest.mark.parametrize(
    ("status", "name", "permanent"),
    [(400, "instance_is_private", True), (200, "instance_is_private", True), (400, "rate_limit_error", False)],
)
def test_an_instance_says_by_name_what_is_wrong(status: int, name: str, permanent: bool) -> None:
    with pytest.raises(SourceError, match=name) as caught:
        read("lemmy", json.dumps({"error": name}).encode(), status)
    assert caught.value.permanent is permanent
    assert ("token" in caught.value.remedy) is permanent
    assert (caught.value.retry_after is not None) is not permanent


def test_another_answer_of_the_platform_holds_no_post() -> None:
    for content in ({"site_view": {"site": {"id": 1}}, "version": "0.19.19"}, {"communities": []}):
        batch = read_saved("lemmy", json.dumps(content).encode(), url="https://posts.example/api/v3/site", now=NOW)
        assert (batch.items, batch.requests) == ((), ())


def test_a_watch_is_searched_for_by_letters_without_quotes() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, '"acme notes" OR bolt')
    found = {search.terms for search in Lemmy(instance="https://posts.example").searches((watch,))}
    assert found == {"acme notes", "bolt"}


def test_one_bad_view_leaves_the_others() -> None:
    found = json.loads(body("lemmy", "search.json"))
    del found["posts"][0]["post"]["ap_id"]
    batch = read("lemmy", json.dumps(found).encode())
    assert len(batch.items) == 4
    assert [rejected.reason for rejected in batch.rejected] == ["a post without its ap_id"]


@pytest.mark.parametrize(("shown", "public"), [("Public", True), ("LocalOnly", False), ("private", False)])
def test_a_community_for_some_is_not_public(shown: str, public: bool) -> None:
    found = json.loads(body("lemmy", "search.json"))
    found["posts"][0]["community"]["visibility"] = shown
    assert (posts(read("lemmy", json.dumps(found).encode()))[0].visibility is Visibility.PUBLIC) is public
