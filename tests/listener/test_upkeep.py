"""Upkeep: a changed query takes up what is stored, also after a kill on the way; retention by the stricter rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from insight.model import Label, MentionState, Role, Watch
from insight.pipeline import Pipeline
from listener import upkeep
from listener.ingest import ingest
from scrapers.base import Batch
from storage import SourceEntry, Store, open_store
from tests.board import NOW, Board, post

ACME = Watch("acme", "Acme", Role.BRAND, "acme")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        opened.watches.sync([ACME], NOW)
        opened.sources.sync([SourceEntry("board", "board")], NOW)
        upkeep.matched(opened, opened.watches.all(), NOW)
        yield opened


def rematch(store: Store, board: Board) -> None:
    for posts in upkeep.batches(store, NOW):
        upkeep.rematch(store, Pipeline(store.watches.all()), {"board": board}, posts, NOW)


def states(store: Store) -> set[MentionState]:
    found = store.posts.scan(states=tuple(MentionState))
    return {sighted.mention.state for batch in found for sighted in batch}


def test_a_changed_query_is_remembered_until_all_is_matched_again(store: Store) -> None:
    assert not upkeep.unmatched(store, store.watches.all())
    store.watches.sync([replace(ACME, query="acme OR zenith")], NOW)
    store.watches.sync([replace(ACME, name="ACME", query="acme OR zenith")], NOW)
    assert upkeep.unmatched(store, store.watches.all()), "another reload does not forget it"
    upkeep.matched(store, store.watches.all(), NOW)
    assert not upkeep.unmatched(store, store.watches.all())


def test_a_new_watch_is_matched_with_what_is_stored(store: Store) -> None:
    store.watches.sync([ACME, replace(ACME, id="zenith", query="zenith")], NOW)
    assert upkeep.unmatched(store, store.watches.all())


def test_mentions_and_counts_follow_a_changed_query_and_come_back(store: Store) -> None:
    ingest(store, Pipeline([ACME]), Board(), "", Batch(tuple(map(post, range(5)))), None, NOW)
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
    ingest(store, Pipeline([ACME]), board, "", Batch((post(1),)), None, NOW)
    store.watches.sync([replace(ACME, query="zenith")], NOW)
    rematch(store, board)
    assert states(store) == {MentionState.KEPT}


@pytest.mark.parametrize(("platform", "own", "kept"), [(None, None, None), (30, None, 30), (None, 7, 7), (30, 7, 7)])
def test_the_stricter_limit_holds(platform: int | None, own: int | None, kept: int | None) -> None:
    class Limited(Board):
        terms = replace(Board.terms, keep_days=platform)

    assert upkeep.keep_days(Limited(), own) == kept
