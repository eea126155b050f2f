"""A board with a budget, several searches, second looks and times in its marks; and what visits it in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from insight.model import Deletion, Post, Role, Watch
from insight.pipeline import Pipeline
from listener.clock import SimulatedClock
from listener.collecting.ingest import Queries, understand_batch
from listener.collecting.visits import Collector
from scrapers.base import Batch, Budget, Page, Request, Search, Source
from storage import SourceEntry, Store, open_store
from tests.fake_source import NOW, Board, FakeDoor, post
from tests.listener.inline_threads import Inline

ACME = Watch("acme", "Acme", Role.BRAND, "acme")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Metered(Board):
    """Each search lists the same posts. Its settings are what a platform would say."""

    per_minute: float | None = None
    per_day: float | None = None
    units: float | None = None
    money: float | None = None
    zone: str = "UTC"
    unit_price: float = 0.0
    page_price: float = 0.0
    dearest: float | None = None
    asks_for: tuple[str, ...] = ("",)
    pauses: float | None = None

    def budget(self) -> Budget:
        return Budget(self.per_minute, self.per_day, self.units, self.money, self.zone)

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(Search(key) for key in self.asks_for)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        asked = super().start(search, high_water, now)
        cost = self.page_price if self.dearest is None else self.dearest
        return replace(asked, url=f"{self.base_url}/{search.key}", units=self.unit_price, cost=cost)

    def parse(self, page: Page) -> Batch:
        return replace(super().parse(page), spent=self.page_price, pause=self.pauses)


class Looking(Metered):
    """One that can show single posts: the door answers `/look?ids=…` with what is left of them."""

    looks_again = (timedelta(hours=6), timedelta(days=2))
    together: int = 100

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        parts = [ids[start : start + self.together] for start in range(0, len(ids), self.together)]
        return tuple(Request(f"{self.base_url}/look", {"ids": ",".join(part)}) for part in parts)

    def parse(self, page: Page) -> Batch:
        if "ids" not in page.request.params:
            return super().parse(page)
        shown = dict(line.partition("|")[::2] for line in page.text.splitlines())
        asked = page.request.params["ids"].split(",")
        found = (replace(post(int(one)), text=shown[one]) for one in asked if one in shown)
        gone = (Deletion("board", one) for one in asked if one not in shown)
        return Batch((*found, *gone))


class Silent:
    """A log that says nothing, whatever others have made of the program's own."""

    def info(self, event: str, **_: Any) -> None:
        pass

    warning = error = info


@contextmanager
def opened(folder: Path, *ids: str) -> Iterator[Store]:
    """A store that knows these sources."""
    with open_store(f"sqlite:///{folder}/test.db") as store:
        store.watches.sync([ACME], NOW)
        store.sources.sync([SourceEntry(name, "board") for name in ids or ("board",)], NOW)
        yield store


def queries(store: Store, *watches: Watch) -> Callable[[], Queries]:
    """Those of a config with these watches, as the program takes it."""
    made = Queries(Pipeline(store.watches.sync(watches or (ACME,), NOW)))
    return lambda: made


def take(store: Store, pipeline: Pipeline, source: Source, batch: Batch, now: datetime = NOW) -> None:
    """Understand a batch and store it."""
    found, *_ = understand_batch(Queries(pipeline), source, batch, now)
    store.ingest(found)


def collector(store: Store, door: Any, clock: SimulatedClock) -> Collector:
    """A new process, as far as memory goes."""

    log: Any = Silent()
    return Collector(store, Inline(), door, clock, Random(1), log, queries(store))


def asked(door: FakeDoor) -> list[str]:
    """The searches that were asked for, in order."""
    return [request.url.rpartition("/")[2] for request in door.asked]


def stored(store: Store) -> set[int]:
    return {int(found.post.native_id) for batch in store.posts.scan() for found in batch}


def texts(store: Store) -> dict[str, str]:
    return {found.post.native_id: found.post.text for batch in store.posts.scan() for found in batch}


def at(number: int) -> datetime:
    """When the board's post of this number was published."""
    found = post(number).published_at
    assert found
    return found


def shown(*posts: Post) -> str:
    return "\n".join(f"{one.native_id}|{one.text}" for one in posts)
