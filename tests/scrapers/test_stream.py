"""The door for streams: the guard of the first one, bounded events, and an error for whatever the other end does."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import SourceError, Stream
from scrapers.exchange import LeftOut
from scrapers.formats.events import Lines, ServerSent
from scrapers.network.frames import SmallFrames
from scrapers.network.stream import StreamLimits, Streams
from tests.scrapers.http_door import Time, names, no_names
from tests.world import streams
from tests.world.streams import CLOSE, PING, TEXT, Station, frame
from tests.world.web import Call, Reply, World

pytestmark = pytest.mark.anyio

QUICK = StreamLimits(event=10_000, silence=0.6, opening=3.0)


@asynccontextmanager
async def listening(
    stream: Stream, *, vouch: bool = True, headers: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[Any]:
    time = Time()
    defaults: dict[str, Any] = {"contact": "team@example.org", "resolve": no_names, "limits": QUICK}
    door = Streams(now=time.now, sleep=time.sleep, vouched=[stream.url] if vouch else [], **{**defaults, **options})
    async with door, aclosing(door.events(stream, headers=headers or {})) as events:
        yield events


async def take(events: Any, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        found += await anext(events)
    return found


async def ending(stream: Stream, **options: Any) -> SourceError:
    """The error that listening to a stream ends with."""
    with pytest.raises(SourceError) as caught:
        await to_the_end(stream, **options)
    return caught.value


async def to_the_end(stream: Stream, **options: Any) -> None:
    async with asyncio.timeout(10), listening(stream, **options) as events:
        async for _ in events:
            pass


@pytest.mark.parametrize("sse", [False, True])
async def test_events_come_in_order_with_the_headers_of_the_source(sse: bool) -> None:
    async with World() as world:
        station = Station(world, sse=sse)
        station.say("one", "two ü", "x" * 9_000)
        stream = Stream(station.url, {"cursor": "1"}, "sse" if sse else "websocket")
        async with listening(stream, headers={"Authorization": "Bearer hush"}) as events:
            assert await anext(events) == (), "it has opened"
            found = await take(events, 3)
            station.say("four")
            found += await take(events, 1)
        expected = ["one", "two ü", "x" * 9_000, "four"]
        assert found == ([f"data: {event}" for event in expected] if sse else expected)
        (call,) = station.connections
        assert call.headers["authorization"] == "Bearer hush"
        assert call.headers["user-agent"] == "Listener/0.1 (+team@example.org)"
        assert "sec-websocket-extensions" not in call.headers, "nothing compressed is asked for"
        assert call.headers.get("accept-encoding", "identity") == "identity"


async def test_lines_are_events_and_empty_ones_heartbeats() -> None:
    async with World() as world:
        play = streams.raw(b'{"a":1}\r\n\r\n{"b"', b":2}\r", b"\n\r\n", b'{"c":3}\n', stay=True)

        async def then(wire: Any) -> None:
            await play(None, wire, 1)  # type: ignore[arg-type]

        world.route("/lines", Reply(200, then=then))
        async with listening(Stream(f"{world.url}/lines", protocol="lines")) as events:
            assert await take(events, 3) == ['{"a":1}', '{"b":2}', '{"c":3}']


@pytest.mark.parametrize("reader", [Lines, ServerSent])
def test_an_event_in_many_pieces_is_joined_once(reader: type[Lines]) -> None:
    """Twice as many pieces copy twice as many bytes: what has come is not copied again with each."""

    def copied(pieces: int) -> int:
        lines, sizes = reader(10**8, "a stream"), 0
        for number in range(pieces):
            before = {id(part) for part in lines._parts}
            assert lines.feed(b"data: " if not number else b"x" * 100) == []
            sizes += sum(len(part) for part in lines._parts if id(part) not in before)
        (event,) = lines.feed(b"\n\n")
        assert event == "data: " + "x" * 100 * (pieces - 1)
        return sizes

    assert copied(2_000) <= 2 * copied(1_000) + 100


async def test_an_event_keeps_its_name_and_id_and_loses_comments() -> None:
    async with World() as world:
        station = Station(world, sse=True)
        station.play(
            streams.raw(b":)\n\nevent: update\nid: 7\n:thump\ndata: a\ndata: b\nretry: 9\n\nevent: x\n\n", stay=True)
        )
        async with listening(Stream(station.url, protocol="sse")) as events:
            assert await take(events, 1) == ["event: update\nid: 7\ndata: a\ndata: b"]


async def test_a_message_in_parts_with_a_ping_between_them_is_one_event() -> None:
    parts = (frame(b"one ", final=False), frame(b"?", PING), frame("pärt".encode(), 0))
    async with World() as world:
        station = Station(world)
        station.play(streams.raw(*parts, stay=True))
        async with listening(Stream(station.url)) as events:
            assert await take(events, 1) == ["one pärt"]


async def test_what_is_to_be_said_first_is_said() -> None:
    async with World() as world:
        station = Station(world)
        station.play(streams.echo)
        async with listening(Stream(station.url, hello=("subscribe", "more"))) as events:
            assert await take(events, 2) == ["subscribe", "more"]


ENDS = {
    "dropped": (streams.drop_after(0), "broke off"),
    "closed politely": (streams.close_with(1001, "going away"), r"ended the stream \(1001 going away\)"),
    "closed for slowness": (streams.close_with(4008, "ConsumerTooSlow"), "4008 ConsumerTooSlow"),
    "an unknown kind of frame": (streams.raw(b"\x83\x01x"), "does not speak WebSocket"),
    "a masked frame": (streams.raw(b"\x81\x81abcdx"), "does not speak WebSocket"),
    "a compressed frame": (streams.raw(b"\xc1\x01x"), "does not speak WebSocket"),
    "not a frame at all": (streams.raw(b"HTTP/1.1 200 OK\r\n\r\n<html>"), "does not speak WebSocket|broke off"),
    "a frame of exabytes": (streams.raw(b"\x81\x7f\x0f" + b"\xff" * 7), "more than 10,000 bytes"),
    "a message without end": (
        streams.endless(frame(b"x" * 900, 0, final=False), frame(b"x", final=False)),
        "more than",
    ),
    "silence": (streams.SILENT, "no sign of life"),
    "half a frame, then silence": (streams.raw(b"\x81\x7e\x10", stay=True), "no sign of life"),
    "events that never end": (streams.drop_after(3), "broke off"),
}


@pytest.mark.parametrize("name", ENDS)
async def test_every_end_is_a_source_error_that_passes(name: str) -> None:
    play, says = ENDS[name]
    async with World() as world:
        station = Station(world)
        station.say("one", "two")
        station.play(play)
        error = await ending(Stream(station.url, {"cursor": "1"}))
    assert not error.permanent
    assert re.search(says, str(error)), str(error)


async def test_what_came_before_the_end_is_given_first() -> None:
    async with World() as world:
        station = Station(world)
        station.say("one", "two")
        station.play(streams.close_with(1000, events=2))
        async with listening(Stream(station.url, {"cursor": "1"})) as events:
            assert await take(events, 2) == ["one", "two"]
            with pytest.raises(SourceError, match="1000"):
                await take(events, 1)


LONG = 25_000
LONG_ONES = {
    "a frame": (False, frame(b"x" * LONG)),
    "fragments": (
        False,
        frame(b"x" * 9_000, final=False) + frame(b"x" * 9_000, 0, final=False) + frame(b"x" * 7_000, 0),
    ),
    "a line": (True, b"event: update\ndata: " + b"x" * (LONG - 6) + b"\n\n"),
    "many lines": (True, b"data: " + b"\ndata: ".join([b"x" * 250] * 100) + b"\n\n"),
}


@pytest.mark.parametrize("name", LONG_ONES)
async def test_one_event_that_is_too_long_is_left_out_and_those_after_it_are_read(name: str) -> None:
    sse, long = LONG_ONES[name]
    async with World() as world:
        station = Station(world, sse=sse)
        pieces = [long[start : start + 4_000] for start in range(0, len(long), 4_000)]
        station.play(streams.raw(station.packed("one"), *pieces, station.packed("two"), stay=True))
        async with listening(Stream(station.url, protocol="sse" if sse else "websocket")) as events:
            one, left_out, two = await take(events, 3)
    assert (one[-3:], two[-3:]) == ("one", "two")
    assert isinstance(left_out, LeftOut)
    assert LONG - 400 <= left_out.size <= LONG + 1_000
    assert len(left_out) <= LeftOut.SHOWN


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.lists(st.integers(1, 90), min_size=1), st.booleans())
def test_frames_cut_anywhere_say_the_same(sizes: list[int], cuts: list[int], pings: bool) -> None:
    frames = SmallFrames(10_000)
    said = [bytes([65 + n % 20]) * size for n, size in enumerate(sizes)]
    sent = b"".join(frame(one) + (frame(b"hi", PING) if pings else b"") for one in said)
    got, at = b"", 0
    for cut in [*cuts * 40, len(sent)]:
        got += frames.feed(sent[at : at + cut])
        at += cut
    assert [payload for payload in payloads(got) if payload != b"hi"] == said


def payloads(data: bytes) -> list[bytes]:
    """What the library reads of frames, fragments joined."""
    found, at, parts = [], 0, b""
    while at < len(data):
        short = data[at + 1]
        head = {126: 4, 127: 10}.get(short, 2)
        size = short if head == 2 else int.from_bytes(data[at + 2 : at + head], "big")
        piece, first = data[at + head : at + head + size], data[at]
        at += head + size
        if first & 0x08:
            found.append(piece)
            continue
        parts += piece
        if first & 0x80:
            found.append(parts)
            parts = b""
    return found


async def test_a_farewell_ends_the_stream_at_once_though_the_line_stays_open() -> None:
    async with World() as world:
        station = Station(world)
        station.play(streams.raw(frame(b"one") + frame(b"\x03\xe9bye", CLOSE), stay=True))
        limits = StreamLimits(silence=30.0)
        async with asyncio.timeout(5), listening(Stream(station.url), limits=limits) as events:
            assert await take(events, 1) == ["one"]
            with pytest.raises(SourceError, match="1001 bye"):
                await take(events, 1)


@pytest.mark.parametrize("beat", [frame(b"", PING), frame(b"", 0xA)])
async def test_a_heartbeat_keeps_a_quiet_stream_open(beat: bytes) -> None:
    async with World() as world:
        station = Station(world)
        station.play(streams.raw(*[beat] * 20, frame(b"at last"), pause=0.1, stay=True))
        async with listening(Stream(station.url)) as events:
            assert await take(events, 1) == ["at last"], "two seconds, three times as long as a silence may be"


async def test_comments_keep_an_event_stream_open_and_silence_ends_it() -> None:
    async with World() as world:
        station = Station(world, sse=True)
        station.play(streams.raw(*[b":thump\n"] * 20, b"data: at last\n\n", pause=0.1, stay=True))
        async with listening(Stream(station.url, protocol="sse")) as events:
            assert await take(events, 1) == ["data: at last"]
            with pytest.raises(SourceError, match="stopped talking"):
                await take(events, 1)


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 900 + b"\n", b"x" * 900], ids=["lines without a block's end", "a line without end"]
)
async def test_an_event_without_end_is_refused(piece: bytes) -> None:
    async with World() as world:
        station = Station(world, sse=True)
        station.play(streams.endless(piece))
        error = await ending(Stream(station.url, protocol="sse"))
    assert "more than 10,000 bytes" in str(error)


UPGRADE = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": "x"}
REFUSALS = {
    "a page": (Reply(200, b"<html>hello</html>"), False, "instead of opening a stream"),
    "a wrong proof": (Reply(101, headers=UPGRADE), False, "not speak WebSocket"),
    "forbidden, in HTML": (Reply(403, b"<html><title>Blocked</title></html>"), True, "403: Blocked"),
    "unknown": (Reply(404, b""), True, "answered 404"),
    "too many": (Reply(429, b"slow down", {"retry-after": "77"}), False, "answered 429"),
    "out of order": (Reply(503, b""), False, "answered 503"),
    "moved": (Reply(302, headers={"location": "ws://127.0.0.1:1/"}), True, "redirects"),
    "a bomb of headers": (Reply(101, headers=[(f"x-{n}", "y") for n in range(500)]), False, "not speak WebSocket"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        (name, protocol)
        for name, (reply, *_) in REFUSALS.items()
        for protocol in ("websocket", "sse")
        if protocol == "websocket" or reply.status not in {101, 200}
    ],
)
async def test_a_door_that_stays_shut_says_why(name: str, protocol: Any) -> None:
    reply, permanent, says = REFUSALS[name]
    async with World() as world:
        world.route("/stream", reply)
        address = world.url if protocol == "sse" else world.url.replace("http", "ws", 1)
        error = await ending(Stream(f"{address}/stream?key=hush", protocol=protocol))
    assert says in str(error)
    assert error.permanent is permanent
    assert bool(error.remedy) is permanent
    assert (error.retry_after == 77) is (reply.status == 429)
    assert "hush" not in str(error)


async def test_a_page_instead_of_events_is_an_error() -> None:
    async with World() as world:
        world.route("/stream", Reply.text("<html>", 200, "text/html"))
        error = await ending(Stream(f"{world.url}/stream", protocol="sse"))
    assert "no event stream" in str(error)


async def test_a_handshake_that_never_ends_is_cut() -> None:
    async def never(_call: Call) -> Reply:
        await asyncio.Event().wait()
        return Reply()

    async with World() as world:
        world.route("/stream", never)
        limits = StreamLimits(opening=0.2)
        error = await ending(Stream(world.url.replace("http", "ws", 1) + "/stream"), limits=limits)
    assert "did not open the stream within 0.2 seconds" in str(error)


@pytest.mark.parametrize("protocol", ["websocket", "sse", "lines"])
@pytest.mark.parametrize("host", ["127.0.0.1", "inside.test", "[::ffff:127.0.0.1]", "2130706433"])
async def test_nobody_inside_is_called_unless_the_operator_wrote_it(host: str, protocol: Any) -> None:
    async with World() as world:
        station = Station(world, sse=protocol != "websocket")
        url = station.url.replace("127.0.0.1", host)
        resolve = names(inside="127.0.0.1")
        error = await ending(Stream(url, protocol=protocol), vouch=False, resolve=resolve)
    assert "loopback" in str(error)
    assert station.connections == []


async def test_a_vouched_name_is_called_inside() -> None:
    async with World() as world:
        station = Station(world)
        station.say("hello")
        url = station.url.replace("127.0.0.1", "inside.test")
        async with listening(Stream(url, {"cursor": "1"}), resolve=names(inside="127.0.0.1")) as events:
            assert await take(events, 1) == ["hello"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command for a certificate")
async def test_an_encrypted_stream_has_the_certificate_of_its_name(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = "openssl req -x509 -nodes -days 30 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=jets.test"
    named = ("-addext", "subjectAltName=DNS:jets.test")
    subprocess.run([*make.split(), *named, "-keyout", key, "-out", cert], check=True, capture_output=True)  # noqa: ASYNC221
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    resolve = names(jets="127.0.0.1", other="127.0.0.1")
    async with World(tls=server) as world:
        station = Station(world)
        station.say("hello", "x" * 9_000)
        good = Stream(station.url.replace("127.0.0.1", "jets.test"), {"cursor": "1"})
        other = Stream(station.url.replace("127.0.0.1", "other.test"))
        trusting = ssl.create_default_context(cafile=str(cert))
        async with listening(good, resolve=resolve, tls=trusting) as events:
            assert await take(events, 2) == ["hello", "x" * 9_000]
        wrong = await ending(other, resolve=resolve, tls=trusting)
        unknown = await ending(good, resolve=resolve)
    assert "certificate of other.test is not good" in str(wrong)
    assert "certificate of jets.test is not good" in str(unknown)
    assert "SSL_CERT_FILE" in unknown.remedy
    assert len(station.connections) == 1, "nothing was said to a stranger"


async def test_nothing_is_read_while_nobody_takes() -> None:
    async with World() as world:
        station = Station(world)
        station.say(*["x" * 5_000] * 20_000)
        async with listening(Stream(station.url, {"cursor": "1"}), limits=StreamLimits()) as events:
            await take(events, 1)
            found = await take(events, 5)
            assert len(found) < 1_000, "a hundred megabytes wait at the other end"


async def test_a_dead_address_and_a_closed_port_say_so() -> None:
    error = await ending(Stream("ws://nobody.test/x"))
    assert "could not be resolved" in str(error)
    error = await ending(Stream("ws://127.0.0.1:1/x"))
    assert "could not be reached" in str(error)


def test_frames_of_tests_are_frames() -> None:
    assert frame(b"x" * 200, TEXT)[:4] == b"\x81\x7e\x00\xc8"
    assert frame(b"", CLOSE) == b"\x88\x00"
