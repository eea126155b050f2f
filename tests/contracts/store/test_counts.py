"""Counters always equal what the stored mentions add up to, whatever happened and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from insight.counts import EARLIEST, contributions
from insight.model import (
    Cell,
    Correction,
    Engagement,
    Facet,
    Grain,
    Label,
    MentionState,
    Post,
    Precision,
    UnderstoodPost,
)
from storage import BatchCounts, Distinct, Store, open_store
from storage.rows import tables
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, mention, post, understood
from tests.sampling import examples

LABELS = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
SOURCES = ("mastodon", "mirror", "archive")
WATCHES = ("acme", "rival")
FACETS = (
    Facet("aspect", "sync", -0.5, 0.9), Facet("aspect", "sync", 0.5), Facet("aspect", "price"),
)  # fmt: skip

times = st.sampled_from(
    [None, EARLIEST - DAY, NOON + 30 * DAY, *(NOON - timedelta(minutes=25 * step) for step in range(0, 400, 7))]
)
posts = st.builds(
    post,
    number=st.integers(1, 5),
    text=st.sampled_from(["acme broke", "acme mended", "never mind"]),
    published_at=times,
    precision=st.sampled_from(Precision),
    edited_at=st.sampled_from([None, NOON, NOON + HOUR]),
)


@st.composite
def understandings(draw: st.DrawFn) -> UnderstoodPost:
    one = draw(posts)
    states = st.sampled_from([MentionState.KEPT, MentionState.KEPT, MentionState.EXCLUDED])
    watches = draw(st.sets(st.sampled_from(WATCHES)))
    version, some = draw(st.integers(1, 2)), st.lists(st.sampled_from(FACETS), max_size=3).map(tuple)
    mentions = (mention(one, draw(st.sampled_from(LABELS)), watch, version, draw(states)) for watch in sorted(watches))
    return UnderstoodPost(
        one, tuple(replace(each, facets=draw(some), complaint=draw(st.booleans())) for each in mentions)
    )


@st.composite
def steps(draw: st.DrawFn) -> Callable[[Store], Any]:
    """One thing that can happen: a batch, a new understanding, a correction, an expiry."""
    at = NOON + draw(st.integers(-50, 200)) * HOUR
    some = draw(st.lists(understandings(), max_size=5))
    match draw(st.sampled_from(["arrive", "arrive", "arrive", "anew", "label", "expire"])):
        case "anew":
            return lambda store: store.posts.reclassify(some, at)
        case "label":
            said = Correction(
                draw(st.sampled_from(WATCHES)), post(draw(st.integers(1, 6))).key, draw(st.sampled_from(Label)),
                draw(st.booleans()), "ana", at,
            )  # fmt: skip
            return lambda store: 0 * store.corrections.put(said)
        case "expire":
            return lambda store: expire(store, "mastodon", at - DAY, at)
        case _:
            gone = draw(st.lists(st.builds(post, number=st.integers(1, 6)), max_size=2))
            numbers = tuple(Engagement(one.network, one.native_id, {"likes": 1}) for one in gone)
            batch = batch_of(
                *some, source=draw(st.sampled_from(SOURCES)), at=at, gone=gone, engagements=numbers, cursor={}
            )
            return lambda store: store.ingest(batch)


histories = st.lists(steps(), max_size=12).flatmap(
    lambda made: st.lists(st.sampled_from(made), max_size=14) if made else st.just([])
)  # sampled: repeated and reordered


@settings(deadline=None, derandomize=True)
@given(history=histories)
def test_recount_finds_nothing_after_any_history_on_sqlite(
    sqlite: Callable[[], str], history: list[Callable[[Store], Any]]
) -> None:
    with open_store(sqlite()) as store:
        _prove(store, history)


@settings(examples(0.6), derandomize=True, phases=[Phase.generate])  # SQLite shrinks faster
@given(history=histories)
def test_recount_finds_nothing_after_any_history_on_postgres(
    postgres: Callable[[], str], history: list[Callable[[Store], Any]]
) -> None:
    with open_store(postgres()) as store:
        _prove(store, history)


def _prove(store: Store, history: list[Callable[[Store], Any]]) -> None:
    for step in history:
        step(store)
        again = step(store)
        assert again == (0 if isinstance(again, int) else BatchCounts(again.seen))
    assert store.counts.recount() == []
    assert _stored(store) == _naive(store)
    for said in store.corrections.all():
        now = {one.mention.watch: one.mention for one in store.posts.mentions(said.post)}[said.watch]
        assert (now.sentiment.label, now.complaint) == (said.label, said.complaint)
    pending = {(watch, one.post.key) for watch in WATCHES for one in store.themes.pending(watch)}
    assert pending == {
        (one.mention.watch, one.post.key)
        for one in _mentions(store)
        if one.mention.state is MentionState.KEPT and one.mention.complaint
    }


def _mentions(store: Store) -> list[Any]:
    return [one for number in range(1, 7) for one in store.posts.mentions(post(number).key)]


def _naive(store: Store) -> Counter[Cell]:
    """Counted again from what the store gives back, without its help."""
    return Counter(
        cell for one in _mentions(store) for cell in contributions(one.mention, one.post, one.source, one.collected_at)
    )


def _stored(store: Store) -> dict[Cell, int]:
    query = select(tables.counts)
    with store._database.read() as connection:
        return {
            Cell(row.watch, row.source, Grain(row.grain), row.start, row.facet, row.value, row.lag): row.number
            for row in connection.execute(query)
        }


def test_recount_finds_and_mends_what_somebody_spoiled(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2), understood(post(3), Label.POSITIVE)))
    with store._database.write() as connection:
        connection.execute(text("UPDATE counts SET number = number + 5 WHERE value = 'negative'"))
        connection.execute(text("UPDATE counts SET value = 'neutral' WHERE value = 'positive'"))
    found = {(one.cell.value, one.stored, one.expected) for one in store.counts.recount()}
    assert found == {(Label.NEGATIVE, 7, 2), (Label.NEUTRAL, 1, 0), (Label.POSITIVE, 0, 1)}
    assert len(store.counts.recount(repair=True)) == 3
    assert store.counts.recount() == []
    assert store.counts.totals("acme", NOON - DAY, NOON) == {"mastodon": {Label.NEGATIVE: 2, Label.POSITIVE: 1}}


def test_hours_are_summed_over_sources_and_know_what_was_late(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    store.ingest(batch_of(post(3), source="mirror", at=NOON + 10 * HOUR))
    hour = NOON - HOUR
    assert store.counts.hours("acme", hour, NOON) == {hour: 3}
    assert store.counts.hours("acme", hour, NOON, [Label.NEGATIVE], max_lag=0) == {hour: 2}
    assert store.counts.hours("acme", hour, NOON, [Label.POSITIVE]) == {}
    assert store.counts.hours("acme", NOON, NOON + DAY) == {}
    assert store.counts.hours("rival", hour, NOON) == {}


def test_day_counts_enter_totals_and_no_hour(store: Store) -> None:
    store.ingest(batch_of(post(precision=Precision.DAY, published_at=NOON - DAY)))
    assert store.counts.hours("acme", NOON - 2 * DAY, NOON) == {}
    assert store.counts.totals("acme", NOON - 2 * DAY, NOON) == {"mastodon": {Label.NEGATIVE: 1}}


def test_facets_are_counted_once_a_mention_by_the_day_and_complaints_by_the_hour(store: Store) -> None:
    asleep = post(2, published_at=NOON - 11 * HOUR)
    for one in (post(1), asleep):
        store.ingest(batch_of(UnderstoodPost(one, (replace(mention(one), facets=FACETS),)), at=NOON + 15 * HOUR))
    day = NOON - 12 * HOUR
    assert store.counts.totals("acme", NOON - DAY, NOON, "aspect") == {"mastodon": {"sync": 2, "price": 2}}
    assert store.counts.totals("acme", NOON - DAY, NOON) == {"mastodon": {Label.NEGATIVE: 2}}
    assert store.counts.hours("acme", day, NOON, facet="aspect", values=["sync"]) == {day: 2}
    assert store.counts.hours("acme", day, NOON, facet="aspect", values=["sync"], max_lag=1) == {}, "3 h after the day"
    assert store.counts.hours("acme", day, NOON, facet="complaint") == {day + HOUR: 1, NOON - HOUR: 1}
    store.ingest(batch_of(gone=[post(1)], at=NOON + 15 * HOUR))
    assert store.counts.totals("acme", NOON - DAY, NOON, "aspect") == {"mastodon": {"sync": 2, "price": 2}}
    store.posts.reclassify([understood(asleep, Label.POSITIVE)], NOON)
    assert store.counts.totals("acme", NOON - DAY, NOON, "aspect") == {"mastodon": {"sync": 1, "price": 1}}
    assert store.counts.totals("acme", NOON - DAY, NOON) == {"mastodon": {Label.NEGATIVE: 1, Label.POSITIVE: 1}}
    assert store.counts.recount() == []


def test_a_facet_from_outside_is_as_long_and_clean_as_a_key_may_be(store: Store) -> None:
    odd = replace(mention(post()), facets=(Facet("segment", "a\0b" + "x" * 9000),))
    store.ingest(batch_of(UnderstoodPost(post(), (odd,))))
    assert store.counts.totals("acme", NOON - DAY, NOON, "segment") == {"mastodon": {"ab" + "x" * 98: 1}}
    assert store.counts.recount() == []


def test_what_is_deleted_counts_as_it_did_and_is_shown_nowhere(store: Store) -> None:
    store.ingest(batch_of(post(1), understood(post(2), Label.POSITIVE)))
    before = store.counts.totals("acme", NOON - DAY, NOON)
    store.ingest(batch_of(gone=[post(1), post(2)], at=NOON + HOUR))
    assert (
        store.counts.totals("acme", NOON - DAY, NOON) == before == {"mastodon": {Label.NEGATIVE: 1, Label.POSITIVE: 1}}
    )
    assert store.counts.distinct(["acme"], NOON - DAY, NOON) == {"acme": Distinct(2, 0, 2)}
    assert store.posts.recent("acme", NOON - DAY, NOON) == []
    assert list(store.posts.scan()) == []


def test_distinct_counts_sets_and_not_sums(store: Store) -> None:
    same = [post(number, author="someone") for number in (1, 2)]
    nobody = post(3, author=None)
    elsewhere = Post("forum", "9", "acme broke", author="someone", published_at=NOON - HOUR)
    store.ingest(batch_of(*same, nobody, elsewhere))
    store.ingest(batch_of(understood(post(4, author="else"), Label.NEGATIVE, "rival")))
    assert store.counts.distinct(["acme", "rival", "quiet"], NOON - DAY, NOON) == {
        "acme": Distinct(4, 2, 4), "rival": Distinct(1, 1, 1), "quiet": Distinct(0, 0, 0),
    }  # fmt: skip
    assert store.counts.distinct(["acme"], NOON - DAY, NOON - 2 * HOUR) == {"acme": Distinct(0, 0, 0)}


def test_stretches_are_totals_of_each_watch_from_edge_to_edge(store: Store) -> None:
    days = [NOON - 3 * DAY, NOON - 2 * DAY, NOON - DAY, NOON]
    for number in range(6):
        at = NOON - (number + 1) * 11 * HOUR
        label, watches = [Label.NEGATIVE, Label.POSITIVE][number % 2], ["acme", "rival"][: 1 + number // 3]
        store.ingest(batch_of(understood(post(number, published_at=at), label, *watches), source=f"s{number % 2}"))
    store.ingest(batch_of(post(9, precision=Precision.DAY, published_at=NOON - DAY)))
    found = store.counts.stretches(["acme", "rival", "quiet"], days)
    assert found == {
        watch: [store.counts.totals(watch, *edges) for edges in pairwise(days)] for watch in ("acme", "rival", "quiet")
    }
    assert [sum(sum(labels.values()) for labels in of.values()) for of in found["acme"]] == [2, 3, 2]


def test_a_store_survives_being_closed(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/listener.db"
    with open_store(address) as store:
        store.ingest(batch_of(post()))
    with open_store(address) as store:
        assert store.posts.get(post().key) is not None
