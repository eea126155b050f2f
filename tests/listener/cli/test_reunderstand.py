"""`listener reunderstand` as people type it: alone, stopped on the way, and beside a running daemon."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from insight.model import Label, Mention, Sentiment, UnderstoodPost
from listener.history import Progress
from storage import SourceEntry, Store, UnderstoodBatch, open_store
from tests import processes
from tests.fake_source import NOW, post
from tests.listener.collecting.metered import ACME

CONFIG = """
contact: tests@example.com
watches: [{{id: acme, name: Acme, query: acme}}]
sources: [{{kind: "tests.fake_source:Board", every: 86400}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "{url}"}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""
POSTS = 1500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A history in which nobody heard a complaint."""
    (tmp_path / "config.yaml").write_text(CONFIG.format(url=f"sqlite:///{tmp_path}/test.db"))
    with stored(tmp_path) as store:
        store.watches.sync([ACME], NOW)
        store.sources.sync([SourceEntry("board", "board")], NOW)
        flat = Sentiment(Label.NEUTRAL, 0.0)
        found = [
            UnderstoodPost(one, (Mention("acme", one.key, 1, "en", flat, one.native_id),))
            for one in map(post, range(POSTS))
        ]
        store.ingest(UnderstoodBatch("board", "", NOW, tuple(found)))
    return tmp_path


@contextmanager
def stored(folder: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{folder}/test.db") as store:
        yield store


def all_is_heard(folder: Path) -> None:
    with stored(folder) as store:
        found = store.counts.totals("acme", NOW.replace(year=2020), NOW.replace(year=2030))["board"]
        assert sum(found.values()) == POSTS
        assert found[Label.NEGATIVE] > 0.99 * POSTS, (
            "acme is broken, says each of them, and a few numbers mean something"
        )
        assert store.counts.recount() == []


def test_stopped_on_the_way_it_goes_on_where_it_was(folder: Path) -> None:
    process = processes.start("-c", str(folder / "config.yaml"), "reunderstand", log=folder / "log")
    with stored(folder) as store:
        while (walk := Progress.read(store).walk) is None or not walk.posts:
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert "the same command goes on from here" in (folder / "log").read_text()
        walk = Progress.read(store).walk
        assert walk is not None
        assert 0 < walk.posts < POSTS
    again = processes.run("-c", str(folder / "config.yaml"), "reunderstand", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == {"posts": POSTS, "of": POSTS, "changed": POSTS}
    all_is_heard(folder)


def test_beside_a_daemon_the_daemon_does_it(folder: Path) -> None:
    daemon = processes.start("-c", str(folder / "config.yaml"), "run", log=folder / "daemon.log")
    try:
        while '"listening"' not in ((folder / "daemon.log").read_text() if (folder / "daemon.log").exists() else ""):
            assert daemon.poll() is None
            time.sleep(0.02)
        found = processes.run("-c", str(folder / "config.yaml"), "reunderstand", "--json")
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["posts"] == POSTS
        all_is_heard(folder)
    finally:
        daemon.kill()
        daemon.wait()
