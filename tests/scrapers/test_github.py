"""GitHub: a search past its thousandth hit, lists by their Link header, limits that look like refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from insight.model import Deletion, Post, PostKind, Role, Visibility, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.github import GitHub
from scrapers.social.github_issues import id_of, place_of
from tests.scrapers.samples import NOW, body, read

REPOSITORY = GitHub(repositories=("acme/notes",), search=False)


def issue(number: int, at: datetime) -> dict[str, Any]:
    url = f"https://github.com/acme/notes/issues/{number}"
    return {"html_url": url, "number": number, "title": f"issue {number}", "body": "x", "created_at": stamp(at)}


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def answer(
    source: GitHub, request: Request, content: object, status: int = 200, headers: dict[str, str] | None = None
) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW, headers or {}))


def ids(batch: Batch) -> list[str]:
    return [item.native_id for item in batch.items if isinstance(item, Post)]


def test_a_search_moves_its_window_past_the_thousandth_hit() -> None:
    held = [issue(n, NOW - timedelta(seconds=40 * (n // 2))) for n in range(1300)]
    source, seen = GitHub(queries=("acme OR bolt",)), set()
    waiting = [source.start(source.searches(())[0], None, NOW)]
    for _ in range(30):
        if not waiting:
            break
        request = waiting.pop()
        terms, _, bounds = request.params["q"].partition(" created:")
        assert terms == "(acme OR bolt) is:public"
        until = bounds.partition("..")[2] or "9"
        found = [one for one in held if one["created_at"] <= until]
        batch = answer(source, request, {"total_count": len(found), "items": found[:100]})
        seen |= set(ids(batch))
        waiting += batch.requests
    assert not waiting
    assert len(seen) == 1300


def test_a_page_of_a_single_second_does_not_stop_a_search() -> None:
    request = GitHub().start(Search("acme", "acme"), None, NOW)
    full = [issue(n, NOW) for n in range(100)]
    (second,) = answer(GitHub(), request, {"total_count": 500, "items": full}).requests
    assert second.params["q"] == "acme is:public created:*..2026-03-03T12:00:00Z"
    (third,) = answer(GitHub(), second, {"total_count": 500, "items": full}).requests
    assert third.params["q"] == "acme is:public created:*..2026-03-03T11:59:59Z"


def test_a_later_search_asks_for_what_came_since_an_hour_before_the_mark() -> None:
    high_water = GitHub().mark_at(NOW)
    request = GitHub().start(Search("acme", "acme"), high_water, NOW)
    assert request.params["q"] == "acme is:public created:>=2026-03-03T11:00:00Z"
    batch = answer(GitHub(), request, {"total_count": 300, "items": [issue(n, NOW) for n in range(100)]})
    assert batch.requests[0].params["q"] == "acme is:public created:2026-03-03T11:00:00Z..2026-03-03T12:00:00Z"


def test_a_search_that_ran_out_of_time_does_not_move_the_mark() -> None:
    found = {"total_count": 1, "items": [issue(1, NOW)]}
    whole = read("github", json.dumps(found | {"incomplete_results": False}).encode())
    part = read("github", json.dumps(found | {"incomplete_results": True}).encode())
    assert (whole.newest, part.newest) == ("2026-03-03T12:00:00Z", None)
    assert part.items == whole.items


def test_a_list_follows_its_link_header_at_the_address_it_was_asked_at() -> None:
    search = next(search for search in REPOSITORY.searches(()) if search.key == "acme/notes issues")
    request = REPOSITORY.start(search, REPOSITORY.mark_at(NOW), NOW)
    assert request.url == "https://api.github.com/repos/acme/notes/issues"
    assert (request.params["since"], request.params["sort"]) == ("2026-03-03T11:00:00Z", "updated")
    link = '<https://elsewhere.example/repositories/1/issues?page=2>; rel="next", <https://x.example>; rel="last"'
    (second,) = answer(
        REPOSITORY, request, [issue(1, NOW) | {"updated_at": stamp(NOW)}], headers={"link": link}
    ).requests
    assert (second.url, second.params) == (request.url, request.params | {"page": "2", "per_page": "90"})
    assert answer(REPOSITORY, second, [issue(1, NOW)], headers={"link": link}).requests == ()  # it would go round
    link = '<https://x.example/issues?per_page=100&after=Y3Vy%3D>; rel="next"'
    (third,) = answer(REPOSITORY, second, [issue(1, NOW)], headers={"link": link}).requests
    assert third.params["after"] == "Y3Vy="


def test_an_issue_is_what_a_person_reads() -> None:
    first, second = read("github", body("github", "search.json")).items
    assert isinstance(first, Post)
    assert (first.native_id, first.title, first.author) == ("acme/notes#12", "Sync drops notes", "fern")
    assert first.text == "What happened\nAll notes are gone, see log.\nacme sync\nnot List<Note>"
    assert (first.links, first.media) == (("https://fern.example/log",), ("https://fern.example/s.png",))
    assert first.engagement == {"replies": 2, "likes": 3, "dislikes": 1, "reactions": 4}
    assert first.edited_at is None  # a comment updates an issue, too
    assert isinstance(second, Post)
    assert (second.native_id, second.author, second.text) == ("acme/notes#13", None, "")


def test_a_comment_names_what_it_stands_below() -> None:
    comment, review = read("github", body("github", "comments.json")).items
    assert isinstance(comment, Post)
    assert isinstance(review, Post)
    assert (comment.native_id, comment.reply_to, comment.thread) == (
        "acme/notes#issuecomment-501",
        "acme/notes#12",
        "acme/notes#12",
    )
    assert comment.edited_at == datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
    assert (review.native_id, review.reply_to, review.edited_at) == ("acme/notes#discussion_r77", "acme/notes#13", None)


def test_a_release_is_an_article_once_it_is_out() -> None:
    (release,) = read("github", body("github", "releases.json")).items
    assert isinstance(release, Post)
    assert (release.kind, release.native_id) == (PostKind.ARTICLE, "acme/notes/releases/31")
    assert (release.title, release.text) == ("Acme Notes 3.0", "New\nFaster sync\nDocs")
    assert release.published_at == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_discussions_come_with_their_comments_and_the_answers_to_these() -> None:
    source = GitHub(repositories=("acme/notes",), include=("discussions",), token="t0ken", search=False)
    request = source.start(source.searches(())[0], None, NOW)
    assert (request.method, request.url) == ("POST", "https://api.github.com/graphql")
    assert "t0ken" not in repr(request)
    batch = answer(source, request, json.loads(body("github", "discussions.json")))
    assert ids(batch) == ["acme/notes#20", "acme/notes#discussioncomment-881", "acme/notes#discussioncomment-882"]
    reply = batch.items[2]
    assert isinstance(reply, Post)
    assert (reply.reply_to, reply.thread) == ("acme/notes#discussioncomment-881", "acme/notes#20")
    assert reply.edited_at == datetime(2026, 3, 2, 15, 10, tzinfo=UTC)
    (second,) = batch.requests
    variables = json.loads(second.body or "")["variables"]
    assert variables == {"owner": "acme", "name": "notes", "after": "Y3Vy"}
    assert answer(source, second, json.loads(body("github", "discussions.json"))).requests == ()  # it would go round
    later = source.start(source.searches(())[0], source.mark_at(NOW), NOW)
    assert answer(source, later, json.loads(body("github", "discussions.json"))).requests == ()  # all of it is old


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 900)}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        (SECONDARY, {}, 60),
        (SECONDARY, {"retry-after": "120"}, 120),
        ("You have triggered an abuse detection mechanism.", {}, 60),
        ("API rate limit exceeded for 192.0.2.1.", SPENT, 900),
        ("Forbidden", SPENT, 900),
    ],
)
def test_a_limit_passes_whatever_status_it_comes_with(
    status: int, message: str, headers: dict[str, str], seconds: int
) -> None:
    with pytest.raises(SourceError, match="answered") as caught:
        read("github", json.dumps({"message": message}).encode(), status, headers)
    assert (caught.value.permanent, caught.value.retry_after) == (False, seconds)


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (401, "Bad credentials", "token"),
        (403, "Resource not accessible by personal access token", "token"),
        (404, "Not Found", "repositories"),
        (422, "Validation Failed", "queries"),
    ],
)
def test_a_refusal_names_the_remedy(status: int, message: str, remedy: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read("github", json.dumps({"message": message}).encode(), status)
    assert caught.value.permanent
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "permanent"),
    [("NOT_FOUND", True), ("INSUFFICIENT_SCOPES", True), ("RATE_LIMITED", False), ("SOMETHING", False)],
)
def test_errors_of_graphql_come_with_status_200(kind: str, permanent: bool) -> None:
    content = {"data": {"repository": None}, "errors": [{"type": kind, "message": f"this is {kind}"}]}
    with pytest.raises(SourceError, match=f"this is {kind}") as caught:
        read("github", json.dumps(content).encode())
    assert caught.value.permanent is permanent
    assert bool(caught.value.remedy) is permanent
    assert (caught.value.retry_after == 60) is (kind == "RATE_LIMITED")


def test_a_post_is_looked_for_again_where_the_api_shows_it_alone() -> None:
    places = {
        "acme/notes#12": "repos/acme/notes/issues/12",
        "acme/notes#issuecomment-501": "repos/acme/notes/issues/comments/501",
        "acme/notes#discussion_r77": "repos/acme/notes/pulls/comments/77",
        "acme/notes/releases/31": "repos/acme/notes/releases/31",
        "git.example:8443/acme/notes#12": "repos/acme/notes/issues/12",
        "acme/notes#discussioncomment-881": None,
        "../../etc#1": None,
    }
    assert {native_id: place_of(native_id) for native_id in places} == places
    (request,) = REPOSITORY.look_again(["acme/notes#12"])
    assert answer(REPOSITORY, request, {"message": "Not Found"}, 404).items == (Deletion("github", "acme/notes#12"),)
    assert answer(REPOSITORY, request, {"message": "This issue was deleted"}, 410).items != ()
    renamed = issue(12, NOW) | {"html_url": "https://github.com/bolt/notes/issues/12"}
    batch = answer(REPOSITORY, request, renamed)
    assert (ids(batch), batch.newest) == (["acme/notes#12"], None)


def test_another_server_has_posts_of_its_own() -> None:
    assert id_of("https://git.example/acme/notes/issues/12") == "git.example/acme/notes#12"
    assert id_of("https://api.github.com/acme") is None
    source = GitHub(
        base_url="https://git.example/api/v3", repositories=("acme/notes",), token="x", include=("discussions",)
    )
    assert source.start(source.searches(())[0], None, NOW).url == "https://git.example/api/graphql"


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="owner/name"):
        GitHub(repositories=("acme",))
    with pytest.raises(ValueError, match="token"):
        GitHub(include=("discussions",))


def test_a_watch_is_searched_for_unless_it_is_turned_off() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, '"acme notes" OR bolt')
    (search,) = GitHub().searches((watch,))
    assert search.terms == '"acme notes" OR bolt'
    assert [search.key for search in REPOSITORY.searches((watch,))] == [
        "acme/notes issues",
        "acme/notes comments",
        "acme/notes releases",
    ]


def test_what_not_everybody_may_see_stays_within_the_team() -> None:
    source = GitHub(repositories=("acme/notes",), search=False, private=True, token="x")
    page = Page(source.start(source.searches(())[0], None, NOW), 200, body("github", "comments.json"), "https://x", NOW)
    assert {item.visibility for item in read_page(source, page).items if isinstance(item, Post)} == {Visibility.PRIVATE}
    assert "is:public" not in source.start(Search("acme", "acme"), None, NOW).params["q"]


def test_a_discussion_is_read_where_its_text_was_asked_for() -> None:
    node = {"title": "Keyboard", "number": 7, "repository": {"owner": {"login": "acme"}, "name": "notes"}}
    listed = {"pageInfo": {}, "nodes": [node, node | {"number": 8, "body": "It sticks."}]}
    source = GitHub(repositories=("acme/notes",), include=("discussions",), token="t0ken", search=False)
    request = source.start(source.searches(())[0], None, NOW)
    (post,) = answer(source, request, {"data": {"repository": {"discussions": listed}}}).items
    assert (post.native_id, post.title, post.text) == ("acme/notes#8", "Keyboard", "It sticks.")
