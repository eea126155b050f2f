"""Any list page by CSS selectors: what is found, what an item is known by, and a page that has changed."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from insight.model import Gap, Post, PostKind, Precision, Rating
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.pages.list import ListPage
from tests.scrapers.samples import NOW, body

URL = "https://example.com/reviews"
ALL = {"text": ".body", "title": "h3", "author": ".author", "date": "time", "link": "h3 a", "next": "a.next"}


def source(**settings: Any) -> ListPage:
    return ListPage(**{"url": URL, "item": ".review", **settings})


def parse(made: ListPage, markup: bytes | str, *, since: str | None = None, request: Request | None = None) -> Batch:
    request = request or Request(URL, since=since)
    content = markup if isinstance(markup, bytes) else markup.encode()
    return made.parse(Page(request, 200, content, request.url, NOW, {"content-type": "text/html; charset=utf-8"}))


def posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def one(item: str, **settings: Any) -> Post:
    (post,) = posts(parse(source(**settings), f"<html><body><div class=review>{item}</div></body></html>"))
    return post


def test_each_selector_gives_its_part_of_an_item() -> None:
    first, second = posts(parse(source(**ALL, rating=".rating@data-rating"), body("page", "reviews.html")))
    assert first.text == "Quick & small.\nI moved here from Bolt."
    assert (first.title, first.author) == ("Does what it should", "Fern Moss")
    assert (first.published_at, first.precision) == (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), Precision.SECOND)
    assert first.rating == Rating(4.5)
    assert first.url == "https://example.com/reviews/3?utm_source=list"
    assert first.native_id == "https://example.com/reviews/3"
    assert first.links == ("https://bolt.example/",)
    assert second.text == "It lost\ntwo notes."
    assert (first.kind, second.kind) == (PostKind.REVIEW, PostKind.REVIEW)


def test_items_that_the_markup_does_not_close_are_whole_where_the_page_is() -> None:
    batch = parse(source(**ALL), body("page", "plain.html"))
    assert [(post.title, post.text, post.author) for post in posts(batch)] == [
        ("Export to Bolt?", "Is there a way to export everything at once?", "reed"),
        ("Dark mode", "When?", "holly"),
    ]
    assert [post.precision for post in posts(batch)] == [Precision.DAY, Precision.SECOND]
    assert all(post.kind is PostKind.POST for post in posts(batch))


def test_without_a_text_selector_the_whole_item_is_the_text() -> None:
    assert one("<h3>Hello</h3><p>there</p><script>track()</script>").text == "Hello\nthere"


def test_an_item_inside_another_is_not_said_twice() -> None:
    inner = "<div class=review><p>a reply</p></div>"
    found = posts(parse(source(), f"<body><div class=review><p>a question</p>{inner}<p>an end</p></div></body>"))
    assert [post.text for post in found] == ["a question\nan end", "a reply"]


def test_an_item_is_known_by_its_id_else_its_link_else_by_what_it_says() -> None:
    item = "<div class=review data-id=7><a href=/r/7>x</a><p>text</p></div>"
    named = "<body>" + item.replace("<p>", "<p id=p7>") + "</body>"
    assert posts(parse(source(id="@data-id", link="a"), named))[0].native_id == "example.com/reviews#7"
    assert posts(parse(source(id="p@id"), named))[0].native_id == "example.com/reviews#p7"
    assert posts(parse(source(link="a"), named))[0].native_id == "https://example.com/r/7"
    made = posts(parse(source(), named))[0].native_id
    assert made.startswith("example.com/reviews#")
    assert posts(parse(source(), f"<body><div class=review>another</div>{item}</body>"))[1].native_id == made


def test_a_date_that_is_another_text_tomorrow_is_no_part_of_an_id() -> None:
    def known_by(date: str) -> str:
        return one(f"<p>It hums.</p><time>{date}</time>", date="time", text="p").native_id

    assert known_by("2 days ago") == known_by("3 days ago")
    assert known_by("1 May 2026") != known_by("2 May 2026") != known_by("2 days ago")


def test_a_link_that_items_share_tells_none_of_them_apart() -> None:
    markup = "".join(f"<div class=review><a href=/all>all</a> {n}</div>" for n in range(3))
    assert len({post.native_id for post in posts(parse(source(link="a"), f"<body>{markup}</body>"))}) == 3


def test_an_item_keeps_its_id_when_it_moves_to_the_next_page() -> None:
    made = source(**{**ALL, "link": None}, id="@data-id")
    (further,) = parse(made, body("page", "reviews.html")).requests
    assert further.url == "https://example.com/reviews?page=2"
    later = parse(made, body("page", "reviews.html"), request=further)
    assert [post.native_id for post in posts(later)] == ["example.com/reviews#r3", "example.com/reviews#r2"]
    assert later.requests == ()


@pytest.mark.parametrize(
    ("written", "settings", "rating"),
    [
        ("<i class=r>4,5</i>", {}, Rating(4.5)),
        ("<i class=r>Rated 8 out of 10</i>", {}, Rating(8, 1, 10)),
        ("<i class=r>3/5 stars</i>", {}, Rating(3)),
        ("<i class=r style='width: 80%'></i>", {"rating": ".r@style"}, Rating(80, 0, 100)),
        ("<i class='r stars-40'></i>", {"rating": ".r@class", "scale": (0, 50)}, Rating(40, 0, 50)),
        ("<i class=r>17</i>", {}, None),
        ("<i class=r>very good</i>", {}, None),
        ("", {}, None),
    ],
)
def test_a_rating_is_a_number_on_its_scale_or_unknown(written: str, settings: Any, rating: Rating | None) -> None:
    assert one(f"text {written}", **{"rating": ".r", **settings}).rating == rating


def test_stars_are_counted() -> None:
    assert one("text <b class=on>★</b><b class=on>★</b><b>☆</b>", stars="b.on").rating == Rating(2)
    assert one("text <b>☆</b>", stars="b.on").rating is None


DAY = datetime(2026, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "settings", "at"),
    [
        ("<time datetime=2026-04-03>yesterday</time>", {}, DAY),
        ("<time>3 April 2026</time>", {}, DAY),
        ("<time>Posted on April 3, 2026 by Fern</time>", {}, DAY),
        ("<time>03/04/2026</time>", {"day_first": True}, DAY),
        ("<time>04/03/2026</time>", {"day_first": False}, DAY),
        ("<time>04/03/2026</time>", {}, None),
        ("<time>03.04.2026</time>", {}, DAY),
        ("<time>31/03/2026, 14:05</time>", {}, datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        ("<time>2026|04|03</time>", {"date_format": "%Y|%m|%d"}, DAY),
        ("<time>3 Apr 26 08:30 +0200</time>", {"date_format": "%d %b %y %H:%M %z"}, DAY.replace(hour=6, minute=30)),
        ("<time>3 April 2026</time>", {"date_format": "%d/%m/%Y"}, None),
        ("<time>99/99/2026</time>", {"day_first": True}, None),
        ("<time>yesterday</time>", {}, None),
        ("<time title='3 April 2026'>then</time>", {"date": "time@title"}, DAY),
    ],
)
def test_a_date_is_read_as_the_place_writes_it_or_unknown(written: str, settings: Any, at: datetime | None) -> None:
    post = one(f"text {written}", **{"date": "time", **settings})
    assert post.published_at == at
    midnight = at is not None and at.hour == 0
    assert post.precision is (Precision.UNKNOWN if at is None else Precision.DAY if midnight else Precision.SECOND)


@pytest.mark.parametrize("since", [None, "2026-03-02T00:00:00+00:00"])
def test_a_page_without_items_is_an_error_that_says_so(since: str | None) -> None:
    with pytest.raises(SourceError, match=r"the item selector finds nothing \(\.review\)") as caught:
        parse(source(), "<html><body><div class=rev>new layout</div></body></html>", since=since)
    assert ("the page changed" in str(caught.value)) is (since is not None)
    assert not caught.value.permanent
    assert "`nothing`" in caught.value.remedy


def test_a_page_that_says_it_has_no_items_is_empty() -> None:
    batch = parse(source(nothing=".empty"), "<body><p class=empty>No reviews yet</p></body>")
    assert (batch.items, batch.rejected, batch.newest) == ((), (), None)


def test_the_first_visit_says_how_many_items_had_what() -> None:
    markup = "<body><div class=review>a<i>x</i></div><div class=review>b</div></body>"
    (told,) = parse(source(author="i", title="h9"), markup).rejected
    assert told.reason == "of 2 items so many had: heading 0, author 1"
    assert parse(source(author="i"), markup, since="2026-01-01T00:00:00+00:00").rejected == ()
    later = parse(source(title="h9"), markup, since="2026-01-01T00:00:00+00:00")
    assert [rejected.reason for rejected in later.rejected] == ["of 2 items so many had: heading 0"]


def test_a_walk_ends_on_the_page_where_nothing_is_new() -> None:
    made, page = source(**ALL), body("page", "reviews.html")
    assert parse(made, page, since="2026-03-01T20:00:00+00:00").requests
    assert parse(made, page, since="2026-03-02T09:30:00+00:00").requests == ()
    assert parse(made, page).newest == "2026-03-02T09:30:00+00:00"


def test_a_page_without_dates_is_walked_to_the_item_that_was_first() -> None:
    made, page = source(**{**ALL, "date": None}), body("page", "reviews.html")
    mark = parse(made, page).newest
    assert mark is not None
    assert parse(made, page, since=mark).requests == ()
    assert parse(made, page, since="id:https://example.com/reviews/1").requests
    assert made.mark_at(NOW) is None


def test_a_walk_stays_on_its_site_and_has_an_end() -> None:
    for href in ("https://elsewhere.example/2", "/reviews", "//[", "javascript:more()", ""):
        assert parse(source(next="a"), f"<body><div class=review>x</div><a href='{href}'>n</a></body>").requests == ()
    last = Request(URL + "?page=9", note={"page": str(ListPage.max_pages)})
    assert parse(source(**ALL), body("page", "reviews.html"), request=last).requests == ()


def test_an_item_that_the_page_breaks_off_in_is_set_aside() -> None:
    batch = parse(source(), "<body><div class=review>whole</div><div class=review>to")
    assert [post.text for post in posts(batch)] == ["whole"]
    assert [rejected.reason for rejected in batch.rejected] == ["the page breaks off inside this item"]


def test_an_item_that_says_nothing_is_set_aside() -> None:
    batch = parse(source(), "<body><div class=review><img src=/x.png></div><div class=review>x</div></body>")
    assert [post.text for post in posts(batch)] == ["x"]
    assert [rejected.reason for rejected in batch.rejected] == ["an item without a text, a title and a rating"]


def test_a_page_without_end_is_left_out_past_its_bounds_and_that_is_told() -> None:
    markup = "<body><div class=review>x</div>" + "<hr>" * 60_000 + "<div class=review>y</div></body>"
    batch = read_page(source(), Page(Request(URL), 200, markup.encode(), URL, NOW))
    assert [post.text for post in posts(batch)] == ["x"]
    (told,) = batch.rejected
    assert told.reason == "the rest of the page was left out: 50,000 elements, 800 deep, are the most"


@pytest.mark.parametrize(
    "settings",
    [
        {"item": "div >"},
        {"author": "li:hover"},
        {"item": ""},
        {"link": ""},
        {"scale": (5, 1)},
        {"rating": ".r", "stars": ".s"},
        {"url": "ftp://example.com/"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        source(**settings)


def test_robots_are_obeyed_and_a_browser_is_asked_for_only_where_it_is_wanted() -> None:
    assert ListPage.obey_robots
    made = source(**ALL, render=True)
    assert made.start(Search(), None, NOW).render
    assert all(request.render for request in parse(made, body("page", "reviews.html")).requests)
    assert not source().start(Search(), None, NOW).render


@pytest.mark.sampled(cases=2)
@pytest.mark.parametrize(
    "markup",
    [
        "<div class=review>" * 60_000,
        "<div class=review>x</div>" * 60_000,
        "<div class=review>" + "<p class=body>x" * 90_000,
        "<div class=review>" + "<p class=body><b>" * 60_000,
        "<div class=review>" + "<a href=/x>" * 90_000,
        "<div class=review><time>" + "1 " * 500_000,
        "<div class=review><i class=rating>" + "1" * 900_000,
        "<p " + " ".join(f"a{n}=1" for n in range(65_000)) + " class=review>x",
    ],
    ids=lambda markup: markup[:40],
)
def test_a_hostile_megabyte_takes_no_seconds(markup: str) -> None:
    made = source(text=".body, .body b", date="time", rating="i", link="a", author="div ~ * b")
    began = time.process_time()
    with contextlib.suppress(SourceError):
        parse(made, f"<body>{markup}</body>")
    assert time.process_time() - began < 5


def test_a_list_that_ends_before_what_was_known_leaves_a_gap() -> None:
    dated = "".join(f"<div class=review>day {day}<time>2026-03-0{day}</time></div>" for day in (2, 1))

    def gaps(since: str | None, more: str = "", **settings: Any) -> list[Gap]:
        made = source(**{"date": "time", "next": "a.next", **settings})
        return [item for item in parse(made, f"<body>{dated}{more}</body>", since=since).items if isinstance(item, Gap)]

    before = "2026-02-20T00:00:00+00:00"
    (gap,) = gaps(before)
    assert (gap.since, gap.until) == (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert gaps(before, "<a class=next href='/reviews?page=2'>older</a>") == []
    assert gaps("2026-03-01T00:00:00+00:00") == []
    assert gaps(None) == [], "nobody promised the time before the first visit"
    assert gaps("id:some-item", date=None) == [], "without dates nobody can tell"
