"""A preview_source of a source, for whoever waits: a page of posts, or seconds of its stream. Nothing is stored."""

from __future__ import annotations

import asyncio

from insight.model import Post
from listener.clock import Clock
from listener.collecting.access import Admission, Door
from listener.collecting.events import EventBuffer
from listener.collecting.streaming import StreamDoor
from scrapers.answers import only_source_errors, read_events, read_page
from scrapers.base import Batch, Search, Source, SourceError, Stream

PAGES = 3  # some platforms want to be asked something else first
LISTENING = 5.0  # seconds


async def preview_source(door: Door, streams: StreamDoor | None, source: Source, search: Search, clock: Clock) -> Batch:
    """What the source brings for one search. Raises SourceError."""
    admission = Admission(door)
    with only_source_errors(source, door.mask):
        stream = None if source.polls or streams is None else source.stream(search, None, clock.now())
        request = source.start(search, None, clock.now()) if stream is None else None
    if stream is not None and streams is not None:
        return await _heard(streams, source, stream, admission, clock)
    assert request is not None  # noqa: S101 - what has no stream is asked
    for _ in range(PAGES):
        batch = await asyncio.to_thread(read_page, source, await admission.fetch(source, request))
        brought = any(isinstance(item, Post) for item in batch.items)
        if brought or not batch.requests or (batch.newest is not None and not batch.requests[0].article):
            break
        request = batch.requests[0]
    return batch


async def _heard(streams: StreamDoor, source: Source, stream: Stream, admission: Admission, clock: Clock) -> Batch:
    headers = await admission.headers(source)
    events = streams.events(stream, headers=headers, vouched=tuple(source.origins()))
    intake, loop = EventBuffer(events, None, asyncio.Event()), asyncio.get_running_loop()
    found: list[str] = []
    until = loop.time() + LISTENING
    try:
        async with asyncio.timeout_at(until):
            while True:
                found += await intake.batch()
    except TimeoutError:
        pass
    except SourceError:
        if not found:
            raise
    finally:
        await intake.close()
    return await asyncio.to_thread(read_events, source, found, clock.now(), streams.mask)
