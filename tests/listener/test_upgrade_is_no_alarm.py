"""Words or rules change under a running history: all of it is understood anew first, and nothing is told because of it.

The village of the end-to-end tests, three complaints in twelve posts a day, is heard for weeks by a Listener to whom
everything is neutral. Then comes one that hears them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from insight import pipeline
from insight.model import Label, Post, Sentiment, UnderstoodPost
from insight.pipeline import Pipeline
from listener import log
from listener.app import opened
from listener.clock import SimulatedClock
from listener.config import load
from listener.simulation import SimulatedSchedule
from storage import open_store
from tests.world.spike_run import IN_BURST, START, Stage, stage

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
BEFORE = START + timedelta(days=15, hours=3, minutes=20)
"""When the new version starts: some hours before the burst, in the night."""


class Deaf(Pipeline):
    """To an earlier version every post was neutral."""

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        found = super().understand(posts, bound, source)
        flat = Sentiment(Label.NEUTRAL, 0.0)
        return [replace(one, mentions=tuple(replace(it, sentiment=flat, complaint=False) for it in one.mentions)) for one in found]


@pytest.fixture(params=["sqlite", "postgres"])
def village(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    url: Callable[[], str] = request.getfixturevalue("postgres") if request.param == "postgres" else lambda: ""
    with stage(tmp_path, 3, url() or None) as ready:
        yield ready


async def listen(village: Stage, start: datetime, end: datetime) -> None:
    """The program, on simulated time."""
    with village.log.open("a") as lines, open_store(village.url) as store:
        log.configure("json", str, to=lines)
        clock = SimulatedClock(start)
        async with opened(load(village.config), store, clock, log.get()) as app:
            await SimulatedSchedule(clock, app.engine, end).run(app.schedule(), app.engine.submit, asyncio.Event())


@pytest.mark.soak
async def test_an_upgrade_that_hears_more_is_no_alarm_and_a_spike_after_it_is_told(
    village: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(pipeline, "VERSION", "0")
        before.setattr("listener.setup.Pipeline", Deaf)
        await listen(village, START, BEFORE)
    with open_store(village.url) as store:
        assert set(store.counts.totals("acme", START, BEFORE)["hackernews"]) == {Label.NEUTRAL}
    burst = village.village.burst
    await listen(village, BEFORE, burst)
    with open_store(village.url) as store:
        heard = store.counts.totals("acme", START, START + 15 * DAY)["hackernews"]
        assert 45 <= heard[Label.NEGATIVE] <= 60, "at least the three of each day that do complain"
        assert store.counts.recount() == []
        assert store.signals.recent(START) == []
    await listen(village, burst, village.village.end)
    told = [posted for posted in village.slack.ledger if posted.thread_ts is None]
    assert len(told) == 1, "\n---\n".join(posted.text for posted in told)
    with open_store(village.url) as store:
        signals = sorted(store.signals.recent(START), key=lambda signal: signal.at)
        assert signals[0].at >= burst
        assert IN_BURST <= signals[-1].figures["observed"] <= IN_BURST + 3
        assert store.counts.recount() == []
