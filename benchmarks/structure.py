"""How much code there is, how it is cut, and how many files a post passes on its way from the socket to Slack.

It reads whatever code it runs beside: with PYTHONPATH set to another checkout, that one is measured.
"""

from __future__ import annotations

import ast
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio

import storage
from listener import log
from listener.app import opened
from listener.clock import SystemClock
from listener.config import load
from storage import open_store
from tests.world.slack import FakeSlack
from tests.world.web import Reply, World

PACKAGES = ("listener", "scrapers", "alerts", "storage", "insight")
HOME = Path(storage.__file__).parents[1]
CONFIG = """
contact: benchmarks@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml"}}
  - {{kind: feed, name: locked, url: "{url}/locked.xml"}}
channels:
  team: {{kind: slack, token: xoxb-test-token, channel: C0LISTENER, base_url: "{url}/api/"}}
storage: {{url: "sqlite:///{folder}/bench.db"}}
"""
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item><title>Acme is broken</title>'
    "<link>https://example.org/1</link><description>acme crashed, terrible</description></item></channel></rss>"
)


def main() -> None:
    print(f"\nStructure of {HOME.name}  (alone: python -m benchmarks structure)")
    trees = [ast.parse(file.read_text()) for package in PACKAGES for file in (HOME / package).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    statements = sum(isinstance(node, ast.stmt) for node in nodes)
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    _say("statements", statements)
    _say("files", len(trees))
    _say("functions", len(lengths))
    _say("lines of a function, median", statistics.median(lengths))
    _say("lines of a function, 90 of 100", lengths[len(lengths) * 9 // 10])
    for part, files in _passed().items():
        _say(f"files a post passes, {part}", len(files))


def _say(what: str, figure: float) -> None:
    print(f"  {what:<44} {figure:>12,.0f}")


def _passed() -> dict[str, set[str]]:
    """The files whose functions run while one post is read and stored, detection looks, and Slack is told.

    Slack hears of the source that is locked: what is told needs no history, and its way is the same.
    """
    with tempfile.TemporaryDirectory() as name, World().run_in_thread() as world:
        slack, folder = FakeSlack(world), Path(name)
        world.route("/good.xml", Reply.text(FEED, 200, "application/rss+xml"))
        world.route("/locked.xml", Reply.text("no", 401))
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(url=world.url, folder=folder))
        files: set[str] = set()
        anyio.run(_one_cycle, config, files)
        if not slack.ledger:
            raise RuntimeError("nothing was told, so nothing was measured")
    return {
        "all": files,
        **{f"in {package}": {file for file in files if file.startswith(package)} for package in PACKAGES},
    }


async def _one_cycle(path: Path, files: set[str]) -> None:
    config = load(path)
    log.configure("json", lambda text: text, level="critical")
    with open_store(config.storage.url) as store:
        async with opened(config, store, SystemClock(), log.get()) as app:
            whole: Any = app
            cycle = whole.cycle if hasattr(app, "cycle") else whole.settle  # its name in older code
            with _watched(files):
                await cycle()


@contextmanager
def _watched(files: set[str]) -> Iterator[None]:
    """Notes each file of ours in which a function is called, in every thread that starts meanwhile."""
    home = f"{HOME}/"

    def called(frame: Any, event: str, _: Any) -> None:
        name: str = frame.f_code.co_filename
        if event == "call" and name.startswith(home) and frame.f_code.co_name != "<module>":
            inner = name.removeprefix(home)
            if inner.startswith(PACKAGES):
                files.add(inner)

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
