"""The simulated clock and its schedule: time passes only when nothing is left to do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from listener.clock import SimulatedClock, SystemClock
from listener.engine import Engine, Job, Work
from listener.simulation import SimulatedSchedule, is_loopback

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.anyio


def no_error(key: str, error: BaseException) -> None:
    raise AssertionError(f"{key}: {error}")


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock, woken = SimulatedClock(START), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (30, 10, 20)]
    await asyncio.sleep(0)
    assert clock.sleeping == 3
    while (wake := clock.next_wake()) is not None:
        clock.move_to(wake)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert woken == [(seconds, START + timedelta(seconds=seconds)) for seconds in (10, 20, 30)]


async def test_a_cancelled_sleeper_does_not_hold_time_back() -> None:
    clock = SimulatedClock(START)
    task = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert clock.sleeping == 0
    assert clock.next_wake() is None


async def test_the_schedule_runs_each_job_at_its_pace_and_stops_at_the_end() -> None:
    clock, engine = SimulatedClock(START), Engine(no_error)
    seen: list[tuple[str, datetime]] = []

    async def note(job: Job) -> None:
        seen.append((job.name, clock.now()))

    engine.add({"often": Work(note), "seldom": Work(note)})
    every, end = {"often": 600.0, "seldom": 1800.0}, START + timedelta(hours=1)
    await SimulatedSchedule(clock, engine, end).run(every, engine.submit, asyncio.Event())
    assert [at for name, at in seen if name == "often"] == [START + timedelta(minutes=10 * k) for k in range(7)]
    assert [at for name, at in seen if name == "seldom"] == [START + timedelta(minutes=30 * k) for k in range(3)]


async def test_time_stands_still_while_work_is_awake_and_moves_on_while_it_sleeps() -> None:
    clock, engine = SimulatedClock(START), Engine(no_error)
    finished: dict[str, datetime] = {}

    async def slow(job: Job) -> None:
        for _ in range(50):
            await asyncio.sleep(0)  # awake: reading a socket, say
        awake_until = clock.now()
        await clock.sleep(90)
        finished[job.subject] = clock.now()
        assert clock.now() - awake_until == timedelta(seconds=90)

    async def begin(_: Job) -> None:
        engine.submit("slow", "a")
        engine.submit("slow", "b")  # waits for the only slot: neither awake nor asleep

    engine.add({"slow": Work(slow), "begin": Work(begin)})
    schedule = SimulatedSchedule(clock, engine, START + timedelta(minutes=9))
    await schedule.run({"begin": 600.0}, engine.submit, asyncio.Event())
    assert finished == {"a": START + timedelta(seconds=90), "b": START + timedelta(seconds=180)}


def test_the_system_clock_is_aware_and_real() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert not SystemClock().simulated


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost/", True),
        ("http://[::1]:99", True),
        ("127.0.0.1:25", True),
        ("https://example.com", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback
