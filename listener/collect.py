"""Visiting sources: fetch what is due, page by page, and let no source's trouble reach another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol, TypeVar

from insight.model import Gap, Watch
from insight.pipeline import Pipeline
from listener.clock import Clock
from listener.ingest import Known, ingest
from listener.log import Log
from listener.simulation import is_loopback
from scrapers import walk
from scrapers.answers import stumbled
from scrapers.base import Batch, Cursor, Page, Request, Search, Source, SourceError
from storage import Store, StoreError

T = TypeVar("T")
LONGEST_PAUSE = 3600.0
PROBE_PAUSED = 6 * 3600.0
OFFLINE_PAUSE = 60.0
UNSTORED_PAUSE = 60.0
"""A visit that could not be stored (a full disk, say) is not repeated at once: the platform is not to suffer for it."""
NOT_MODIFIED = 304
STUCK = 5  # failures in a row
ONE_SEARCH = frozenset({400, 404, 410, 422, 451})
"""Refusals of what was asked for, not of who asks: the other searches may still be answered."""


class Door(Protocol):
    """What fetches. Raises SourceError and nothing else."""

    async def fetch(
        self,
        request: Request,
        *,
        headers: Any,
        terms_pace: float,
        etag: str | None,
        last_modified: str | None,
        obey_robots: bool,
        vouched: tuple[str, ...],
    ) -> Page: ...


OnStore = Callable[[Callable[[], T]], Awaitable[T]]


@dataclass
class Tally:
    """What one visit brought."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    mentions: int = 0
    rejected: int = 0
    unfinished: bool = False


@dataclass
class Collector:
    """Visits one source at a time for the engine. `on_store` runs a call in the store's own thread."""

    store: Store
    on_store: Callable[[Callable[[], Any]], Awaitable[Any]]
    door: Door
    clock: Clock
    random: Random
    log: Log
    pipeline: Pipeline
    watches: tuple[Watch, ...]
    on_visit: Callable[[Source, Tally, SourceError | None], None] = field(default=lambda *_: None)
    known: Known = field(default_factory=Known)
    _resting: dict[str, datetime] = field(default_factory=dict)

    async def visit(self, source: Source) -> Tally:
        """Read everything new of a source and say when to come back. Raises neither SourceError nor StoreError."""
        now = self.clock.now()
        if now < self._resting.get(source.id, now):
            return Tally()
        try:
            return await self._visit(source)
        except StoreError as error:
            # when to come back could not be stored either, so it is kept in mind
            again = self.clock.now() + timedelta(seconds=UNSTORED_PAUSE)
            self._resting[source.id] = again
            self.log.error("not stored", source=source.id, error=str(error), again_at=_short(again))
            return Tally()

    async def _visit(self, source: Source) -> Tally:
        tally, started = Tally(), self.clock.now()
        trouble = await self._walk_all(source, tally)
        if trouble:
            await self._failed(source, trouble)
            self.on_visit(source, tally, trouble)
            return tally
        pause = 0.0 if tally.unfinished else pause_after(source)
        next_at = max(started + timedelta(seconds=pause), self.clock.now())
        now = self.clock.now()
        await self.on_store(lambda: self.store.sources.succeeded(source.id, now, next_at, tally.seen, tally.new))
        self.log.info("fetched", source=source.id, pages=tally.pages, new=tally.new, mentions=tally.mentions)
        self.on_visit(source, tally, None)
        return tally

    async def _walk_all(self, source: Source, tally: Tally) -> SourceError | None:
        """Walk every search; the first one's trouble. One that is refused (a country, a hashtag) stops no other."""
        troubles: list[SourceError] = []
        try:
            searches = source.searches(self.watches)
            for search in searches:
                try:
                    await self._walk(source, search, tally)
                except SourceError as error:
                    troubles.append(error)
                    if not (error.permanent and error.status in ONE_SEARCH):
                        break
            else:
                if troubles and len(troubles) < len(searches):
                    troubles[0].permanent = False  # others are answered: no reason to stop the source
        except StoreError:
            raise
        except Exception as error:
            self.log.error("source stumbled", source=source.id, exc_info=error)
            troubles.append(stumbled(source, error))
        return next(iter(troubles), None)

    async def _walk(self, source: Source, search: Search, tally: Tally) -> None:
        """Follow one search's pages back to its high-water mark, storing the cursor with each page."""
        stored = await self.on_store(lambda: self.store.sources.cursor(source.id, search.key))
        cursor = Cursor.from_json(stored or {})
        first_visit, resumed = cursor.high_water is None, cursor.walk is not None
        cursor = walk.begin(source, search, cursor, self.clock.now())
        for count in range(1, source.max_pages + 1):
            page = await self._fetch(source, cursor, validate=not resumed and count == 1)
            tally.pages += 1
            try:
                batch = Batch() if page.status == NOT_MODIFIED else source.parse(page)
            except SourceError as error:
                if resumed and count == 1:
                    await self._get_on(source, search, cursor, error)
                raise
            cursor = walk.advance(cursor, page, batch)
            if cursor.walk and count == source.max_pages and first_visit:
                cursor = walk.close(cursor)  # nobody promised the time before the first visit
            await self._ingest(source, search, batch, cursor, tally)
            if not cursor.walk:
                return
        tally.unfinished = True

    async def _fetch(self, source: Source, cursor: Cursor, *, validate: bool) -> Page:
        request = walk.next_request(cursor)
        return await self.door.fetch(
            request,
            headers=source.headers(),
            terms_pace=0.0 if is_loopback(request.url) else source.pace,
            etag=cursor.etag if validate else None,
            last_modified=cursor.last_modified if validate else None,
            obey_robots=source.obey_robots,
            vouched=tuple(source.origins()),
        )

    async def _ingest(self, source: Source, search: Search, batch: Batch, cursor: Cursor, tally: Tally) -> None:
        now, saved = self.clock.now(), cursor.to_json()
        outcome = await self.on_store(
            lambda: ingest(self.store, self.pipeline, source, search.key, batch, saved, now, self.known)
        )
        tally.seen += outcome.seen
        tally.new += outcome.new
        tally.mentions += outcome.mentions
        tally.rejected += len(batch.rejected)

    async def _get_on(self, source: Source, search: Search, cursor: Cursor, error: SourceError) -> None:
        """See to it that a page which a walk cannot get past holds up what is newer only for a while.

        One that has gone (an expired token, say) makes the walk start over from its high-water mark. One that fails
        again and again although the site answers is left out, and the gap is recorded.
        """
        if error.permanent:
            error.permanent = False
            await self._ingest(source, search, Batch(), walk.abandon(cursor), Tally())
        elif (error.status or 500) < 400 and await self._failures(source) >= STUCK:
            gap = Gap(None, self.clock.now(), f"a page could not be read {STUCK} times: {error}")
            await self._ingest(source, search, Batch((gap,)), walk.skip(cursor), Tally())

    async def _failures(self, source: Source) -> int:
        states = await self.on_store(self.store.sources.all)
        return next((state.failures for state in states if state.id == source.id), 0)

    async def _failed(self, source: Source, error: SourceError) -> None:
        now, failures = self.clock.now(), await self._failures(source)
        next_at = now + timedelta(seconds=pause_after_error(source, error, failures, self.random))
        reason = f"{error}. {error.remedy}".rstrip(". ") if error.remedy else str(error)
        await self.on_store(
            lambda: self.store.sources.failed(source.id, now, next_at, reason, permanent=error.permanent)
        )
        self.log.warning("fetch failed", source=source.id, error=reason, again_at=_short(next_at))


def pause_after(source: Source) -> float:
    return source.every or source.default_every


def pause_after_error(source: Source, error: SourceError, failures: int, random: Random) -> float:
    """Seconds until the next try: what the platform said, else twice as long each time, up to an hour, with jitter.

    A permanent failure is tried again every six hours all the same, so that a mended account needs no restart.
    """
    if error.retry_after is not None:
        return error.retry_after + random.uniform(1, 5)
    if error.permanent:
        return PROBE_PAUSED * random.uniform(0.9, 1.1)
    longest = OFFLINE_PAUSE if error.offline else LONGEST_PAUSE
    pause = min(longest, min(pause_after(source), 60.0) * 2.0 ** min(failures, 20))
    return pause * random.uniform(0.8, 1.2)


def _short(when: datetime) -> str:
    return when.strftime("%H:%M:%SZ")
