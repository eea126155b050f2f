"""How fast health answers while the real daemon lets 30,000 posts lose their texts, or understands them anew."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.pipeline import postgres
from insight.model import Label, Mention, Post, Role, Sentiment, UnderstoodPost, Watch
from insight.pipeline import Pipeline
from listener.understanding_progress import UNDERSTOOD, Progress, UnderstoodBy
from scrapers import KINDS
from storage import SourceEntry, UnderstoodBatch, open_store
from tests.world.web import Reply, World

POSTS, PAGE = 30_000, 1_000
TEXT = "acme is down again and nobody of us can log in, is it just me? " * 3
LONGEST = 300.0  # seconds
CONFIG = """
contact: benchmarks@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml"}}
channels:
  console: {{kind: console}}
storage: {{url: "{database}"{keep}}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""
EMPTY = '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>'


JOBS = {"expired": ", keep_days: 30", "understood anew": ""}
"""What the daemon does by itself at its start, as its log says it, and the setting for that."""


def main() -> None:
    print(f"\nHealth while {POSTS:,} posts expire, or are understood anew  (alone: python -m benchmarks upkeep)")
    for done, keep in JOBS.items():
        with tempfile.TemporaryDirectory(prefix="listener-bench-") as name, World().run_in_thread() as world:
            folder = Path(name)
            world.route("/good.xml", Reply.text(EMPTY, 200, "application/rss+xml"))
            config = CONFIG.format(url=world.url, database="{database}", keep=keep)
            _measure("SQLite", done, folder, config, f"sqlite:///{folder}/bench.db")
            try:
                with postgres(folder) as address:
                    _measure("Postgres", done, folder, config, address)
            except (ImportError, OSError, RuntimeError) as error:
                print(f"  Postgres was not measured: {error}")


def _measure(name: str, done: str, folder: Path, config: str, database: str) -> None:
    _fill(database, anew=not JOBS[done])
    (folder / "config.yaml").write_text(config.replace("{database}", database))
    with _daemon(folder) as log:
        web = urlsplit(str(_event(log, "listening")["web"]))
        took: list[float] = []
        begun = time.monotonic()
        while not _said(log, done) and time.monotonic() - begun < LONGEST:
            start = time.perf_counter()
            connection = http.client.HTTPConnection(web.hostname or "", web.port, timeout=60)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
            took.append(time.perf_counter() - start)
            time.sleep(0.02)
        whole, took = time.monotonic() - begun, sorted(took)
    for what, figure in (("half", took[len(took) // 2]), ("95 of 100", took[len(took) * 95 // 100]), ("all", took[-1])):
        print(f"  {f'{name}: {what} answers within':<44} {figure * 1e3:>9,.1f} ms")
    print(f"  {f'{name}: {done} after':<44} {whole:>9,.1f} s, {POSTS / whole:,.0f} posts/s")


def _fill(database: str, *, anew: bool) -> None:
    """Posts that are old enough to expire; `anew`: it is not known by what they were understood."""
    now, watches = datetime.now(UTC), [Watch("acme", "Acme", Role.BRAND, "acme")]
    with open_store(database) as store:
        store.watches.sync(watches, now)
        if not anew:
            store.state.put(UNDERSTOOD, Progress(UnderstoodBy.of(Pipeline(watches))).to_json(), now)
        store.sources.sync([SourceEntry("good", "feed")], now)
        for start in range(0, POSTS, PAGE):
            posts = [
                Post(KINDS["feed"].network, f"https://example.org/{number}", TEXT, author="fern",
                     published_at=now - timedelta(days=40, seconds=number))
                for number in range(start, start + PAGE)
            ]  # fmt: skip
            understood = tuple(UnderstoodPost(post, (_mention(post),)) for post in posts)
            store.ingest(UnderstoodBatch("good", "", now - timedelta(days=40), understood))


def _mention(post: Post) -> Mention:
    return Mention("acme", post.key, 1, "en", Sentiment(Label.NEUTRAL, 0.0), post.native_id)


@contextmanager
def _daemon(folder: Path) -> Iterator[Path]:
    log = folder / "log"
    with log.open("wb") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "listener", "-c", str(folder / "config.yaml"), "run"], stdout=to, stderr=to
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def _event(log: Path, name: str) -> dict[str, object]:
    end = time.monotonic() + 60
    while not _said(log, name):
        if time.monotonic() > end:
            raise RuntimeError(f"the daemon never said {name!r}: {log.read_text()[-1000:]}")
        time.sleep(0.02)
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return next(line for line in lines if line["event"] == name)


def _said(log: Path, name: str) -> bool:
    return f'"event": "{name}"' in log.read_text()


if __name__ == "__main__":
    main()
