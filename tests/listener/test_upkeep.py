"""Upkeep: retention by the stricter rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import structlog

from insight.model import Role, Watch
from insight.pipeline import Pipeline
from listener import upkeep
from listener.app import opened
from listener.clock import SimulatedClock
from listener.config import load
from scrapers import KINDS
from scrapers.base import Batch
from storage import SourceEntry, Store, UnderstoodBatch, open_store
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
        yield opened


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
