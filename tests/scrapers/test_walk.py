"""The walk of pages survives a crash between any two of them, whatever is published meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insight.model import Gap, Post
from scrapers import walk
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.validators import Validators
from scrapers.walk import Cursor
from tests.fake_source import NOW, Board, post, serve


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_every_post_is_read_though_it_crashes_after_any_page(growth: list[int], crashes: list[bool]) -> None:
    source, stored, published, read = Board(), Cursor().to_json(), [1], set[int]()
    fate = iter(crashes)
    for more in [*growth, 0]:
        published += range(len(published) + 1, len(published) + 1 + more)
        cursor = walk.begin(source, Search(), Cursor.from_json(stored), NOW)
        while cursor.walk:
            page = serve(published, walk.next_request(cursor))
            batch = read_page(source, page)
            if next(fate, False):  # killed before the transaction: nothing of this page is kept
                break
            cursor = walk.advance(cursor, page, batch)
            read |= {int(item.native_id) for item in batch.items if isinstance(item, Post)}
            stored = cursor.to_json()
            if next(fate, False):  # killed after it: the page and the cursor are both there
                break
    for _ in range(2):  # one walk may be under way; the next one then reaches its mark
        cursor = walk.begin(source, Search(), Cursor.from_json(stored), NOW)
        while cursor.walk:
            page = serve(published, walk.next_request(cursor))
            batch = read_page(source, page)
            cursor = walk.advance(cursor, page, batch)
            read |= {int(item.native_id) for item in batch.items if isinstance(item, Post)}
        stored = cursor.to_json()
    assert read == set(published)
    assert cursor.high_water == str(max(published))


def test_the_high_water_mark_moves_only_when_the_walk_has_closed() -> None:
    source, cursor = Board(), Cursor(high_water="1")
    cursor = walk.begin(source, Search(), cursor, NOW)
    page = serve(range(2, 7), walk.next_request(cursor))
    cursor = walk.advance(cursor, page, read_page(source, page))
    assert (cursor.high_water, cursor.walk is not None) == ("1", True)
    page = serve(range(1, 7), walk.next_request(cursor))
    cursor = walk.advance(cursor, page, read_page(source, page))
    assert (cursor.high_water, cursor.walk) == ("6", None)


def test_an_abandoned_walk_leaves_the_mark_where_it_was_and_forgets_the_validators() -> None:
    cursor = Cursor(high_water="1", walk=walk.Walk("6", ()), validators=Validators("a", NOW, "x", "y"))
    assert walk.abandon(cursor) == Cursor(high_water="1")


LATER = {"etag": '"2"', "last-modified": "Tue, 03 Mar 2026 00:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, ('"1"', "Mon, 02 Mar 2026 00:00:00 GMT")),
        ({"etag": '"2"'}, ('"2"', "Mon, 02 Mar 2026 00:00:00 GMT")),
        (LATER, tuple(LATER.values())),
    ],
)
def test_a_304_keeps_the_validators_that_it_does_not_repeat(headers: dict[str, str], kept: tuple[str, str]) -> None:
    before = Validators("a", NOW - timedelta(hours=3), '"1"', "Mon, 02 Mar 2026 00:00:00 GMT")
    cursor = walk.begin(Board(), Search(), Cursor("6", validators=before), NOW)
    page = Page(walk.next_request(cursor), 304, b"", "https://board.example.com/posts", NOW, headers)
    after = walk.advance(cursor, page, Batch()).validators
    assert after is not None
    assert (after.etag, after.last_modified) == kept
    assert after.read_at == before.read_at, "nothing was read"


@pytest.mark.parametrize(("hours", "asks"), [(1, True), (23, True), (24, False), (-1, False)])
def test_once_a_day_the_page_is_asked_for_whatever_its_validators_say(hours: int, asks: bool) -> None:
    known = Validators("a", NOW - timedelta(hours=hours), '"1"')
    assert walk.begin(Board(), Search(), Cursor("6", validators=known), NOW).validators == (known if asks else None)


def test_the_validators_of_an_earlier_version_are_forgotten() -> None:
    assert Cursor.from_json({"high_water": "5", "etag": '"1"', "last_modified": None}) == Cursor("5")


def test_a_stored_mark_that_is_a_number_and_an_empty_walk_are_read() -> None:
    assert Cursor.from_json({"high_water": 5, "walk": {}}) == Cursor("5")


def test_a_cursor_comes_back_from_json_as_it_was() -> None:
    request = Request("https://example.com", {"a": "b"}, since="3", note={"page": "2"})
    cursor = Cursor("9", walk.Walk("11", (request,)), Validators("a", NOW, '"tag"', "Mon, 02 Mar 2026 00:00:00 GMT"))
    assert Cursor.from_json(cursor.to_json()) == cursor


def led_to(pages: dict[str, str | None], *, items: bool = True) -> tuple[list[str], list[Gap], Cursor]:
    """A walk over pages that lead to each other: what was asked, the gaps, and the cursor at its end."""
    cursor, asked, gaps = Cursor("1", walk.Walk(None, (Request("https://x", {"at": "a"}, since="1"),))), [], []
    while cursor.walk:
        request = walk.next_request(cursor)
        asked.append(request.params["at"])
        page, following = Page(request, 200, b"x", request.url, NOW), pages[request.params["at"]]
        further = (replace(request, params={"at": following}),) if following else ()
        batch = Batch((post(len(asked)),) if items else (), further, newest=str(100 - len(asked)))
        batch = walk.without_circles(cursor, page, batch)
        gaps += [item for item in batch.items if isinstance(item, Gap)]
        cursor = Cursor.from_json(walk.advance(cursor, page, batch).to_json())
    return asked, gaps, cursor


def test_a_walk_that_goes_round_closes_with_a_gap() -> None:
    asked, (gap,), cursor = led_to({"a": "b", "b": "c", "c": "b"})
    assert asked == ["a", "b", "c"]
    assert "round in a circle" in gap.reason
    assert cursor == Cursor("99"), "so that what is newer is asked for"


def test_a_walk_through_nothing_but_empty_pages_closes_with_a_gap() -> None:
    endless = {"a": "0", **{str(n): str(n + 1) for n in range(500)}}
    asked, (gap,), cursor = led_to(endless, items=False)
    assert len(asked) == walk.MOST_EMPTY
    assert "hold nothing" in gap.reason
    assert cursor.walk is None


def test_a_few_empty_pages_are_not_the_end() -> None:
    asked, gaps, _ = led_to({"a": "b", "b": "c", "c": None}, items=False)
    assert (asked, gaps) == (["a", "b", "c"], [])
