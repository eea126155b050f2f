"""The App Store's review feed: both its forms, its empty answers, and an end to its pages."""

from __future__ import annotations

import json

import pytest

from insight.model import Gap, Post, Precision, Rating
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.reviews.appstore import TRIES, AppStore
from tests.scrapers.samples import NOW, body, read

SOURCE = AppStore(app="700000001", countries=("us", "DE"))


def entry(number: int, **changes: object) -> dict[str, object]:
    plain = {"id": str(number), "title": "T", "content": f"review {number}", "im:rating": "4", **changes}
    return {name: {"label": value} for name, value in plain.items() if value is not None}


def feed(entries: object, last: int = 1, next_page: int = 1) -> dict[str, object]:
    links = [
        {"attributes": {"rel": rel, "href": f"https://x.example/us/rss/customerreviews/page={n}/id=1/json"}}
        for rel, n in (("last", last), ("next", next_page))
    ]
    return {"feed": {"link": links, **({"entry": entries} if entries is not None else {})}}


def parse(answer: object, request: Request | None = None) -> Batch:
    request = request or SOURCE.start(Search("us", "us"), None, NOW)
    return read_page(SOURCE, Page(request, 200, json.dumps(answer).encode(), request.url, NOW))


def test_both_forms_of_the_feed_say_the_same() -> None:
    json_form, xml_form = (read("appstore", body("appstore", f"page1.{form}")) for form in ("json", "xml"))
    assert json_form.items == xml_form.items
    assert json_form.requests == xml_form.requests


def test_a_review_is_read_with_its_stars_country_and_date() -> None:
    first, second = read("appstore", body("appstore", "page1.json")).items
    assert (first.rating, first.facts) == (Rating(1.0, 1.0, 5.0), {"version": "3.0.1"})
    assert (first.country, first.author, first.title) == ("US", "quill fox", "Lost my notes")
    assert first.text == "Since the update everything is gone.\nPlease help."
    assert first.published_at.isoformat() == "2026-03-02T10:15:30+00:00"
    assert (second.published_at, second.precision) == (None, Precision.UNKNOWN), "older feeds have no dates"


@pytest.mark.parametrize("entries", [entry(1), [entry(1)]])
def test_one_review_is_an_object_or_a_list(entries: object) -> None:
    assert [post.native_id for post in parse(feed(entries)).items] == ["1"]


def test_an_app_that_never_had_reviews_has_none() -> None:
    batch = parse(feed(None))
    assert (batch.items, batch.requests, batch.newest) == ((), (), None)


def test_no_reviews_where_there_were_some_is_a_failure_that_passes() -> None:
    with pytest.raises(SourceError, match="though there were some before") as caught:
        parse(feed(None), SOURCE.start(Search("us", "us"), "2026-03-01T00:00:00+00:00", NOW))
    assert not caught.value.permanent


def test_an_announced_page_that_is_empty_is_asked_again_then_named_a_gap() -> None:
    (request,) = parse(feed([entry(1)], last=3, next_page=2)).requests
    for _ in range(TRIES - 1):
        (again,) = parse(feed(None), request).requests
        assert again.url == request.url
        request = again
    (gap,) = parse(feed(None), request).items
    assert isinstance(gap, Gap)
    assert parse(feed(None), request).requests == ()


@pytest.mark.parametrize(
    "answer", [{"resultCount": 1, "results": [{"trackName": "x"}]}, {"resultCount": 0, "results": []}]
)
def test_a_look_up_holds_no_reviews(answer: object) -> None:
    assert parse(answer) == Batch()


def test_pages_are_walked_at_the_address_of_the_settings_up_to_the_last() -> None:
    source = AppStore(app="1", base_url="http://127.0.0.1:9")
    request, seen = source.start(Search("us", "us"), None, NOW), []
    while request:
        seen.append(request.url)
        number = len(seen)
        content = json.dumps(feed([entry(100 - number)], last=40, next_page=number + 1)).encode()
        (request, *_) = (*read_page(source, Page(request, 200, content, request.url, NOW)).requests, None)
    assert len(seen) == 10, "the store gives ten pages, whatever it announces"
    assert all(url.startswith("http://127.0.0.1:9/us/rss/customerreviews/page=") for url in seen)


def test_the_last_page_again_is_the_end() -> None:
    (second,) = parse(feed([entry(1)], last=9, next_page=2)).requests
    assert parse(feed([entry(1)], last=9, next_page=3), second).requests == ()


def test_the_walk_ends_behind_the_mark_with_two_days_to_spare() -> None:
    since = "2026-03-01T00:00:00+00:00"
    request = SOURCE.start(Search("us", "us"), since, NOW)
    recent = [entry(1, updated="2026-02-27T12:00:00Z")]
    assert parse(feed(recent, last=5, next_page=2), request).requests
    old = [entry(1, updated="2026-02-26T12:00:00Z")]
    assert parse(feed(old, last=5, next_page=2), request).requests == ()


def test_without_dates_the_walk_ends_at_known_numbers() -> None:
    batch = parse(feed([entry(20), entry(30)], last=5, next_page=2))
    assert batch.newest == "30"
    request = SOURCE.start(Search("us", "us"), "30", NOW)
    assert parse(feed([entry(20), entry(30)], last=5, next_page=2), request).requests == ()
    assert parse(feed([entry(20), entry(31)], last=5, next_page=2), request).requests


def test_a_bad_review_leaves_the_others_and_a_bad_rating_is_none() -> None:
    answer = feed([entry(1), entry(2, id=None), "x", entry(3, **{"im:rating": "11"}), {"id": {"label": "4"}}])
    batch = parse(answer)
    assert [(post.native_id, post.rating is None) for post in batch.items if isinstance(post, Post)] == [
        ("1", False),
        ("3", True),
    ]
    assert len(batch.rejected) == 3


def test_one_search_a_country_and_the_number_of_an_app_as_people_copy_it() -> None:
    assert [search.key for search in SOURCE.searches(())] == ["us", "de"]
    assert AppStore(app="id700000001").app == AppStore(app=700000001).app == "700000001"
    with pytest.raises(ValueError, match="two letters"):
        AppStore(app="1", countries=("usa",))


def test_json_that_is_no_feed_is_an_error() -> None:
    for answer in ([{"reviewId": "1"}], {"feed": []}, {"hello": 1}, "x", None):
        with pytest.raises(SourceError):
            parse(answer)


def test_five_hundred_reviews_that_do_not_reach_the_mark_are_a_gap() -> None:
    last = SOURCE._address("us", 10)
    fresh = feed([entry(n, updated=f"2026-03-02T10:{n:02}:00+00:00") for n in range(50)], last=10)

    def gaps(since: str | None) -> list[Gap]:
        items = parse(fresh, Request(last, since=since, note={"before": "another page"})).items
        return [item for item in items if isinstance(item, Gap)]

    (gap,) = gaps("2026-02-20T00:00:00+00:00")
    assert gap.since is not None
    assert (gap.since.isoformat(), gap.until.isoformat()) == ("2026-02-20T00:00:00+00:00", "2026-03-02T10:00:00+00:00")
    assert gaps(None) == [], "nobody promised the time before the first visit"
    assert gaps("2026-03-02T10:20:00+00:00") == []


def test_each_page_is_asked_for_once_more_on_the_way_back_for_what_has_moved_up() -> None:
    (second,) = parse(feed([entry(9)], last=2, next_page=2)).requests
    (first_again,) = parse(feed([entry(7)], last=2, next_page=2), second).requests
    moved = parse(feed([entry(8)], last=2, next_page=2), first_again)
    assert ([post.native_id for post in moved.items], moved.requests) == (["8"], ())
