"""Words or rules change under a running history: it is understood anew first, and nothing is told because of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest

from insight.model import Label, Post, SignalKind
from listener import log
from listener.app import App, opened
from listener.clock import SimulatedClock
from listener.config import load
from listener.simulation import SimulatedSchedule
from scrapers.base import Batch
from storage import Store, open_store
from tests.fake_source import NOW
from tests.listener.collecting.metered import take
from tests.listener.upgrading import be_deaf, program
from tests.world.spike_run import IN_BURST, START, Stage, stage

pytestmark = pytest.mark.anyio
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = NOW - 400 * DAY
THINGS = ("calendar", "notebook", "ledger", "recipe", "journal", "archive", "drawing", "diary", "catalogue", "atlas")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    address: str = request.getfixturevalue("postgres")()
    return address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as found:
        yield found


async def look(app: App, *times: datetime) -> None:
    for time in times:
        app.clock.move_to(time)  # type: ignore[attr-defined]
        app.engine.submit("look")
        await app.engine.wait("look", "reunderstand")


def heard(number: int, at: datetime, text: str) -> Post:
    words = f"{THINGS[number % 10]} {THINGS[number // 10 % 10]}"
    return Post("board", f"{at:%m%d%H}-{number}", f"{text} {words}", author=f"p{at:%m%d}{number}", published_at=at)


def ordinary(day: datetime) -> list[Post]:
    """Three posts an hour from eight to eight, one of which complains, mostly of something else."""
    texts = ("I hate what acme did to my", "we use acme for our", "has anybody moved to acme with a")
    return [heard(n, day + (8 + n // 3) * HOUR, texts[n % 3]) for n in range(36)]


def burst(begin: datetime) -> list[Post]:
    return [heard(n, begin + n // 12 * HOUR, "acme lost all my files, awful, my") for n in range(36)]


def come(app: App, posts: Iterable[Post]) -> None:
    """They arrive ten minutes later, those of an hour together."""
    for at, some in groupby(sorted(posts, key=attrgetter("published_at")), key=attrgetter("published_at")):
        made = app.setup
        take(app.store, made.queries.pipeline, made.config.sources[0], Batch(tuple(some)), at + HOUR / 6)


async def days(app: App, first: datetime, last: datetime, every: int = 24) -> None:
    """Ordinary days, with a look every so many hours."""
    for number in range((last - first).days):
        day = first + number * DAY
        come(app, ordinary(day))
        await look(app, *(day + hour * HOUR for hour in range(every, 25, every)))


@pytest.mark.sampled
@pytest.mark.parametrize("change", ["rules", "query"])
async def test_to_hear_more_is_no_alarm_and_a_spike_after_it_is_told(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    start, upgrade = NOW - 20 * DAY, NOW - 4 * DAY
    with monkeypatch.context() as before:
        if change == "rules":
            be_deaf(before)
        query = "acme" if change == "rules" else "acme NOT hate"
        async with program(tmp_path, store, url, start, f"{{id: acme, name: Acme, query: {query}}}") as app:
            await days(app, start, upgrade)
    calm = 576 if change == "rules" else 384
    assert store.counts.totals("acme", start, NOW)["board"] == {Label.NEUTRAL: calm}
    async with program(tmp_path, store, url, upgrade) as app:
        await look(app, upgrade)
        assert store.counts.totals("acme", start, NOW)["board"] == {Label.NEUTRAL: 384, Label.NEGATIVE: 192}
        assert store.counts.recount() == []
        await days(app, upgrade, upgrade + DAY, every=1)
        assert store.signals.recent(EPOCH) == []
        assert store.themes.all() == [], "nor is anything in it a new complaint"
        day = upgrade + DAY
        come(app, [*ordinary(day), *burst(day + 12 * HOUR)])
        await look(app, *(day + hour * HOUR for hour in range(1, 25)))
    told = sorted(store.signals.recent(EPOCH), key=lambda signal: signal.at)
    assert {signal.kind for signal in told} == {SignalKind.SPIKE}
    assert told[0].at >= day + 12 * HOUR
    assert told[0].figures["observed"] == 13


# -- the same with the whole program, on weeks of a small place ------------------------------------------------------

BEFORE = START + timedelta(days=15, hours=3, minutes=20)
"""When the new version starts: in the night, some hours before the burst."""


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
async def test_the_program_on_its_weeks_is_not_alarmed_by_an_upgrade(
    village: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        be_deaf(before)
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
