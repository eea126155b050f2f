"""Several writers at once: what they store is whole, nothing is there twice, and only what is the same waits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from insight.counts import contributions
from insight.model import Engagement, Facet, Label, MentionState, Post, Reading, StoredMention, UnderstoodPost
from storage import StepResult, Store, UnderstoodBatch, open_store
from storage.rows import tables
from tests.contracts.store.samples import HOUR, NOON, batch_of, mention, post, understood

NETWORKS = ("forum", "reddit", "mastodon")
SOURCES = ("one", "two", "mirror")
LABELS = (Label.NEGATIVE, Label.NEGATIVE, Label.POSITIVE)
WRITERS, TURNS, POSTS = 4, 25, 12


def of_network(number: int, network: str, **changes: object) -> Post:
    return replace(post(number), network=network, **changes)  # type: ignore[arg-type]


def told(rng: random.Random, one: Post) -> UnderstoodPost:
    watches = rng.sample(("acme", "bolt"), rng.randint(1, 2))
    mentions = (mention(one, rng.choice(LABELS), watch) for watch in watches)
    facets = (Facet("language", "en"), Facet("aspect", rng.choice(("sync", "price")), -0.5, 0.9))
    return UnderstoodPost(one, tuple(replace(each, facets=facets) for each in mentions))


def batch(rng: random.Random, turn: int) -> UnderstoodBatch:
    """Posts that the others bring, too: of two networks, some edited, some gone, in any order."""
    at = NOON + rng.randint(0, 5) * HOUR
    posts = [
        of_network(number, network, text=f"acme, take {turn}", edited_at=rng.choice((None, at)))
        for network in rng.sample(NETWORKS, 2)
        for number in rng.sample(range(POSTS), 5)
    ]
    gone = tuple(batch_of(gone=[one]).deletions[0] for one in posts if rng.random() < 0.05)
    numbers = tuple(Engagement(one.network, one.native_id, {"likes": turn}) for one in posts[:2])
    readings = tuple(Reading(name, NOON, float(turn)) for name in rng.sample(("a", "b", "c"), 3))
    items = tuple(told(rng, one) for one in posts)
    return UnderstoodBatch(
        rng.choice(SOURCES), "", at, items, gone, numbers, readings, cursor={"high_water": str(turn)}
    )


def work(store: Store, seed: int, together: Barrier) -> Counter[str]:
    """What a worker does all day. Gives how many posts it stored first."""
    rng, new = random.Random(seed), Counter[str]()
    together.wait(30)
    for turn in range(TURNS):
        new["posts"] += store.ingest(batch(rng, turn)).new
        match turn % 5:
            case 0:
                pending = tuple(one.mention for one in store.themes.pending("acme", 5))
                store.commit(StepResult(NOON, {f"watch {seed}": turn}, consumed=pending))
                new["consumed"] += len(pending)
            case 1:
                posts = (store.posts.get(of_network(n, network).key) for network in NETWORKS for n in range(3))
                new["again"] += store.posts.reclassify((told(rng, one.post) for one in posts if one), NOON)
            case 2:
                store.posts.index(NOON)
    return new


def test_four_writers_of_the_same_posts_leave_nothing_twice_and_every_count_right(url: str) -> None:
    together = Barrier(WRITERS)
    with open_store(url) as store, ThreadPoolExecutor(WRITERS) as pool:
        store.state.put("search", {"version": "of another Listener", "left": 0}, NOON)
        running = [pool.submit(work, store, seed, together) for seed in range(WRITERS)]
        new = sum((one.result(180) for one in running), Counter[str]())
        assert store.counts.recount() == []
        keys = [of_network(number, network).key for network in NETWORKS for number in range(POSTS)]
        mentions = [one for found in store.posts.mentions_of(keys).values() for one in found]
        assert new["posts"] == len(keys) == _rows(store)
        assert _stored(store) == Counter(
            (cell.watch, cell.source, cell.grain.value, cell.start, cell.facet, cell.value, cell.lag)
            for one in mentions
            for cell in contributions(one.mention, one.post, one.source, one.collected_at)
        )
        kept = {one.post.key for one in mentions if _complains(one)}
        assert {one.post.key for one in store.themes.pending("acme")} <= kept
        assert new["consumed"] > 0
        assert new["again"] > 0
        while store.posts.index(NOON, 5):
            pass
        with store._database.read() as connection:
            indexed = connection.execute(text("SELECT count(*) FROM search")).scalar_one()
        assert indexed == sum(1 for key in keys if (one := store.posts.get(key)) and not one.deleted_at)


def _complains(one: StoredMention) -> bool:
    return one.mention.state is MentionState.KEPT and one.mention.sentiment.label is Label.NEGATIVE


def _rows(store: Store) -> int:
    with store._database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.posts)).scalar_one())


def _stored(store: Store) -> dict[tuple[object, ...], int]:
    names = ("watch", "source", "grain", "start", "facet", "value", "lag", "number")
    with store._database.read() as connection:
        rows = connection.execute(select(*(tables.counts.c[name] for name in names)))
        return {tuple(row[:-1]): row.number for row in rows}


def test_on_postgres_only_writers_of_the_same_network_or_source_wait(postgres: Callable[[], str]) -> None:
    with open_store(postgres()) as store, ThreadPoolExecutor(4) as pool:
        with store._database.write({"network:forum"}):
            free = pool.submit(store.ingest, batch_of(understood(of_network(1, "reddit")), source="one"))
            assert free.result(30).new == 1
            waiting = pool.submit(store.ingest, batch_of(understood(of_network(1, "forum")), source="two"))
            _until_somebody_waits(store)
            assert not waiting.done()
        assert waiting.result(30).new == 1
        with store._database.write():
            waiting = pool.submit(store.ingest, batch_of(understood(of_network(2, "reddit")), source="one"))
            _until_somebody_waits(store)
        assert waiting.result(30).new == 1


def _until_somebody_waits(store: Store) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    for _ in range(20_000):
        with store._database.read() as connection:
            if connection.execute(query).scalar_one():
                return
    pytest.fail("nobody waits")
