"""Visiting sources: fetch what is due, page by page, and let no source's trouble reach another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from insight.model import Gap, Post
from listener.clock import Clock
from listener.collecting.admission import Admission, Door
from listener.collecting.asking import Asked, Asking
from listener.collecting.budget import RestingError
from listener.collecting.care import Care, Round
from listener.collecting.completeness import STATE, Completeness
from listener.collecting.ingest import Ingest, Queries
from listener.collecting.memory import Memory
from listener.collecting.rhythm import Brought
from listener.log import Log
from listener.threads import Threads
from scrapers import walk
from scrapers.answers import stumbled
from scrapers.base import Batch, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import Store, StoreError

LONGEST_PAUSE = 3600.0
PROBE_PAUSED = 6 * 3600.0
OFFLINE_PAUSE = 60.0
UNSTORED_PAUSE = 60.0
"""A visit that could not be stored (a full disk, say) is not repeated at once: the platform is not to suffer for it."""
STUCK = 5  # failures in a row
ONE_SEARCH = frozenset({400, 404, 410, 422, 451})
"""Refusals of what was asked for, not of who asks: the other searches may still be answered."""


@dataclass
class Tally:
    """What one visit brought."""

    pages: int = 0
    seen: int = 0
    new: int = 0
    mentions: int = 0
    rejected: int = 0
    unfinished: bool = False
    round: Round = field(default_factory=lambda: Round(Brought()))


@dataclass
class Collector:
    """Visits one source at a time for the engine."""

    store: Store
    threads: Threads
    door: Door
    clock: Clock
    random: Random
    log: Log
    queries: Callable[[], Queries]
    on_visit: Callable[[Source, Tally, SourceError | None], None] = field(default=lambda *_: None)
    ingest: Ingest = field(init=False)
    completeness: Completeness = field(init=False)
    admission: Admission = field(init=False)
    memory: Memory | None = None
    asking: Asking = field(init=False)
    care: Care = field(init=False)
    _resting: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.store, self.threads, self.clock, self.queries)
        self.completeness = Completeness(self.store.state.get(STATE))
        self.admission = Admission(self.door)
        self.asking = Asking(self.admission, self.memory or Memory(self.store, self.threads), self.clock)
        self.care = Care(self.store, self.threads, self.asking, self.clock, self.log, self.ingest)

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

    async def look(self, source: Source) -> None:
        """What follows a visit, for a source that only streams: second looks, and its canary."""
        try:
            visit, _ = await self.care.begin(source, ())
            await self.care.afterwards(source, replace(visit, unchanged=True))
        except StoreError as error:
            self.log.error("not stored", source=source.id, error=str(error))

    async def _visit(self, source: Source) -> Tally:
        tally, started = Tally(), self.clock.now()
        self.completeness.begun(source, self.queries().watches, started)
        trouble = await self._walk_all(source, tally)
        if trouble:
            await self.failed(source, trouble)
            self.on_visit(source, tally, trouble)
            return tally
        next_at = await self.care.ended(source, tally.round, started, tally.new, unfinished=tally.unfinished)
        now, states = self.clock.now(), self.care.states(source)
        if tally.round.rest and not tally.pages:  # nothing was asked, so it was no visit
            await self.threads.write(lambda: self.store.sources.rests(source.id, now, next_at, states))
            return tally
        if not tally.unfinished and self.completeness.ended(source):
            figures = self.completeness.to_json()
            await self.threads.write(lambda: self.store.state.put(STATE, figures, now))
        await self.threads.write(
            lambda: self.store.sources.succeeded(source.id, now, next_at, tally.seen, tally.new, states)
        )
        self.log.info("fetched", source=source.id, pages=tally.pages, new=tally.new, mentions=tally.mentions)
        self.on_visit(source, tally, None)
        if not tally.unfinished:
            await self.care.afterwards(source, tally.round)
        return tally

    async def _walk_all(self, source: Source, tally: Tally) -> SourceError | None:
        """Walk every search; the first one's trouble. One that is refused (a country, a hashtag) stops no other."""
        troubles: list[SourceError] = []
        try:
            searches = walked(source, source.searches(self.queries().watches), self.clock.now())
            tally.round, searches = await self.care.begin(source, searches)
            for search in searches:
                try:
                    await self._walk(source, search, tally)
                except RestingError as resting:
                    tally.unfinished, tally.round.left_at, tally.round.rest = True, search.key, resting.rest
                    break
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
        stored = await self.threads.read(lambda: self.store.sources.cursor(source.id, search.key))
        cursor = Cursor.from_json(stored or {})
        first_visit, resumed = cursor.high_water is None, cursor.walk is not None
        cursor = walk.begin(source, search, cursor, self.clock.now())
        for count in range(1, source.max_pages + 1):
            try:
                asked = await self._ask(source, cursor, validate=not resumed and count == 1)
            except RestingError:
                if first_visit and count > 1:  # it would go on for ever, a few pages at a time
                    await self._ingest(source, search, Batch(), walk.close(cursor), tally)
                raise
            tally.pages += 1
            try:
                batch = await self.asking.read(source, asked)
            except SourceError as error:
                if resumed and count == 1:
                    await self._get_on(source, search, cursor, error)
                raise
            tally.round.read(search, asked.page, batch)
            cursor = walk.advance(cursor, asked.page, batch)
            if cursor.walk and count == source.max_pages and first_visit:
                cursor = walk.close(cursor)  # nobody promised the time before the first visit
            await self._ingest(source, search, batch, cursor, tally)
            if not cursor.walk:
                return
        tally.unfinished = True

    async def _ask(self, source: Source, cursor: Cursor, *, validate: bool) -> Asked:
        etag, modified = (cursor.etag, cursor.last_modified) if validate else (None, None)
        return await self.asking.page(source, walk.next_request(cursor), etag=etag, last_modified=modified)

    async def _ingest(self, source: Source, search: Search, batch: Batch, cursor: Cursor, tally: Tally) -> None:
        taken = await self.ingest(source, search.key, batch, cursor.to_json())
        posts = [(item, taken.concerns.get(item.key, frozenset())) for item in batch.items if isinstance(item, Post)]
        self.completeness.brought(source, search.watches, posts)
        outcome = taken.outcome
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
        state = await self.threads.read(lambda: self.store.sources.one(source.id))
        return state.failures if state else 0

    async def failed(self, source: Source, error: SourceError, first: float | None = None) -> None:
        """Remember a failure, and when to try again. `first`: seconds after a first one."""
        now, failures = self.clock.now(), await self._failures(source)
        next_at = now + timedelta(seconds=pause_after_error(source, error, failures, self.random, first))
        reason = reason_of(error)
        states = await self.care.failed(source, reason)
        await self.threads.write(
            lambda: self.store.sources.failed(source.id, now, next_at, reason, error.permanent, states)
        )
        self.log.warning("fetch failed", source=source.id, error=reason, again_at=_short(next_at))


def pause_after(source: Source) -> float:
    return source.every or source.default_every


def walked(source: Source, searches: Iterable[Search], now: datetime) -> tuple[Search, ...]:
    """The searches that are visited: those without a stream, or all of them where a stream cannot resume."""
    return tuple(search for search in searches if source.polls or source.stream(search, None, now) is None)


def reason_of(error: SourceError) -> str:
    return f"{error}. {error.remedy}".rstrip(". ") if error.remedy else str(error)


def pause_after_error(
    source: Source, error: SourceError, failures: int, random: Random, first: float | None = None
) -> float:
    """Seconds until the next try: what the platform said, else twice as long each time, up to an hour, with jitter.

    A permanent failure is tried again every six hours all the same, so that a mended account needs no restart.
    """
    if error.retry_after is not None:
        return error.retry_after + random.uniform(1, 5)
    if error.permanent:
        return PROBE_PAUSED * random.uniform(0.9, 1.1)
    longest = OFFLINE_PAUSE if error.offline else LONGEST_PAUSE
    pause = min(longest, (first or min(pause_after(source), 60.0)) * 2.0 ** min(failures, 20))
    return pause * random.uniform(0.8, 1.2)


def _short(when: datetime) -> str:
    return when.strftime("%H:%M:%SZ")
