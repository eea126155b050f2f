"""Sources in trouble: the same are found as from all histories, of which those of healthy sources stay unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from insight.source_health import trouble as source_trouble
from listener.config import Config, parse
from listener.telling.decisions import Context
from listener.telling.source_health import source_health
from storage import SourceEntry, Store, open_store
from storage.sources import Sources

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = [f"source {number}" for number in range(9)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/troubles.db") as opened:
        opened.sources.sync([SourceEntry(name, "feed") for name in NAMES], BEGAN)
        yield opened


def config() -> Config:
    rows = "".join(f"  - {{kind: feed, name: {name}, url: 'http://127.0.0.1/x', every: 3600}}\n" for name in NAMES)
    head = "contact: a@example.com\nwatches: [{id: acme, query: acme}]\nchannels: {here: {kind: console}}\n"
    return parse(f"{head}sources:\n{rows}", Path("config.yaml"), {})


def live(store: Store, hours: int) -> datetime:
    """So many hours of sources that speak, fall silent, fail, stop, resume: each in its own way."""
    random = Random(4)
    mood = dict.fromkeys(NAMES, "speaks")
    for hour in range(hours):
        now = BEGAN + hour * HOUR
        for name in NAMES:
            if random.random() < 0.01:
                mood[name] = random.choice(["speaks", "silent", "fails", "stops", "away"])
            if mood[name] in ("speaks", "silent"):
                store.sources.succeeded(name, now, now + HOUR, 3, int(mood[name] == "speaks"))
            elif mood[name] != "away":
                store.sources.failed(name, now, now + HOUR, "no", permanent=mood[name] == "stops")
            if mood[name] == "stops" and random.random() < 0.1:
                store.sources.resume(name, now)
    return BEGAN + hours * HOUR


def test_the_same_troubles_are_found_as_from_all_histories(store: Store) -> None:
    found: set[str] = set()
    for hours in (200, 300, 400):
        context = Context(store, config(), (), live(store, hours))
        for health in source_health(context):
            visits = store.sources.visits(context.now - source_trouble.HISTORY, health.id)
            hours_of = [
                source_trouble.SourceHour(visit.hour, visit.fetches, visit.failures, visit.new) for visit in visits
            ]
            whole = source_trouble.trouble_of(replace(health, hours=hours_of), context.now)
            assert source_trouble.trouble_of(health, context.now) == whole
            found |= {whole.what} if whole else set()
    assert found == {"silent", "failing", "stopped"}


def test_the_history_of_a_source_that_spoke_lately_is_not_read(store: Store) -> None:
    now = BEGAN + HOUR
    for name in NAMES:
        store.sources.succeeded(name, now, now + HOUR, 3, 1)
    store.sources.failed(NAMES[0], now + HOUR, now + 2 * HOUR, "no")
    context = Context(store, config(), (), now + HOUR)
    with patch.object(Sources, "visits", autospec=True, side_effect=Sources.visits) as read:
        source_health(context)
    assert [call.args[2] for call in read.call_args_list] == [NAMES[0]]
