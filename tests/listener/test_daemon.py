"""The daemon as a process on real time: its loopback API, reload, heartbeat, and sources that fail side by side."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from listener import control
from storage import open_store
from tests import processes
from tests.world import faults
from tests.world.web import Reply, World

CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml", every: 1}}
  - {{kind: feed, name: bad, url: "{url}/bad.xml", every: 1}}
channels:
  console: {{kind: console}}
storage: {{url: "sqlite:///{folder}/test.db"}}
daemon: {{web: "127.0.0.1:0", log: json, heartbeat_url: "{url}/heartbeat"}}
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>{url}</link>
<item><title>Acme moves</title><link>{url}/one</link><guid>one</guid><description>acme is moving house</description>
<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item></channel></rss>"""


@dataclass
class Running:
    world: World
    folder: Path
    process: processes.Process

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines() if line.startswith("{")]

    def owner(self) -> dict[str, Any]:
        with open_store(f"sqlite:///{self.folder}/test.db") as store:
            return dict(store.owner() or {})

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.owner()["url"] + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def until(self, happened: Callable[[], object], seconds: float = 20) -> None:
        """Wait for another process: nothing else can say when it is done."""
        end = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.05)

    def said(self, event: str) -> bool:
        return any(line["event"] == event for line in self.log())


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Running]:
    with World().run_in_thread() as world:
        world.route("/good.xml", Reply.text(FEED.format(url=world.url), 200, "application/rss+xml"))
        world.route("/bad.xml", Reply.text("", 503))
        world.route("/heartbeat", Reply.text("", 204))
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=world.url, folder=tmp_path))
        process = processes.start("-c", str(tmp_path / "config.yaml"), "run", log=tmp_path / "log")
        running = Running(world, tmp_path, process)
        try:
            running.until(lambda: running.said("listening"))
            yield running
        finally:
            process.kill()
            process.wait()


def test_it_is_ready_after_a_cycle_and_says_what_fails(daemon: Running) -> None:
    daemon.until(lambda: daemon.get("/readyz")[0] == 200)
    assert daemon.get("/healthz")[0] == 200
    daemon.until(lambda: "bad" in json.loads(daemon.get("/readyz")[1])["failing"])
    status, figures = daemon.get("/metrics")
    assert status == 200
    assert 'listener_posts_total{source="good"} 1.0' in figures


def test_a_source_that_fails_does_not_delay_the_others(daemon: Running) -> None:
    daemon.world.fault("/bad.xml", faults.TIME_OUT, times=None)
    seen = len(daemon.world.calls("/good.xml"))
    daemon.until(lambda: len(daemon.world.calls("/good.xml")) >= seen + 3)


def test_the_heartbeat_is_sent_after_a_healthy_cycle(daemon: Running) -> None:
    daemon.until(lambda: daemon.world.calls("/heartbeat"))


def test_a_changed_config_is_taken_as_a_whole_and_a_broken_one_is_not(daemon: Running) -> None:
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("query: acme}", "query: [acme}"))
    with pytest.raises(control.HandoffError, match="the old one stays"):
        control.hand_over(daemon.owner(), "reload", {})
    daemon.config.write_text(text.replace("query: acme}", "query: 'acme OR zenith'}"))
    assert control.hand_over(daemon.owner(), "reload", {})["changes"] == ["watch acme: query changed"]


def test_sighup_reloads_too_and_says_why_it_did_not(daemon: Running) -> None:
    daemon.config.write_text("nonsense: true\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: daemon.said("config kept"))
    assert daemon.get("/healthz")[0] == 200


def test_what_needs_a_restart_is_refused_and_named(daemon: Running) -> None:
    daemon.config.write_text(daemon.config.read_text().replace("test.db", "other.db"))
    with pytest.raises(control.HandoffError, match=r"storage\.url"):
        control.hand_over(daemon.owner(), "reload", {})


def test_only_the_holder_of_the_token_may_command(daemon: Running) -> None:
    with pytest.raises(control.HandoffError, match="token"):
        control.hand_over({**daemon.owner(), "token": "guess"}, "reload", {})


def test_commands_that_write_are_carried_out_by_the_daemon(daemon: Running) -> None:
    assert control.hand_over(daemon.owner(), "resume", {"source": "bad"}) == {"source": "bad"}
    assert control.hand_over(daemon.owner(), "recount", {}) == {"differences": 0}
    with pytest.raises(control.HandoffError, match="no source"):
        control.hand_over(daemon.owner(), "resume", {"source": "nobody"})
    with pytest.raises(control.HandoffError, match="knows no command"):
        control.hand_over(daemon.owner(), "dance", {})


def test_it_tells_what_it_is_doing(daemon: Running) -> None:
    daemon.world.fault("/good.xml", faults.TIME_OUT, times=None)
    control.hand_over(daemon.owner(), "recount", {})
    wanted = {"name": "visit", "subject": "good", "state": "running", "error": "", "progress": None}
    daemon.until(lambda: any(wanted.items() <= job.items() for job in control.jobs(daemon.owner())))
    command = ("-c", str(daemon.config), "jobs")
    told = processes.run(*command, "--json")
    recount = {"name": "recount", "subject": "", "arguments": {}, "state": "done", "progress": None, "error": ""}
    assert recount | {"result": {"differences": 0}} in json.loads(told.stdout)
    shown = processes.run(*command).stdout
    assert re.search(r"visit +good +running", shown)
    assert re.search(r"recount +done +0 differences", shown)


def test_a_stop_comes_within_ten_seconds_though_a_source_hangs(daemon: Running) -> None:
    daemon.world.fault("/*.xml", faults.TIME_OUT, times=None)
    seen = len(daemon.world.calls("/*.xml"))
    daemon.until(lambda: len(daemon.world.calls("/*.xml")) > seen)
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0


HANGS = """
import time
from tests.fake_source import Board

class Hanging(Board):
    kind = "hanging"

    def parse(self, page):
        print("hanging", flush=True)
        time.sleep(120)
"""


def test_a_stop_comes_within_ten_seconds_though_the_database_is_locked(daemon: Running) -> None:
    daemon.until(lambda: daemon.said("fetched"))
    with closing(sqlite3.connect(daemon.folder / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        seen = len(daemon.world.calls("/good.xml"))
        daemon.until(lambda: len(daemon.world.calls("/good.xml")) > seen)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(11) in (0, -signal.SIGALRM)


def test_a_stop_comes_within_ten_seconds_though_a_kind_hangs(tmp_path: Path) -> None:
    with World().run_in_thread() as world:
        world.route("/board", Reply.text(""))
        (tmp_path / "hanging_kind.py").write_text(HANGS)
        text = CONFIG.format(url=world.url, folder=tmp_path)
        own = f'  - {{kind: "hanging_kind:Hanging", base_url: "{world.url}", every: 1}}\n'
        (tmp_path / "config.yaml").write_text(text.replace("channels:", own + "channels:"))
        environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
        process = processes.start("-c", str(tmp_path / "config.yaml"), "run", log=tmp_path / "log", env=environ)
        try:
            running = Running(world, tmp_path, process)
            running.until(lambda: "hanging" in (tmp_path / "log").read_text().splitlines())
            process.send_signal(signal.SIGTERM)
            assert process.wait(11) == -signal.SIGALRM
        finally:
            process.kill()
            process.wait()
