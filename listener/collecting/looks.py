"""Second looks: stored posts are asked for again at certain ages, for edits, deletions and numbers; after the visits.

One pass an hour, and one more with the next visit where the budget cut it short. It asks for the posts that have
reached one of the ages since the pass before, with what the visits of the day leave of the budget. What it cannot ask
for within a day is given up: a look is a service, not a promise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from listener.clock import Clock
from listener.collecting.asking import Asking
from listener.collecting.budget import Need, RestingError
from listener.log import Log
from listener.threads import Threads
from scrapers.answers import only_source_errors
from scrapers.base import Batch, Request, Source, SourceError
from storage import Store

EVERY = timedelta(hours=1)
BEHIND = timedelta(days=1)
MOST = 1_000  # posts of one age in a pass
TOGETHER = 100  # posts that a kind is asked about in one go; it makes of them as many requests as it needs
FURTHER = 5  # pages that one request may lead to
SEARCH = "second look"

Take = Callable[[Source, str, Batch], Awaitable[Any]]


class Looks:
    """`take` stores what a look has found."""

    def __init__(
        self,
        store: Store,
        threads: Threads,
        asking: Asking,
        clock: Clock,
        log: Log,
        take: Take,
    ) -> None:
        self._store, self._threads, self._asking = store, threads, asking
        self._clock, self._log, self._take = clock, log, take

    async def look(self, source: Source, keep: Need) -> int:
        """One pass, if it is time for one; how many posts were asked for. Raises StoreError, and nothing else."""
        if not source.looks_again or type(source).look_again is Source.look_again:
            return 0
        notes, now = await self._asking.memory.of(source.id), self._clock.now()
        since = datetime.fromisoformat(notes["looks"]) if "looks" in notes else None
        if since is None or since > now:  # the first time, or the clock was ahead
            notes["looks"] = now.isoformat()
            await self._asking.memory.keep(source.id, now)
            return 0
        if now - since < EVERY and not notes.get("looks cut"):
            return 0
        due = await self._due(source, max(since, now - BEHIND), now)
        looked = await self._ask_all(source, [native_id for _, native_id in due], keep)
        notes["looks cut"] = looked < len(due)
        notes["looks"] = (due[looked][0] if looked < len(due) else now).isoformat()
        if looked:
            self._log.info("looked again", source=source.id, posts=looked)
        await self._asking.memory.keep(source.id, self._clock.now())
        return looked

    async def _due(self, source: Source, since: datetime, now: datetime) -> list[tuple[datetime, str]]:
        """When posts have reached an age since then, and their native ids: in that order, each post once."""
        found: dict[str, datetime] = {}
        for age in source.looks_again:
            read = partial(self._store.posts.aged, source.id, source.network, since - age, now - age, MOST)
            found |= {native_id: at + age for native_id, at in await self._threads.read(read)}
        return sorted((at, native_id) for native_id, at in found.items())

    async def _ask_all(self, source: Source, ids: Sequence[str], keep: Need) -> int:
        """How many of them were asked for before the budget put an end to it."""
        for start in range(0, len(ids), TOGETHER):
            part, asked = ids[start : start + TOGETHER], 0
            try:
                requests = self.requests(source, part)
                for request in requests:
                    await self.ask(source, request, keep)
                    asked += len(requests) == len(part)  # else nobody knows for which posts it was
            except RestingError:
                return start + asked
            except SourceError as error:
                self._log.info("second look failed", source=source.id, error=str(error))
                return start + len(part)  # not again and again: these posts have a later age, or none
        return len(ids)

    def requests(self, source: Source, ids: Sequence[str]) -> tuple[Request, ...]:
        """Raises SourceError where the kind itself is wrong."""
        with only_source_errors(source, self._asking.mask):
            return source.look_again(ids)

    async def ask(self, source: Source, request: Request, keep: Need) -> list[Batch]:
        """What the platform shows now, each page stored. Raises SourceError and RestingError."""
        batches: list[Batch] = []
        waiting = [request]
        while waiting and len(batches) < FURTHER:
            batch = await self._asking.batch(source, waiting.pop(0), keep=keep)
            await self._take(source, SEARCH, batch)
            batches.append(batch)
            waiting += batch.requests
        return batches
