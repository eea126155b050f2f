"""Signals, alerts and deliveries: nothing lost, nothing twice, one open alert a key."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from insight.model import (
    DIGESTS,
    Action,
    Alert,
    AlertState,
    ChannelDecision,
    ChannelTrouble,
    Delivery,
    DeliveryState,
    NewDelivery,
    Signal,
    SignalKind,
    Theme,
    ThemeChange,
    ThemeEvent,
    Visibility,
)
from storage import DecisionRecord, StepResult, Store, StoreError
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, post

LEASE = timedelta(minutes=5)
SIGNAL = Signal(
    SignalKind.SPIKE, "spike:acme", "acme", None, NOON, "Acme is much criticised\0", "why", {"observed": 7.0},
    posts=(post(1).key, post(2).key), versions={"query": "1", "lexicon": "1", "detector": "2"},
)  # fmt: skip
ALERT = Alert("a1", "spike:acme", SignalKind.SPIKE, "acme", None, AlertState.OPENED, "Acme …", NOON, NOON, NOON)


def message(name: str, channel: str = "slack", conversation: str = "", unique: str | None = None) -> NewDelivery:
    return NewDelivery(name, channel, {"headline": f"headline of {name}"}, conversation, unique)


def put(store: Store, *deliveries: NewDelivery) -> None:
    store.commit(StepResult(NOON, deliveries=deliveries))


# -- steps --------------------------------------------------------------------------------------------------------


def test_a_step_is_stored_as_a_whole(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    pending = store.themes.pending("acme")
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks"), told=4, open=True)
    opened = ThemeEvent("t1", NOON, ThemeChange.OPENED)
    over = replace(SIGNAL, over=True, posts=(), versions={})
    step = StepResult(
        NOON,
        {"watch:acme": {"seen": 2}},
        (SIGNAL, over),
        (ALERT,),
        (message("d1"),),
        (
            (ChannelDecision("slack", "told", "d1"), ChannelDecision("mail", "budget")),
            (ChannelDecision("", "nothing_open"),),
        ),
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


def test_posts_are_known_by_their_keys_however_long_these_are(store: Store) -> None:
    """An overlong key is stored as a digest: a signal and a theme find the post all the same."""
    long = replace(post(1), native_id="x" * 2000)
    store.ingest(batch_of(long, post(2)))
    (stored,) = (one.post.key for one in store.themes.pending("acme") if one.post.key != post(2).key)
    assert stored != long.key
    theme = Theme("t1", "acme", "sync breaks", NOON, NOON, ("sync",))
    about = replace(SIGNAL, posts=(long.key, post(2).key, post(3).key))
    store.commit(StepResult(NOON, signals=(about,), themes=(theme,), members={"t1": frozenset({long.key})}))
    (signal,) = store.signals.recent(NOON)
    assert set(signal.posts) == {stored, post(2).key}
    assert store.themes.of([long.key]) == {("acme", stored): ("t1", "sync breaks")}
    assert {one.post.key for one in store.posts.of("acme", [long.key, post(2).key])} == {stored, post(2).key}
    assert store.posts.of("rival", [long.key, post(2).key]) == []


def test_a_theme_is_replaced_with_its_phrases_and_keeps_its_posts(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks", "again"), told=4, open=True)
    store.commit(StepResult(NOON, themes=(theme,), members={"t1": frozenset({post(1).key})}))
    quiet = replace(theme, phrases=("sync",), last_at=NOON + HOUR, open=False)
    store.commit(StepResult(NOON, themes=(quiet,), members={"t1": frozenset({post(2).key})}))
    assert store.themes.all("acme") == [quiet]
    assert set(store.themes.of([post(1).key, post(2).key])) == {("acme", post(1).key), ("acme", post(2).key)}


def test_a_step_is_given_the_themes_that_are_open_or_were_heard_of_lately(store: Store) -> None:
    first = Theme("open", "acme", "a", NOON - 90 * DAY, NOON - 60 * DAY, ("a",), 4, open=True)
    lately = replace(first, id="lately", last_at=NOON - DAY, open=False)
    forgotten, other = replace(first, id="forgotten", open=False), replace(first, id="other", watch="rival")
    store.commit(StepResult(NOON, themes=(first, lately, forgotten, other)))
    assert store.themes.known("acme", NOON - 28 * DAY) == [lately, first]


def test_what_belonged_to_a_merged_theme_belongs_to_the_other_one_too(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    older = Theme("older", "acme", "a", NOON, NOON, ("a",), 4, open=True)
    younger = replace(older, id="younger", label="b", open=False)
    members = {"older": frozenset({post(1).key}), "younger": frozenset({post(2).key})}
    store.commit(StepResult(NOON, themes=(older, younger), members=members))
    store.commit(StepResult(NOON, events=(ThemeEvent("younger", NOON, ThemeChange.MERGED, "older"),)))
    assert store.themes.of([post(1).key, post(2).key]) == {
        ("acme", post(1).key): ("older", "a"),
        ("acme", post(2).key): ("older", "a", "younger", "b"),
    }


def test_an_alert_is_private_once_a_signal_of_it_rested_on_a_private_post(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2, visibility=Visibility.PRIVATE)))
    public = replace(SIGNAL, key="public", posts=(post(1).key,))
    private = replace(SIGNAL, key="private", posts=(post(1).key, post(2).key))
    later = replace(private, posts=(post(1).key,))
    store.commit(StepResult(NOON, signals=(public, private, later)))
    assert store.signals.private(["public", "private", "unknown"]) == {"private"}
    assert store.signals.private([]) == frozenset()


def test_a_step_that_fails_leaves_nothing(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    other = replace(ALERT, id="a2")
    with pytest.raises(StoreError, match="open alert about spike:acme already"):
        store.commit(StepResult(NOON, {"watch:acme": 1}, (SIGNAL,), (other,), (message("d1"),)))
    assert store.state.get("watch:acme") is None
    assert store.signals.recent(NOON) == []
    assert store.outbox.rows() == []


def test_pending_mentions_come_oldest_first_and_go_when_they_stop_complaining(store: Store) -> None:
    old, new = post(1, published_at=NOON - DAY), post(2)
    store.ingest(batch_of(new, old))
    assert [one.post.key for one in store.themes.pending("acme", 5)] == [old.key, new.key]
    assert [one.post.key for one in store.themes.pending("acme", 1)] == [old.key]
    store.ingest(batch_of(gone=[old]))
    assert [one.post.key for one in store.themes.pending("acme")] == [new.key]
    assert store.themes.pending("rival") == []


# -- alerts -------------------------------------------------------------------------------------------------------


def test_an_alert_is_updated_and_who_was_told_is_not_forgotten(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    update = replace(ALERT, state=AlertState.UPDATED, headline="worse", updated_at=NOON + HOUR, told_at=None)
    store.commit(StepResult(NOON, alerts=(update,)))
    assert store.signals.open(["spike:acme", "spike:rival"]) == {
        "spike:acme": (replace(update, told_at=NOON), frozenset())
    }


def test_open_alerts_come_with_the_channels_that_heard_of_them(store: Store) -> None:
    silent = replace(ALERT, id="a2", key="silence:x")
    over = replace(ALERT, id="a3", key="over", state=AlertState.RESOLVED)
    heard = message("d1", conversation="a1"), message("d2", "email", "a1"), message("d3", conversation="a3")
    store.commit(StepResult(NOON, alerts=(ALERT, silent, over), deliveries=heard))
    found = store.signals.open(["spike:acme", "silence:x", "over", "never"])
    assert found == {"spike:acme": (ALERT, {"slack", "email"}), "silence:x": (silent, frozenset())}
    assert store.signals.open([]) == {}


def test_the_alerts_of_a_week_are_those_that_were_opened_in_it(store: Store) -> None:
    at = {"a": NOON - DAY, "b": NOON, "c": NOON + DAY}
    store.commit(StepResult(NOON, alerts=tuple(replace(ALERT, id=one, key=one, opened_at=at[one]) for one in at)))
    assert [one.id for one in store.signals.opened(NOON - DAY, NOON + DAY)] == ["a", "b"]


def test_a_resolved_alert_makes_room_for_the_next(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    resolved, second = replace(ALERT, state=AlertState.RESOLVED), replace(ALERT, id="a2")
    store.commit(StepResult(NOON, alerts=(resolved, second)))
    assert store.signals.open(["spike:acme"]) == {"spike:acme": (second, frozenset())}
    assert [one.id for one in store.signals.alerts()] == ["a2"]
    assert {one.id for one in store.signals.alerts(open_only=False)} == {"a1", "a2"}


# -- the outbox ---------------------------------------------------------------------------------------------------


def take(store: Store, now: datetime = NOON, channel: str = "slack", recipients: tuple[str, ...] = ("",)) -> Delivery:
    found = store.outbox.claim(channel, recipients, now, LEASE)
    assert found is not None
    return found


def nothing(store: Store, now: datetime, channel: str = "slack") -> bool:
    return store.outbox.claim(channel, ("",), now, LEASE) is None


def test_deliveries_are_claimed_once_and_oldest_first_each_channel_apart(store: Store) -> None:
    put(store, message("z"), message("a"), message("other", "email"), message("m"))
    first = take(store)
    assert (first.id, first.channel, first.attempt, first.was_unknown, first.ref) == ("z", "slack", 1, False, None)
    assert (first.action, first.recipient, first.outdated) == (Action.POST, "", False)
    assert [take(store).id for _ in range(2)] == ["a", "m"]
    assert nothing(store, NOON)
    assert take(store, channel="email").id == "other"


def test_what_has_ended_is_never_claimed_again(store: Store) -> None:
    put(store, message("sent"), message("failed"), message("told otherwise"))
    sent, failed, joined = (take(store) for _ in range(3))
    assert store.outbox.sent(sent, {"ts": "1"}, NOON)
    assert store.outbox.failed(failed, "invalid blocks", NOON)
    assert store.outbox.joined(joined, NOON)
    assert nothing(store, NOON + 99 * DAY)
    assert store.outbox.waiting() == {}
    rows = {one.id: (one.state, one.error, one.attempts) for one in store.outbox.rows()}
    assert rows == {
        "sent": (DeliveryState.SENT, None, 1),
        "failed": (DeliveryState.FAILED, "invalid blocks", 1),
        "told otherwise": (DeliveryState.JOINED, None, 0),
    }
    assert [one.headline for one in store.outbox.rows([DeliveryState.FAILED])] == ["headline of failed"]


def test_a_message_that_is_put_off_waits_until_its_time(store: Store) -> None:
    put(store, message("d"))
    assert store.outbox.later(take(store), "busy", NOON, NOON + HOUR, unknown=False)
    assert nothing(store, NOON + HOUR / 2)
    assert store.outbox.due(NOON + HOUR / 2) == []
    assert store.outbox.waiting() == {"slack": 1}
    assert store.outbox.due(NOON + HOUR) == ["slack"]
    again = take(store, NOON + HOUR)
    assert (again.attempt, again.was_unknown) == (2, False)


def test_a_channel_is_not_due_for_a_recipient_who_is_held(store: Store) -> None:
    put(store, message("d"))
    both = ("ann", "ben")
    first = take(store, recipients=both)
    store.outbox.hold("slack", first.recipient, "550", NOON, lambda _: 3600.0, parked=True)
    store.outbox.later(first, "550", NOON, NOON, unknown=False)
    assert store.outbox.due(NOON) == ["slack"], "for the other one"
    store.outbox.sent(take(store, recipients=both), {}, NOON)
    assert store.outbox.due(NOON) == []
    assert store.outbox.due(NOON + HOUR) == ["slack"]


def test_what_was_not_sent_after_all_does_not_count_as_a_try(store: Store) -> None:
    put(store, message("d"))
    store.outbox.later(take(store), "", NOON, NOON, unknown=False, tried=False)
    again = take(store)
    assert (again.attempt, again.was_unknown) == (1, False)


def test_an_unknown_outcome_is_remembered_until_it_is_sent(store: Store) -> None:
    put(store, message("d"))
    store.outbox.later(take(store), "reply lost", NOON, NOON, unknown=True)
    again = take(store)
    assert again.was_unknown
    store.outbox.later(again, "cannot look it up", NOON, NOON, unknown=False)
    assert take(store).was_unknown


def test_a_dead_senders_claim_runs_out_and_its_word_counts_no_more(store: Store) -> None:
    put(store, message("d"))
    lost = take(store)
    assert nothing(store, NOON + LEASE / 2)
    taken = take(store, NOON + LEASE)
    assert (taken.was_unknown, taken.attempt) == (True, 2)
    assert taken.token != lost.token
    assert not store.outbox.sent(lost, {"ts": "1"}, NOON + LEASE)
    assert not store.outbox.failed(lost, "late", NOON + LEASE)
    assert not store.outbox.joined(lost, NOON + LEASE)
    assert not store.outbox.later(lost, "late", NOON + LEASE, NOON, unknown=True)
    assert store.outbox.sent(taken, {"ts": "2"}, NOON + LEASE)
    assert not store.outbox.sent(taken, {"ts": "3"}, NOON + LEASE)


def test_a_unique_message_happens_once_on_each_channel_also_after_it_was_divided(store: Store) -> None:
    put(store, message("d1", unique="digest:2026-W10"), message("d2", "email", unique="digest:2026-W10"))
    assert take(store, channel="email", recipients=("a", "b")).recipient == "a"
    put(store, message("d3", unique="digest:2026-W10"), message("d1"), message("d4", "email", unique="digest:2026-W10"))
    assert [one.id for one in store.outbox.rows() if one.channel == "slack"] == ["d1"]
    assert sorted((one.id[:2], one.recipient) for one in store.outbox.rows() if one.channel == "email") == [
        ("d2", "a"), ("d2", "b"),
    ]  # fmt: skip


def test_a_conversation_keeps_its_place_and_only_its_newest_message_is_given(store: Store) -> None:
    put(store, message("open", conversation="a1"), message("mail", "email", "a1"), message("other", conversation="a2"))
    store.outbox.sent(take(store), {"ts": "7"}, NOON)
    put(store, reply("update"), reply("worse"))
    assert take(store).id == "other"
    worse = take(store)
    assert (worse.id, worse.action, worse.ref) == ("worse", Action.REPLY, {"ts": "7"})
    assert {one.id: one.state for one in store.outbox.rows()}["update"] is DeliveryState.JOINED
    put(store, reply("over"))
    assert nothing(store, NOON)  # what is under way comes first
    store.outbox.later(worse, "lost", NOON, NOON, unknown=True)
    again = take(store)
    assert (again.id, again.outdated) == ("worse", True)  # it may have arrived, so it is looked for on its own
    store.outbox.joined(again, NOON)
    assert (take(store).id, take(store, channel="email").ref) == ("over", None)


def reply(name: str) -> NewDelivery:
    return replace(message(name, conversation="a1"), action=Action.REPLY)


def test_a_message_becomes_one_for_each_recipient_and_each_has_its_own_thread(store: Store) -> None:
    put(store, message("open", conversation="a1"))
    first, second = (take(store, recipients=("a", "b")) for _ in range(2))
    assert [(one.recipient, one.message) for one in (first, second)] == [("a", first.message), ("b", first.message)]
    assert first.id != second.id
    store.outbox.sent(first, {"ts": "a"}, NOON)
    store.outbox.hold("slack", "b", "450", NOON, lambda _: 60.0, parked=False)
    store.outbox.later(second, "450", NOON, NOON, unknown=False)
    put(store, reply("update"))
    update = take(store, recipients=("a", "b"))
    assert (update.recipient, update.ref) == ("a", {"ts": "a"})
    store.outbox.sent(update, {}, NOON)
    assert nothing(store, NOON)
    late = take(store, NOON + HOUR, recipients=("a", "b"))
    assert (late.recipient, late.message["headline"], late.ref) == ("b", "headline of update", None)
    assert store.outbox.spent(NOON) == {"slack": 1}


# -- channels in trouble ------------------------------------------------------------------------------------------


def test_a_channel_is_held_longer_each_time_and_free_when_something_arrives(store: Store) -> None:
    put(store, message("d1"), message("d2"), message("mail", "email"))
    asked: list[int] = []
    for number in range(3):
        store.outbox.hold("slack", "", f"busy {number}", NOON, lambda it: asked.append(it) or 60.0 * it, parked=False)
    assert asked == [1, 2, 3]
    assert store.outbox.troubles() == [
        ChannelTrouble("slack", "", NOON, NOON + timedelta(minutes=3), 3, "busy 2", parked=False, waiting=2)
    ]
    assert store.outbox.trouble("slack") == store.outbox.troubles()[0]
    assert store.outbox.trouble("email") is None
    assert store.outbox.due(NOON) == ["email"]
    assert nothing(store, NOON)
    later = NOON + timedelta(minutes=3)
    assert store.outbox.due(later) == ["email", "slack"]
    store.outbox.sent(take(store, later), {}, later)
    assert store.outbox.troubles() == []


def test_a_parked_channel_is_due_for_a_look_although_nothing_waits_for_it(store: Store) -> None:
    store.outbox.hold("slack", "", "revoked", NOON, lambda _: 3600.0, parked=True)
    assert (store.outbox.due(NOON), store.outbox.due(NOON + HOUR)) == ([], ["slack"])
    store.outbox.try_now(NOON)
    assert store.outbox.due(NOON) == ["slack"]
    store.outbox.works("slack")
    assert store.outbox.due(NOON + HOUR) == []


def test_what_waits_too_long_is_given_up_listed_and_comes_back_on_demand(store: Store) -> None:
    put(
        store,
        message("old", conversation="a1"),
        message("digest", conversation=DIGESTS),
        message("unsure", "email", "a1"),
    )
    store.outbox.later(take(store, channel="email"), "lost", NOON, NOON, unknown=True)
    for channel in ("slack", "email"):
        store.outbox.give_up(channel, NOON + 7 * DAY)
    assert store.outbox.waiting() == {"slack": 2, "email": 1}
    now = NOON + 7 * DAY + HOUR
    for channel in ("slack", "email"):
        store.outbox.give_up(channel, now)
    assert store.outbox.waiting() == {"slack": 1}
    assert [(one.id, one.state, one.error) for one in store.outbox.undelivered(now)] == [
        ("old", DeliveryState.FAILED, "not delivered in 7 days"),
        ("unsure", DeliveryState.UNKNOWN, "not delivered in 7 days: lost"),
    ]
    assert [one.id for one in store.outbox.outstanding(now)] == ["unsure", "digest", "old"]
    assert store.outbox.undelivered(now + HOUR) == []
    assert store.outbox.resend(now, channel="slack") == ["old"]
    assert store.outbox.resend(now, ["unsure"]) == ["unsure"]
    store.outbox.give_up("slack", now)
    again = take(store, now, channel="email")
    assert (again.id, again.was_unknown) == ("unsure", True)
    assert store.outbox.waiting() == {"slack": 2, "email": 1}


def test_a_clock_that_was_ahead_holds_nothing_up(store: Store) -> None:
    future = NOON + 3650 * DAY
    store.commit(StepResult(future, deliveries=(message("d1"),)))
    put(store, message("d2"), message("d3"))
    take(store, future)
    store.outbox.later(take(store), "busy", NOON, future, unknown=False)
    store.outbox.hold("email", "", "down", future, lambda _: 60.0, parked=False)
    assert store.outbox.mend(NOON) > 0
    assert store.outbox.mend(NOON) == 0
    assert store.outbox.due(NOON) == ["slack"]
    assert sorted(take(store).id for _ in range(3)) == ["d1", "d2", "d3"]
    assert [one.held_until for one in store.outbox.troubles()] == [NOON]


def test_what_was_spent_and_who_was_told(store: Store) -> None:
    put(store, message("d1", conversation="a1"), message("d2", "email", "a1"), message("digest", conversation=DIGESTS))
    assert store.outbox.spent(NOON) == {"slack": 1, "email": 1}
    assert store.outbox.spent(NOON + HOUR) == {}
    assert store.outbox.told("a1") == {"slack", "email"}
    assert store.outbox.told("a9") == frozenset()


def test_looking_for_what_to_send_reads_only_what_waits_however_much_was_sent(store: Store) -> None:
    put(store, *(message(f"d{number}", conversation="a1") for number in range(3)))
    seen: list[str] = []
    engines = {store._database.reader, store._database.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, p, *_: seen.append((sql, p)))
    now = NOON + HOUR
    store.outbox.due(now)
    store.outbox.waiting()
    store.outbox.give_up("slack", now)
    store.outbox.sent(take(store), {}, now)
    store.outbox.undelivered(now)
    store.outbox.spent(now)
    store.outbox.mend(now)
    plans = {sql: _plan(store, sql, given) for sql, given in list(seen) if "deliveries" in sql}
    assert len(plans) >= 8
    slow = re.compile(r"SCAN deliveries(?! USING (COVERING )?INDEX ix_deliveries)|Seq Scan on deliveries")
    assert {sql: plan for sql, plan in plans.items() if slow.search(plan)} == {}


def _plan(store: Store, sql: str, given: Any) -> str:
    """How the database finds the rows; "" for what finds none."""
    if not sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
        return ""
    with store._database.reader.connect() as connection:
        if store.dialect == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
            return "\n".join(str(row[-1]) for row in rows)
        connection.exec_driver_sql("SET enable_seqscan = off")  # as if the table were large
        plan = "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {sql}", given))
        connection.exec_driver_sql("RESET enable_seqscan")
        return plan
