"""Stack Exchange: a window that slides by seconds, `backoff` and quota obeyed, errors by the API's own numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from insight.model import Deletion, Post, PostKind, Role, Watch
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.social.stackexchange import StackExchange
from scrapers.social.stackexchange_questions import api_name
from tests.scrapers.samples import NOW, body, read

BASE = 1_772_442_000


def question(number: int, at: int) -> dict[str, object]:
    link = f"https://stackoverflow.com/questions/{number}/x"
    return {"question_id": number, "title": f"q {number}", "creation_date": at, "last_activity_date": at, "link": link}


def answer(source: StackExchange, request: Request, content: object, status: int = 200) -> Batch:
    return read_page(source, Page(request, status, json.dumps(content).encode(), request.url, NOW))


def walk(source: StackExchange, held: list[dict[str, object]], high_water: str | None = None) -> list[str]:
    """The ids that a walk sees: the API in small, newest first, with bounds that count."""
    waiting, seen = [source.start(Search("stackoverflow: acme", "acme"), high_water, NOW)], []
    for _ in range(60):
        if not waiting:
            return seen
        request = waiting.pop(0)
        low, high = int(request.params.get("min", "0")), int(request.params.get("max", "9999999999"))
        found = sorted((q for q in held if low <= q["creation_date"] <= high), key=lambda q: -q["creation_date"])  # type: ignore[operator]
        size = 7
        batch = answer(source, request, {"items": found[:size], "has_more": len(found) > size, "quota_remaining": 9})
        seen += [item.native_id for item in batch.items if isinstance(item, Post)]
        waiting = [*batch.requests, *waiting]
    pytest.fail("the walk goes round")


def test_the_window_slides_past_pages_that_end_within_a_second() -> None:
    held = [question(n, BASE + n // 3) for n in range(100)]
    assert set(walk(StackExchange(), held)) == {f"stackoverflow/q{n}" for n in range(100)}


def test_a_page_of_a_single_second_does_not_stop_the_walk() -> None:
    held = [question(n, BASE) for n in range(9)] + [question(99, BASE - 5)]
    assert "stackoverflow/q99" in walk(StackExchange(), held)


def test_the_next_walk_goes_an_hour_behind_the_mark_and_no_further() -> None:
    held = [question(1, BASE - 3500), question(2, BASE - 3700), question(3, BASE), question(4, BASE + 50)]
    assert walk(StackExchange(), held, str(BASE)) == ["stackoverflow/q4", "stackoverflow/q3", "stackoverflow/q1"]


def test_a_question_is_what_a_person_reads() -> None:
    first, second = read("stackexchange", body("stackexchange", "search.json")).items
    assert isinstance(first, Post)
    assert first.title == "Why does Acme's sync drop notes in List<Note>?"
    assert first.text == "After the update my notes are gone.\nacme sync --all\nfailed\nSee the log."
    assert (first.author, first.links) == ("fern & moss", ("https://acme.example/log",))
    assert first.engagement == {"points": 3, "replies": 1, "views": 120}
    assert first.edited_at == datetime.fromtimestamp(1_772_443_000, UTC)
    assert isinstance(second, Post)
    assert (second.author, second.edited_at) == ("user77", None)


def test_answers_and_comments_name_what_they_stand_below() -> None:
    answered, commented = (
        next(iter(read("stackexchange", body("stackexchange", name)).items))
        for name in ("answers.json", "comments.json")
    )
    assert isinstance(answered, Post)
    assert isinstance(commented, Post)
    assert (answered.native_id, answered.kind) == ("stackoverflow/a9003", PostKind.COMMENT)
    assert (answered.reply_to, answered.thread) == ("stackoverflow/q9001", "stackoverflow/q9001")
    assert answered.url == "https://stackoverflow.com/a/9003"
    assert (commented.native_id, commented.reply_to) == ("stackoverflow/c501", "stackoverflow/q9001")
    assert commented.text == "Same here."


def test_what_lies_inside_a_question_is_the_same_post() -> None:
    nested = read("stackexchange", body("stackexchange", "nested.json")).items
    alone = [read("stackexchange", body("stackexchange", f"{name}.json")).items[0] for name in ("answers", "comments")]
    assert nested[1:] == tuple(alone)


def test_answers_come_with_the_questions_that_they_make_active() -> None:
    source = StackExchange(tags=("acme",), include=("questions", "answers"))
    (search,) = source.searches(())
    request = source.start(search, str(BASE), NOW)
    assert request.url.endswith("/questions")
    assert (request.params["tagged"], request.params["sort"]) == ("acme", "activity")
    batch = answer(source, request, {"items": [question(5, BASE), question(6, BASE)], "has_more": False})
    (follow,) = batch.requests
    assert follow.url == "https://api.stackexchange.com/2.3/questions/5;6/answers"
    assert (follow.params["min"], follow.params["filter"]) == (str(BASE - 3600), "withbody")
    found = answer(source, follow, json.loads(body("stackexchange", "answers.json")))
    assert (len(found.items), found.requests, found.newest) == (1, (), None)


def test_a_backoff_is_a_pause_and_the_last_request_of_the_day_one_until_midnight() -> None:
    def pause(**fields: object) -> float | None:
        return read("stackexchange", json.dumps({"items": [], "has_more": False, **fields}).encode()).pause

    assert pause(quota_remaining=9) is None
    assert pause(quota_remaining=9, backoff=0.2) == 0.2
    assert pause(quota_remaining=0, backoff=10) == 12 * 3600  # it is noon
    assert pause(backoff="soon") is None


@pytest.mark.parametrize(
    ("number", "name", "message", "permanent", "retry_after"),
    [
        (
            502,
            "throttle_violation",
            "too many requests from this IP, more requests available in 81600 seconds",
            False,
            81600,
        ),
        (502, "throttle_violation", "too many requests from this IP", False, 60),
        (503, "temporarily_unavailable", "simulated", False, None),
        (400, "bad_parameter", "No site found for name `stackoverflown`", True, None),
        (403, "access_denied", "page above 25 requires access token or app key", True, None),
        (405, "key_required", "this method requires a key", True, None),
    ],
)
@pytest.mark.parametrize("status", [400, 200])
def test_errors_are_told_by_the_number_in_them(
    status: int, number: int, name: str, message: str, permanent: bool, retry_after: float | None
) -> None:
    content = json.dumps({"error_id": number, "error_name": name, "error_message": message}).encode()
    with pytest.raises(SourceError, match=name) as caught:
        read("stackexchange", content, status)
    assert (caught.value.permanent, caught.value.retry_after) == (permanent, retry_after)
    assert bool(caught.value.remedy) is permanent


def test_an_answer_whose_error_is_null_is_an_answer() -> None:
    content = json.loads(body("stackexchange", "search.json"))
    assert read("stackexchange", json.dumps(content | {"error_id": None}).encode()) == read(
        "stackexchange", json.dumps(content).encode()
    )


def test_posts_are_looked_for_again_by_kind_and_the_missing_ones_are_gone() -> None:
    source = StackExchange()
    requests = source.look_again(["stackoverflow/q5", "unix/q7", "stackoverflow/q6", "stackoverflow/a9", "rubbish"])
    assert [(request.url.rpartition("2.3/")[2], request.params["site"]) for request in requests] == [
        ("questions/5;6", "stackoverflow"),
        ("questions/7", "unix"),
        ("answers/9", "stackoverflow"),
    ]
    batch = answer(source, requests[0], {"items": [question(5, BASE)], "has_more": False})
    assert [item.native_id for item in batch.items if isinstance(item, Post)] == ["stackoverflow/q5"]
    assert batch.items[1:] == (Deletion("stackexchange", "stackoverflow/q6"),)
    assert batch.newest is None


def test_an_answer_that_shows_none_of_many_posts_is_not_believed() -> None:
    source = StackExchange()
    (request,) = source.look_again([f"stackoverflow/q{n}" for n in range(20)])
    with pytest.raises(SourceError, match="not believed") as caught:
        answer(source, request, {"items": [], "has_more": False})
    assert not caught.value.permanent


def test_the_key_travels_in_a_header_and_buys_more_requests() -> None:
    source = StackExchange(key="s3cret", queries=("acme",))
    assert source.headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(source.start(source.searches(())[0], None, NOW))
    assert (source.budget().per_day, StackExchange().budget().per_day) == (10_000, 300)


def test_a_site_is_known_by_its_name_or_address() -> None:
    names = {
        "https://stackoverflow.com/questions": "stackoverflow",
        "unix.stackexchange.com": "unix",
        "meta.stackexchange.com": "meta",
        "mathoverflow.net": "mathoverflow.net",
        "pt.stackoverflow": "pt.stackoverflow",
    }
    assert {site: api_name(site) for site in names} == names


def test_every_site_is_searched_for_every_term() -> None:
    watch = Watch("acme", "Acme", Role.BRAND, 'acme OR "bolt notes"')
    searches = StackExchange(sites=("stackoverflow", "unix.stackexchange.com")).searches((watch,))
    assert {search.key: search.terms for search in searches} == {
        "stackoverflow: acme": "acme",
        "stackoverflow: bolt notes": '"bolt notes"',
        "unix: acme": "acme",
        "unix: bolt notes": '"bolt notes"',
    }
    assert all(search.watches == {"acme"} for search in searches)


def test_tags_are_hashtags() -> None:
    tagged = question(5, BASE) | {"tags": ["c++", "acme", "acme"]}
    source = StackExchange(tags=("acme",))
    batch = answer(source, source.start(source.searches(())[0], None, NOW), {"items": [tagged], "has_more": False})
    assert [post.hashtags for post in batch.items] == [("c++", "acme")]
