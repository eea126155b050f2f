"""What is stored is understood anew when words, rules, settings or queries change, and how far it is is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from insight import pipeline
from insight.model import Deletion, Label, MentionState, UnderstoodPost
from listener import history
from listener.app import App
from listener.config import load
from listener.history import understand_again
from listener.understanding_progress import Progress
from scrapers.base import Batch
from storage import Store, open_store
from tests.fake_source import NOW, Board, post
from tests.listener.collecting.metered import take
from tests.listener.upgrading import be_deaf, program, understand_anew

pytestmark = pytest.mark.anyio
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = NOW - 400 * DAY


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


def fill(store: Store, app: App, numbers: Iterable[int] = range(5)) -> None:
    take(store, app.setup.queries.pipeline, Board(), Batch(tuple(map(post, numbers))))


def states(store: Store) -> set[MentionState]:
    found = store.posts.scan(states=tuple(MentionState))
    return {stored.mention.state for batch in found for stored in batch}


async def test_mentions_and_counts_follow_a_changed_query_and_come_back(store: Store, url: str, tmp_path: Path) -> None:
    async with program(tmp_path, store, url, NOW) as app:
        await understand_anew(app)
        fill(store, app)
    async with program(tmp_path, store, url, NOW, "{id: acme, query: acme NOT broken}") as app:
        assert await understand_anew(app) == {"posts": 5, "total": 5, "changed": 5}
        assert states(store) == {MentionState.EXCLUDED}
        assert not any(store.counts.totals("acme", EPOCH, NOW).values())
    async with program(tmp_path, store, url, NOW) as app:
        assert await understand_anew(app) == {"posts": 5, "total": 5, "changed": 5}
        assert await understand_anew(app) == {"posts": 0, "total": 0, "changed": 0}
    assert states(store) == {MentionState.KEPT}
    assert store.counts.totals("acme", EPOCH, NOW)["board"] == {Label.NEGATIVE: 5}
    assert store.counts.recount() == []


async def test_a_new_watch_and_other_owned_accounts_are_matched_with_what_is_stored(
    store: Store, url: str, tmp_path: Path
) -> None:
    async with program(tmp_path, store, url, NOW) as app:
        await understand_anew(app)
        fill(store, app)
    mine = "{id: acme, query: acme}, {id: mine, query: 'acme is:owned'}"
    async with program(tmp_path, store, url, NOW, mine) as app:
        assert await app.history.waiting() == {"mine"}, "the watch that is known goes on meanwhile"
        await understand_anew(app)
        assert await app.history.waiting() == frozenset()
        assert store.counts.totals("mine", EPOCH, NOW) == {}
    async with program(tmp_path, store, url, NOW, mine, owned="owned: ['@person1']") as app:
        assert await app.history.waiting() == {"acme", "mine"}
        await understand_anew(app)
    assert sum(store.counts.totals("mine", EPOCH, NOW)["board"].values()) == 1


async def test_a_query_is_matched_with_ninety_days_and_other_rules_with_all_there_is(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with program(tmp_path, store, url, NOW + 200 * DAY) as app:
        await understand_anew(app)
        fill(store, app)
    either = "{id: acme, query: acme OR zenith}"
    async with program(tmp_path, store, url, NOW + 200 * DAY, either) as app:
        assert await understand_anew(app) == {"posts": 0, "total": 0, "changed": 0}
        assert await understand_anew(app, everything=True) == {"posts": 5, "total": 5, "changed": 5}
    monkeypatch.setattr(pipeline, "VERSION", "later")
    async with program(tmp_path, store, url, NOW + 200 * DAY, either) as app:
        assert (await understand_anew(app))["posts"] == 5


async def test_what_is_stopped_on_the_way_goes_on_from_there_in_another_process(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TURN", 10)
    async with program(tmp_path, store, url, NOW) as app:
        fill(store, app, range(50))
        app.engine.submit("reunderstand")
        while (walk := Progress.read(store).walk) is None or walk.posts < 20:
            await app.engine.next_change()
    before = Progress.read(store).walk
    assert before is not None
    assert 20 <= before.posts < 50
    async with program(tmp_path, store, url, NOW) as app:
        assert await app.history.waiting() == {"acme"}
        batches = []
        again = app.store.posts.reclassify
        monkeypatch.setattr(
            app.store.posts, "reclassify", lambda items, *_: batches.append(len(items)) or again(items, *_)
        )
        assert await understand_anew(app) == {"posts": 50, "total": 50, "changed": 0}
        assert sum(batches) == 50 - before.posts, "what was done is not done again"
        assert await app.history.waiting() == frozenset()


def _counting(counts: list[int]) -> Callable[..., list[UnderstoodPost]]:
    def understand(*given: Any) -> list[UnderstoodPost]:
        counts.append(len(given[-1]))
        return understand_again(*given)

    return understand


async def test_what_a_reload_overtakes_is_understood_by_what_came_after_it(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TURN", 10)
    async with program(tmp_path, store, url, NOW, "{id: acme, query: zenith}") as app:
        await understand_anew(app)
    async with program(tmp_path, store, url, NOW) as app:
        fill(store, app, range(50))
        job = app.engine.submit("reunderstand")
        await app.engine.next_change()
        path = tmp_path / "config.yaml"
        path.write_text(path.read_text().replace("query: acme", "query: 'acme NOT broken'"))
        await app.reload_config(load(path))
        await app.engine.wait_for(job, 60)
        await app.engine.wait("reunderstand")
        assert await app.history.waiting() == frozenset()
    assert states(store) == {MentionState.EXCLUDED}
    assert store.counts.recount() == []


async def test_posts_come_and_go_meanwhile_and_every_count_is_right(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TURN", 10)
    with monkeypatch.context() as before:
        be_deaf(before)
        async with program(tmp_path, store, url, NOW) as app:
            fill(store, app, range(200))
    async with program(tmp_path, store, url, NOW + 2 * DAY, keep_days=1) as app:
        job, between = app.engine.submit("reunderstand"), 0
        gone = app.engine.submit("expire")
        while not (job.ended and gone.ended):
            more = Batch((replace(post(300 + between), published_at=NOW + 2 * DAY),))
            await app.collector.ingest(Board(), "", more)
            between += 1
    assert between >= 8, "a turn of the one, a turn of each other"
    assert store.counts.recount() == []
    heard = store.counts.totals("acme", NOW + DAY, NOW + 3 * DAY)["board"]
    assert heard == {Label.NEGATIVE: between}
    assert len([one for part, _ in store.posts.bare(None) for one in part]) == between, "all else has lost its words"


async def test_posts_whose_words_are_gone_keep_what_was_understood(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        be_deaf(before)
        async with program(tmp_path, store, url, NOW) as app:
            fill(store, app)
            gone = Batch((Deletion("board", "1"),))
            take(store, app.setup.queries.pipeline, Board(), gone, NOW + HOUR)
            store.retention.empty_posts([1], NOW + HOUR)
    async with program(tmp_path, store, url, NOW + HOUR) as app:
        assert await understand_anew(app) == {"posts": 3, "total": 3, "changed": 3}
    assert store.counts.totals("acme", EPOCH, NOW)["board"] == {Label.NEUTRAL: 2, Label.NEGATIVE: 3}
    assert store.counts.recount() == []
