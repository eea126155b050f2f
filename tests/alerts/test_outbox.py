"""What becomes of a delivery: sent, put off, looked up, given up; and that no channel waits for another."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import anyio
import pytest
from anyio import from_thread
from hypothesis import given
from hypothesis import strategies as st

from alerts.base import SendError
from alerts.outbox import FIRST_PAUSE, LEASE, MAX_AGE, MAX_ATTEMPTS, pause
from insight.model import DeliveryState
from tests.alerts.office import Askable, Run, Scripted, lost, scripted
from tests.alerts.samples import HOUR, NOW, message

pytestmark = pytest.mark.anyio
SENT, FAILED, UNKNOWN, NEW = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.NEW


# -- one channel, one thing that happens ------------------------------------------------------------------------


async def test_what_is_due_is_sent_once_and_recorded() -> None:
    team = scripted()
    run = Run(team=team)
    run.put(message("d1"), message("d2", conversation="a2"))
    outcomes = await run.on()
    assert [(it.delivery, it.state, it.attempt) for it in outcomes] == [("d1", SENT, 1), ("d2", SENT, 1)]
    assert run.outbox.rows[0].ref == {"ts": "d1"}
    assert await run.on(HOUR) == []
    assert len(team.accepted) == 2


async def test_the_replies_of_a_conversation_follow_its_first_message_and_know_where_it_is() -> None:
    team = scripted(SendError("not now"))
    run = Run(team=team)
    run.put(*(message(f"d{number}") for number in range(3)))
    await run.on()
    assert team.accepted == []
    await run.on(HOUR)
    assert [(sent.id, ref) for sent, ref in team.accepted] == [("d0", None), ("d1", {"ts": "d0"}), ("d2", {"ts": "d0"})]


async def test_passing_trouble_is_tried_again_later_each_time_and_given_up_after_twelve_attempts() -> None:
    run = Run(team=scripted(*[SendError("not now")] * 99))
    run.put(message())
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS):
        [outcome] = await run.on()
        assert (outcome.state, outcome.attempt, outcome.error) == (NEW, attempt, "not now")
        assert outcome.next_at
        pauses.append((outcome.next_at - run.now).total_seconds())
        assert await run.on((outcome.next_at - run.now) / 2) == []
        run.now = outcome.next_at
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    [last] = await run.on()
    assert (last.state, last.error) == (FAILED, "not now; given up after 12 attempts")
    assert await run.on(MAX_AGE) == []


async def test_nobody_is_told_of_yesterday() -> None:
    run = Run(team=scripted(SendError("not now")))
    run.put(message())
    [outcome] = await run.on(MAX_AGE + HOUR)
    assert outcome.state is FAILED


async def test_a_refusal_for_good_fails_at_once_with_its_remedy_and_holds_nothing_up() -> None:
    team = scripted(SendError("no such channel", permanent=True, remedy="invite the bot"))
    run = Run(team=team)
    run.put(message("d1"), message("d2"))
    first, second = await run.on()
    assert (first.state, first.error, first.next_at) == (FAILED, "no such channel. invite the bot", None)
    assert second.state is SENT


async def test_a_receivers_own_time_is_kept() -> None:
    run = Run(team=scripted(SendError("too many", retry_after=300)))
    run.put(message())
    [outcome] = await run.on()
    assert outcome.next_at
    assert 300 <= (outcome.next_at - NOW).total_seconds() <= 330


@given(attempt=st.integers(1, 50), jitter=st.floats(0, 1), asked=st.none() | st.floats(0, 1e5))
def test_a_pause_is_never_shorter_than_was_asked_for_and_backoff_never_longer_than_an_hour_or_so(
    attempt: int, jitter: float, asked: float | None
) -> None:
    found = pause(attempt, asked, jitter)
    assert found >= asked if asked is not None else FIRST_PAUSE * 0.8 <= found <= 3600 * 1.2 + 1e-6


async def test_one_refused_attempt_is_enough_to_leave_a_channel_alone_for_a_while() -> None:
    team = scripted(SendError("down"))
    run = Run(team=team)
    run.put(*(message(f"d{number}", conversation=f"a{number}") for number in range(5)))
    assert len(await run.on()) == 1
    assert {row.next_at for row in run.outbox.rows} == {NEW_AT}
    assert len(await run.on(HOUR)) == 5
    assert [sent.id for sent, _ in team.accepted] == [f"d{number}" for number in range(5)]


NEW_AT = NOW + timedelta(seconds=FIRST_PAUSE)


# -- unknown outcomes -------------------------------------------------------------------------------------------


async def test_a_lost_reply_is_looked_up_before_anything_is_sent_again() -> None:
    team = scripted(lost(), kind=Askable)
    run = Run(team=team)
    run.put(message())
    assert [it.state for it in await run.on()] == [UNKNOWN]
    [found] = await run.on(HOUR)
    assert (found.state, found.looked_up, found.ref) == (SENT, True, {"ts": "d1"})
    assert len(team.accepted) == 1


async def test_what_is_known_not_to_have_arrived_is_sent_again_unmarked() -> None:
    team = scripted(lost(), kind=Askable)
    run = Run(team=team)
    run.put(message())
    await run.on()
    team.accepted.clear()
    await run.on(HOUR)
    assert [sent.sent_before for sent, _ in team.accepted] == [False]


async def test_while_nobody_can_be_asked_nothing_is_sent() -> None:
    team = scripted(lost(), kind=Askable)
    team.answers.append(SendError("cannot be reached"))
    run = Run(team=team)
    run.put(message())
    await run.on()
    assert [it.state for it in await run.on(HOUR)] == [UNKNOWN]
    assert [it.state for it in await run.on(HOUR)] == [SENT]
    assert len(team.accepted) == 1


@pytest.mark.parametrize("kind", [Scripted, Askable])
async def test_where_nobody_may_ask_a_repeat_has_the_same_id_and_says_that_it_may_be_one(kind: type[Scripted]) -> None:
    team = scripted(lost(), SendError("not now"), kind=kind)
    team.answers.extend([SendError("missing scope", permanent=True)] * 2)
    run = Run(team=team)
    run.put(message())
    await run.on()
    [refused] = await run.on(HOUR)
    assert refused.state is UNKNOWN  # this copy did not arrive; the first may have
    await run.on(HOUR)
    assert [(sent.id, sent.sent_before) for sent, _ in team.accepted] == [("d1", False), ("d1", True)]


async def test_a_mistake_in_a_channel_is_an_unknown_outcome_and_stops_no_other() -> None:
    run = Run(team=scripted(ZeroDivisionError()), other=scripted())
    run.put(message("d1"))
    run.put(message("d2"), channel="other")
    assert {it.delivery: it.state for it in await run.on()} == {"d1": UNKNOWN, "d2": SENT}


# -- several channels, and being told to stop -------------------------------------------------------------------


async def test_no_channel_waits_for_another() -> None:
    told = threading.Event()
    slow = scripted(before=lambda: told.wait(10) or pytest.fail("the quick channel waited"))
    run = Run(slow=slow, quick=scripted(before=told.set))
    run.put(message("d1"), channel="slow")
    run.put(message("d2"), channel="quick")
    assert {it.state for it in await run.on()} == {SENT}


async def test_a_channel_that_left_the_config_fails_with_a_remedy() -> None:
    run = Run()
    run.put(message())
    [outcome] = await run.on()
    assert outcome.state is FAILED
    assert "add the channel 'team'" in outcome.error


async def test_a_stored_message_that_nobody_can_read_fails_alone() -> None:
    run = Run(team=scripted())
    run.put(message("d1"), message("d2"))
    run.outbox.rows[0].message = {"id": 3}
    assert [it.state for it in await run.on()] == [FAILED, SENT]


async def test_a_cancel_lets_the_current_message_be_recorded_and_gives_the_others_back() -> None:
    with anyio.CancelScope() as scope:
        team = scripted(before=lambda: from_thread.run_sync(scope.cancel))
        run = Run(team=team)
        run.put(*(message(f"d{number}", conversation=f"a{number}") for number in range(3)))
        await run.on()
    assert run.states() == [SENT, NEW, NEW]
    assert [row.attempt for row in run.outbox.rows] == [1, 0, 0]
    assert len(team.accepted) == 1


async def test_claims_that_grow_old_are_given_back() -> None:
    run = Run(team=scripted())
    run.put(*(message(f"d{number}", conversation=f"a{number}") for number in range(3)))
    ticks = iter([0.0, 1.0, LEASE.total_seconds(), 0.0, 1.0, 2.0, 3.0, 4.0])
    outcomes = await run.on(monotonic=lambda: next(ticks))
    assert Counter(it.delivery for it in outcomes) == {"d0": 1, "d1": 1, "d2": 1}
