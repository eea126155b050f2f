"""Deliveries and held channels: nothing lost, nothing twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from insight.model import (
    DIGESTS,
    Action,
    ChannelTrouble,
    Delivery,
    DeliveryState,
    NewDelivery,
)
from storage import StepResult, Store
from tests.contracts.store.samples import DAY, HOUR, NOON, message

LEASE = timedelta(minutes=5)


def put(store: Store, *deliveries: NewDelivery) -> None:
    store.commit(StepResult(NOON, deliveries=deliveries))


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
