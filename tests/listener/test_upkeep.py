"""Upkeep: a changed query takes up what is stored, also after a kill on the way; retention by the stricter rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import structlog
from sqlalchemy import event

from insight.model import Label, MentionState, Role, Watch
from insight.pipeline import Pipeline
from listener import upkeep
from listener.app import opened
from listener.clock import SimulatedClock
from listener.config import load
from scrapers import KINDS
from scrapers.base import Batch
from storage import OutdatedError, SourceEntry, Store, StoredPost, UnderstoodBatch, open_store
from tests.contracts.store.samples import understood
from tests.fake_source import NOW, Board, post
from tests.listener.collecting.metered import take

ACME = Watch("acme", "Acme", Role.BRAND, "acme")
CONFIG = """\
contact: you@example.org
watches: [{id: acme, query: acme}]
sources: [{kind: hackernews}]
channels: {console: {kind: console}}
storage: {keep_excluded_days: 7}
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        opened.watches.sync([ACME], NOW)
        opened.sources.sync([SourceEntry("board", "board")], NOW)
        upkeep.mark_matched(opened, opened.watches.all(), NOW)
        yield opened


def rematch(store: Store, board: Board) -> None:
    for posts in upkeep.stored_batches(store, NOW):
        again = upkeep.understand_again(store, Pipeline(store.watches.all()), {"board": board}, posts)
        store.posts.reclassify(again, NOW)


def states(store: Store) -> set[MentionState]:
    found = store.posts.scan(states=tuple(MentionState))
    return {stored.mention.state for batch in found for stored in batch}


def test_a_changed_query_is_remembered_until_all_is_matched_again(store: Store) -> None:
    assert not upkeep.needs_rematch(store, store.watches.all())
    store.watches.sync([replace(ACME, query="acme OR zenith")], NOW)
    store.watches.sync([replace(ACME, name="ACME", query="acme OR zenith")], NOW)
    assert upkeep.needs_rematch(store, store.watches.all()), "another reload does not forget it"
    upkeep.mark_matched(store, store.watches.all(), NOW)
    assert not upkeep.needs_rematch(store, store.watches.all())


def test_what_a_reload_overtakes_is_not_stored_over_what_came_after_it(store: Store) -> None:
    take(store, Pipeline([ACME]), Board(), Batch((post(1),)))
    (posts,) = upkeep.stored_batches(store, NOW)
    before = {watch.id: watch.version for watch in store.watches.all()}
    stale = upkeep.understand_again(store, Pipeline([replace(ACME, query="zenith")]), {}, posts)
    store.watches.sync([replace(ACME, query="acme OR zenith")], NOW)
    with pytest.raises(OutdatedError):
        store.posts.reclassify(stale, NOW, before)
    assert states(store) == {MentionState.KEPT}


def test_a_new_watch_is_matched_with_what_is_stored(store: Store) -> None:
    store.watches.sync([ACME, replace(ACME, id="zenith", query="zenith")], NOW)
    assert upkeep.needs_rematch(store, store.watches.all())


def test_mentions_and_counts_follow_a_changed_query_and_come_back(store: Store) -> None:
    take(store, Pipeline([ACME]), Board(), Batch(tuple(map(post, range(5)))))
    store.watches.sync([replace(ACME, query="acme NOT broken")], NOW)
    rematch(store, Board())
    assert states(store) == {MentionState.EXCLUDED}
    assert not any(store.counts.totals("acme", NOW.replace(year=2025), NOW).values())
    store.watches.sync([ACME], NOW)
    rematch(store, Board())
    assert states(store) == {MentionState.KEPT}
    assert store.counts.totals("acme", NOW.replace(year=2025), NOW)["board"][Label.NEGATIVE] == 5
    assert store.counts.recount() == []


def test_what_a_bound_source_brought_stays_whatever_the_query_says(store: Store) -> None:
    board = Board(watches=("acme",))
    take(store, Pipeline([ACME]), board, Batch((post(1),)))
    store.watches.sync([replace(ACME, query="zenith")], NOW)
    rematch(store, board)
    assert states(store) == {MentionState.KEPT}


def test_a_stored_post_is_matched_as_brought_by_the_source_that_saw_it_first(store: Store) -> None:
    take(store, Pipeline([ACME]), Board(name="board"), Batch((post(1),)))
    for query, state in (("acme source:elsewhere", MentionState.DROPPED), ("acme source:board", MentionState.KEPT)):
        store.watches.sync([replace(ACME, query=query)], NOW)
        rematch(store, Board(name="board"))
        assert states(store) == {state}


def test_a_batch_is_matched_again_in_as_many_queries_however_many_posts_it_has(store: Store) -> None:
    boards = {name: Board(name=name) for name in ("board", "mirror", "third")}
    for number, board in enumerate(boards.values()):
        take(store, Pipeline([ACME]), board, Batch(tuple(map(post, range(40 * (number + 1))))))
    posts = [stored for part in upkeep.stored_batches(store, NOW) for stored in part]

    def queries(some: list[StoredPost], query: str) -> int:
        store.watches.sync([replace(ACME, query=query)], NOW)
        asked: list[str] = []
        engines = {store._database.reader, store._database.writer}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        pipeline = Pipeline(store.watches.all())
        asked.clear()
        store.posts.reclassify(upkeep.understand_again(store, pipeline, boards, some), NOW)
        return len(asked)

    assert len(posts) == 120
    few = queries(posts[:3], "acme OR zenith")
    assert queries(posts, "acme OR zenith OR nadir") == few


@pytest.mark.parametrize(("platform", "own", "kept"), [(None, None, None), (30, None, 30), (None, 7, 7), (30, 7, 7)])
def test_the_stricter_limit_holds(platform: int | None, own: int | None, kept: int | None) -> None:
    class Limited(Board):
        terms = replace(Board.terms, keep_days=platform)

    assert upkeep.keep_days(Limited(), own) == kept


def test_posts_that_an_exclusion_hides_go_after_their_days(store: Store, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    config = load(tmp_path / "config.yaml")
    hiding = replace(ACME, query="acme NOT broken")
    take(store, Pipeline([hiding]), Board(), Batch((post(1),)))
    assert list(upkeep.posts_to_empty(store, config, NOW + timedelta(days=7))) == []
    ((number,),) = upkeep.posts_to_empty(store, config, NOW + timedelta(days=8))
    assert store.retention.empty_posts([number], NOW) == 1
    assert list(upkeep.posts_to_empty(store, config, NOW + timedelta(days=8))) == []


@pytest.mark.anyio
async def test_whoever_writes_comes_between_two_turns_of_retention(store: Store, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.replace("keep_excluded_days", "keep_days"))
    network = KINDS["hackernews"].network
    old = [understood(replace(post(number), network=network)) for number in range(12 * upkeep.TURN)]
    store.ingest(UnderstoodBatch("hackernews", "", NOW, old))
    log = structlog.get_logger()
    async with opened(load(tmp_path / "config.yaml"), store, SimulatedClock(NOW + timedelta(days=8)), log) as app:
        job, between = app.engine.submit("expire"), 0
        while not job.ended:
            await app.write(partial(store.state.put, "visit", between, NOW))
            between += 1
    assert between >= 12, "one turn of retention, one turn of whoever else has something to write"
    assert store.retention.expired_posts(network, NOW + timedelta(days=1)) == []
