"""10,000 sources on a five-minute schedule against a world of their own: how late visits are, and what they cost.

The world is a process of its own with a host for every source (all of 127/8 is this machine). First all sources are due
at once, as after a long outage. Then they are due within the next five minutes, evenly: the ordinary case. In the end
every second one fails, which must not keep the others waiting.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text

from storage import SourceEntry, open_store

SOURCES = 10_000
EVERY = 300.0
ORDINARY, FLOOD = 18.0, 10.0  # seconds that are measured
WARM = 5.0  # seconds after the first visit that are not
START = timedelta(seconds=22)  # that a start may take
LONGEST_START = 60.0
ENTRIES = 15
OUT_OF_ORDER = b"HTTP/1.1 500 Out of order\r\ncontent-length: 0\r\n\r\n"
NAME = "feed {:05d}"
CONFIG = """
contact: benchmarks@example.com
watches: [{{id: acme, name: Acme, role: brand, query: acme}}]
channels: {{console: {{kind: console}}}}
storage: {{url: "sqlite:///{folder}/bench.db"}}
daemon: {{web: "127.0.0.1:0", log: json}}
sources:
"""


def main() -> None:
    print("\n10,000 sources, each due every 5 minutes  (alone: python -m benchmarks.sources)")
    with tempfile.TemporaryDirectory(prefix="listener-bench-") as name, _world() as world:
        folder = Path(name)
        (folder / "config.yaml").write_text(_config(folder, world.port))
        with _daemon(folder, world, timedelta(0), 0.0) as daemon:
            _show("all at once", daemon.measure(FLOOD), ("fetches", "cpu", "memory"))
        with _daemon(folder, world, START, EVERY) as daemon:
            _show("evenly", daemon.measure(ORDINARY), ("fetches", "late", "cpu", "memory"))
            world.ask("fail")
            _show("evenly, every second one fails", daemon.measure(ORDINARY), ("late", "cpu"))


@dataclass(frozen=True, slots=True)
class Figures:
    """What was seen in `seconds`. `late`: of each visit to a source that answers, seconds behind its time."""

    seconds: float
    asked: int
    late: Sequence[float]
    cpu: float
    memory: float

    def shown(self) -> dict[str, tuple[str, str]]:
        late = sorted(self.late)
        return {
            "fetches": ("fetches a second", f"{self.asked / self.seconds:,.1f}"),
            "late": ("late by (p50, p95)", f"{_part(late, 0.5):.1f} s, {_part(late, 0.95):.1f} s"),
            "cpu": ("CPU of the daemon, of one core", f"{self.cpu:.0%}"),
            "memory": ("memory of the daemon", f"{self.memory:,.0f} MB"),
        }


def _show(case: str, figures: Figures, wanted: Sequence[str]) -> None:
    for what, figure in map(figures.shown().__getitem__, wanted):
        print(f"  {f'due {case}: {what}':<64} {figure:>14}")


def _part(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


# -- the daemon ---------------------------------------------------------------------------------------------------


def _config(folder: Path, port: int) -> str:
    rows = (
        f'  - {{kind: feed, name: "{NAME.format(n)}", url: "http://{_host(n)}:{port}/feed.xml", every: {EVERY:.0f}}}'
        for n in range(SOURCES)
    )
    return CONFIG.format(folder=folder) + "\n".join(rows)


def _host(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


@dataclass(frozen=True, slots=True)
class Watched:
    """A daemon at work. `due`: when each host was to be asked first."""

    process: psutil.Process
    world: World
    due: dict[str, datetime]

    def measure(self, seconds: float) -> Figures:
        """Let it get going, and watch it for so long."""
        time.sleep(WARM)
        self.world.ask("asked")
        before, began = sum(self.process.cpu_times()[:2]), time.time()
        time.sleep(seconds)
        asked, took = self.world.ask("asked"), time.time() - began
        cpu = (sum(self.process.cpu_times()[:2]) - before) / took
        first = {host: at for host, at in reversed(asked) if not (self.world.failing and _fails(host))}
        late = [at - self.due[host].timestamp() for host, at in first.items() if host in self.due]
        return Figures(took, len(asked), late, cpu, self.process.memory_info().rss / 1e6)


@contextmanager
def _daemon(folder: Path, world: World, begin: timedelta, spread: float) -> Iterator[Watched]:
    """A daemon with all sources due within `spread` seconds from `begin` on, from its first request on."""
    due = _due(folder, datetime.now(UTC) + begin, spread)
    command = [sys.executable, "-m", "listener", "-c", str(folder / "config.yaml"), "run"]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        world.ask("asked")  # what a run before had asked for
        end = time.monotonic() + LONGEST_START
        while not world.ask("asked"):
            if time.monotonic() > end:
                raise RuntimeError(f"the daemon asked for nothing: {(folder / 'out').read_text()[-2000:]}")
            time.sleep(0.2)
        yield Watched(psutil.Process(process.pid), world, due)
    finally:
        process.terminate()
        process.wait(20)


def _due(folder: Path, first: datetime, spread: float) -> dict[str, datetime]:
    """Note in the database when each source is due, and give it by its host."""
    url = f"sqlite:///{folder}/bench.db"
    due = {_host(n): first + timedelta(seconds=spread * n / SOURCES) for n in range(SOURCES)}
    with open_store(url) as store:
        store.sources.sync([SourceEntry(NAME.format(n), "feed") for n in range(SOURCES)], first)
    engine = create_engine(url)
    with engine.begin() as connection:
        rows = [{"id": NAME.format(n), "at": f"{due[_host(n)]:%Y-%m-%d %H:%M:%S.%f}"} for n in range(SOURCES)]
        connection.execute(text("UPDATE sources SET next_at = :at, failures = 0 WHERE id = :id"), rows)
    engine.dispose()
    return due


# -- the world ----------------------------------------------------------------------------------------------------


@dataclass
class World:
    """The other process: its port, and a line to it. `failing`: every second host answers 500."""

    port: int
    line: Connection
    failing: bool = False

    def ask(self, what: str) -> list[tuple[str, float]]:
        """Who was asked since the last time, and when; `fail`: from now on every second host fails."""
        self.failing = self.failing or what == "fail"
        self.line.send(what)
        found: list[tuple[str, float]] = self.line.recv()
        return found


def _fails(host: str) -> bool:
    return int(host.rpartition(".")[2]) % 2 == 1


@contextmanager
def _world() -> Iterator[World]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield World(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _serve(line: Connection) -> None:
    asyncio.run(_live(line))


async def _live(line: Connection) -> None:
    asked: list[tuple[str, float]] = []
    failing = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                host = head.partition(b"\r\nhost: ")[2].partition(b":")[0].decode()
                asked.append((host, time.time()))
                writer.write(OUT_OF_ORDER if failing.is_set() and _fails(host) else _answer(host, head))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    def told() -> None:
        if line.recv() == "fail":
            failing.set()
        line.send(list(asked))
        asked.clear()

    server = await asyncio.start_server(connected, "0.0.0.0", 0, backlog=4096)  # all of 127/8
    asyncio.get_running_loop().add_reader(line.fileno(), told)
    line.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _answer(host: str, head: bytes) -> bytes:
    """A feed that changes every quarter of an hour; whoever has it already is told so."""
    turn = int(time.time()) // 900
    tag = f'"{turn}"'.encode()
    if b"if-none-match: " + tag in head:
        return b"HTTP/1.1 304 Not Modified\r\netag: " + tag + b"\r\n\r\n"
    items = "".join(
        f"<item><title>News {turn - n}</title><link>https://{host}/{turn - n}</link><guid>{turn - n}</guid>"
        f"<pubDate>{datetime.fromtimestamp((turn - n) * 900, UTC):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>{'acme' if n % 5 == 0 else 'bolt'} is said here, of no weight.</description></item>"
        for n in range(ENTRIES)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\netag: %b\r\ncontent-length: %d\r\n\r\n"
        % (tag, len(body))
    ) + body


if __name__ == "__main__":
    main()
