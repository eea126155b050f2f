"""Stored posts are asked for again: second looks at certain ages, and a canary once an hour.

A second look finds edits, deletions and numbers, after the visits. There is one pass an hour, and one more with the
next visit where the budget cut it short. A pass asks for the posts that have reached one of the ages since the pass
before, with what the visits of the day leave of the budget. What it cannot ask for within a day is given up: a look is
a service, not a promise.

A canary is a known post that must be found: when it no longer is, a source is blind although it answers. Of a kind that
cannot show single posts, it must be among the posts that a visit reads: right for a page or feed that keeps it, such as
a pinned post.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from insight.model import Post
from listener.clock import Clock
from listener.collecting.budget import Amount, OverBudgetError
from listener.collecting.fetching import Fetcher
from listener.collecting.ingest import Ingest
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


@dataclass(frozen=True, slots=True)
class CanaryResult:
    """Whether the canary is found, and since when that is so. `at`: when it was last looked for."""

    id: str
    found: bool
    since: datetime
    at: datetime

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "found": self.found, "since": self.since.isoformat(), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> CanaryResult | None:
        if not value:
            return None
        since, at = datetime.fromisoformat(value["since"]), datetime.fromisoformat(value["at"])
        return cls(value["id"], value["found"], since, at)


class SecondLooks:
    """Second looks and canaries of all sources. `ingest` stores what a look has found."""

    def __init__(
        self, store: Store, threads: Threads, fetcher: Fetcher, clock: Clock, log: Log, ingest: Ingest
    ) -> None:
        self._store, self._threads, self._fetcher = store, threads, fetcher
        self._notes, self._clock, self._log, self._ingest = fetcher.notes, clock, log, ingest

    async def look(self, source: Source, leave: Amount) -> int:
        """One pass, if it is time for one; how many posts were asked for. Raises StoreError, and nothing else.

        `leave`: what must be left of the day's budget afterwards.
        """
        if not source.looks_again or type(source).look_again is Source.look_again:
            return 0
        notes, now = await self._notes.of(source.id), self._clock.now()
        since = datetime.fromisoformat(notes["looks"]) if "looks" in notes else None
        if since is None or since > now:  # the first time, or the clock was ahead
            notes["looks"] = now.isoformat()
            await self._notes.keep(source.id, now)
            return 0
        if now - since < EVERY and not notes.get("looks cut"):
            return 0
        due = await self._due(source, max(since, now - BEHIND), now)
        looked = await self._ask_all(source, [native_id for _, native_id in due], leave)
        notes["looks cut"] = looked < len(due)
        notes["looks"] = (due[looked][0] if looked < len(due) else now).isoformat()
        if looked:
            self._log.info("looked again", source=source.id, posts=looked)
        await self._notes.keep(source.id, self._clock.now())
        return looked

    async def _due(self, source: Source, since: datetime, now: datetime) -> list[tuple[datetime, str]]:
        """When posts have reached an age since then, and their native ids: in that order, each post once."""
        found: dict[str, datetime] = {}
        for age in source.looks_again:
            read = partial(self._store.posts.aged, source.id, source.network, since - age, now - age, MOST)
            found |= {native_id: at + age for native_id, at in await self._threads.read(read)}
        if source.looks_by_alias:
            names = await self._threads.read(lambda: self._store.posts.aliases(source.network, list(found)))
            found = {name: at for native_id, at in found.items() for name in names.get(native_id, [native_id])}
        return sorted((at, native_id) for native_id, at in found.items())

    async def _ask_all(self, source: Source, ids: Sequence[str], leave: Amount) -> int:
        """How many of them were asked for before the budget put an end to it."""
        for start in range(0, len(ids), TOGETHER):
            part, asked = ids[start : start + TOGETHER], 0
            try:
                requests = self._requests(source, part)
                for request in requests:
                    await self._ask(source, request, leave)
                    asked += len(requests) == len(part)  # else nobody knows for which posts it was
            except OverBudgetError:
                return start + asked
            except SourceError as error:
                self._log.info("second look failed", source=source.id, error=str(error))
                return start + len(part)  # not again and again: these posts have a later age, or none
        return len(ids)

    async def check_canary(self, source: Source, read: Collection[str] | None, leave: Amount) -> CanaryResult | None:
        """Look for the source's canary, if it has one and it is time. Raises StoreError, and nothing else.

        `read`: the native ids that a whole visit has read; None when it was told that nothing has changed.
        """
        if source.canary is None:
            return None
        notes, now = await self._notes.of(source.id), self._clock.now()
        before = CanaryResult.from_json(notes.get("canary"))
        if before is not None and before.id != source.canary:
            before = None
        if before is not None and timedelta(0) <= now - before.at < EVERY:  # else the clock was ahead
            return before
        try:
            found = await self._canary_found(source, source.canary, read, leave)
        except (SourceError, OverBudgetError):
            return before  # it could not be found out this time: an error is told as what it is
        if found is None:
            return before
        same = before is not None and before.found == found
        result = CanaryResult(source.canary, found, before.since if before is not None and same else now, now)
        notes["canary"] = result.to_json()
        if not found and not same:
            remedy = "compare with `listener sources test`; if the post itself has gone, set another `canary`"
            self._log.warning("canary not found", source=source.id, canary=source.canary, remedy=remedy)
        elif not same and before is not None:
            self._log.info("canary found again", source=source.id, canary=source.canary)
        await self._notes.keep(source.id, now)
        return result

    async def _canary_found(
        self, source: Source, canary: str, read: Collection[str] | None, leave: Amount
    ) -> bool | None:
        """None when nobody has looked: a kind that cannot show single posts, after a visit that brought nothing."""
        requests = self._requests(source, (canary,))
        if not requests:
            return None if read is None else canary in read
        batches = [batch for request in requests for batch in await self._ask(source, request, leave)]
        items = [item for batch in batches for item in batch.items]
        return any(isinstance(item, Post) and item.native_id == canary for item in items)

    def _requests(self, source: Source, ids: Sequence[str]) -> tuple[Request, ...]:
        """Raises SourceError where the kind itself is wrong."""
        with only_source_errors(source, self._fetcher.door.mask):
            return source.look_again(ids)

    async def _ask(self, source: Source, request: Request, leave: Amount) -> list[Batch]:
        """What the platform shows now, each page stored. Raises SourceError and OverBudgetError."""
        batches: list[Batch] = []
        waiting = [request]
        while waiting and len(batches) < FURTHER:
            _, batch = await self._fetcher.fetch(source, waiting.pop(0), leave=leave)
            await self._ingest(source, SEARCH, batch)
            batches.append(batch)
            waiting += batch.requests
        return batches
