"""What is said of a daemon's health follows from what was found, how long ago, and how long it has been so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from listener.web.health import DEAD_AFTER, SLOW, STALE, HealthWatch
from storage import LostError, SourceEntry, Store, open_store
from tests.fake_source import NOW
from tests.listener.collecting.metered import Silent


@dataclass
class Time:
    """The clock of the world, and the seconds that only ever grow."""

    at: datetime = NOW
    seconds: float = 100.0
    simulated: bool = False

    def now(self) -> datetime:
        return self.at

    def passes(self, span: timedelta) -> None:
        self.at += span
        self.seconds += span.total_seconds()


@dataclass
class Watched:
    store: Store
    time: Time = field(default_factory=Time)
    lost: list[LostError] = field(default_factory=list)

    def __post_init__(self) -> None:
        app: Any = SimpleNamespace(
            store=self.store, clock=self.time, log=Silent(), setup=SimpleNamespace(sources={"hn": object()}),
            streaming=SimpleNamespace(only_streams=lambda _: False), observers=SimpleNamespace(cycled=[]),
            history=SimpleNamespace(waits=frozenset({"acme"})),
        )  # fmt: skip
        self.hold = lambda: False
        self.watch = HealthWatch(app, self._hold, self.lost.append, lambda: self.time.seconds)
        self.watch._started = self.time.now()

    def _hold(self) -> bool:
        return self.hold()

    def cycle(self) -> None:
        """A round of detection and a visit, and a look at what is there then."""
        now = self.time.now()
        self.store.sources.succeeded("hn", now, now + timedelta(minutes=5), 1, 1)
        self.store.state.put("cycle", {"at": now.isoformat()}, now)
        self.watch.look()

    @property
    def said(self) -> tuple[bool, bool, str | None]:
        found = self.watch.health()
        return found.alive, found.ready, found.detail["reason"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def watched(path: Path) -> Iterator[Watched]:
    with open_store(f"sqlite:///{path}") as store:
        store.sources.sync([SourceEntry("hn", "hackernews")], NOW)
        yield Watched(store)


@contextmanager
def locked(path: Path, store: Store) -> Iterator[None]:
    """Another program writes, and we do not wait ten seconds for it."""
    with store._database.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_it_is_ready_once_a_round_has_ended(watched: Watched) -> None:
    assert watched.said == (True, False, "it has just started")
    watched.watch.look()
    assert watched.said == (True, False, "no round of detection has ended yet")
    watched.cycle()
    assert watched.said == (True, True, None)
    assert watched.watch.health().detail["waiting"] == ["acme"], "of which nothing is told yet"


def test_a_locked_database_is_said_and_after_minutes_it_is_not_alive(watched: Watched, path: Path) -> None:
    watched.cycle()
    with locked(path, watched.store):
        watched.watch.look()
        alive, ready, reason = watched.said
        assert (alive, ready, "another process is writing" in str(reason)) == (True, False, True)
        watched.time.passes(timedelta(seconds=DEAD_AFTER - 1))
        watched.watch.look()
        assert watched.said[0]
        watched.time.passes(timedelta(seconds=1))
        assert not watched.said[0]
    watched.store._database._trouble = None  # half a minute later
    watched.cycle()
    assert watched.said == (True, True, None)


def test_a_look_that_does_not_end_says_so(watched: Watched) -> None:
    watched.cycle()
    watched.watch._look_began = watched.time.seconds
    watched.time.passes(timedelta(seconds=SLOW))
    assert watched.said == (True, True, None)
    watched.time.passes(timedelta(seconds=2))
    assert watched.said == (True, False, "the database has not answered for 12 seconds: it is locked, or busy")
    watched.time.passes(timedelta(seconds=DEAD_AFTER))
    assert watched.said[0] is False


def test_a_failed_write_of_anybody_makes_it_not_ready(watched: Watched, path: Path) -> None:
    watched.cycle()
    with locked(path, watched.store), pytest.raises(Exception, match="another process"):
        watched.store.state.put("a", 1, NOW)
    watched.watch.look()
    assert watched.said[1] is False


@pytest.mark.parametrize("way", [1, -1], ids=["long ago", "in the future"])
def test_a_round_that_is_not_of_now_is_not_fresh(watched: Watched, way: int) -> None:
    watched.cycle()
    watched.time.at += way * (STALE + timedelta(seconds=1))
    alive, ready, reason = watched.said
    assert (alive, ready) == (True, False)
    assert str(reason).startswith("the last whole round of detection ended at 2026-03-02")


def test_sources_that_are_due_and_not_visited_make_it_not_ready(watched: Watched) -> None:
    watched.cycle()
    watched.time.passes(timedelta(minutes=5) + STALE + timedelta(seconds=1))
    watched.store.state.put("cycle", {"at": watched.time.now().isoformat()}, watched.time.now())
    watched.watch.look()
    assert watched.said == (
        True,
        False,
        "1 sources are due, and no visit has been stored since 2026-03-02 00:00:00 UTC",
    )
    watched.cycle()
    assert watched.said == (True, True, None)


def test_a_lost_hold_is_passed_on(watched: Watched) -> None:
    def gone() -> bool:
        raise LostError("another has it", "end")

    watched.cycle()
    watched.hold = gone
    with pytest.raises(LostError):
        watched.watch.look()
    assert [str(error) for error in watched.lost] == ["another has it: end"]
    assert watched.said[1] is False
