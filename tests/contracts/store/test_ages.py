"""How old posts are: what has reached an age is found, and only what could have come in time was late."""

from __future__ import annotations

from datetime import timedelta

from insight.model import Post, Precision
from storage import Delay, SourceEntry, Store
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, post

SECOND = timedelta(seconds=1)


def aged(store: Store, since: timedelta, until: timedelta, source: str = "mastodon", limit: int = 100) -> list[str]:
    found = store.posts.aged(source, "mastodon", NOON - since, NOON - until, limit)
    return [native_id.rpartition("/")[2] for native_id, _ in found]


def test_posts_of_an_age_come_oldest_first_up_to_and_without_the_end(store: Store) -> None:
    store.ingest(batch_of(*(post(hours, published_at=NOON - hours * HOUR) for hours in range(5))))
    assert aged(store, 3 * HOUR, HOUR) == ["3", "2"]
    assert aged(store, 9 * HOUR, HOUR, limit=2) == ["4", "3"]
    assert store.posts.aged("mastodon", "mastodon", NOON - HOUR, NOON, 9)[0][1] == NOON - HOUR


def test_only_posts_that_the_source_saw_and_that_say_something_have_an_age(store: Store) -> None:
    store.ingest(batch_of(post(1), source="mirror"))
    assert aged(store, DAY, -HOUR) == []
    store.ingest(batch_of(post(1), post(2)))
    assert aged(store, DAY, -HOUR) == ["1", "2"], "whoever saw it first"
    other = Post("board", "9", "acme broke my sync", published_at=NOON - HOUR)
    store.ingest(batch_of(other, gone=[post(2)]))
    assert aged(store, DAY, -HOUR) == ["1"]
    expire(store, "mastodon", NOON + DAY, NOON)
    assert aged(store, DAY, -HOUR) == []


def test_delays_are_told_by_their_half_and_by_ninety_five_of_a_hundred(store: Store) -> None:
    store.sources.sync([SourceEntry("mastodon", "mastodon")], NOON)
    store.sources.succeeded("mastodon", NOON, NOON + HOUR, 0, 0)
    assert store.sources.delays(NOON - DAY) == {}
    late = [post(n, published_at=NOON + HOUR - n * SECOND) for n in range(1, 101)]
    store.ingest(batch_of(*late, at=NOON + HOUR))
    found = store.sources.delays(NOON - DAY)["mastodon"]
    assert (found.posts, round(found.p50, 2), round(found.p95, 2)) == (100, 50, 95)


def test_one_post_is_its_own_half(store: Store) -> None:
    store.sources.succeeded("mastodon", NOON, NOON + HOUR, 0, 0)
    store.ingest(batch_of(post(1, published_at=NOON), at=NOON + HOUR))
    found = store.sources.delays(NOON)["mastodon"]
    assert Delay(found.posts, round(found.p50, 2), round(found.p95, 2)) == Delay(1, 3600, 3600)


def test_what_could_not_have_come_in_time_was_not_late(store: Store) -> None:
    store.sources.succeeded("mastodon", NOON, NOON + HOUR, 0, 0)
    before = post(1, published_at=NOON - DAY)
    by_day = post(2, published_at=NOON, precision=Precision.DAY)
    store.ingest(batch_of(before, by_day, at=NOON + HOUR))
    assert store.sources.delays(NOON - 7 * DAY) == {}


def test_states_are_stored_with_a_visit_a_failure_or_a_rest(store: Store) -> None:
    store.sources.sync([SourceEntry("hn", "hackernews")], NOON)
    store.sources.succeeded("hn", NOON, NOON + HOUR, 1, 0, {"source hn": {"visit": 1}})
    assert store.state.get("source hn") == {"visit": 1}
    store.sources.failed("hn", NOON, NOON + HOUR, "503", states={"source hn": {"visit": 2}})
    assert store.state.get("source hn") == {"visit": 2}
    store.sources.rests("hn", NOON, NOON + DAY, {"source hn": {"visit": 3}})
    assert store.state.get("source hn") == {"visit": 3}
    (state,) = store.sources.all()
    assert (state.next_at, state.last_attempt, state.failures) == (NOON + DAY, NOON, 1)
    assert [visit.fetches for visit in store.sources.visits(NOON - DAY)] == [2], "a rest is no visit"
