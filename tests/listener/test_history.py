"""What is stored is understood anew when words, rules, settings or queries change, and how far it is is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from insight import pipeline
from insight.model import Deletion, Label, MentionState, UnderstoodPost
from insight.pipeline import Pipeline
from listener import history
from listener.app import App
from listener.config import load
from listener.history import understand_again
from listener.understanding_progress import Progress
from scrapers.base import Batch
from storage import SourceEntry, Store, StoredPost, open_store
from tests.fake_source import NOW, Board, post
from tests.listener.collecting.metered import ACME, take
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
        assert await understand_anew(app) == {"posts": 5, "of": 5, "changed": 5}
        assert states(store) == {MentionState.EXCLUDED}
        assert not any(store.counts.totals("acme", EPOCH, NOW).values())
    async with program(tmp_path, store, url, NOW) as app:
        assert await understand_anew(app) == {"posts": 5, "of": 5, "changed": 5}
        assert await understand_anew(app) == {"posts": 0, "of": 0, "changed": 0}
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
        assert await understand_anew(app) == {"posts": 0, "of": 0, "changed": 0}
        assert await understand_anew(app, everything=True) == {"posts": 5, "of": 5, "changed": 5}
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
        assert await understand_anew(app) == {"posts": 50, "of": 50, "changed": 0}
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
        assert await understand_anew(app) == {"posts": 3, "of": 3, "changed": 3}
    assert store.counts.totals("acme", EPOCH, NOW)["board"] == {Label.NEUTRAL: 2, Label.NEGATIVE: 3}
    assert store.counts.recount() == []


# -- by where a post was seen ------------------------------------------------------------------------------------------


@pytest.fixture
def known(store: Store) -> Store:
    store.watches.sync([ACME], NOW)
    store.sources.sync([SourceEntry("board", "board")], NOW)
    return store


def rematch(store: Store, *boards: Board) -> None:
    for posts, _ in store.posts.bare(None):
        again = understand_again(store, Pipeline(store.watches.all()), {board.id: board for board in boards}, posts)
        store.posts.reclassify(again, NOW)


def test_what_a_bound_source_brought_stays_whatever_the_query_says(known: Store) -> None:
    board = Board(watches=("acme",))
    take(known, Pipeline([ACME]), board, Batch((post(1),)))
    known.watches.sync([replace(ACME, query="zenith")], NOW)
    rematch(known, board)
    assert states(known) == {MentionState.KEPT}


def test_what_a_bound_source_brought_stays_when_the_source_is_gone(known: Store) -> None:
    elsewhere = replace(ACME, query="zenith")
    take(known, Pipeline([elsewhere]), Board(watches=("acme",)), Batch((post(1),)))
    rematch(known)
    assert states(known) == {MentionState.KEPT}


def test_a_stored_post_is_matched_as_brought_by_the_source_that_saw_it_first(known: Store) -> None:
    take(known, Pipeline([ACME]), Board(name="board"), Batch((post(1),)))
    for query, state in (("acme source:elsewhere", MentionState.DROPPED), ("acme source:board", MentionState.KEPT)):
        known.watches.sync([replace(ACME, query=query)], NOW)
        rematch(known, Board(name="board"))
        assert states(known) == {state}


def test_a_batch_is_matched_again_in_as_many_queries_however_many_posts_it_has(known: Store) -> None:
    boards = [Board(name=name) for name in ("board", "mirror", "third")]
    for number, board in enumerate(boards):
        take(known, Pipeline([ACME]), board, Batch(tuple(map(post, range(40 * (number + 1))))))
    posts = [stored for part, _ in known.posts.bare(None) for stored in part]

    def queries(some: list[StoredPost], query: str) -> int:
        known.watches.sync([replace(ACME, query=query)], NOW)
        asked: list[str] = []
        engines = {known._database.reader, known._database.writer}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        made = Pipeline(known.watches.all())
        asked.clear()
        known.posts.reclassify(understand_again(known, made, {one.id: one for one in boards}, some), NOW)
        return len(asked)

    assert len(posts) == 120
    few = queries(posts[:3], "acme OR zenith")
    assert queries(posts, "acme OR zenith OR nadir") == few
