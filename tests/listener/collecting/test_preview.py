"""A preview_source: the page with posts, whatever comes before it, or what a stream says within some seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from insight.model import Post
from listener.cli.checks import check_source
from listener.clock import SimulatedClock
from listener.collecting import events, preview
from scrapers.base import Batch, Page, Request, Search, SourceError
from scrapers.network.stream import Streams
from storage import open_store
from tests import processes
from tests.fake_source import NOW, Board, FakeDoor, serve
from tests.listener.collecting.radio import ACME, Radio, listener
from tests.world import streams
from tests.world.streams import Station, frame
from tests.world.web import World

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "LISTENING", 0.6)
    monkeypatch.setattr(events, "SECONDS", 0.1)


class Hall(Board):
    """A board with a hall that leads to it."""

    def start(self, search: Search, high_water: str | None, now: object) -> Request:
        return Request(f"{self.base_url}/hall")

    def parse(self, page: Page) -> Batch:
        if page.request.url.endswith("/hall"):
            return Batch(requests=(Request(f"{self.base_url}/board", {"before": "999"}),))
        return super().parse(page)


def clocked() -> SimulatedClock:
    return SimulatedClock(NOW)


def a_door(source: Radio) -> Streams:
    clock = clocked()
    return Streams(contact="t@example.org", now=clock.now, sleep=clock.sleep, vouched=[source.base_url])


async def test_what_leads_to_the_posts_is_followed() -> None:
    door = FakeDoor(range(1, 9))
    door.answer = lambda request: (
        Page(request, 200, b"", request.url, NOW) if "hall" in request.url else serve(door.posts, request)
    )
    batch = await preview.preview_source(door, None, Hall(), Search(), clocked())
    assert len(batch.items) == 3
    assert len(door.asked) == 2, "the first page with posts is enough"


async def test_a_stream_is_listened_to_for_a_while() -> None:
    async with World() as world:
        station = Station(world)
        station.say("1", "2", "3")
        source = Radio(base_url=station.url, begins=1)
        async with a_door(source) as door:
            found = await check_source(FakeDoor([]), source, [ACME], clocked(), door)  # type: ignore[arg-type]
    assert (found.fine, found.says) == (True, "3 posts heard")


async def test_a_stream_that_breaks_off_has_said_what_it_said_and_one_that_never_spoke_failed() -> None:
    async with World() as world:
        station = Station(world)
        station.say("1", "2")
        source = Radio(base_url=station.url, begins=1)
        station.play(streams.close_with(1001, events=2), streams.drop_after(0))
        async with a_door(source) as door:
            batch = await preview.preview_source(FakeDoor([]), door, source, Search(), clocked())
            assert len([item for item in batch.items if isinstance(item, Post)]) == 2
            with pytest.raises(SourceError, match="broke off"):
                await preview.preview_source(FakeDoor([]), door, source, Search(), clocked())


async def test_posts_that_only_stream_are_looked_at_again(tmp_path: Path) -> None:
    class Again(Radio):
        looks_again = (timedelta(hours=26),)  # the post is a day old

        def look_again(self, ids: object) -> tuple[Request, ...]:
            return (Request(f"{self.base_url}/again", {"before": "999"}),)

    with open_store(f"sqlite:///{tmp_path}/test.db") as store:
        async with World() as world:
            station = Station(world)
            station.say("1")
            source = Again(base_url=station.url, begins=1)
            async with listener(store, source) as radio:
                radio.start()
                await radio.until(lambda: radio.mark() == "1")
                assert radio.streaming.look_due(source)
                assert not radio.streaming.look_due(source), "not at every turn"
                await radio.collector.look(source)
                radio.clock.move_to(NOW + timedelta(hours=7))
                assert radio.streaming.look_due(source)
                await radio.collector.look(source)
                door = radio.collector.door
                assert isinstance(door, FakeDoor)
                assert [request.url.rpartition("/")[2] for request in door.asked] == ["again"]


CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: bluesky, jetstream: "{url}"}}
channels:
  console: {{kind: console}}
storage: {{url: "sqlite:///{folder}/test.db"}}
"""


def event(number: int, text: str) -> bytes:
    record = {"text": text, "createdAt": "2026-03-03T11:59:29Z"}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{number}", "record": record}
    at = 1_772_539_170_250_000 + number
    return frame(json.dumps({"did": "did:plc:x", "time_us": at, "kind": "commit", "commit": commit}).encode())


def run(folder: Path, *words: str) -> Mapping[str, object]:
    done = processes.run("-c", str(folder / "config.yaml"), *words)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_one_cycle_listens_to_a_stream_and_the_next_one_goes_on_from_there(tmp_path: Path) -> None:
    with World().run_in_thread() as world:
        station = Station(world)
        play = streams.raw(event(1, "acme broke"), event(2, "nothing"), event(3, "hello acme"), stay=True)
        station.play(play, play)
        (tmp_path / "config.yaml").write_text(CONFIG.format(url=station.url, folder=tmp_path))
        first, second = run(tmp_path, "once", "--json"), run(tmp_path, "once", "--json")
        assert first["sources"] == {"bluesky": {"new": 2, "mentions": 2, "error": None}}
        assert second["sources"] == {"bluesky": {"new": 0, "mentions": 0, "error": None}}
        assert "cursor" not in station.connections[0].query
        assert int(station.connections[1].query["cursor"]) == 1_772_539_170_250_003 - 30_000_000
