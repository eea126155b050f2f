"""The daemon as a process: from its start to the first alert, and its memory and CPU when there is nothing to do.

A loopback source answers the first visit with ten posts, and the second source says 401, which is an alert at once.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.world.web import Reply, World

IDLE_SECONDS = 20
CONFIG = """
contact: benchmarks@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml"}}
  - {{kind: feed, name: locked, url: "{url}/locked.xml"}}
channels:
  console: {{kind: console}}
storage: {{url: "sqlite:///{folder}/bench.db"}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""
ITEM = "<item><title>Acme {n}</title><link>{url}/{n}</link><guid>{n}</guid><description>acme</description></item>"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, World().run_in_thread() as world:
        folder = Path(name)
        items = "".join(ITEM.format(n=n, url=world.url) for n in range(10))
        feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'
        world.route("/good.xml", Reply.text(feed, 200, "application/rss+xml"))
        world.route("/locked.xml", Reply.text("no", 401))
        (folder / "config.yaml").write_text(CONFIG.format(url=world.url, folder=folder))
        print("\nDaemon  (alone: python -m benchmarks.daemon)")
        for what, figure in _measure(folder):
            print(f"  {what:<44} {figure:>12}")


def _measure(folder: Path) -> list[tuple[str, str]]:
    start = time.monotonic()
    command = [sys.executable, "-m", "listener", "-c", str(folder / "config.yaml"), "run"]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        baseline = _time([sys.executable, "-c", "import sqlalchemy, httpx, starlette"])
        first_alert = _until(folder / "out", '"event": "delivery"') - start
        watched = psutil.Process(process.pid)
        time.sleep(5)
        before = sum(watched.cpu_times()[:2])
        time.sleep(IDLE_SECONDS)
        cpu = (sum(watched.cpu_times()[:2]) - before) / IDLE_SECONDS
        memory = watched.memory_info().rss / 1e6
    finally:
        process.terminate()
        process.wait(10)
    return [
        ("start to first alert", f"{first_alert:.1f} s"),
        ("  as a multiple of importing its libraries", f"{first_alert / baseline:.1f} x"),
        ("memory when idle (resident)", f"{memory:.0f} MB"),
        ("CPU when idle, of one core", f"{cpu:.1%}"),
    ]


def _time(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - start


def _until(file: Path, text: str, seconds: float = 60) -> float:
    end = time.monotonic() + seconds
    while text not in file.read_text():
        if time.monotonic() > end:
            raise TimeoutError(f"no {text} within {seconds} s:\n{file.read_text()[-2000:]}")
        time.sleep(0.02)
    return time.monotonic()


if __name__ == "__main__":
    main()
