"""A daemon whose database is in trouble says so at once, writes nothing wrong, and goes on or ends in one line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from storage import open_store
from tests import processes
from tests.databases import PostgresServer
from tests.listener.test_daemon import CONFIG, FEED, Running
from tests.storage.databases.test_postgres import END_THE_HOLDERS
from tests.storage.databases.test_sqlite_files import WRITER, fill, small_disk
from tests.world.web import Reply, World

__all__ = ["small_disk"]


@contextmanager
def running(folder: Path, database: str) -> Iterator[Running]:
    """A daemon on this database, which reads one feed every second."""
    with World().run_in_thread() as world:
        world.route("/good.xml", Reply.text(FEED.format(url=world.url), 200, "application/rss+xml"))
        world.route("/bad.xml", Reply.text("", 503))
        world.route("/heartbeat", Reply.text("", 204))
        text = CONFIG.format(url=world.url, folder=folder).replace(f"sqlite:///{folder}/test.db", database)
        (folder / "config.yaml").write_text(text)
        process = processes.start("-c", str(folder / "config.yaml"), "run", log=folder / "log")
        found = Running(world, folder, process)
        try:
            found.until(lambda: found.said("listening"), 40)
            yield found
        finally:
            process.kill()
            process.wait()


class Asked:
    """Asks a daemon for its health, and remembers the longest that an answer took."""

    def __init__(self, daemon: Running) -> None:
        self.daemon, self.longest = daemon, 0.0
        self.url = next(line["web"] for line in daemon.log() if line["event"] == "listening")

    def __call__(self, path: str) -> tuple[int, str]:
        begun = time.monotonic()
        answer = httpx.get(self.url + path, timeout=5)
        self.longest = max(self.longest, time.monotonic() - begun)
        return answer.status_code, str(answer.json()["reason"])

    def until(self, status: int, words: str, seconds: float = 40) -> None:
        self.daemon.until(lambda: self._says(status, words), seconds)

    def _says(self, status: int, words: str) -> bool:
        time.sleep(0.2)  # asking costs the daemon as much as its work
        found = self("/readyz")
        return found[0] == status and words in found[1]


@pytest.mark.long
def test_a_full_disk_makes_it_not_ready_until_there_is_room_again(tmp_path: Path, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    with running(tmp_path, f"sqlite:///{small_disk}/test.db") as daemon:
        asked = Asked(daemon)
        asked.until(200, "None")
        fill(small_disk)
        asked.until(503, "the disk is")
        assert asked("/healthz")[0] == 200
        (small_disk / "filler").unlink()
        asked.until(200, "None", 90)
        assert [line["event"] for line in daemon.log()].count("not well") == 1


@pytest.mark.long
def test_a_lock_of_another_process_is_answered_from_memory_and_says_why(tmp_path: Path) -> None:
    with running(tmp_path, f"sqlite:///{tmp_path}/test.db") as daemon:
        asked = Asked(daemon)
        asked.until(200, "None")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "test.db"], **pipes) as other:  # type: ignore[call-overload]
            assert other.stdout.readline() == b"locked\n"
            asked.until(503, "")
            end = time.monotonic() + 14  # longer than SQLite waits for a lock
            asked.longest = 0.0
            while time.monotonic() < end:
                status, reason = asked("/readyz")
                assert status == 503
                assert "locked" in reason or "another process" in reason
                assert asked("/healthz")[0] == 200
                time.sleep(0.3)
            assert asked.longest < 2, "nobody waits for the database to be told about it"
            other.stdin.close()
            other.wait()


def test_a_damaged_page_makes_it_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, f"sqlite:///{tmp_path}/test.db") as daemon:
        asked = Asked(daemon)
        asked.until(200, "None")
        with closing(sqlite3.connect(tmp_path / "test.db")) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (tmp_path / "test.db").open("r+b") as file:
            size = file.seek(0, 2)
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        asked.until(503, "")
        status, reason = asked("/healthz")
        assert status == 200
        assert "is damaged" in reason or "the disk fails" in reason


def test_a_database_that_is_removed_ends_the_daemon_with_one_line(tmp_path: Path) -> None:
    with running(tmp_path, f"sqlite:///{tmp_path}/test.db") as daemon:
        daemon.until(lambda: daemon.said("fetched"))
        (tmp_path / "test.db").unlink()
        assert daemon.process.wait(20) == 1
        last = (tmp_path / "log").read_text().strip().splitlines()[-1]
        assert "test.db was removed or replaced while Listener used it" in last
        assert not (tmp_path / "test.db").exists()


def test_collecting_goes_on_after_a_restart_of_postgres(tmp_path: Path, postgres_server: PostgresServer) -> None:
    address = postgres_server.address(postgres_server.fresh())
    with running(tmp_path, address) as daemon:
        daemon.until(lambda: daemon.said("fetched"))
        postgres_server.restart()
        seen = len(daemon.world.calls("/good.xml"))
        daemon.until(lambda: len(daemon.world.calls("/good.xml")) > seen + 2, 30)
        with open_store(address) as store:
            daemon.until(lambda: (store.owner() or {}).get("pid") == daemon.process.pid, 30)
        daemon.until(lambda: daemon.said("the database's hold was lost and taken again"))


def test_a_daemon_whose_database_another_has_taken_ends_with_one_line(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    name = postgres_server.fresh()
    with running(tmp_path, postgres_server.address(name)) as daemon, open_store(postgres_server.address(name)) as other:
        daemon.until(lambda: daemon.said("fetched"))
        with _taken(other, postgres_server, name):
            assert daemon.process.wait(30) == 1
        last = (tmp_path / "log").read_text().strip().splitlines()[-1]
        assert "writes no more" in last
        assert "another Listener" in last or "held by process 12" in last


@contextmanager
def _taken(other: object, server: PostgresServer, name: str) -> Iterator[None]:
    """Hold the database as another process, as soon as the daemon's own connection has ended."""
    from datetime import UTC, datetime

    from storage import HeldError, Store

    assert isinstance(other, Store)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        server.run(END_THE_HOLDERS, database=name)
        with suppress(HeldError), other.hold({"pid": 12}, datetime.now(UTC)):
            yield
            return
    pytest.fail("the daemon always was the first to take it again")
