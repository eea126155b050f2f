"""The engine: jobs by name and subject, bounded by name, and nobody waits for one who only sleeps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from listener.clock import SimulatedClock
from listener.engine import Engine, Job, JobRefusedError, JobState, Work, sleep_without_slot

START = datetime(2026, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.anyio
Run = Callable[[Job], Awaitable[None]]


def no_error(key: str, error: BaseException) -> None:
    raise AssertionError(key) from error


def engine_of(**table: Work) -> Engine:
    engine = Engine(no_error)
    engine.add(table)
    return engine


async def turns(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_a_job_that_sleeps_lets_another_have_its_slot() -> None:
    clock, done = SimulatedClock(START), list[str]()

    async def visit(job: Job) -> None:
        if job.subject != "healthy":
            await sleep_without_slot(clock.sleep, 30)
        done.append(job.subject)

    engine = engine_of(visit=Work(visit, slots=2))
    for name in ("one", "two", "three", "healthy"):
        engine.submit("visit", name)
    await turns()
    assert done == ["healthy"], "three sleep, and there are two slots"
    assert engine.stands_still(clock.sleeping)
    clock.move_to(START + timedelta(minutes=1))
    await turns()
    assert done == ["healthy", "one", "two", "three"]
    assert not engine.running


@pytest.mark.parametrize("moment", ["asleep", "waiting for its slot again"])
async def test_a_job_whose_time_is_up_while_it_sleeps_gives_back_no_slot_that_it_does_not_hold(moment: str) -> None:
    clock, gate, order, gave_up = SimulatedClock(START), asyncio.Event(), list[str](), asyncio.Event()

    async def visit(job: Job) -> None:
        if job.subject == "late":
            try:
                async with asyncio.timeout(None) as patience:
                    patiences.append(patience)
                    await sleep_without_slot(clock.sleep, 30)
            except TimeoutError:
                order.append("given up")
                gave_up.set()
            return
        order.append(f"begun {job.subject}")
        await gate.wait()

    patiences: list[asyncio.Timeout] = []
    engine = engine_of(visit=Work(visit, slots=1))
    for name in ("late", "one", "two", "three"):
        engine.submit("visit", name)
    await turns()
    if moment != "asleep":
        clock.move_to(START + timedelta(minutes=1))
        await turns()
    patiences[0].reschedule(asyncio.get_running_loop().time())
    await asyncio.wait_for(gave_up.wait(), 5)
    await turns()
    assert order == ["begun one", "given up"], "there is one slot, and it is taken"
    gate.set()
    assert await engine.wait("visit", patience=5)
    assert order == ["begun one", "given up", "begun two", "begun three"]


async def test_no_more_than_so_many_of_a_name_work_at_once_also_after_they_slept() -> None:
    clock = SimulatedClock(START)
    working = most = 0

    async def visit(_: Job) -> None:
        nonlocal working, most
        await sleep_without_slot(clock.sleep, 30)
        working += 1
        most = max(most, working)
        await asyncio.sleep(0)
        working -= 1

    engine = engine_of(visit=Work(visit, slots=2))
    for number in range(9):
        engine.submit("visit", str(number))
    await turns()
    clock.move_to(START + timedelta(minutes=1))
    await turns(100)
    assert not engine.running
    assert most == 2


async def test_whoever_is_no_job_just_sleeps() -> None:
    clock = SimulatedClock(START)
    sleeper = asyncio.ensure_future(sleep_without_slot(clock.sleep, 30))
    await turns()
    assert clock.sleeping == 1
    clock.move_to(START + timedelta(minutes=1))
    await sleeper


async def test_slow_visits_hold_up_no_delivery() -> None:
    free, sent = asyncio.Event(), list[str]()

    async def visit(_: Job) -> None:
        await free.wait()

    async def deliver(job: Job) -> None:
        sent.append(job.subject)

    engine = engine_of(visit=Work(visit, slots=2), deliver=Work(deliver, slots=2))
    for number in range(5):
        engine.submit("visit", str(number))
    for channel in ("slack", "mail", "console"):
        engine.submit("deliver", channel)
    await turns()
    assert sent == ["slack", "mail", "console"]
    assert engine.running == tuple(f"visit {number}" for number in range(5))
    free.set()
    assert await engine.wait("visit", "deliver", patience=10)


async def test_a_name_and_subject_run_once_at_a_time_and_again_afterwards() -> None:
    free, runs = asyncio.Event(), list[str]()

    async def detect(job: Job) -> None:
        runs.append(job.subject)
        await free.wait()

    engine = engine_of(detect=Work(detect, slots=9))
    first = engine.submit("detect", "acme")
    assert engine.submit("detect", "acme") is first
    engine.submit("detect", "bolt")
    await turns()
    assert runs == ["acme", "bolt"]
    free.set()
    await engine.wait("detect")
    assert engine.submit("detect", "acme") is not first
    await engine.wait("detect")
    assert runs == ["acme", "bolt", "acme"]


async def test_a_command_shows_how_far_it_is_and_what_it_gave_as_json() -> None:
    halfway, go_on = asyncio.Event(), asyncio.Event()

    async def backfill(job: Job) -> dict[str, int]:
        job.progress = {"pages": int(job.argument("pages")) // 2}
        halfway.set()
        await go_on.wait()
        return {"pages": job.argument("pages")}

    async def visit(_: Job) -> None:
        pass

    engine = engine_of(backfill=Work(backfill, command=True), visit=Work(visit))
    assert engine.commands() == {"backfill"}
    job = engine.submit("backfill", "board", {"pages": 8})
    engine.submit("visit", "board")
    await halfway.wait()
    told = {"name": "backfill", "subject": "board", "arguments": {"pages": 8}, "error": ""}
    shown = told | {"state": "running", "progress": {"pages": 4}, "result": None}
    assert [json.loads(json.dumps(asdict(found))) for found in engine.jobs(["backfill"])] == [shown]
    assert not await engine.wait_for(job, 0.01)
    go_on.set()
    assert await engine.wait_for(job, 10)
    await turns()
    assert [asdict(found) for found in engine.jobs()] == [shown | {"state": "done", "result": {"pages": 8}}]


async def test_a_job_that_fails_says_why_and_only_what_nobody_asked_for_is_reported() -> None:
    lost: list[str] = []
    engine = Engine(lambda key, error: lost.append(f"{key}: {error}"))

    async def fail(_: Job) -> None:
        raise RuntimeError("broken")

    async def refuse(job: Job) -> None:
        job.argument("source")

    engine.add({"bad": Work(fail), "resume": Work(refuse, command=True)})
    bad, refused = engine.submit("bad", "x"), engine.submit("resume")
    await engine.wait("bad", "resume")
    assert (bad.state, bad.error) == (JobState.FAILED, "broken")
    assert (refused.state, refused.error) == (JobState.FAILED, "resume needs 'source'")
    assert lost == ["bad x: broken"]
    with pytest.raises(JobRefusedError):
        refused.argument("source")


async def test_the_end_waits_a_while_for_what_runs_and_not_for_what_takes_long() -> None:
    forever, done = asyncio.Event(), list[str]()

    async def endless(_: Job) -> None:
        await forever.wait()

    async def quick(job: Job) -> None:
        await asyncio.sleep(0.01)
        done.append(job.subject)

    engine = engine_of(rematch=Work(endless, long=True), visit=Work(quick, slots=2))
    long, short = engine.submit("rematch"), engine.submit("visit", "board")
    await turns(2)
    async with asyncio.timeout(10):
        await engine.stop(grace=60)
    assert (done, short.state) == (["board"], JobState.DONE)
    assert (long.state, long.error) == (JobState.FAILED, "it was stopped before its end")
    engine = engine_of(visit=Work(endless))
    engine.submit("visit")
    await turns(2)
    await engine.stop(grace=0.01)
    assert not engine.running


async def test_nothing_begins_at_the_end() -> None:
    begun = list[str]()

    async def visit(job: Job) -> None:
        begun.append(job.subject)
        await asyncio.sleep(0.05)

    async def collect(_: Job) -> None:
        await asyncio.sleep(0.02)
        engine.submit("visit", "late")

    engine = engine_of(collect=Work(collect), visit=Work(visit))
    jobs = [engine.submit("collect"), engine.submit("visit", "running"), engine.submit("visit", "waiting")]
    await turns(2)
    await engine.stop(grace=60)
    assert begun == ["running"]
    assert [job.state for job in jobs] == [JobState.DONE, JobState.DONE, JobState.FAILED]
    assert not engine.running
