"""A database with a long past: what the loop asks of it, and whether the daemon answers while 30,000 posts expire.

The daemon is a process of its own; the database holds 30,000 posts that are older than `keep_days`.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.table import Row, show
from insight.model import NewDelivery, Post, Role, Watch
from insight.pipeline import Pipeline
from storage import StepResult, Store, UnderstoodBatch, open_store
from storage.rows import tables

NOW = datetime.now(UTC)
POSTS, DELIVERIES = 30_000, 20_000
CONFIG = """
contact: benchmarks@example.com
watches: [{{id: acme, query: acme}}]
sources: [{{kind: feed, name: none, url: "http://127.0.0.1:9/feed.xml"}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "sqlite:///{folder}/bench.db", keep_days: 30}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(f"sqlite:///{folder}/bench.db") as store:
            before = _asked(store)
            _fill(store)
            after = _asked(store)
        rows = []
        for what, rate in before.items():
            rows += [Row(f"{what}, empty", rate), Row(f"{what}, after {DELIVERIES:,}", after[what], f"{what}, empty")]
        show("What the loop asks", "database", "/s", rows)
        (folder / "config.yaml").write_text(CONFIG.format(folder=folder))
        print(f"\nThe daemon while {POSTS:,} posts expire")
        for what, figure in _expiring(folder):
            print(f"  {what:<44} {figure:>12}")


def _fill(store: Store) -> None:
    long_ago = NOW - timedelta(days=60)
    pipeline = Pipeline(store.watches.sync([Watch("acme", "acme", Role.BRAND, "acme")], long_ago))
    for start in range(0, POSTS, 1000):
        posts = [
            Post("web", str(n), f"acme is slow today, {n}", published_at=long_ago) for n in range(start, start + 1000)
        ]
        store.ingest(UnderstoodBatch("none", "", long_ago, pipeline.understand(posts, frozenset(), "none")))
    for start in range(0, DELIVERIES, 1000):
        sent = tuple(NewDelivery(f"d{n}", "console", {}, f"a{n}") for n in range(start, start + 1000))
        store.commit(StepResult(long_ago, deliveries=sent))
    with store._database.write() as connection:
        connection.execute(tables.deliveries.update().values(next_at=None, state="sent"))


def _asked(store: Store) -> dict[str, float]:
    """How often a second each can be asked."""
    asked: dict[str, Callable[[], object]] = {
        "channels with something to send": lambda: store.outbox.due(NOW),
        "what waits": store.outbox.waiting,
        "messages of the day": lambda: store.outbox.spent(NOW - timedelta(days=1)),
        "sources that are due": lambda: store.sources.due(NOW),
        "open alerts": store.signals.alerts,
    }
    return {what: 1 / statistics.median(_seconds(call) for _ in range(50)) for what, call in asked.items()}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _expiring(folder: Path) -> list[tuple[str, str]]:
    command = [sys.executable, "-m", "listener", "-c", str(folder / "config.yaml"), "run"]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        web = _until(folder / "out", "listening")["web"].removeprefix("http://")
        times, start = [], time.monotonic()
        connection = http.client.HTTPConnection(web, timeout=30)
        while not _said(folder / "out", "expired") and time.monotonic() - start < 120:
            times.append(_seconds(lambda: _asks(connection)))
            time.sleep(0.01)
        took = time.monotonic() - start
        connection.close()
        expired = _until(folder / "out", "expired")["posts"]
        stopped = _seconds(lambda: (process.terminate(), process.wait()))
    finally:
        process.kill()
        process.wait()
    times.sort()
    return [
        (f"{expired:,} posts expired in", f"{took:.1f} s"),
        ("/healthz, half of the answers within", f"{times[len(times) // 2] * 1000:.1f} ms"),
        ("/healthz, 95 of 100 within", f"{times[len(times) * 95 // 100] * 1000:.1f} ms"),
        ("/healthz, the longest", f"{times[-1] * 1000:.1f} ms"),
        ("SIGTERM to the end", f"{stopped:.1f} s"),
    ]


def _asks(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status


def _said(log: Path, event: str) -> dict[str, str] | None:
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return next((line for line in lines if line["event"] == event), None)


def _until(log: Path, event: str) -> dict[str, str]:
    for _ in range(600):
        if found := _said(log, event):
            return found
        time.sleep(0.05)
    raise RuntimeError(log.read_text()[-2000:])


if __name__ == "__main__":
    main()
