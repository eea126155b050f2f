"""A preview of a source, for whoever waits: a page of posts, or seconds of its stream. Nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from insight.model import Post
from listener.clock import Clock
from listener.collecting.access import Door, SourceDoor, StreamDoor
from listener.collecting.events import EventBuffer
from scrapers.answers import only_source_errors, read_events, read_page
from scrapers.base import Batch, Search, Source, SourceError

PAGES = 3  # some platforms want to be asked something else first
LISTENING = 5.0  # seconds


async def preview_source(door: Door, streams: StreamDoor | None, source: Source, search: Search, clock: Clock) -> Batch:
    """What the source brings for one search: of its stream, where it has one, else of its pages. Raises SourceError."""
    source_door = SourceDoor(door)
    with only_source_errors(source, door.mask):
        stream = None if source.polls or streams is None else source.stream(search, None, clock.now())
        request = source.start(search, None, clock.now()) if stream is None else None
    if stream is not None and streams is not None:
        headers = await source_door.headers(source)
        events = await _listen(streams.events(stream, headers=headers, vouched=tuple(source.origins())))
        return await asyncio.to_thread(read_events, source, events, clock.now(), streams.mask)
    assert request is not None  # noqa: S101 - what has no stream is asked
    for _ in range(PAGES):
        batch = await asyncio.to_thread(read_page, source, await source_door.fetch(source, request))
        has_posts = any(isinstance(item, Post) for item in batch.items)
        if has_posts or not batch.requests or (batch.newest is not None and not batch.requests[0].article):
            break
        request = batch.requests[0]
    return batch


async def _listen(stream: AsyncGenerator[tuple[str, ...]]) -> list[str]:
    """The events of a few seconds. Raises SourceError where it fails before the first."""
    buffer, found = EventBuffer(stream, None, asyncio.Event()), list[str]()
    try:
        async with asyncio.timeout(LISTENING):
            while True:
                found += await buffer.batch()
    except TimeoutError:
        pass
    except SourceError:
        if not found:
            raise
    finally:
        await buffer.close()
    return found
