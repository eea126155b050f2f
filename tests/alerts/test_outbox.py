"""What becomes of a delivery: sent, put off, looked up, joined, refused; and that no channel waits for another."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.base import Fault, Message, SendError
from alerts.outbox import FIRST_PAUSE, LONGEST_PAUSE, pause
from insight.model import DIGESTS, Action, DeliveryState, NewDelivery
from storage import StepResult, Store
from tests.alerts.samples import HOUR, NOW, message
from tests.alerts.sender import Askable, Run, Scripted, lost, scripted

pytestmark = pytest.mark.anyio
SENT, FAILED, UNKNOWN, NEW = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.NEW
JOINED = DeliveryState.JOINED
DAY = 24 * HOUR


def several(count: int) -> list[Message]:
    return [message(f"d{number}", conversation=f"a{number}") for number in range(count)]


def revoked() -> SendError:
    return SendError("token revoked", permanent=True, remedy="install it again")


# -- one channel, one thing that happens ------------------------------------------------------------------------


async def test_what_is_due_is_sent_once_and_recorded(store: Store) -> None:
    team = scripted()
    run = Run(store, team=team)
    run.put(message("d1"), message("d2", conversation="a2"))
    outcomes = await run.on()
    assert [(it.delivery, it.state, it.attempt) for it in outcomes] == [("d1", SENT, 1), ("d2", SENT, 1)]
    assert outcomes[0].ref == {"ts": "d1"}
    assert await run.on(HOUR) == []
    assert len(team.accepted) == 2


async def test_the_replies_of_a_conversation_know_where_its_first_message_is(store: Store) -> None:
    team = scripted()
    run = Run(store, team=team)
    for number in range(3):
        run.put(message(f"d{number}"), action=Action.REPLY if number else Action.POST)
        await run.on(HOUR)
    assert [(sent.id, sent.action, ref) for sent, ref in team.accepted] == [
        ("d0", Action.POST, None), ("d1", Action.REPLY, {"ts": "d0"}), ("d2", Action.REPLY, {"ts": "d0"}),
    ]  # fmt: skip


async def test_what_waits_for_one_alert_is_joined_and_its_newest_state_is_a_message_of_its_own(store: Store) -> None:
    team = scripted(SendError("not now"))
    run = Run(store, team=team)
    run.put(message("open"), action=Action.POST)
    run.put(message("other", conversation="a2"))
    await run.on()
    run.put(message("update"), message("worse"))
    await run.on(HOUR)
    assert [(sent.id, ref) for sent, ref in team.accepted] == [("other", None), ("worse", None)]
    assert run.states() == [JOINED, SENT, JOINED, SENT]
    run.put(message("over", over=True))
    await run.on(HOUR)
    assert team.accepted[-1][1] == {"ts": "worse"}


async def test_a_digest_waits_for_its_channel_until_there_is_a_newer_one(store: Store) -> None:
    team = scripted(*[SendError("not now")] * 999)
    run = Run(store, team=team)
    run.put(message("week 1", conversation=DIGESTS), action=Action.POST)
    await run.through(13 * DAY, 6 * HOUR)
    assert run.states() == [NEW]
    run.put(message("week 2", conversation=DIGESTS), action=Action.POST)
    team.script.clear()
    await run.on(HOUR)
    assert [(sent.id, ref) for sent, ref in team.accepted] == [("week 2", None)]
    assert run.states() == [JOINED, SENT]


async def test_passing_trouble_holds_the_channel_longer_each_time_and_never_gives_up_by_count(store: Store) -> None:
    run = Run(store, team=scripted(*[SendError("not now")] * 99))
    run.put(message())
    pauses = []
    for attempt in range(1, 31):
        [outcome] = await run.on()
        assert (outcome.state, outcome.attempt, outcome.error, outcome.held) == (NEW, attempt, "not now", Fault.CHANNEL)
        assert outcome.next_at == run.held_until()
        pauses.append((outcome.next_at - run.now).total_seconds())
        assert await run.on((outcome.next_at - run.now) / 2) == []
        run.now = outcome.next_at
    assert pauses[:9] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert set(pauses[9:]) == {3600}


async def test_an_alert_waits_for_seven_days_and_is_then_told_as_not_delivered(store: Store) -> None:
    team = scripted(*[SendError("down")] * 999)
    run = Run(store, team=team)
    run.put(message("old"))
    await run.through(7 * DAY - HOUR, 6 * HOUR)
    assert run.states() == [NEW]
    run.put(message("young", conversation="a2"))
    await run.through(3 * HOUR, HOUR)
    assert run.states() == [FAILED, NEW]
    [undelivered] = store.outbox.undelivered(NOW)
    assert (undelivered.id, undelivered.error) == ("old", "not delivered in 7 days: down")
    assert store.outbox.undelivered(run.now + HOUR) == []
    team.script.clear()
    await run.on(HOUR)
    assert [sent.id for sent, _ in team.accepted] == ["young"]


async def test_only_real_sends_are_counted_and_one_refused_try_is_enough_for_all_that_wait(store: Store) -> None:
    team = scripted(*[SendError("down")] * 11)
    run = Run(store, team=team)
    run.put(*several(5))
    await run.through(5 * HOUR, timedelta(minutes=1))
    assert len(team.tries) == 11  # in the minutes 1, 2, 3, 5, 9, 17, 33, 65, and then once an hour
    assert [sent.id for sent, _ in team.accepted] == []
    await run.through(HOUR)
    assert [sent.id for sent, _ in team.accepted] == [f"d{number}" for number in range(5)]
    assert sorted(row.attempts for row in store.outbox.rows()) == [1, 1, 1, 1, 12]


async def test_a_receivers_own_time_is_kept_up_to_an_hour(store: Store) -> None:
    run = Run(store, team=scripted(SendError("too many", retry_after=300), SendError("too many", retry_after=1e9)))
    run.put(message())
    await run.on()
    assert timedelta(seconds=300) <= run.held_until() - run.now <= timedelta(seconds=330)
    await run.on(HOUR)
    assert run.held_until() - run.now == HOUR


@given(
    failures=st.integers(1, 5000), jitter=st.floats(0, 1), asked=st.none() | st.floats(0, 1e9), offline=st.booleans()
)
def test_a_pause_is_what_was_asked_for_or_grows_and_lies_within_an_hour_or_so(
    failures: int, jitter: float, asked: float | None, *, offline: bool
) -> None:
    found = pause(failures, SendError("x", retry_after=asked, offline=offline), jitter)
    if asked is None:
        assert FIRST_PAUSE * 0.8 - 1e-6 <= found <= LONGEST_PAUSE * 1.2 + 1e-6
        assert not offline or found <= 150
    else:
        assert min(asked, LONGEST_PAUSE) <= found <= LONGEST_PAUSE


# -- refused for good -------------------------------------------------------------------------------------------


async def test_a_refusal_for_good_parks_the_channel_and_loses_nothing(store: Store) -> None:
    team = scripted(revoked(), kind=Askable)
    run = Run(store, team=team)
    run.put(*several(3))
    [outcome] = await run.on()
    assert (outcome.state, outcome.parked, outcome.error) == (NEW, True, "token revoked. install it again")
    assert outcome.next_at == run.now + HOUR
    run.put(message("later", conversation="a9"))
    team.checks.extend([revoked()] * 5)
    assert await run.through(5 * HOUR, HOUR) == []
    assert len(team.tries) == 1  # asking costs nobody a message
    outcomes = await run.on(HOUR)
    assert [it.delivery for it in outcomes if it.state is SENT] == ["d0", "d1", "d2", "later"]
    assert store.outbox.troubles() == []


async def test_where_asking_tells_nothing_the_oldest_message_is_the_proof_once_an_hour(store: Store) -> None:
    team = scripted(revoked(), revoked(), revoked())
    run = Run(store, team=team)
    run.put(*several(2))
    await run.through(2 * HOUR + HOUR / 2, HOUR / 12)
    assert team.tries == ["d0", "d0", "d0"]
    await run.through(HOUR, HOUR / 12)
    assert [sent.id for sent, _ in team.accepted] == ["d0", "d1"]


async def test_where_asking_tells_nothing_and_nothing_waits_a_channel_stays_parked_and_is_left_alone(
    store: Store,
) -> None:
    run = Run(store, team=scripted(revoked()))
    run.put(message())
    await run.on()
    store.outbox.give_up("team", run.now + 8 * DAY)
    assert await run.on(2 * HOUR) == []
    assert run.held_until() == run.now + HOUR
    assert store.outbox.due(run.now) == []
    run.put(message("next", conversation="a2"))
    await run.on(HOUR)
    assert (run.states(), store.outbox.troubles()) == ([FAILED, SENT], [])


async def test_a_parked_channel_that_works_again_is_found_out_also_when_nothing_waits(store: Store) -> None:
    team = scripted(revoked(), kind=Askable)
    run = Run(store, team=team)
    run.put(message())
    await run.on()
    [row] = store.outbox.rows()
    team.checks.extend([revoked()] * 200)
    await run.through(8 * DAY, 3 * HOUR)
    assert (run.states(), store.outbox.trouble("team").parked) == ([FAILED], True)
    team.checks.clear()
    await run.on(HOUR)
    assert store.outbox.troubles() == []
    assert row.id == "d1"


async def test_what_is_wrong_with_one_message_fails_that_one_and_holds_nothing_up(store: Store) -> None:
    team = scripted(SendError("too long", permanent=True, fault=Fault.MESSAGE, remedy="report it"))
    run = Run(store, team=team)
    run.put(*several(2))
    first, second = await run.on()
    assert (first.state, first.error, first.next_at, first.held) == (FAILED, "too long. report it", None, None)
    assert second.state is SENT


async def test_a_message_that_is_put_off_lets_the_others_pass(store: Store) -> None:
    team = scripted(SendError("not this one now", fault=Fault.MESSAGE))
    run = Run(store, team=team)
    run.put(*several(2))
    first, second = await run.on()
    assert (first.state, first.next_at, second.state) == (NEW, NOW + timedelta(seconds=FIRST_PAUSE), SENT)
    assert [it.state for it in await run.on(HOUR)] == [SENT]


# -- several recipients -----------------------------------------------------------------------------------------


async def test_each_recipient_has_an_outcome_of_its_own(store: Store) -> None:
    greylisted = SendError("450 later", fault=Fault.RECIPIENT)
    gone = SendError("550 gone", permanent=True, fault=Fault.RECIPIENT)
    team = scripted(to=("a", "b", "c"), refuses={"b": greylisted, "c": gone})
    run = Run(store, team=team)
    run.put(message("d1"))
    outcomes = await run.on()
    assert [(it.recipient, it.state, it.held, it.parked) for it in outcomes] == [
        ("a", SENT, None, False), ("b", NEW, Fault.RECIPIENT, False), ("c", NEW, Fault.RECIPIENT, True),
    ]  # fmt: skip
    del team.refuses["b"]
    await run.on(timedelta(minutes=1))
    run.put(message("d2"))
    await run.on()
    assert [(sent.id, sent.recipient) for sent, _ in team.accepted] == [
        ("d1", "a"),
        ("d1", "b"),
        ("d2", "a"),
        ("d2", "b"),
    ]
    assert [ref for _, ref in team.accepted] == [None, None, {"ts": "d1"}, {"ts": "d1"}]
    assert [(one.recipient, one.error, one.waiting) for one in store.outbox.troubles()] == [("c", "550 gone", 2)]
    assert store.outbox.spent(NOW) == {"team": 2}


async def test_a_recipient_who_left_the_config_gets_nothing_more(store: Store) -> None:
    team = scripted(SendError("down"), to=("a", "b"))
    run = Run(store, team=team)
    run.put(message())
    await run.on()
    run.channels["team"] = scripted(to=("a",))
    outcomes = await run.on(HOUR)
    assert [(it.recipient, it.state) for it in outcomes] == [("a", SENT), ("b", FAILED)]
    assert "recipient" in outcomes[1].error


# -- unknown outcomes -------------------------------------------------------------------------------------------


async def test_a_lost_reply_is_looked_up_before_anything_is_sent_again(store: Store) -> None:
    team = scripted(lost(), kind=Askable)
    run = Run(store, team=team)
    run.put(message())
    assert [it.state for it in await run.on()] == [UNKNOWN]
    [found] = await run.on(HOUR)
    assert (found.state, found.looked_up, found.ref, found.attempt) == (SENT, True, {"ts": "d1"}, 1)
    assert len(team.accepted) == 1


async def test_what_is_known_not_to_have_arrived_is_sent_again_unmarked(store: Store) -> None:
    team = scripted(lost(), kind=Askable)
    run = Run(store, team=team)
    run.put(message())
    await run.on()
    team.accepted.clear()
    await run.on(HOUR)
    assert [sent.sent_before for sent, _ in team.accepted] == [False]


async def test_what_may_have_arrived_is_looked_up_before_anything_newer_is_joined_into_it(store: Store) -> None:
    team = scripted(lost(), kind=Askable)
    run = Run(store, team=team)
    run.put(message("open"))
    await run.on()
    run.put(message("update"))
    assert [(it.delivery, it.state) for it in await run.on(HOUR)] == [("open", SENT), ("update", SENT)]
    assert [(sent.id, ref) for sent, ref in team.accepted] == [("open", None), ("update", {"ts": "open"})]


@pytest.mark.parametrize("kind", [Scripted, Askable])
async def test_what_is_out_of_date_is_not_repeated_when_something_newer_waits(
    store: Store, kind: type[Scripted]
) -> None:
    team = scripted(lost(), kind=kind)
    run = Run(store, team=team)
    run.put(message("open"))
    await run.on()
    team.accepted.clear()
    run.put(message("update"))
    await run.on(HOUR)
    assert [(sent.id, sent.sent_before, ref) for sent, ref in team.accepted] == [("update", False, None)]
    assert run.states() == [JOINED, SENT]


async def test_while_nobody_can_be_asked_nothing_is_sent(store: Store) -> None:
    team = scripted(lost(), kind=Askable)
    team.answers.append(SendError("cannot be reached"))
    run = Run(store, team=team)
    run.put(message())
    await run.on()
    [asked] = await run.on(HOUR)
    assert (asked.state, asked.attempt) == (UNKNOWN, 1)
    assert [it.state for it in await run.on(HOUR)] == [SENT]
    assert len(team.accepted) == 1


@pytest.mark.parametrize("kind", [Scripted, Askable])
async def test_where_nobody_may_ask_a_repeat_has_the_same_id_and_says_that_it_may_be_one(
    store: Store, kind: type[Scripted]
) -> None:
    team = scripted(lost(), SendError("not now"), kind=kind)
    team.answers.extend([SendError("missing scope", permanent=True)] * 2)
    run = Run(store, team=team)
    run.put(message())
    await run.on()
    [refused] = await run.on(HOUR)
    assert refused.state is UNKNOWN  # this copy did not arrive; the first may have
    await run.on(HOUR)
    assert [(sent.id, sent.sent_before) for sent, _ in team.accepted] == [("d1", False), ("d1", True)]


async def test_a_mistake_in_a_channel_is_an_unknown_outcome_of_that_message_and_stops_no_other(store: Store) -> None:
    run = Run(store, team=scripted(ZeroDivisionError()), other=scripted())
    run.put(*several(2))
    run.put(message("d9"), channel="other")
    assert {it.delivery: it.state for it in await run.on()} == {"d0": UNKNOWN, "d1": SENT, "d9": SENT}


# -- several channels, and being told to stop -------------------------------------------------------------------


async def test_no_channel_waits_for_another(store: Store) -> None:
    told = threading.Event()
    slow = scripted(before=lambda: told.wait(10) or pytest.fail("the quick channel waited"))
    run = Run(store, slow=slow, quick=scripted(before=told.set))
    run.put(message("d1"), channel="slow")
    run.put(message("d2"), channel="quick")
    assert {it.state for it in await run.on()} == {SENT}


async def test_a_channel_that_left_the_config_fails_with_a_remedy(store: Store) -> None:
    run = Run(store)
    run.put(message())
    [outcome] = await run.on()
    assert (outcome.state, outcome.attempt) == (FAILED, 0)
    assert "resend" in outcome.error


async def test_a_stored_message_that_nobody_can_read_fails_alone(store: Store) -> None:
    run = Run(store, team=scripted())
    run.put(message("d2"))
    store.commit(StepResult(NOW, deliveries=(NewDelivery("d1", "team", {"id": 3}),)))
    assert {it.delivery: it.state for it in await run.on()} == {"d1": FAILED, "d2": SENT}


async def test_a_channel_that_hangs_is_left_behind_and_its_outcome_is_unknown(store: Store) -> None:
    wake = threading.Event()
    run = Run(store, team=scripted(before=wake.wait))
    run.put(message())
    [outcome] = await run.on(patience=0.1)
    wake.set()
    assert (outcome.state, outcome.held) == (UNKNOWN, Fault.CHANNEL)


async def test_a_cancel_does_not_wait_for_what_hangs_and_the_next_start_finds_it(store: Store) -> None:
    wake, begun = threading.Event(), threading.Event()
    team = scripted(before=lambda: begun.set() or wake.wait())
    run = Run(store, team=team)
    run.put(*several(2))
    started = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run.on)
        await anyio.to_thread.run_sync(begun.wait)
        tasks.cancel_scope.cancel()
    assert time.monotonic() - started < 5
    assert run.states() == [DeliveryState.SENDING, NEW]
    wake.set()
    assert [(it.delivery, it.state) for it in await run.on()] == [("d1", SENT)]
    assert [it.delivery for it in await run.on(HOUR)] == ["d0"]


async def test_told_to_stop_it_begins_nothing_new(store: Store) -> None:
    run = Run(store, team=scripted())
    run.put(*several(3))
    done = iter([False, True])
    assert len(await run.on(stopping=lambda: next(done))) == 1
    assert run.states() == [SENT, NEW, NEW]
    assert [row.attempts for row in reversed(store.outbox.rows())] == [1, 0, 0]


async def test_what_was_given_up_is_sent_again_when_somebody_says_so(store: Store) -> None:
    broken = SendError("too long", permanent=True, fault=Fault.MESSAGE)
    team = scripted(broken, broken, broken)
    run = Run(store, team=team, other=scripted())
    run.put(*several(3))
    await run.on()
    assert store.outbox.resend(run.now, ["d1"]) == ["d1"]
    assert store.outbox.resend(run.now, channel="other") == []
    assert [it.delivery for it in await run.on(HOUR)] == ["d1"]
    assert store.outbox.resend(run.now) == ["d0", "d2"]
    assert [it.state for it in await run.on(HOUR)] == [SENT, SENT]
