"""What a person says of a mention: used at once, kept over every new understanding, followed by the counts."""

from __future__ import annotations

from insight.counts import COMPLAINT
from insight.model import Correction, Label, MentionState, PostKey, Sentiment
from storage import Store
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, expire, labels_of, post, understood

PRAISE = Correction("acme", post(1).key, Label.POSITIVE, False, "ana", NOON + HOUR)


def complaints(store: Store) -> int:
    found = store.counts.totals("acme", NOON - 30 * DAY, NOON + 30 * DAY, COMPLAINT)
    return sum(sum(values.values()) for values in found.values())


def pending(store: Store) -> list[PostKey]:
    return [one.post.key for one in store.themes.pending("acme")]


def test_it_is_used_at_once_and_counts_follow(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    assert store.corrections.put(PRAISE)
    (found,) = (one.mention for one in store.posts.mentions(post(1).key))
    assert (found.sentiment, found.complaint) == (Sentiment(Label.POSITIVE, 0.5, 1.0), False)
    assert labels_of(store) == {Label.POSITIVE: 1, Label.NEGATIVE: 1}
    assert complaints(store) == 1
    assert pending(store) == [post(2).key]
    assert store.counts.recount() == []
    assert store.corrections.all() == [PRAISE]


def test_it_outlives_every_new_understanding_and_every_edit(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    store.corrections.put(PRAISE)
    assert store.posts.reclassify([understood(post(1))], NOON + 2 * HOUR) == 0
    store.ingest(batch_of(post(1, "acme broke it again", edited_at=NOON + 2 * HOUR), at=NOON + 2 * HOUR))
    store.ingest(batch_of(understood(post(1, "acme broke it", edited_at=NOON + 3 * HOUR)), source="other"))
    assert labels_of(store) == {Label.POSITIVE: 1}
    assert pending(store) == []
    assert store.counts.recount() == []


def test_the_last_word_counts_and_what_is_a_complaint_is_said_apart(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    store.corrections.put(PRAISE)
    neutral = Correction("acme", post(1).key, Label.NEUTRAL, True, "ben", NOON + 2 * HOUR)
    store.corrections.put(neutral)
    assert store.corrections.all() == [neutral]
    assert labels_of(store) == {Label.NEUTRAL: 1}
    assert complaints(store) == 1
    assert pending(store) == [post(1).key], "it is a complaint again"


def test_who_agrees_with_the_rules_leaves_their_score_and_evidence(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    store.corrections.put(Correction("acme", post(1).key, Label.NEGATIVE, True, "ana", NOON))
    (found,) = (one.mention for one in store.posts.mentions(post(1).key))
    assert found.sentiment == Sentiment(Label.NEGATIVE, -0.5, 1.0, ("broke",))


def test_of_what_is_not_there_nothing_is_stored(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    assert not store.corrections.put(Correction("acme", post(9).key, Label.POSITIVE, False, "ana", NOON))
    assert not store.corrections.put(Correction("rival", post(1).key, Label.POSITIVE, False, "ana", NOON))
    assert store.corrections.all() == []


def test_taken_back_the_rules_decide_again(store: Store) -> None:
    store.ingest(batch_of(post(1)))
    store.corrections.put(PRAISE)
    assert store.corrections.remove("acme", post(1).key)
    assert not store.corrections.remove("acme", post(1).key)
    assert store.posts.reclassify([understood(post(1))], NOON + 2 * HOUR) == 1
    assert labels_of(store) == {Label.NEGATIVE: 1}
    assert pending(store) == [post(1).key]


def test_a_post_that_is_gone_can_still_be_corrected_and_stays_so(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    store.ingest(batch_of(gone=[post(1)], at=NOON + HOUR))
    expire(store, "mastodon", NOON + DAY, NOON + DAY)
    for number in (1, 2):
        assert store.corrections.put(Correction("acme", post(number).key, Label.POSITIVE, False, "ana", NOON + DAY))
    assert labels_of(store) == {Label.POSITIVE: 2}
    states = [one.mention.state for number in (1, 2) for one in store.posts.mentions(post(number).key)]
    assert states == [MentionState.DELETED, MentionState.KEPT]
    assert store.counts.recount() == []
