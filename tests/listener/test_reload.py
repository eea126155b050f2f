"""A config that changes while posts come in: what arrives is matched with the queries that hold when it is stored."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from insight.model import Mention, MentionState, Post, PostKey, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from listener import log
from listener.app import App, opened
from listener.clock import SimulatedClock
from listener.collecting.backfill import backfill
from listener.collecting.ingest import Queries
from listener.config import Config, load
from scrapers.base import Batch
from storage import OutdatedError, Store, StoreError, open_store
from tests.fake_source import NOW, Board, FakeDoor, post
from tests.listener.collecting.test_backfill import Timed

pytestmark = pytest.mark.anyio
CONFIG = """
contact: tests@example.com
watches: [{watches}]
sources: [{{kind: "tests.fake_source:Board"}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "{url}"}}
"""
OLD = "{id: acme, query: zenith}"
LATER = NOW + timedelta(days=3)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/test.db" if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with open_store(url) as found:
        yield found


class Slow(Pipeline):
    """One that has understood its posts, and then waits until `free` before anybody hears of it."""

    def __init__(self, watches: tuple[Watch, ...]) -> None:
        super().__init__(watches)
        self.done, self.free = threading.Event(), threading.Event()

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        found = super().understand(posts, bound, source)
        self.done.set()
        assert self.free.wait(20)
        return found


Arriving = Callable[[App], Awaitable[object]]


async def visited(app: App) -> None:
    await app.collector.visit(Board())


async def streamed(app: App) -> None:
    await app.collector.ingest(Board(), "", Batch((post(1),)), {"high_water": "1"}, firehose=True)


async def read_back(app: App) -> None:
    await backfill(app.collector, Timed(), NOW - timedelta(days=2), lambda _: None)


ARRIVING: list[Arriving] = [visited, streamed, read_back]


def config(folder: Path, watches: str) -> Config:
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(watches=watches, url=f"sqlite:///{folder}/test.db"))
    return load(file)


async def reloaded_meanwhile(store: Store, folder: Path, arriving: Arriving, watches: str) -> tuple[Mention, ...]:
    """Post 1 arrives, and after it was understood, before it is stored, a changed config is taken."""
    clock = SimulatedClock(LATER)
    async with opened(config(folder, OLD), store, clock, log.get()) as app:
        app.collector.fetcher.door._door = FakeDoor([1])
        slow = Slow(app.setup.watches)
        app.setup = replace(app.setup, queries=Queries(slow))
        storing = asyncio.ensure_future(arriving(app))
        assert await asyncio.to_thread(slow.done.wait, 20)
        await app.reload_config(config(folder, watches))
        slow.free.set()
        await storing
        return tuple(found.mention for found in store.posts.mentions(PostKey("board", "1")))


@pytest.mark.parametrize("arriving", ARRIVING)
async def test_what_was_understood_before_a_reload_is_understood_again(
    store: Store, tmp_path: Path, arriving: Arriving
) -> None:
    (mention,) = await reloaded_meanwhile(store, tmp_path, arriving, "{id: acme, query: acme}")
    assert (mention.watch, mention.query_version, mention.state) == ("acme", 2, MentionState.KEPT)
    assert (mention.post, mention.excluded_by, len(mention.spans)) == (PostKey("board", "1"), None, 1)


@pytest.mark.parametrize("arriving", ARRIVING)
async def test_a_watch_that_is_added_meanwhile_hears_of_it(store: Store, tmp_path: Path, arriving: Arriving) -> None:
    found = await reloaded_meanwhile(store, tmp_path, arriving, f"{OLD}, {{id: bolt, query: acme}}")
    assert [(mention.watch, mention.query_version) for mention in found] == [("bolt", 1)]


async def test_other_accounts_of_the_team_count_for_what_was_understood_before(store: Store, tmp_path: Path) -> None:
    watch, owned = "{id: acme, query: 'acme is:owned'}", "owned: ['@person1']\n"
    async with opened(config(tmp_path, watch), store, SimulatedClock(LATER), log.get()) as app:
        slow = Slow(app.setup.watches)
        app.setup = replace(app.setup, queries=Queries(slow))
        storing = asyncio.ensure_future(streamed(app))
        assert await asyncio.to_thread(slow.done.wait, 20)
        file = config(tmp_path, watch).file
        file.write_text(owned + file.read_text())
        await app.reload_config(load(file))
        slow.free.set()
        await storing
    (found,) = store.posts.mentions(PostKey("board", "1"))
    assert (found.mention.watch, found.mention.query_version) == ("acme", 1), "no query has changed"


async def test_what_two_reloads_overtake_is_stored_once_with_the_last_queries(store: Store, tmp_path: Path) -> None:
    async with opened(config(tmp_path, OLD), store, SimulatedClock(LATER), log.get()) as app:
        first = Slow(app.setup.watches)
        app.setup = replace(app.setup, queries=Queries(first))
        storing = asyncio.ensure_future(streamed(app))
        assert await asyncio.to_thread(first.done.wait, 20)
        await app.reload_config(config(tmp_path, "{id: acme, query: broken}"))
        second = Slow(app.setup.watches)
        app.setup = replace(app.setup, queries=Queries(second))
        first.free.set()
        assert await asyncio.to_thread(second.done.wait, 20)
        await app.reload_config(config(tmp_path, "{id: acme, query: acme}"))
        second.free.set()
        await storing
        (found,) = store.posts.mentions(PostKey("board", "1"))
        assert found.mention.query_version == 3


async def test_queries_that_change_in_another_process_are_no_loop_without_end(store: Store, tmp_path: Path) -> None:
    async with opened(config(tmp_path, OLD), store, SimulatedClock(LATER), log.get()) as app:
        store.watches.sync([replace(app.setup.watches[0], query="acme")], NOW)
        with pytest.raises(OutdatedError, match="queries have changed"):
            await streamed(app)
        assert store.posts.get(PostKey("board", "1")) is None
        assert store.sources.cursor("board", "") is None, "neither the post nor the cursor behind it"


async def test_a_config_that_cannot_be_taken_leaves_the_old_one_at_work(store: Store, tmp_path: Path) -> None:
    async with opened(config(tmp_path, "{id: acme, query: acme}"), store, SimulatedClock(LATER), log.get()) as app:
        before, sync = app.setup, store.watches.sync

        def full(*_: object) -> tuple[Watch, ...]:
            raise StoreError("the disk is full")

        store.watches.sync = full  # type: ignore[method-assign]
        with pytest.raises(StoreError):
            await app.reload_config(config(tmp_path, "{id: acme, query: zenith}"))
        store.watches.sync = sync  # type: ignore[method-assign]
        assert app.setup is before
        await streamed(app)
        (found,) = store.posts.mentions(PostKey("board", "1"))
        assert found.mention.query_version == 1
