"""Visiting a source: every post once, whatever fails between two pages, and a next visit that fits what happened."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from insight.model import Post, PostKey, Precision, Role, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from listener import log
from listener.clock import SimulatedClock
from listener.collecting.ingest import Ingest, Queries, SeenPosts, fault
from listener.collecting.visits import Collector
from scrapers.base import Batch, Page, Request, SourceError
from storage import SourceEntry, Store, StoreError, Undated, open_store
from tests.fake_source import NOW, Board, FakeDoor, post, serve
from tests.listener.collecting.metered import queries
from tests.listener.inline_threads import Inline

pytestmark = pytest.mark.anyio
ACME = Watch("acme", "Acme", Role.BRAND, "acme")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        opened.watches.sync([ACME], NOW)
        opened.sources.sync([SourceEntry("board", "board")], NOW)
        yield opened


def collector(store: Store, door: FakeDoor) -> Collector:
    """A new process, at the time at which the sources are due."""
    clock = SimulatedClock(max(state.next_at for state in store.sources.all()))
    return Collector(store, Inline(), door, clock, Random(1), log.get(), queries(store))


def stored(store: Store) -> set[int]:
    return {int(found.post.native_id) for batch in store.posts.scan() for found in batch}


async def test_a_visit_reads_every_page_and_says_when_to_come_back(store: Store) -> None:
    tally = await collector(store, FakeDoor(range(1, 9))).visit(Board())
    assert stored(store) == set(range(1, 9))
    assert (tally.new, tally.mentions, tally.unfinished) == (8, 8, False)
    (state,) = store.sources.all()
    assert (state.next_at, state.failures) == (NOW + timedelta(seconds=300), 0)


async def test_a_second_visit_asks_only_for_what_is_new(store: Store) -> None:
    await collector(store, FakeDoor(range(1, 9))).visit(Board())
    door = FakeDoor(range(1, 10))
    tally = await collector(store, door).visit(Board())
    assert (len(door.asked), tally.new) == (1, 1)


class Timeless(Board):
    """A board that says of no post when it was written."""

    def parse(self, page: Page) -> Batch:
        batch = super().parse(page)
        items = (replace(item, published_at=None, precision=Precision.UNKNOWN) for item in batch.items)  # type: ignore[type-var]
        return replace(batch, items=tuple(items))


async def visit_timeless(store: Store, posts: range, *, later: timedelta) -> None:
    """Somebody else's visit of the board, so much later."""
    collecting = collector(store, FakeDoor(posts))
    collecting.clock = collecting.ingest._clock = SimulatedClock(NOW + later)
    await collecting.visit(Timeless())


async def test_a_post_without_a_date_counts_on_the_day_it_came_where_it_is_sure_to_be_new(store: Store) -> None:
    day, hour = timedelta(days=1), timedelta(hours=1)
    await visit_timeless(store, range(1, 4), later=timedelta())  # of any day
    await visit_timeless(store, range(1, 6), later=hour)  # two that are new
    await visit_timeless(store, range(1, 9), later=9 * day)  # three of any day in between
    await visit_timeless(store, range(1, 10), later=10 * day)
    of_a_precision: dict[Precision, set[int]] = defaultdict(set)
    for one in (one for batch in store.posts.scan() for one in batch):
        of_a_precision[one.post.precision].add(int(one.post.native_id))
    assert of_a_precision[Precision.COLLECTED] == {4, 5, 9}
    assert of_a_precision[Precision.UNKNOWN] == {1, 2, 3, 6, 7, 8}
    counted = store.counts.totals("acme", NOW - 30 * day, NOW + 30 * day)
    assert sum(counted["board"].values()) == 3
    assert store.counts.hours("acme", NOW - 30 * day, NOW + 30 * day) == {}, "no hour is known"
    assert store.counts.recount() == []
    assert store.sources.undated(NOW + 8 * day) == {"board": Undated(counted=1, left_out=3)}


@pytest.mark.parametrize("page", [1, 2, 3, 4])
async def test_a_failure_after_any_page_loses_nothing_and_repeats_nothing(store: Store, page: int) -> None:
    door = FakeDoor(range(1, 11), {page: SourceError("the line is dead")})
    await collector(store, door).visit(Board())
    (state,) = store.sources.all()
    assert state.failures == 1
    assert state.error == "the line is dead"
    await collector(store, FakeDoor(range(1, 13))).visit(Board())
    await collector(store, FakeDoor(range(1, 13))).visit(Board())
    assert stored(store) == set(range(1, 13))
    assert store.counts.recount() == []


async def test_a_page_that_has_gone_makes_the_walk_start_over(store: Store) -> None:
    await collector(store, FakeDoor(range(1, 11), {3: SourceError("dead")})).visit(Board())
    door = FakeDoor(range(1, 11))
    door.answer = lambda request: Page(request, 410, b"", request.url, NOW)
    await collector(store, door).visit(Board())
    assert not store.sources.all()[0].paused, "an expired page is no reason to stop the source"
    await collector(store, FakeDoor(range(1, 11))).visit(Board())
    assert stored(store) == set(range(1, 11))


async def test_a_first_visit_is_bounded_and_a_later_walk_goes_on_where_it_was(store: Store) -> None:
    await collector(store, FakeDoor(range(1, 101))).visit(Board())
    assert stored(store) == set(range(71, 101)), "ten pages of three"
    door = FakeDoor(range(1, 151))
    tally = await collector(store, door).visit(Board())
    assert tally.unfinished
    assert store.sources.all()[0].next_at == NOW + timedelta(seconds=300), "the rest is due at once"
    await collector(store, door).visit(Board())
    assert stored(store) == set(range(71, 151))


async def test_nothing_modified_is_a_success_without_posts(store: Store) -> None:
    door = FakeDoor([])
    door.answer = lambda request: Page(request, 304, b"", request.url, NOW)
    tally = await collector(store, door).visit(Board())
    assert (tally.new, store.sources.all()[0].failures) == (0, 0)


async def test_validators_are_sent_for_the_first_page_only(store: Store) -> None:
    sent: list[str | None] = []

    class Validating(FakeDoor):
        async def fetch(self, request: Request, **options: Any) -> Page:
            sent.append(options["validators"] and options["validators"].etag)
            page = serve(self.posts, request)
            return Page(request, 200, page.body, page.url, NOW, {"etag": f'"{len(sent)}"'})

    await collector(store, Validating(range(1, 8))).visit(Board())
    await collector(store, Validating(range(1, 14))).visit(Board())
    assert sent == [None, None, None, None, '"1"', None, None][: len(sent)]


async def test_one_post_without_sense_is_set_aside_and_the_others_are_stored(store: Store) -> None:
    class Odd(Board):
        def parse(self, page: Page) -> Any:
            batch = super().parse(page)
            naive = post(500)
            broken = Post("board", "", naive.text, published_at=naive.published_at)
            return type(batch)((broken, *batch.items), batch.requests, batch.newest)

    await collector(store, FakeDoor(range(1, 3))).visit(Odd())
    assert stored(store) == {1, 2}
    assert [row.reason for row in store.sources.rejected()] == ["no identity: network and native_id must not be empty"]


async def test_a_post_is_remembered_with_where_it_was_seen(store: Store) -> None:
    await collector(store, FakeDoor([1])).visit(Board())
    assert [sighting.source for sighting in store.posts.sightings(PostKey("board", "1"))] == ["board"]


def test_what_a_source_must_never_hand_over_has_a_reason() -> None:
    good = post(1)
    assert fault(good) is None
    assert "nothing to read" in (fault(Post("board", "1", "", published_at=NOW)) or "")
    assert "aware" in (fault(Post("board", "1", "x", published_at=NOW.replace(tzinfo=None))) or "")
    assert "precision" in (fault(Post("board", "1", "x", precision=Precision.DAY)) or "")


async def test_two_sources_are_visited_side_by_side(store: Store) -> None:
    store.sources.sync([SourceEntry("board", "board"), SourceEntry("other", "board")], NOW)
    release = asyncio.Event()

    class Stuck(FakeDoor):
        async def fetch(self, request: Request, **_: Any) -> Page:
            await release.wait()
            return serve(self.posts, request)

    slow = asyncio.create_task(collector(store, Stuck([1])).visit(Board()))
    await collector(store, FakeDoor([2])).visit(Board(name="other"))
    assert stored(store) == {2}
    release.set()
    await slow
    assert stored(store) == {1, 2}


async def test_a_kind_that_stumbles_is_a_failing_source_and_waits_like_one(store: Store) -> None:
    class Stumbling(Board):
        def parse(self, page: Page) -> Batch:
            raise KeyError("author")

    await collector(store, FakeDoor(range(1, 9))).visit(Stumbling())
    (state,) = store.sources.all()
    assert (state.failures, state.paused) == (1, False)
    assert state.error is not None
    assert "stumbled: KeyError: 'author'" in state.error
    assert state.next_at > NOW


async def test_what_cannot_be_stored_is_not_fetched_again_at_once(store: Store) -> None:
    door, full = FakeDoor(range(1, 4)), True

    def store_it(call: Callable[[], Any]) -> Any:
        if full and door.asked:
            raise StoreError("the disk is full")
        return call()

    clock = SimulatedClock(NOW)
    made = Collector(store, Inline(store_it), door, clock, Random(1), log.get(), queries(store))
    await made.visit(Board())
    full = False
    await made.visit(Board())
    assert len(door.asked) == 1
    clock.move_to(NOW + timedelta(seconds=61))
    await made.visit(Board())
    assert stored(store) == {1, 2, 3}


async def test_a_walk_that_is_kept_in_memory_alone_goes_no_further_than_what_is_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, full, clock, put = FakeDoor(range(1, 10)), True, SimulatedClock(NOW), store.ingest
    door.mask = lambda text: text.replace("k3y5ecret0f0urs", "***")  # type: ignore[assignment, method-assign]

    def on_a_full_disk(batch: Any) -> Any:
        if full and len(door.asked) > 1:
            raise StoreError("the disk is full")
        return put(batch)

    monkeypatch.setattr(store, "ingest", on_a_full_disk)
    made = Collector(store, Inline(), door, clock, Random(1), log.get(), queries(store))
    board = Board(base_url="https://example.com/k3y5ecret0f0urs")
    await made.visit(board)
    assert stored(store) == {7, 8, 9}
    full = False
    clock.move_to(NOW + timedelta(seconds=61))
    await made.visit(board)
    assert stored(store) == set(range(1, 10)), "the page that found no room is read again"


async def test_what_was_read_before_as_it_is_needs_no_second_understanding(store: Store) -> None:
    class Counting(Pipeline):
        understood = 0

        def understand(
            self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
        ) -> list[UnderstoodPost]:
            listed = list(posts)
            Counting.understood += len(listed)
            return super().understand(listed, bound, source)

    class Rereading(Board):
        def parse(self, page: Page) -> Batch:
            return replace(super().parse(page), newest=None, requests=())

    visits = collector(store, FakeDoor([1, 2]))
    counting = Queries(Counting(visits.queries().watches))
    visits.ingest = Ingest(store, visits.threads, visits.clock, lambda: counting)
    await visits.visit(Rereading())
    tally = await visits.visit(Rereading())
    assert (Counting.understood, tally.seen, tally.new) == (2, 2, 0)


def test_an_edit_is_news_and_only_so_much_is_remembered() -> None:
    known = SeenPosts(limit=2)
    keys = [post(number).key for number in range(4)]
    known.add("board", {keys[1]: 11, keys[2]: 12}, {keys[1]: frozenset({"acme"})})
    assert [known.has("board", keys[1], 11), known.has("board", keys[2], 99)] == [True, False]
    assert not known.has("other", keys[1], 11), "another source's sighting is to be stored"
    known.add("board", {keys[1]: 11}, {})
    assert known.concerns("board", keys[1]) == {"acme"}
    known.add("board", {keys[3]: 13}, {})
    assert [known.has("board", keys[number], 10 + number) for number in (1, 2, 3)] == [True, False, True]


class Smudged(Board):
    """A board of which one page cannot be read."""

    def parse(self, page: Page) -> Batch:
        if page.request.params["before"] == "8":
            raise SourceError("page 2 is smudged", status=page.status)
        return super().parse(page)


async def test_a_page_that_can_never_be_read_is_left_out_with_a_gap(store: Store) -> None:
    for newest in range(11, 19):
        await collector(store, FakeDoor(range(1, newest))).visit(Smudged())
    assert stored(store) >= set(range(8, 16)), "what is newer is read all the same"
    (found,) = store.sources.gaps(NOW - timedelta(days=1))
    assert "smudged" in found.gap.reason


async def test_an_outage_in_the_middle_of_a_walk_leaves_nothing_out(store: Store) -> None:
    await collector(store, FakeDoor(range(1, 11), {2: SourceError("dead")})).visit(Board())
    down = FakeDoor(range(1, 11))
    down.answer = lambda request: Page(request, 503, b"", request.url, NOW)
    for _ in range(12):
        await collector(store, down).visit(Board())
    await collector(store, FakeDoor(range(1, 11))).visit(Board())
    assert stored(store) == set(range(1, 11))
    assert store.sources.gaps(NOW - timedelta(days=1)) == []
