"""Streams: every post once whatever breaks, resumed where they were, gaps said, and a dead one that looks dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from insight.model import Gap, Rejected
from listener import log
from listener.app import App, opened
from listener.clock import SystemClock
from listener.collecting import events, streaming
from listener.collecting.events import EventBuffer, with_gap
from listener.config import Config, load
from scrapers.base import Batch, SourceError
from storage import Store, StoreError, open_store
from tests.fake_source import NOW, post
from tests.listener.collecting.radio import Both, Radio, listener
from tests.world import streams
from tests.world.streams import Station
from tests.world.web import Call, Reply, World

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches by the twentieth of a second, and a word about every stream's health at once."""
    monkeypatch.setattr(events, "SECONDS", 0.05)
    monkeypatch.setattr(events, "IDLE", 0.1)
    monkeypatch.setattr(streaming, "ALIVE", 0.0)
    monkeypatch.setattr(streaming, "BEAT", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        yield opened


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with World() as world:
        yield Station(world)


def numbers(first: int, last: int) -> list[str]:
    return list(map(str, range(first, last + 1)))


async def test_what_is_said_is_stored_with_how_far_it_was_read(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url)) as radio:
        radio.start()
        await station.met(1)
        station.say(*numbers(1, 30))
        await radio.until(lambda: radio.mark() == "30")
        station.say(*numbers(31, 40))
        await radio.until(lambda: radio.mark() == "40")
        assert radio.stored() == list(range(1, 41))
        (state,) = store.sources.all()
        assert (state.failures, state.error, state.last_success) == (0, None, NOW)


@pytest.mark.parametrize("seed", range(4))
async def test_a_stream_that_breaks_again_and_again_loses_nothing_and_repeats_nothing(
    store: Store, station: Station, seed: int
) -> None:
    random = Random(seed)
    station.say(*numbers(1, 60))
    breaks = [streams.drop_after(random.randrange(4, 9)) for _ in range(40)]
    station.play(*(random.choice([one, streams.close_with(1001, "restart", events=5)]) for one in breaks))
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        for _ in range(40):
            radio.later()
            await radio.ended()
        radio.later()
        await radio.until(lambda: radio.mark() == "60")
        assert radio.stored() == list(range(1, 61))
        assert (store.counts.recount(), radio.gaps()) == ([], [])


@pytest.mark.parametrize("seed", range(6))
async def test_a_program_that_is_killed_at_any_moment_loses_nothing_and_repeats_nothing(
    store: Store, station: Station, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST", 7)
    random = Random(seed)
    station.say(*numbers(1, 100))
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        for _ in range(15):
            radio.start()
            for _ in range(random.randrange(40)):
                await asyncio.sleep(0)
            radio.kill()
        radio.start()
        await radio.until(lambda: radio.mark() == "100")
        assert radio.stored() == list(range(1, 101))
        assert store.counts.recount() == []


async def test_a_failure_is_told_and_tried_again_after_longer_and_longer_pauses(
    store: Store, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ALIVE", 5.0)
    station.play(*[streams.drop_after(0)] * 8)
    pauses = []
    async with listener(store, Radio(base_url=station.url)) as radio:
        for count in range(1, 9):
            radio.start()
            await radio.ended()
            (state,) = store.sources.all()
            assert (state.failures, state.paused) == (count, False)
            assert "broke off" in (state.error or "")
            pauses.append((state.next_at - radio.clock.now()).total_seconds())
            radio.start()
            assert radio.streaming.running == (), "not before its time"
            radio.clock.move_to(state.next_at)
        assert pauses[0] <= 1.2
        assert 100 < pauses[7] < 160
        assert pauses == sorted(pauses)


async def test_the_end_for_good_pauses_the_source_and_says_what_to_do(store: Store, station: Station) -> None:
    station.say("1", "end")
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        radio.start()
        await radio.ended()
        (state,) = store.sources.all()
        assert (state.paused, state.error) == (True, "the radio is off for good. buy another")
        radio.later(3600)
        assert radio.streaming.running == ()
        radio.later(6 * 3600)
        assert radio.streaming.running == ("radio",), "a mended one needs no restart"


async def test_silence_is_a_failure_although_heartbeats_come(store: Store, station: Station) -> None:
    station.play(streams.endless(streams.frame(b"", streams.PING), pause=0.02))
    async with listener(store, Radio(base_url=station.url, quiet=0.3)) as radio:
        radio.start()
        await radio.ended()
        (state,) = store.sources.all()
        assert "nothing has come" in (state.error or "")


async def test_a_quiet_stream_is_well_where_silence_is_allowed(store: Store, station: Station) -> None:
    station.play(streams.endless(streams.frame(b"", streams.PING), pause=0.02))
    async with listener(store, Radio(base_url=station.url)) as radio:
        radio.start()
        await radio.until(lambda: len(radio.seen) > 2)
        assert set(radio.seen) == {"0"}
        (state,) = store.sources.all()
        assert (state.failures, state.last_success) == (0, NOW)


async def test_a_stream_that_has_not_opened_is_not_said_to_be_well(store: Store, station: Station) -> None:
    async def never(_call: Call) -> Reply:
        knocked.set()
        await asyncio.Event().wait()
        return Reply()

    knocked = asyncio.Event()
    station.world.route("/stream", never)
    async with listener(store, Radio(base_url=station.url)) as radio:
        radio.start()
        await knocked.wait()
        await radio.streaming.listen_for(0.5)
        await radio.streaming.stop()
        (state,) = store.sources.all()
        assert (state.last_success, radio.seen) == (None, [])


async def test_what_concerns_nobody_leaves_nothing_behind(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        station.say("1", "2 quiet", "3", "-2", "-9", "-3", "4 quiet", "5")
        radio.start()
        await radio.until(lambda: radio.mark() == "9")
        assert radio.stored() == [1, 5], "the third was there and is gone"
        assert (radio.knows(2), radio.knows(3)) == (False, True)
        station.say("9")
        await radio.until(lambda: radio.knows(9))
        assert 9 in radio.stored(), "nobody remembers the deletion of a post that was never stored"


async def test_an_edit_that_says_something_else_takes_the_mention_along(store: Store, station: Station) -> None:
    class Edited(Radio):
        def read_events(self, events, at):
            batch = super().read_events(events, at)
            items = tuple(replace(item, edited_at=NOW) if "nothing" in item.text else item for item in batch.items)
            return replace(batch, items=items)

    async with listener(store, Edited(base_url=station.url, begins=1)) as radio:
        station.say("1", "2")
        radio.start()
        await radio.until(lambda: radio.mark() == "2")
        station.say("1 quiet", "3")
        await radio.until(lambda: radio.mark() == "3")
        assert radio.stored() == [2, 3]


async def test_a_full_disk_stops_the_reading_and_nothing_is_lost(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        station.say("1")
        radio.start()
        await radio.until(lambda: radio.mark() == "1")
        radio.full = True
        station.say(*numbers(2, 20))
        await radio.ended()
        radio.full = False
        radio.start()
        assert radio.streaming.running == (), "the platform is not to suffer for it"
        radio.later(61)
        await radio.until(lambda: radio.mark() == "20")
        assert radio.stored() == list(range(1, 21))


async def test_a_stream_that_could_not_go_on_leaves_a_gap(store: Store, station: Station) -> None:
    left = post(3).published_at
    async with listener(store, Radio(base_url=station.url, begins=1, resumes=left)) as radio:
        station.say("1", "2", "3")
        station.play(streams.drop_after(3))
        radio.start()
        await radio.ended()
        station.said.clear()  # what was said meanwhile is gone
        radio.later()
        await station.met(2)
        station.say("300", "301")
        await radio.until(lambda: radio.mark() == "301")
        (gap,) = radio.gaps()
        assert (gap.since, gap.until) == (left, post(300).published_at)


async def test_a_gap_that_the_platform_admits_begins_at_the_mark(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url, begins=1, resumes=NOW - timedelta(hours=2))) as radio:
        station.say("1")
        station.play(streams.drop_after(1))
        radio.start()
        await radio.ended()
        station.say("gap", "2")
        radio.later()
        await radio.until(lambda: radio.mark() == "2")
        (gap,) = radio.gaps()
        assert (gap.since, gap.reason) == (NOW - timedelta(hours=2), "the radio was away")


def test_a_few_imported_posts_hide_no_gap_and_make_none() -> None:
    old, fresh = [post(number) for number in (-50_000, -40_000)], [post(number) for number in range(300, 340)]
    since = post(0).published_at
    (gap,) = [item for item in with_gap(Batch((*old, *fresh)), since, NOW).items if item not in (*old, *fresh)]
    assert gap.since == since
    near = Batch((*old, *(post(number) for number in range(40))))
    assert with_gap(near, since, NOW) == near
    assert with_gap(Batch(tuple(fresh)), None, NOW) == Batch(tuple(fresh)), "a first visit misses nothing"


async def test_streams_end_for_a_new_config_and_open_again(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        station.say("1", "2")
        radio.start()
        await radio.until(lambda: radio.mark() == "2")
        await radio.streaming.stop()
        radio.start()
        assert radio.streaming.running == (), "not while the config changes"
        radio.streaming.use_sources([Radio(base_url=station.url, begins=1)])
        radio.streaming.resume()
        station.say("3")
        radio.start()
        await radio.until(lambda: radio.mark() == "3")
        assert radio.stored() == [1, 2, 3]
        assert len(station.connections) == 2


async def test_what_has_arrived_when_the_end_is_wanted_is_stored_first(
    store: Store, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "SECONDS", 10.0)
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        station.say("1", "2")
        radio.start()
        await station.met(1)
        await radio.streaming.listen_for(0.3)
        assert radio.stored() == []
        await radio.streaming.stop()
        assert (radio.stored(), radio.mark()) == ([1, 2], "2")
        assert "2" in radio.seen, "and told"


async def test_a_stream_beside_visits_leaves_their_cursor_and_their_health_alone(
    store: Store, station: Station
) -> None:
    async with listener(store, Both(base_url=station.url, begins=1)) as radio:
        station.say("1", "2")
        station.play(streams.drop_after(2))
        radio.start()
        await radio.ended()
        assert (radio.stored(), radio.mark()) == ([1, 2], None)
        (state,) = store.sources.all()
        assert (state.failures, state.last_success) == (0, None)
        assert station.connections[0].headers["authorization"] == "Bearer radio"
        assert not radio.streaming.only_streams(radio.sources[0])


async def test_a_visit_leaves_out_what_is_streamed(store: Store, station: Station) -> None:
    async with listener(store, Radio(base_url=station.url), Both(name="both", base_url=station.url)) as radio:
        assert radio.streaming.only_streams(radio.sources[0])
        assert (await radio.collector.visit(radio.sources[0])).pages == 0
        assert (await radio.collector.visit(radio.sources[1])).pages == 1


async def test_a_kind_that_stumbles_over_an_event_is_a_failing_source(store: Store, station: Station) -> None:
    station.say("what?")
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        radio.start()
        await radio.ended()
        (state,) = store.sources.all()
        assert "stumbled: ValueError" in (state.error or "")


CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: {query}}}
sources:
  - {{kind: "tests.listener.collecting.radio:Radio", base_url: "{url}", begins: 1}}
channels:
  console: {{kind: console}}
storage: {{url: "sqlite:///{folder}/test.db"}}
"""


async def test_a_changed_config_is_taken_while_streams_are_open(tmp_path: Path, station: Station) -> None:
    def config(query: str) -> Config:
        (tmp_path / "config.yaml").write_text(CONFIG.format(query=query, url=station.url, folder=tmp_path))
        return load(tmp_path / "config.yaml")

    station.say(*numbers(1, 3))
    with open_store(f"sqlite:///{tmp_path}/test.db") as store:
        async with opened(config("acme"), store, SystemClock(), log.get()) as app:
            app.engine.submit("collect")
            await stored(app, 3)
            await app.reload_config(config("acme OR broken"))
            station.say("4")
            app.engine.submit("collect")
            await stored(app, 4)
            assert len(station.connections) == 2
            app.store.watches.sync = broken  # type: ignore[method-assign]
            with pytest.raises(StoreError):
                await app.reload_config(config("nothing"))
            station.say("5")
            app.engine.submit("collect")
            await stored(app, 5)
        assert [found.post.native_id for batch in store.posts.scan() for found in batch] == list("54321")


def broken(*_: object) -> None:
    raise StoreError("the disk is full")


async def stored(app: App, mark: int) -> None:
    """Wait until the stream is stored as far as that: every look at the store is a turn of its own."""
    async with asyncio.timeout(20):
        while await app.read(lambda: mark_of(app.store)) != str(mark):
            pass


def mark_of(store: Store) -> object:
    return (store.sources.cursor("radio", "") or {}).get("high_water")


@pytest.mark.parametrize(
    ("said", "code", "events", "stored"),
    [(("1", "2"), 1000, 2, [1, 2]), (numbers(1, 30), 1011, 5, list(range(1, 14)))],
    ids=["it only repeats itself", "each brings something new"],
)
async def test_a_stream_that_breaks_soon_each_time_is_asked_less_and_less_often(
    store: Store, station: Station, monkeypatch: pytest.MonkeyPatch,
    said: Sequence[str], code: int, events: int, stored: list[int],
) -> None:  # fmt: skip
    monkeypatch.setattr(streaming, "ALIVE", 5.0)
    station.say(*said)
    station.play(*[streams.close_with(code, events=events)] * 5)
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        for _ in range(5):
            radio.later()
            await radio.ended()
        (state,) = store.sources.all()
        assert (state.failures, radio.stored()) == (5, stored)


async def test_an_end_that_is_wanted_does_not_clear_the_failures_of_a_stream_that_has_proved_nothing(
    store: Store, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ALIVE", 60.0)
    station.say("1")
    station.play(streams.close_with(1011, "internal", events=1))
    async with listener(store, Radio(base_url=station.url, begins=1)) as radio:
        radio.start()
        await radio.ended()
        radio.later()
        await station.met(2)
        await radio.streaming.stop()
        (state,) = store.sources.all()
        assert (state.failures, "internal" in (state.error or "")) == (1, True)


async def test_a_stream_of_which_nothing_can_be_read_is_not_well(store: Store, station: Station) -> None:
    station.say(*["nonsense"] * 20)
    async with listener(store, Deaf(base_url=station.url, begins=1)) as radio:
        radio.start()
        await radio.ended()
        (state,) = store.sources.all()
        assert state.failures == 1
        assert state.error == "nothing that comes can be read: no number"


async def test_what_cannot_be_read_beside_what_can_is_no_failure(store: Store, station: Station) -> None:
    station.say("1", "nonsense", "2")
    async with listener(store, Deaf(base_url=station.url, begins=1)) as radio:
        radio.start()
        await radio.until(lambda: radio.mark() == "2")
        (state,) = store.sources.all()
        assert (state.failures, state.error) == (0, None)


class Deaf(Radio):
    """Sets aside what is no number."""

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        batch = super().read_events([event for event in events if event.isdigit()] or ["gap"], at)
        rejected = tuple(Rejected("no number", event) for event in events if not event.isdigit())
        return replace(batch, items=tuple(item for item in batch.items if not isinstance(item, Gap)), rejected=rejected)


async def test_an_intake_gives_what_came_before_the_end_and_then_the_end() -> None:
    async def events():
        yield ()
        yield ("a", "b")
        yield ("c",)
        raise SourceError("over")

    taken = EventBuffer(events(), None, asyncio.Event())
    assert await taken.batch() == []
    assert await taken.batch() == ["a", "b", "c"]
    with pytest.raises(SourceError, match="over"):
        await taken.batch()
    await taken.close()
