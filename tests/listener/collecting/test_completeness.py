"""Completeness: a search that silently leaves posts out is seen on those that come another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from insight.model import Post, Precision, Role, Watch
from insight.query.dialect import Dialect
from listener import log
from listener.clock import SimulatedClock
from listener.collecting.completeness import MOST, REMEMBERED, Completeness, Figure, name_of, stored_figures, together
from listener.collecting.visits import Collector
from listener.web.metrics import Metrics
from scrapers.base import Batch, Page, Request, Search
from scrapers.terms import searches
from storage import SourceEntry, Store, open_store
from tests.fake_source import NOW, Board
from tests.listener.collecting.metered import queries
from tests.listener.inline_threads import Inline

ACME = Watch("acme", "Acme", Role.BRAND, "acme")
BOLT = Watch("bolt", "Bolt", Role.TOPIC, "bolt")
A_VISIT = timedelta(minutes=5)


class Desk(Board):
    """A board with a search: each word gets its posts, one page."""

    kind = "desk"
    dialect: ClassVar[Dialect | None] = Dialect(either=None)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return searches(self, watches)

    def start(self, search: Search, high_water: str | None, now: Any) -> Request:
        return Request(f"{self.base_url}/search", {"q": search.terms}, since=high_water)

    def parse(self, page: Page) -> Batch:
        rows = [line.split("|") for line in page.text.splitlines()]
        return Batch(tuple(told(int(number), words) for number, words in rows), newest="1")


class PartialDesk(Desk):
    """One whose search is known to see a part only."""

    kind = "partial"
    dialect: ClassVar[Dialect | None] = Dialect(complete=False)


def told(number: int, words: str = "acme and bolt") -> Post:
    return Post("board", str(number), words, author="wren", published_at=NOW + timedelta(minutes=number))


class Market:
    """Answers searches; `drops` says which posts the search for a word leaves out."""

    mask = str

    def __init__(self, drops: Callable[[str, int], bool]) -> None:
        self.drops = drops
        self.posts: dict[int, str] = {}

    async def fetch(self, request: Request, **_: Any) -> Page:
        word = request.params["q"]
        shown = [f"{n}|{words}" for n, words in self.posts.items() if word in words and not self.drops(word, n)]
        return Page(request, 200, "\n".join(shown).encode(), request.url, NOW)


# -- with the collector ----------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        opened.watches.sync([ACME, BOLT], NOW)
        opened.sources.sync([SourceEntry(name, "desk") for name in ("desk", "partial", "second")], NOW)
        yield opened


def collector(store: Store, door: Market, clock: SimulatedClock) -> Collector:
    return Collector(store, Inline(), door, clock, Random(1), log.get(), queries(store, ACME, BOLT))


async def visits(store: Store, source: Desk, drops: Callable[[str, int], bool], times: int = 12) -> Collector:
    """Visit by visit, two new posts in between, each about both watches."""
    clock, door = SimulatedClock(NOW), Market(drops)
    made = collector(store, door, clock)
    for turn in range(times):
        await made.visit(source)
        clock.move_to(clock.now() + A_VISIT)
        door.posts |= {10 * turn + i: "acme and bolt" for i in range(2)}
    return made


@pytest.mark.anyio
async def test_a_search_that_drops_half_is_found_out_and_the_other_is_whole(store: Store) -> None:
    made = await visits(store, Desk(name="desk"), lambda word, number: word == "acme" and number % 2 == 1)
    figures = made.completeness.figures("desk")
    assert figures["bolt"].share == 1
    assert figures["acme"].seen >= 10
    assert 0.4 <= (figures["acme"].share or 0) <= 0.6


@pytest.mark.anyio
async def test_it_is_stored_and_goes_on_after_a_restart(store: Store) -> None:
    made = await visits(store, Desk(name="desk"), lambda *_: False)
    kept = stored_figures(store.state.get(name_of("desk")))
    assert kept == made.completeness.figures("desk")
    again = await visits(store, Desk(name="desk"), lambda *_: False, times=3)
    assert again.completeness.figures("desk")["acme"].seen >= kept["acme"].seen


@pytest.mark.anyio
async def test_a_search_that_sees_a_part_by_nature_is_not_measured(store: Store) -> None:
    made = await visits(store, PartialDesk(name="partial"), lambda *_: True)
    assert made.completeness.figures("partial") == {}
    assert store.state.get(name_of("partial")) is None


@pytest.mark.anyio
async def test_the_metrics_show_it(store: Store) -> None:
    made = await visits(store, Desk(name="desk"), lambda *_: False)
    metrics = Metrics()
    metrics.record_completeness("desk", made.completeness.figures("desk"))
    seen = made.completeness.figures("desk")["acme"].seen
    assert f'listener_completeness_found{{source="desk",watch="acme"}} {seen:.1f}' in metrics.render().decode()


# -- by itself -------------------------------------------------------------------------------------------------

DESK, SECOND = Desk(name="desk"), Desk(name="second")
BOTH = frozenset({"acme", "bolt"})


def watching(state: Any = None, watches: tuple[Watch, ...] = (ACME, BOLT)) -> Completeness:
    """After a first whole visit, from which on posts count."""
    made = Completeness()
    visited(made, DESK, watches=watches, state=state)
    return made


SEARCHES = (Search("a", watches=frozenset({"acme"})), Search("b", watches=frozenset({"bolt"})))


def visited(
    made: Completeness,
    source: Desk,
    own: Sequence[Post] = (),
    others: Sequence[Post] = (),
    watches: tuple[Watch, ...] = (ACME, BOLT),
    state: Any = None,
) -> dict[str, Any]:
    """A visit in which the search of acme brings `own`, and that of bolt `others`; what is to be stored."""
    made.begin(source, watches, SEARCHES, NOW, state)
    made.page_came(source, {"acme"}, [(post, BOTH) for post in own])
    made.page_came(source, {"bolt"}, [(post, BOTH) for post in others])
    return made.end(source)


def acme(made: Completeness) -> Figure:
    return made.figures("desk").get("acme", Figure())


@pytest.mark.parametrize("first", ["own", "other"])
def test_the_order_of_the_searches_does_not_matter(first: str) -> None:
    made = watching()
    batches = [({"acme"}, [(told(1), BOTH)]), ({"bolt"}, [(told(1), BOTH)])]
    made.begin(DESK, (ACME, BOLT), SEARCHES, NOW)
    for served, posts in batches if first == "own" else reversed(batches):
        made.page_came(DESK, served, posts)
    made.end(DESK)
    assert acme(made) == Figure(1, 1)


def test_a_post_has_two_visits_to_be_found() -> None:
    made = watching()
    visited(made, DESK, others=[told(1), told(2)])
    assert acme(made) == Figure()
    visited(made, DESK, own=[told(1)])
    assert acme(made) == Figure(2, 1)
    visited(made, DESK, own=[told(2)])
    assert acme(made) == Figure(2, 1), "too late, and counted already"


def test_another_source_of_the_network_is_another_way_whenever_it_is_visited() -> None:
    made = watching()
    made.page_came(SECOND, {"acme"}, [(told(1), BOTH), (told(2), BOTH)])
    visited(made, DESK, own=[told(1)])
    visited(made, DESK)
    made.page_came(SECOND, {"acme"}, [(told(3), BOTH)])
    visited(made, DESK, own=[told(3)])
    assert acme(made) == Figure(3, 2)


def test_what_concerns_another_watch_or_another_network_or_is_bound_does_not_count() -> None:
    made = watching()
    made.page_came(SECOND, set(), [(told(1), frozenset({"bolt"}))])
    made.page_came(Desk(name="third", watches=("acme",)), set(), [(told(2), BOTH)])
    elsewhere = type("Elsewhere", (Desk,), {"network": "elsewhere"})
    made.page_came(elsewhere(name="fourth"), set(), [(told(3), BOTH)])
    for _ in range(3):
        visited(made, DESK)
    assert acme(made) == Figure()


def test_posts_from_before_it_listened_or_without_a_time_do_not_count() -> None:
    made = watching()
    old = replace(told(1), published_at=NOW - timedelta(seconds=1))
    undated = replace(told(2), published_at=None, precision=Precision.UNKNOWN)
    daily = replace(told(3), precision=Precision.DAY)
    visited(made, DESK, others=[old, undated, daily])
    for _ in range(3):
        visited(made, DESK)
    assert acme(made) == Figure()


def test_a_visit_that_fails_is_no_visit() -> None:
    made = watching()
    visited(made, DESK, others=[told(1)])
    for _ in range(5):
        made.begin(DESK, (ACME, BOLT), SEARCHES, NOW)
    assert acme(made) == Figure()
    visited(made, DESK, own=[told(1)])
    assert acme(made) == Figure(1, 1)


def test_a_search_that_fails_costs_its_own_watch_nothing_and_stops_no_other() -> None:
    made = watching()
    visited(made, DESK, own=[told(2)], others=[told(1)])
    for _ in range(5):
        made.begin(DESK, (ACME, BOLT), SEARCHES, NOW)
        made.end(DESK, {"a"})
    assert acme(made) == Figure(), "its search was never read, so nothing was missed"
    assert made.figures("desk")["bolt"] == Figure(1, 0), "the other one had its two visits"
    visited(made, DESK, own=[told(1)])
    assert acme(made) == Figure(1, 1)


def test_only_what_has_changed_is_stored() -> None:
    made = watching()
    assert visited(made, DESK) == {}
    assert visited(made, DESK, own=[told(1)], others=[told(1)]) == {
        "completeness desk": {"acme": [1, 1, 1], "bolt": [1, 1, 1]}
    }
    assert visited(made, DESK, own=[told(1)]) == {}
    made.page_came(SECOND, {"acme"}, [])
    assert made.end(SECOND) == {}, "nobody is told of another source's figures"


def test_nothing_counts_twice() -> None:
    made = watching()
    for _ in range(4):
        visited(made, DESK, own=[told(1)], others=[told(1), told(2)])
    assert acme(made) == Figure(2, 1)


def test_an_edited_query_is_measured_anew() -> None:
    made = watching()
    state = visited(made, DESK, own=[told(1)], others=[told(1)])[name_of("desk")]
    assert acme(watching(state)) == Figure(1, 1)
    assert acme(watching(state, (replace(ACME, version=2), BOLT))) == Figure()


def test_a_watch_that_the_source_cannot_be_asked_for_has_no_figure() -> None:
    watches = (replace(ACME, query="/ac+me/"), BOLT)
    made = watching(watches=watches)
    for _ in range(3):
        visited(made, DESK, others=[told(1)], watches=watches)
    assert "acme" not in made.figures("desk")


def test_memory_and_figures_stay_small_and_the_present_counts() -> None:
    made = watching()
    for turn in range(10):
        posts = [told(1000 * turn + i) for i in range(REMEMBERED // 4)]
        visited(made, DESK, own=posts, others=posts)
    measured = made._sources["desk"]
    assert all(len(watch.seen) <= REMEMBERED for watch in measured.watches.values())
    assert MOST / 2 <= acme(made).seen <= MOST
    assert acme(made).share == 1


def test_it_is_said_in_words() -> None:
    assert str(Figure(212, 208)) == "98% (of 212 seen otherwise)"
    assert str(Figure()) == "not known yet"
    assert together([Figure(2, 1), Figure(4, 4)]) == Figure(6, 5)
    assert stored_figures(None) == {}
