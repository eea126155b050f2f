"""`listener reunderstand` and `label` as people type them: alone, stopped on the way, and beside a daemon."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from insight.model import Label, Mention, Post, Sentiment, UnderstoodPost
from listener.cli import app
from listener.understanding_progress import Progress
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
POSTS = 1000


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
            for one in map(at_a_place, range(POSTS))
        ]
        store.ingest(UnderstoodBatch("board", "", NOW, tuple(found)))
    return tmp_path


def at_a_place(number: int) -> Post:
    return replace(post(number), url=f"https://board.example/{number}")


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
    said = processes.run("-c", str(folder / "config.yaml"), "stats", "--json")
    assert f"{walk.posts} of 1,000 posts understood anew" in said.stderr
    again = processes.run("-c", str(folder / "config.yaml"), "reunderstand", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == {"posts": POSTS, "total": POSTS, "changed": POSTS}
    all_is_heard(folder)


def test_what_a_person_says_stays_until_it_is_taken_back(folder: Path) -> None:
    config, place = str(folder / "config.yaml"), "https://board.example/7"

    def typed(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["-c", config, *words])
        assert result.exit_code == code, result.output
        return result.output

    def now_is() -> tuple[str, bool]:
        with stored(folder) as store:
            (one,) = store.posts.mentions(post(7).key)
            return one.mention.sentiment.label.value, one.mention.complaint

    assert "acme: neutral, a complaint" in typed("label", place, "neutral", "--complaint", "--by", "ana")
    typed("reunderstand")
    assert now_is() == ("neutral", True)
    with stored(folder) as store:
        (said,) = store.corrections.all()
        assert (said.watch, said.post, said.label, said.person) == ("acme", post(7).key, Label.NEUTRAL, "ana")
    typed("label", "board/7", "mixed", "--watch", "acme")
    assert now_is() == ("mixed", False)
    assert "acme: negative, a complaint" in typed("label", "board/7", "--undo")
    assert now_is() == ("negative", True)
    assert "no post 'board/nothing' is stored" in typed("label", "board/nothing", "mixed", code=1)
    assert "no mention of 'bolt', but of acme" in typed("label", "board/7", "mixed", "--watch", "bolt", code=1)
    assert "say what it is, or take it back" in typed("label", "board/7", code=1)
    with stored(folder) as store:
        assert store.counts.recount() == []


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
        found = processes.run("-c", str(folder / "config.yaml"), "label", "board/7", "positive", "--json")
        assert json.loads(found.stdout) == {"acme": {"label": "positive", "complaint": False}}, found.stderr
    finally:
        daemon.kill()
        daemon.wait()
