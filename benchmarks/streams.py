"""Jetstream, replayed from a socket on the loopback: events a second from the socket to the stored mention.

A thousand watches; one post in a hundred concerns one of them. Everything runs as in the daemon: the door, the kind,
the matching, and the store in its own thread. The other end is another process, and its events are made beforehand.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import structlog

from benchmarks.table import Row, processor_seconds, show
from benchmarks.texts import made
from insight.model import Role, Watch
from insight.pipeline import Pipeline
from listener.clock import SystemClock
from listener.collecting.ingest import Queries
from listener.collecting.streaming import Streaming
from listener.collecting.visits import Collector
from listener.threads import Threads
from scrapers.formats.events import Lines
from scrapers.network.http import Http
from scrapers.network.stream import Streams
from scrapers.social.bluesky import Bluesky
from storage import SourceEntry, Store, open_store
from tests.world.streams import frame, handshake
from tests.world.web import Call

EVENTS = 60_000
WATCHES = 1_000
SHARE = 100  # one post in so many concerns a watch
DELETIONS = 20  # one event in so many is one
START = 1_767_571_200_000_000  # microseconds: 5 January 2026


def main() -> None:
    events = list(_events(EVENTS))
    listening = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, events), daemon=True)
    server.start()
    try:
        rows = _measure(listening.getsockname()[1], events)
    finally:
        server.kill()
        server.join()
        listening.close()
    notes = ["goal: 5,000 events a second from the socket to the stored mention"]
    notes += [f"{WATCHES:,} watches; one post in {SHARE} concerns one; one event in {DELETIONS} is a deletion"]
    show("Jetstream on one core", "streams", "events/s", rows, notes)


def _events(count: int) -> Iterator[str]:
    """Events as version 1 of the wire has them: posts, some of them answers with links, and deletions."""
    random = Random(1)
    for number, text in enumerate(made(count)):
        did, at = f"did:plc:{random.randrange(10**9):024d}", START + number * 1_000
        commit: dict[str, Any] = {"rev": f"3r{number}", "collection": "app.bsky.feed.post", "rkey": f"3k{number:011d}"}
        if number % DELETIONS == DELETIONS - 1:
            commit |= {"operation": "delete"}
        else:
            said = f"{text} acme{random.randrange(WATCHES)}" if number % SHARE == 0 else text
            commit |= {"operation": "create", "record": _record(said, at, number), "cid": f"bafyrei{number:052d}"}
        yield json.dumps({"did": did, "time_us": at, "kind": "commit", "commit": commit}, separators=(",", ":"))


def _record(text: str, at: int, number: int) -> dict[str, Any]:
    created = datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {"$type": "app.bsky.feed.post", "createdAt": created, "langs": ["en"], "text": text}
    if number % 2:
        other = {
            "cid": f"bafyrei{number:052d}",
            "uri": f"at://did:plc:{number:024d}/app.bsky.feed.post/3k{number:011d}",
        }
        record |= {"reply": {"parent": other, "root": other}}
    if number % 4 == 0:
        link = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://example.com/{number}"}
        record |= {"facets": [{"index": {"byteStart": 0, "byteEnd": 4}, "features": [link]}]}
    return record


def _serve(listening: socket.socket, events: Sequence[str]) -> None:
    """Give each listener everything from the beginning, as fast as it takes it."""
    frames = b"".join(frame(event.encode()) for event in events)
    while True:
        connection, _ = listening.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65_536)
        lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
        call = Call(0.0, "GET", "/", {}, {name.lower(): value for name, _, value in lines}, b"")
        answer = "".join(f"{name}: {value}\r\n" for name, value in handshake(call).items())
        connection.sendall(f"HTTP/1.1 101 OK\r\n{answer}\r\n".encode() + frames)


def _measure(port: int, events: Sequence[str]) -> list[Row]:
    source = Bluesky(jetstream=f"ws://127.0.0.1:{port}/subscribe")
    pipeline = Pipeline(_watches())
    now = SystemClock().now()
    pieces = [events[start : start + 1_000] for start in range(0, len(events), 1_000)]
    batches = [source.read_events(piece, now) for piece in pieces]
    posts = [[item for item in batch.items if hasattr(item, "text")] for batch in batches]

    def rate(what: str, work: Callable[[], object], against: str = "") -> Row:
        return Row(what, len(events) / processor_seconds(work, 2), against)

    rows = [
        rate("JSON alone", lambda: [json.loads(event) for event in events]),
        rate("reading", lambda: [source.read_events(piece, now) for piece in pieces], "JSON alone"),
        rate("matching", lambda: [pipeline.understand(some) for some in posts]),
    ]
    with (
        tempfile.TemporaryDirectory(prefix="listener-bench-") as folder,
        open_store(f"sqlite:///{Path(folder) / 'bench.db'}") as store,
    ):
        began, worked = time.perf_counter(), time.process_time()
        stored = asyncio.run(_listened(source, store, pipeline))
        worked, passed = time.process_time() - worked, time.perf_counter() - began
    rows += [
        _joined("an event in a thousand pieces", 1_000, ""),
        _joined("in two thousand", 2_000, "an event in a thousand pieces"),
    ]
    rows += [Row("socket to stored mention, by processor time", len(events) / worked, "JSON alone")]
    rows += [Row(f"socket to stored mention, by the clock ({stored} mentions)", len(events) / passed)]
    return rows


def _joined(what: str, pieces: int, against: str = "") -> Row:
    """How fast the pieces of one event are put together: twice as many take twice as long, no more."""
    piece = b"x" * 500

    def join() -> None:
        lines = Lines(10_000_000, "benchmark")
        for _ in range(pieces):
            lines.feed(piece)
        lines.feed(b"\n")

    return Row(what, pieces / processor_seconds(join, 20), against)


def _watches() -> list[Watch]:
    return [
        Watch(str(i), f"Acme {i}", Role.BRAND, f'acme{i} OR "acme corp {i}" OR #acme{i} OR @acme{i} -zjobs')
        for i in range(WATCHES)
    ]


async def _listened(source: Bluesky, store: Store, pipeline: Pipeline) -> int:
    """Listen as the daemon does until the last event is stored; how many mentions there are then."""
    clock, done, last = SystemClock(), asyncio.Event(), f"v1/{START + (EVENTS - 1) * 1_000}"
    store.watches.sync(pipeline.watches, clock.now())
    queries = Queries(pipeline)
    store.sources.sync([SourceEntry(source.id, source.kind)], clock.now())

    class Noticing(Threads):
        async def write(self, call: Callable[[], Any]) -> Any:
            found = await super().write(call)
            cursor = await self.read(lambda: store.sources.cursor(source.id, ""))
            if (cursor or {}).get("high_water") == last:
                done.set()
            return found

    threads = Noticing()

    options: dict[str, Any] = {"contact": "benchmarks@example.com", "now": clock.now, "sleep": clock.sleep}
    async with Http(**options) as door, Streams(vouched=list(source.origins()), **options) as streams:
        log = structlog.wrap_logger(structlog.ReturnLogger())
        collector = Collector(store, threads, door, clock, Random(1), log, lambda: queries)
        streaming = Streaming(streams, collector, [source])
        streaming.start({source.id})
        await asyncio.wait_for(done.wait(), 300)
        await streaming.stop()
    threads.close()
    return sum(len(batch) for batch in store.posts.scan())


if __name__ == "__main__":
    main()
