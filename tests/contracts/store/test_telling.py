"""Signals, alerts and deliveries: nothing lost, nothing twice, one open alert a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from insight.model import (
    Alert,
    AlertState,
    DeliveryState,
    NewDelivery,
    Signal,
    SignalKind,
    Theme,
    ThemeChange,
    ThemeEvent,
    Verdict,
    Visibility,
)
from storage import DecisionRecord, Step, Store, StoreError
from tests.contracts.store.samples import DAY, HOUR, NOON, arrival, post

LEASE = timedelta(minutes=5)
SIGNAL = Signal(
    SignalKind.SPIKE, "spike:acme", "acme", None, NOON, "Acme is much criticised\0", "why", {"observed": 7.0},
    posts=(post(1).key, post(2).key), versions={"query": "1", "lexicon": "1", "detector": "2"},
)  # fmt: skip
ALERT = Alert("a1", "spike:acme", SignalKind.SPIKE, "acme", None, AlertState.OPENED, "Acme …", NOON, NOON, NOON)


def message(name: str, channel: str = "slack", conversation: str = "", unique: str | None = None) -> NewDelivery:
    return NewDelivery(name, channel, {"headline": f"headline of {name}"}, conversation, unique)


def put(store: Store, *deliveries: NewDelivery) -> None:
    store.commit(Step(NOON, deliveries=deliveries))


# -- steps --------------------------------------------------------------------------------------------------------


def test_a_step_is_stored_as_a_whole(store: Store) -> None:
    store.ingest(arrival(post(1), post(2)))
    pending = store.themes.pending("acme")
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks"), told=4, open=True)
    opened = ThemeEvent("t1", NOON, ThemeChange.OPENED)
    over = replace(SIGNAL, over=True, posts=(), versions={})
    step = Step(
        NOON,
        {"watch:acme": {"seen": 2}},
        (SIGNAL, over),
        (ALERT,),
        (message("d1"),),
        ((Verdict("slack", "told", "d1"), Verdict("mail", "budget")), (Verdict("", "nothing_open"),)),
        (pending[0].mention,),
        (theme,),
        {"t1": frozenset({post(1).key, post(9).key})},
        (opened,),
    )
    store.commit(step)
    assert store.state.get("watch:acme") == {"seen": 2}
    said = "Acme is much criticised"
    assert store.signals.recent(NOON) == [replace(over, headline=said), replace(SIGNAL, headline=said)]
    assert store.signals.recent(NOON + HOUR) == []
    assert store.signals.decisions(NOON) == [
        DecisionRecord("spike:acme", said, "", False, "nothing_open", None, NOON),
        DecisionRecord("spike:acme", said, "mail", False, "budget", None, NOON),
        DecisionRecord("spike:acme", said, "slack", True, "told", "d1", NOON),
    ]
    assert store.signals.decisions(NOON, "spike:rival") == store.signals.decisions(NOON + HOUR) == []
    assert store.signals.alerts() == [ALERT]
    assert [one.id for one in store.outbox.rows()] == ["d1"]
    assert store.themes.pending("acme") == pending[1:]
    assert store.themes.all("acme") == store.themes.all() == [theme]
    assert store.themes.events("t1") == [opened]
    assert store.themes.of([post(1).key, post(2).key]) == {("acme", post(1).key): ("t1", "sync breaks")}


def test_a_theme_is_replaced_with_its_phrases_and_keeps_its_posts(store: Store) -> None:
    store.ingest(arrival(post(1), post(2)))
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks", "again"), told=4, open=True)
    store.commit(Step(NOON, themes=(theme,), members={"t1": frozenset({post(1).key})}))
    quiet = replace(theme, phrases=("sync",), last_at=NOON + HOUR, open=False)
    store.commit(Step(NOON, themes=(quiet,), members={"t1": frozenset({post(2).key})}))
    assert store.themes.all("acme") == [quiet]
    assert set(store.themes.of([post(1).key, post(2).key])) == {("acme", post(1).key), ("acme", post(2).key)}


def test_a_step_is_given_the_themes_that_are_open_or_were_heard_of_lately(store: Store) -> None:
    first = Theme("open", "acme", "a", NOON - 90 * DAY, NOON - 60 * DAY, ("a",), 4, open=True)
    lately = replace(first, id="lately", last_at=NOON - DAY, open=False)
    forgotten, other = replace(first, id="forgotten", open=False), replace(first, id="other", watch="rival")
    store.commit(Step(NOON, themes=(first, lately, forgotten, other)))
    assert store.themes.known("acme", NOON - 28 * DAY) == [lately, first]


def test_what_belonged_to_a_merged_theme_belongs_to_the_other_one_too(store: Store) -> None:
    store.ingest(arrival(post(1), post(2)))
    older = Theme("older", "acme", "a", NOON, NOON, ("a",), 4, open=True)
    younger = replace(older, id="younger", label="b", open=False)
    members = {"older": frozenset({post(1).key}), "younger": frozenset({post(2).key})}
    store.commit(Step(NOON, themes=(older, younger), members=members))
    store.commit(Step(NOON, events=(ThemeEvent("younger", NOON, ThemeChange.MERGED, "older"),)))
    assert store.themes.of([post(1).key, post(2).key]) == {
        ("acme", post(1).key): ("older", "a"),
        ("acme", post(2).key): ("older", "a", "younger", "b"),
    }


def test_an_alert_is_private_once_a_signal_of_it_rested_on_a_private_post(store: Store) -> None:
    store.ingest(arrival(post(1), post(2, visibility=Visibility.PRIVATE)))
    public = replace(SIGNAL, key="public", posts=(post(1).key,))
    private = replace(SIGNAL, key="private", posts=(post(1).key, post(2).key))
    later = replace(private, posts=(post(1).key,))
    store.commit(Step(NOON, signals=(public, private, later)))
    assert store.signals.private(["public", "private", "unknown"]) == {"private"}
    assert store.signals.private([]) == frozenset()


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


def test_open_alerts_come_with_the_channels_that_heard_of_them(store: Store) -> None:
    silent = replace(ALERT, id="a2", key="silence:x")
    over = replace(ALERT, id="a3", key="over", state=AlertState.RESOLVED)
    heard = message("d1", conversation="a1"), message("d2", "email", "a1"), message("d3", conversation="a3")
    store.commit(Step(NOON, alerts=(ALERT, silent, over), deliveries=heard))
    found = store.signals.open(["spike:acme", "silence:x", "over", "never"])
    assert found == {"spike:acme": (ALERT, {"slack", "email"}), "silence:x": (silent, frozenset())}
    assert store.signals.open([]) == {}


def test_the_alerts_of_a_week_are_those_that_were_opened_in_it(store: Store) -> None:
    at = {"a": NOON - DAY, "b": NOON, "c": NOON + DAY}
    store.commit(Step(NOON, alerts=tuple(replace(ALERT, id=one, key=one, opened_at=at[one]) for one in at)))
    assert [one.id for one in store.signals.opened(NOON - DAY, NOON + DAY)] == ["a", "b"]


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
