"""Signals, alerts and deliveries: nothing lost, nothing twice, one open alert a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from insight.model import (
    Alert,
    AlertState,
    DeliveryState,
    Label,
    NewDelivery,
    PostKey,
    Quote,
    Signal,
    SignalKind,
    Visibility,
)
from storage import Step, Store, StoreError, Theme
from tests.contracts.store.samples import DAY, HOUR, NOON, arrival, post

LEASE = timedelta(minutes=5)
QUOTE = Quote(
    PostKey("forum", "1"), "it broke\0", "https://f.example/1", "someone", NOON, Label.NEGATIVE, Visibility.PRIVATE
)
SIGNAL = Signal(
    SignalKind.SPIKE, "spike:acme", "acme", None, NOON, "Acme is much criticised", "why", {"observed": 7.0}, (QUOTE,)
)
ALERT = Alert("a1", "spike:acme", SignalKind.SPIKE, "acme", None, AlertState.OPENED, "Acme …", NOON, NOON, NOON)


def message(name: str, channel: str = "slack", conversation: str = "", unique: str | None = None) -> NewDelivery:
    return NewDelivery(name, channel, {"headline": f"headline of {name}"}, conversation, unique)


def put(store: Store, *deliveries: NewDelivery) -> None:
    store.commit(Step(NOON, deliveries=deliveries))


# -- steps --------------------------------------------------------------------------------------------------------


def test_a_step_is_stored_as_a_whole(store: Store) -> None:
    store.ingest(arrival(post(1), post(2)))
    pending = store.themes.pending("acme")
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, {"phrases": ["sync"]})
    step = Step(
        NOON, {"watch:acme": {"seen": 2}}, (SIGNAL,), (ALERT,), (message("d1"),), (pending[0].mention,), (theme,)
    )
    store.commit(step)
    assert store.state.get("watch:acme") == {"seen": 2}
    assert store.signals.recent(NOON) == [replace(SIGNAL, quotes=(replace(QUOTE, text="it broke"),))]
    assert store.signals.recent(NOON + HOUR) == []
    assert store.signals.alerts() == [ALERT]
    assert [one.id for one in store.outbox.rows()] == ["d1"]
    assert store.themes.pending("acme") == pending[1:]
    assert store.themes.all("acme") == [theme]


def test_a_step_that_fails_leaves_nothing(store: Store) -> None:
    store.commit(Step(NOON, alerts=(ALERT,)))
    other = replace(ALERT, id="a2")
    with pytest.raises(StoreError, match="open alert about spike:acme already"):
        store.commit(Step(NOON, {"watch:acme": 1}, (SIGNAL,), (other,), (message("d1"),)))
    assert store.state.get("watch:acme") is None
    assert store.signals.recent(NOON) == []
    assert store.outbox.rows() == []


def test_pending_mentions_come_oldest_first_and_go_when_they_stop_complaining(store: Store) -> None:
    old, new = post(1, published_at=NOON - DAY), post(2)
    store.ingest(arrival(new, old))
    assert [one.post.key for one in store.themes.pending("acme", 5)] == [old.key, new.key]
    assert [one.post.key for one in store.themes.pending("acme", 1)] == [old.key]
    store.ingest(arrival(gone=[old]))
    assert [one.post.key for one in store.themes.pending("acme")] == [new.key]
    assert store.themes.pending("rival") == []


# -- alerts -------------------------------------------------------------------------------------------------------


def test_an_alert_is_updated_and_who_was_told_is_not_forgotten(store: Store) -> None:
    store.commit(Step(NOON, alerts=(ALERT,)))
    update = replace(ALERT, state=AlertState.UPDATED, headline="worse", updated_at=NOON + HOUR, told_at=None)
    store.commit(Step(NOON, alerts=(update,)))
    assert store.signals.alert("spike:acme") == replace(update, told_at=NOON)
    assert store.signals.alert("spike:rival") is None


def test_a_resolved_alert_makes_room_for_the_next(store: Store) -> None:
    store.commit(Step(NOON, alerts=(ALERT,)))
    resolved, second = replace(ALERT, state=AlertState.RESOLVED), replace(ALERT, id="a2")
    store.commit(Step(NOON, alerts=(resolved, second)))
    assert store.signals.alert("spike:acme") == second
    assert [one.id for one in store.signals.alerts()] == ["a2"]
    assert {one.id for one in store.signals.alerts(open_only=False)} == {"a1", "a2"}


# -- the outbox ---------------------------------------------------------------------------------------------------


def test_deliveries_are_claimed_once_and_oldest_first(store: Store) -> None:
    put(store, message("z"), message("a"), message("m"))
    first = store.outbox.claim(NOON, LEASE, 2)
    assert [(one.id, one.attempt, one.was_unknown, one.ref) for one in first] == [
        ("z", 1, False, None),
        ("a", 1, False, None),
    ]
    assert [one.id for one in store.outbox.claim(NOON, LEASE, 5)] == ["m"]
    assert store.outbox.claim(NOON, LEASE, 5) == []


def test_what_has_ended_is_never_claimed_again(store: Store) -> None:
    put(store, message("sent"), message("given up"), message("never known"))
    sent, failed, unknown = store.outbox.claim(NOON, LEASE, 5)
    assert store.outbox.sent(sent, {"ts": "1"}, NOON)
    assert store.outbox.failed(failed, "no such channel", NOON, None)
    assert store.outbox.unknown(unknown, "reply lost", NOON, None)
    assert store.outbox.claim(NOON + 99 * DAY, LEASE, 5) == []
    rows = {one.id: (one.state, one.error) for one in store.outbox.rows()}
    assert rows == {
        "sent": (DeliveryState.SENT, None),
        "given up": (DeliveryState.FAILED, "no such channel"),
        "never known": (DeliveryState.UNKNOWN, "reply lost"),
    }
    failed_rows = store.outbox.rows([DeliveryState.FAILED])
    assert [(one.headline, one.attempts) for one in failed_rows] == [("headline of given up", 1)]


def test_a_failed_delivery_waits_until_its_time(store: Store) -> None:
    put(store, message("d"))
    store.outbox.failed(store.outbox.claim(NOON, LEASE, 1)[0], "busy", NOON, NOON + HOUR)
    assert store.outbox.claim(NOON + HOUR / 2, LEASE, 1) == []
    again = store.outbox.claim(NOON + HOUR, LEASE, 1)[0]
    assert (again.attempt, again.was_unknown) == (2, False)


def test_an_unknown_outcome_is_remembered_until_it_is_sent(store: Store) -> None:
    put(store, message("d"))
    store.outbox.unknown(store.outbox.claim(NOON, LEASE, 1)[0], "reply lost", NOON, NOON + HOUR)
    again = store.outbox.claim(NOON + HOUR, LEASE, 1)[0]
    assert again.was_unknown
    store.outbox.failed(again, "cannot look it up", NOON + HOUR, NOON + 2 * HOUR)
    assert store.outbox.claim(NOON + 2 * HOUR, LEASE, 1)[0].was_unknown


def test_a_dead_senders_claim_runs_out_and_its_word_counts_no_more(store: Store) -> None:
    put(store, message("d"))
    lost = store.outbox.claim(NOON, LEASE, 1)[0]
    assert store.outbox.claim(NOON + LEASE / 2, LEASE, 1) == []
    taken = store.outbox.claim(NOON + LEASE, LEASE, 1)[0]
    assert (taken.was_unknown, taken.attempt) == (True, 2)
    assert taken.token != lost.token
    assert not store.outbox.sent(lost, {"ts": "1"}, NOON + LEASE)
    assert not store.outbox.failed(lost, "late", NOON + LEASE, None)
    assert not store.outbox.unknown(lost, "late", NOON + LEASE, NOON)
    assert not store.outbox.release(lost, NOON + LEASE)
    assert store.outbox.sent(taken, {"ts": "2"}, NOON + LEASE)
    assert not store.outbox.sent(taken, {"ts": "3"}, NOON + LEASE)


def test_a_released_claim_is_as_if_it_had_never_been(store: Store) -> None:
    put(store, message("d"))
    store.outbox.release(store.outbox.claim(NOON, LEASE, 1)[0], NOON)
    again = store.outbox.claim(NOON, LEASE, 1)[0]
    assert (again.attempt, again.was_unknown) == (1, False)


def test_a_unique_message_happens_once_on_each_channel(store: Store) -> None:
    put(store, message("d1", unique="digest:2026-W10"), message("d2", "email", unique="digest:2026-W10"))
    put(store, message("d3", unique="digest:2026-W10"), message("d1"))
    assert sorted(one.id for one in store.outbox.rows()) == ["d1", "d2"]


def test_a_conversation_keeps_its_order_and_its_place(store: Store) -> None:
    put(store, message("open", conversation="a1"), message("update", conversation="a1"))
    put(store, message("mail", "email", "a1"), message("other", conversation="a2"))
    claimed = {one.id: one for one in store.outbox.claim(NOON, LEASE, 9)}
    assert sorted(claimed) == ["mail", "open", "other"]
    store.outbox.failed(claimed["open"], "busy", NOON, NOON + HOUR)
    assert store.outbox.claim(NOON, LEASE, 9) == []
    store.outbox.sent(store.outbox.claim(NOON + HOUR, LEASE, 1)[0], {"ts": "7"}, NOON + HOUR)
    update = store.outbox.claim(NOON + HOUR, LEASE, 1)[0]
    assert (update.id, update.ref) == ("update", {"ts": "7"})


def test_what_was_spent_and_who_was_told(store: Store) -> None:
    put(store, message("d1", conversation="a1"), message("d2", "email", "a1"), message("digest", unique="w10"))
    assert store.outbox.spent(NOON) == {"slack": 1, "email": 1}
    assert store.outbox.spent(NOON + HOUR) == {}
    assert store.outbox.told("a1") == {"slack", "email"}
    assert store.outbox.told("a9") == frozenset()
