"""How posts are read, corrected and emptied: newest first, each once, the counts always along."""

from __future__ import annotations

import pytest

from insight.model import Label, MentionState, Precision, UnderstoodPost
from storage import Distinct, Store
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, labels_of, mention, post, understood


def test_expiry_takes_the_words_and_leaves_the_counts(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    store.ingest(batch_of(post(1, "edited", edited_at=NOON), at=NOON + HOUR))
    store.ingest(batch_of(post(2), at=NOON + DAY))
    assert expire(store, "mastodon", NOON + DAY, NOON + 2 * DAY) == 1
    assert expire(store, "mastodon", NOON + DAY, NOON + 2 * DAY) == 0
    assert expire(store, "other", NOON + 9 * DAY, NOON + 9 * DAY) == 0
    stored = store.posts.get(post(1).key)
    assert stored is not None
    assert (stored.expired_at, stored.post.text, stored.post.author) == (NOON + 2 * DAY, "", None)
    assert store.posts.revisions(post(1).key) == []
    store.ingest(batch_of(post(1, "back again", edited_at=NOON + 2 * DAY), at=NOON + 2 * DAY))
    stored = store.posts.get(post(1).key)
    assert stored is not None
    assert stored.post.text == ""
    assert labels_of(store) == {Label.NEGATIVE: 2}
    assert [one.post.key for batch, _ in store.posts.bare(NOON - 9 * DAY) for one in batch] == [post(2).key]


def test_reclassifying_moves_mentions_and_counts(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2), post(3)))
    store.ingest(batch_of(gone=[post(3)]))
    corrected = [
        understood(post(1), Label.POSITIVE),
        UnderstoodPost(post(2), ()),
        understood(post(3)),
        understood(post(4)),
    ]
    assert store.posts.reclassify(corrected, NOON + HOUR) == 2
    assert store.posts.reclassify(corrected, NOON + HOUR) == 0
    assert labels_of(store) == {Label.POSITIVE: 1, Label.NEGATIVE: 1}, "what was deleted counts as it did"
    assert store.posts.get(post(4).key) is None


def test_what_was_understood_of_words_that_an_edit_has_replaced_changes_nothing(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(post(text="acme mended my sync", edited_at=NOON), at=NOON))
    assert store.posts.reclassify([understood(post(), Label.POSITIVE)], NOON) == 0
    assert labels_of(store) == {Label.NEGATIVE: 1}


def test_a_correction_outlives_the_next_visit_and_a_new_query_does_not_wait_for_it(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.posts.reclassify([understood(post(), Label.NEUTRAL)], NOON)
    store.ingest(batch_of(post(), at=NOON + HOUR))
    assert labels_of(store) == {Label.NEUTRAL: 1}
    store.ingest(batch_of(UnderstoodPost(post(), (mention(post(), version=2),)), at=NOON + HOUR))
    assert labels_of(store) == {Label.NEGATIVE: 1}


def test_excluded_mentions_are_kept_apart(store: Store) -> None:
    hidden = UnderstoodPost(post(), (mention(post(), state=MentionState.EXCLUDED),))
    assert store.ingest(batch_of(hidden)).mentions == 0
    assert labels_of(store) == {}
    assert store.posts.recent("acme", NOON - DAY, NOON) == []
    assert len(store.posts.recent("acme", NOON - DAY, NOON, states=[MentionState.EXCLUDED])) == 1


def test_what_exclusions_hide_is_forgotten_after_a_while(store: Store) -> None:
    def stored_as(number: int, **states: MentionState) -> UnderstoodPost:
        one = post(number)
        return UnderstoodPost(one, tuple(mention(one, watch=watch, state=state) for watch, state in states.items()))

    hidden, dropped, kept = MentionState.EXCLUDED, MentionState.DROPPED, MentionState.KEPT
    states = [{"acme": hidden}, {"acme": hidden, "bolt": dropped}, {"acme": hidden, "bolt": kept}, {"acme": kept}]
    store.ingest(batch_of(*(stored_as(number, **by_watch) for number, by_watch in enumerate(states))))
    store.ingest(batch_of(stored_as(9, acme=hidden), at=NOON + DAY))
    before = store.posts.mentions(post(0).key)[0].mention
    assert store.retention.empty_posts(store.retention.hidden_posts(NOON + HOUR), NOON + 9 * DAY) == 2
    assert store.retention.empty_posts(store.retention.hidden_posts(NOON + HOUR), NOON + 9 * DAY) == 0
    texts = {number: one.post.text for number in (0, 1, 2, 3, 9) if (one := store.posts.get(post(number).key))}
    assert texts == {0: "", 1: ""} | dict.fromkeys((2, 3, 9), post().text)
    after = store.posts.mentions(post(0).key)[0].mention
    assert (after.state, after.excluded_by) == (before.state, before.excluded_by)
    assert labels_of(store) == {Label.NEGATIVE: 1}


def test_recent_is_newest_first_and_ends_before_until(store: Store) -> None:
    posts = [post(number, published_at=NOON - number * HOUR) for number in range(6)]
    store.ingest(batch_of(*posts[:3], *(understood(one, Label.POSITIVE) for one in posts[3:])))
    found = store.posts.recent("acme", NOON - 4 * HOUR, NOON, limit=3)
    assert [one.post.key for one in found] == [posts[number].key for number in (1, 2, 3)]
    complaints = store.posts.recent("acme", NOON - 4 * HOUR, NOON, complaints_only=True)
    assert [one.post.key for one in complaints] == [posts[number].key for number in (1, 2)]
    assert store.posts.recent("other", NOON - 4 * HOUR, NOON) == []


def test_a_corrected_time_moves_the_mention_too(store: Store) -> None:
    store.ingest(batch_of(post()))
    store.ingest(batch_of(post(published_at=NOON - 5 * DAY, edited_at=NOON)))
    assert store.posts.recent("acme", NOON - DAY, NOON) == []
    assert len(store.posts.recent("acme", NOON - 6 * DAY, NOON - 4 * DAY)) == 1
    assert store.counts.distinct(["acme"], NOON - DAY, NOON) == {"acme": Distinct(0, 0, 0)}


@pytest.mark.parametrize("watch", [None, "acme"])
def test_scan_gives_each_mention_once_however_small_the_batches(store: Store, watch: str | None) -> None:
    posts = [post(number, published_at=NOON - (number // 4) * HOUR) for number in range(23)]
    store.ingest(batch_of(*(understood(one, Label.NEUTRAL, "acme", "topic") for one in posts)))
    for batch in (1, 2, 7, 23, 1000):
        found = [one for part in store.posts.scan(watch=watch, batch=batch) for one in part]
        times = [one.post.published_at for one in found]
        assert times == sorted(times, reverse=True)
        assert len({(one.post.key, one.mention.watch) for one in found}) == len(found) == 23 * (1 if watch else 2)
    since = [one for part in store.posts.scan(NOON - 2 * HOUR, NOON, watch) for one in part]
    assert len(since) == 8 * (1 if watch else 2)


def test_bare_posts_can_be_reclassified_while_they_are_read(store: Store) -> None:
    store.ingest(batch_of(*(post(number) for number in range(10))))
    for batch, _ in store.posts.bare(NOON - DAY, batch=3):
        store.posts.reclassify([understood(one.post, Label.POSITIVE) for one in batch], NOON)
    assert labels_of(store) == {Label.POSITIVE: 10}


def test_posts_of_unknown_time_are_ordered_by_collection_and_count_nowhere(store: Store) -> None:
    unknown = post(published_at=None, precision=Precision.UNKNOWN)
    store.ingest(batch_of(unknown))
    assert [one.post for one in store.posts.recent("acme", NOON, NOON + HOUR)] == [unknown]
    assert labels_of(store) == {}
    assert store.counts.distinct(["acme"], NOON - DAY, NOON + DAY) == {"acme": Distinct(0, 0, 0)}
