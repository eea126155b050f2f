"""What is stored is understood anew when words, rules, settings or queries change; nothing is told because of it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest

from insight import pipeline
from insight.model import Label, Post, Sentiment, SignalKind, UnderstoodPost
from insight.pipeline import Pipeline
from listener import log
from listener.app import App, opened
from listener.clock import SimulatedClock
from listener.config import load
from scrapers.base import Batch
from storage import Store, open_store
from tests.fake_source import NOW
from tests.listener.collecting.metered import take

pytestmark = pytest.mark.anyio
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = NOW - 400 * DAY
CONFIG = """
contact: tests@example.com
{owned}
watches: [{watches}]
sources: [{{kind: "tests.fake_source:Board", every: 86400}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "{url}"}}
"""


class Deaf(Pipeline):
    """An earlier version, to which every post was neutral. It may be held up (`free`)."""

    free = threading.Event()

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        found = super().understand(posts, bound, source)
        flat = Sentiment(Label.NEUTRAL, 0.0)
        return [replace(one, mentions=tuple(replace(it, sentiment=flat, complaint=False) for it in one.mentions)) for one in found]


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


@asynccontextmanager
async def program(
    folder: Path,
    store: Store,
    url: str,
    at: datetime,
    watches: str = "{id: acme, name: Acme, query: acme}",
    owned: str = "",
) -> AsyncIterator[App]:
    """The program as it starts at a time, with these watches."""
    (folder / "config.yaml").write_text(CONFIG.format(watches=watches, url=url, owned=owned))
    async with opened(load(folder / "config.yaml"), store, SimulatedClock(at), log.get()) as app:
        yield app


async def look(app: App, *times: datetime) -> None:
    for time in times:
        app.clock.move_to(time)  # type: ignore[attr-defined]
        app.engine.submit("look")
        await app.engine.wait("look", "reunderstand")


async def understand_anew(app: App, **arguments: bool) -> dict[str, int]:
    job = app.engine.submit("reunderstand", arguments=arguments)
    assert await app.engine.wait_for(job, 60)
    assert job.error == ""
    return dict(job.result or {})


# -- an upgrade is never an alarm --------------------------------------------------------------------------------------

THINGS = ("calendar", "notebook", "ledger", "recipe", "journal", "archive", "drawing", "diary", "catalogue", "atlas")


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


async def test_an_upgrade_that_hears_more_is_no_alarm_and_a_spike_after_it_is_told(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, upgrade = NOW - 20 * DAY, NOW - 4 * DAY
    with monkeypatch.context() as before:
        before.setattr(pipeline, "VERSION", "0")
        before.setattr("listener.setup.Pipeline", Deaf)
        async with program(tmp_path, store, url, start) as app:
            await days(app, start, upgrade)
    assert store.counts.totals("acme", start, NOW)["board"] == {Label.NEUTRAL: 576}
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
