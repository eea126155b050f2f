"""Numbered pages of a list that changes while it is read: nothing slips through, or a gap says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from insight.model import Gap, Item, Post
from scrapers import walk
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Search
from scrapers.marks import reaches_back
from scrapers.paging import Numbered, overlapping
from scrapers.walk import Cursor
from tests.fake_source import NOW, Board, post

LIST = Numbered("page", "size", 10)


class Numbers(Board):
    """A board whose pages are numbered, ten posts each."""

    def start(self, search: Search, high_water: str | None, now: object) -> Request:
        return Request("https://example.com/list", {"page": "1", "size": "10"}, since=high_water)

    def parse(self, page: Page) -> Batch:
        ids = page.text.split()
        fresh = [one for one in ids if int(one) > int(page.request.since or 0)]
        _, size = LIST.place(page.request)
        requests, gap = LIST.following(page, [ids], more=len(fresh) == size)
        return Batch((*(post(int(one)) for one in fresh), *gap), requests, newest=ids[0] if ids else None)


@dataclass
class Site:
    """Lists its posts newest first; `meanwhile` is what happens after each page."""

    ids: list[int]
    meanwhile: Callable[[Site, int], None] = lambda site, page: None
    asked: list[Request] = field(default_factory=list)

    def walk(self, mark: str | None = None) -> list[Item]:
        source, found = Numbers(), list[Item]()
        cursor = walk.begin(source, Search(), Cursor(mark), NOW)
        while cursor.walk and len(self.asked) < 200:
            request = walk.next_request(cursor)
            self.asked.append(request)
            number, size = LIST.place(request)
            body = " ".join(map(str, self.ids[(number - 1) * size : number * size])) or "\n"
            self.meanwhile(self, len(self.asked))
            page = Page(request, 200, body.encode(), request.url, NOW)
            batch = walk.without_circles(cursor, page, read_page(source, page))
            found += batch.items
            cursor = walk.advance(cursor, page, batch)
        assert not cursor.walk, "every walk closes"
        return found


def read(items: list[Item]) -> set[int]:
    return {int(item.native_id) for item in items if isinstance(item, Post)}


@pytest.mark.parametrize("gone", [1, 3, 9, 25])
@pytest.mark.parametrize("after", [1, 2, 4])
def test_what_is_removed_between_two_pages_hides_nothing_else(gone: int, after: int) -> None:
    def meanwhile(site: Site, page: int) -> None:
        if page == after:
            del site.ids[:gone]

    site = Site(list(range(100, 0, -1)), meanwhile)
    items = site.walk()
    assert read(items) >= set(site.ids)
    assert not [item for item in items if isinstance(item, Gap)]


def test_what_is_added_meanwhile_hides_nothing_either() -> None:
    site = Site(list(range(60, 0, -1)), lambda site, page: site.ids.insert(0, 60 + page))
    assert read(site.walk()) >= set(range(1, 61))


def test_a_list_that_changes_all_the_time_leaves_a_gap_and_the_walk_ends() -> None:
    def meanwhile(site: Site, page: int) -> None:
        del site.ids[:12]

    items = Site(list(range(300, 0, -1)), meanwhile).walk()
    assert any("held nothing of the page before" in item.reason for item in items if isinstance(item, Gap))


def test_a_quiet_list_costs_hardly_more_pages_than_it_has() -> None:
    site = Site(list(range(100, 0, -1)))
    assert read(site.walk()) == set(range(1, 101))
    assert len(site.asked) <= 17, "of ten posts each: a page of a hundred overlaps by a fifth at most"
    before = len(site.asked)
    assert read(site.walk("95")) == set(range(96, 101))
    assert len(site.asked) == before + 1


@pytest.mark.parametrize("most", [10, 11, 15, 25, 50, 100, 250])
def test_the_next_page_always_leads_further_and_never_leaves_anything_out(most: int) -> None:
    read_so_far = most
    for _ in range(40):
        number, size = overlapping(read_so_far, most)
        assert (number - 1) * size <= read_so_far < number * size
        assert size <= most
        read_so_far = number * size


def test_pinned_and_back_dated_posts_do_not_end_a_walk() -> None:
    known = NOW - timedelta(days=1)
    new, old = [NOW - timedelta(minutes=n) for n in range(20)], NOW - timedelta(days=900)
    assert not reaches_back([old, *new], known), "pinned"
    assert not reaches_back([*new, old], known), "imported"
    assert not reaches_back([*new[:9], old, *new[9:]], known)
    assert not reaches_back([], known)
    assert not reaches_back([old] * 9, None), "a first visit knows nothing"
    assert reaches_back([*new, *[known] * 3], known)
    assert reaches_back([known], known)
