"""A clock that is ahead for a moment, by an hour or by ten years: visits and messages go on, and it is said once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.base import Message, MessageKind
from insight.model import DeliveryState, NewDelivery
from listener.app import App, opened
from listener.clock import LISTENING_SINCE, TRUSTED_AFTER, ClockWatch
from listener.config import load
from storage import StepResult, Store, open_store
from tests.fake_source import NOW, FakeDoor

pytestmark = pytest.mark.anyio
HOUR, YEARS = timedelta(hours=1), timedelta(days=3650)
CONFIG = """
contact: tests@example.com
watches: [{{id: acme, query: acme}}]
sources: [{{kind: "tests.fake_source:Board", every: 300}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "sqlite:///{folder}/test.db"}}
"""


class Settable:
    """A machine's clock that somebody sets, and the seconds that nobody sets."""

    simulated = False

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000) + self.ahead

    def steady(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Log:
    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **more: Any) -> None:
        self.said.append((event, more))

    warning = error = info

    def of(self, *events: str) -> list[tuple[str, dict[str, Any]]]:
        return [(event, more) for event, more in self.said if event in events]


SET, MENDED = "the machine's clock was set", "times too far ahead were mended, since the clock was"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as found:
        yield found


@asynccontextmanager
async def running(store: Store, folder: Path, clock: Settable, door: FakeDoor, log: Log) -> AsyncIterator[App]:
    (folder / "config.yaml").write_text(CONFIG.format(folder=folder))
    said: Any = log
    async with opened(load(folder / "config.yaml"), store, clock, said) as app:
        app.collector.fetcher.door._door = door
        yield app


async def lived(app: App, clock: Settable, seconds: float) -> None:
    """What the daemon does in so many seconds, ten at a time."""
    for _ in range(int(seconds / 10)):
        await app.cycle(10)
        clock.seconds += 10


def message(name: str, at: datetime) -> NewDelivery:
    said = Message(id=name, kind=MessageKind.ALERT, headline=f"Alert {name}", body="It is so.", at=at)
    return NewDelivery(name, "console", said.to_json(), unique=name)


def states(store: Store) -> dict[str, DeliveryState]:
    return {row.id: row.state for row in store.outbox.rows(tuple(DeliveryState), limit=None)}


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("ahead", [HOUR, YEARS], ids=["an hour", "ten years"])
async def test_visits_go_on_at_their_pace_after_the_clock_was_ahead(
    store: Store, tmp_path: Path, ahead: timedelta, restarted: bool
) -> None:
    clock, door, log = Settable(), FakeDoor([1, 2]), Log()
    async with running(store, tmp_path, clock, door, log) as app:
        await lived(app, clock, 20)
        clock.ahead = ahead
        await lived(app, clock, 20)
        assert store.sources.all()[0].next_at > clock.now()
        asked = len(door.asked)
        clock.ahead = timedelta(0)
        if not restarted:
            await lived(app, clock, 20)
    if restarted:
        async with running(store, tmp_path, clock, door, log) as app:
            await lived(app, clock, 20)
    (state,) = store.sources.all()
    assert len(door.asked) > asked, "visited again within seconds"
    assert state.last_attempt
    assert clock.now() - timedelta(seconds=30) <= state.last_attempt <= clock.now()
    assert clock.now() < state.next_at <= clock.now() + timedelta(seconds=300)
    forward, *back = log.of(SET)
    assert forward == (SET, {"way": "put forward", "by": str(ahead)})
    assert back == ([] if restarted else [(SET, {"way": "put back", "by": str(ahead)})])
    assert log.of(MENDED) == [(MENDED, {"sources": [state.id], "messages": 0})], "said once"


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
async def test_messages_that_were_made_while_the_clock_was_ahead_are_sent(
    store: Store, tmp_path: Path, restarted: bool
) -> None:
    clock, log = Settable(), Log()
    async with running(store, tmp_path, clock, FakeDoor([]), log) as app:
        await lived(app, clock, 10)
        clock.ahead = YEARS
        store.commit(StepResult(clock.now(), deliveries=(message("one", clock.now()),)))
        clock.ahead = timedelta(0)
        store.commit(StepResult(clock.now(), deliveries=(message("two", clock.now()),)))
        if not restarted:
            await lived(app, clock, 30)
    if restarted:
        async with running(store, tmp_path, clock, FakeDoor([]), log) as app:
            await lived(app, clock, 30)
    assert states(store) == {"one": DeliveryState.SENT, "two": DeliveryState.SENT}


async def test_what_cannot_be_taken_back_waits_until_a_clock_that_was_put_forward_is_believed(
    store: Store, tmp_path: Path
) -> None:
    clock, door, log = Settable(), FakeDoor([1, 2]), Log()
    async with running(store, tmp_path, clock, door, log) as app:
        await lived(app, clock, 10)
        clock.ahead = YEARS
        await lived(app, clock, 20)
        app.engine.submit("expire")
        await app.engine.wait("expire")
        kept = [found.post.text for batch in store.posts.scan() for found in batch]
        assert all(kept), "a year's retention would have taken them"
        assert store.state.get("digest") is None, "no digest of a week that has not been"
        clock.ahead = timedelta(0)
        await lived(app, clock, 10)
        assert app.clock_watch.trusted


async def test_what_waits_for_a_channel_in_trouble_is_not_given_up_by_a_clock_that_is_ahead(
    store: Store, tmp_path: Path
) -> None:
    clock, log = Settable(), Log()
    async with running(store, tmp_path, clock, FakeDoor([]), log) as app:
        await lived(app, clock, 10)
        store.outbox.hold("console", "", "it is down", clock.now(), lambda _: 600.0, parked=False)
        store.commit(StepResult(clock.now(), deliveries=(message("one", clock.now()),)))
        clock.ahead = YEARS
        app.engine.submit("send")  # before anything else has noticed the clock
        await app.engine.wait("send", "deliver")
        assert states(store) != {"one": DeliveryState.FAILED}
        clock.ahead = timedelta(0)
        await lived(app, clock, 20)
    assert states(store) == {"one": DeliveryState.SENT}


async def test_nothing_is_looked_for_in_hours_that_have_not_been(store: Store, tmp_path: Path) -> None:
    clock, log = Settable(), Log()
    async with running(store, tmp_path, clock, FakeDoor([1, 2]), log) as app:
        await lived(app, clock, 20)
        before = store.state.get("watch:acme"), store.state.get("sources")
        assert before[0] is not None
        clock.ahead = YEARS
        await lived(app, clock, 20)
        assert (store.state.get("watch:acme"), store.state.get("sources")) == before
        clock.ahead = timedelta(0)
        clock.seconds += 3600
        await lived(app, clock, 10)
        assert store.state.get("watch:acme") != before[0]


async def test_a_first_start_by_a_clock_that_was_ahead_puts_no_digest_off(store: Store, tmp_path: Path) -> None:
    clock, log = Settable(), Log()
    clock.ahead = YEARS
    async with running(store, tmp_path, clock, FakeDoor([]), log):
        pass
    clock.ahead = timedelta(0)
    async with running(store, tmp_path, clock, FakeDoor([]), log):
        assert store.state.get(LISTENING_SINCE) == {"at": clock.now().isoformat(), "simulated": False}


def test_a_clock_watch_notices_what_a_person_or_a_time_server_does_and_not_what_drifts() -> None:
    clock = Settable()
    watch = ClockWatch(clock)
    for drift in (0.0, 20.0, -20.0):
        clock.ahead += timedelta(seconds=drift)
        clock.seconds += 500
        assert (watch.moved(), watch.trusted) == (None, True)
    clock.ahead += HOUR
    assert not watch.trusted, "before anybody has asked"
    assert (watch.moved(), watch.trusted) == (HOUR, False)
    assert watch.moved() is None, "once"
    clock.seconds += TRUSTED_AFTER + 1
    assert watch.trusted, "somebody would have put it back"
    clock.ahead -= HOUR
    assert (watch.moved(), watch.trusted) == (-HOUR, True)
