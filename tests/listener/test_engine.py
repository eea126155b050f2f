"""The engine: bounded, and nobody waits for one who only sleeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

from listener.clock import SimulatedClock
from listener.engine import Engine, aside

START = datetime(2026, 3, 2, tzinfo=UTC)


def no_error(key: str, error: BaseException) -> None:
    raise AssertionError(key) from error


async def turns(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def three_sleep_and_one_works(clock: SimulatedClock, engine: Engine, done: list[str]) -> None:
    async def failing(name: str) -> None:
        await aside(clock.sleep, 30)
        done.append(name)

    async def healthy() -> None:
        done.append("healthy")

    for name in ("one", "two", "three"):
        engine.submit(name, partial(failing, name))
    engine.submit("healthy", healthy)
    await turns()
    assert done == ["healthy"], "three sleep, and there are two slots"
    assert engine.resting(clock.sleeping)
    clock.move_to(datetime(2026, 3, 2, 0, 1, tzinfo=UTC))
    await turns()
    assert done == ["healthy", "one", "two", "three"]
    assert not engine.running


def test_work_that_sleeps_lends_its_slot() -> None:
    done: list[str] = []
    asyncio.run(three_sleep_and_one_works(SimulatedClock(START), Engine(2, no_error), done))


def test_no_more_than_so_many_work_at_once_also_after_they_slept() -> None:
    async def live() -> int:
        clock, engine = SimulatedClock(START), Engine(2, no_error)
        working, most = 0, 0

        async def work() -> None:
            nonlocal working, most
            await aside(clock.sleep, 30)
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1

        for number in range(9):
            engine.submit(str(number), work)
        await turns()
        clock.move_to(datetime(2026, 3, 2, 0, 1, tzinfo=UTC))
        await turns(100)
        assert not engine.running
        return most

    assert asyncio.run(live()) == 2


def test_whoever_holds_no_slot_just_sleeps() -> None:
    async def live() -> None:
        clock = SimulatedClock(START)
        sleeper = asyncio.ensure_future(aside(clock.sleep, 30))
        await turns()
        assert clock.sleeping == 1
        clock.move_to(datetime(2026, 3, 2, 0, 1, tzinfo=UTC))
        await sleeper

    asyncio.run(live())
