"""Events of one stream, taken in by the second or the thousand; nothing more is read while nobody takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from insight.model import Gap, Post
from scrapers.base import Batch, SourceError

MOST = 1_000  # events of a batch, and what else came with the last of them
MOST_LETTERS = 4_000_000  # of a batch: an event may be of any size where somebody else answers for the platform
SECONDS = 1.0  # from a batch's first event to its last
LATE = timedelta(minutes=10)
"""A stream that begins so much later than where it was to go on has left something out."""
IDLE = 10.0  # how long nothing may come before that is told


class EventBuffer:
    """Batches out of what a door's `events` yields. `silence`: seconds without an event that are an error."""

    def __init__(self, events: AsyncGenerator[tuple[str, ...]], silence: float | None, ending: asyncio.Event) -> None:
        self._events, self._silence = events, silence
        self._ending = asyncio.ensure_future(ending.wait())
        self._next: asyncio.Future[tuple[str, ...]] | None = None
        self._last_event = self._now()
        self.opened = False

    async def batch(self) -> list[str]:
        """The next events; none when the stream has just opened, is idle, or is to end. Raises SourceError."""
        found: list[str] = []
        until, letters = self._now() + IDLE, 0
        while len(found) < MOST and letters < MOST_LETTERS and not self._ending.done():
            chunk = await self._chunk(until, found)
            if chunk is None or (not chunk and not found):
                break
            until = until if found else self._now() + SECONDS
            found += chunk
            letters += sum(map(len, chunk))
        quiet = self._now() - self._last_event
        if found:
            self._last_event = self._now()
        elif self._silence is not None and quiet > self._silence:
            raise SourceError(f"nothing has come for {quiet:.0f} seconds, although the connection stands")
        return found

    async def close(self) -> None:
        self._ending.cancel()
        if self._next is not None:
            self._next.cancel()
            with suppress(asyncio.CancelledError, SourceError, StopAsyncIteration):
                await self._next
        await self._events.aclose()

    async def _chunk(self, until: float, found: list[str]) -> tuple[str, ...] | None:
        """What the next read brings; None when the time is up, or the end is wanted.

        An end after something was found waits for the next call: what came before it is to be stored first.
        """
        if self._next is None:
            self._next = asyncio.ensure_future(self._read())
        either: set[asyncio.Future[Any]] = {self._next, self._ending}
        await asyncio.wait(either, timeout=max(0.0, until - self._now()), return_when=asyncio.FIRST_COMPLETED)
        if not self._next.done() or (found and self._next.exception() is not None):
            return None
        chunk, self._next = self._next.result(), None
        self.opened = True
        return chunk

    async def _read(self) -> tuple[str, ...]:
        try:
            return await anext(self._events)
        except StopAsyncIteration as error:  # which a future may not hold
            raise SourceError("the stream ended") from error

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def with_gap(batch: Batch, since: datetime | None, now: datetime) -> Batch:
    """The first batch after a resume at `since`, with what is missing before it.

    That is where the platform says so, or where the posts are later than they should be. One in ten may be older all
    the same: people import what they wrote elsewhere.
    """
    if any(isinstance(item, Gap) for item in batch.items):
        items = (replace(item, since=item.since or since) if isinstance(item, Gap) else item for item in batch.items)
        return replace(batch, items=tuple(items))
    times = sorted(item.published_at for item in batch.items if isinstance(item, Post) and item.published_at)
    if since is None or not times or times[len(times) // 10] - since <= LATE:
        return batch
    gap = Gap(since, min(times[len(times) // 10], now), "the stream could not go on from where it was left")
    return replace(batch, items=(*batch.items, gap))
