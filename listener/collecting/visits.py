"""One visit to a source: plan what is due, read it page by page, decide what follows, store. No trouble gets out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from insight.model import Post
from listener.clock import Clock
from listener.collecting import completeness, decide
from listener.collecting.access import Admission, Door
from listener.collecting.asking import Asking
from listener.collecting.budget import NOTHING, OverBudgetError
from listener.collecting.completeness import Completeness
from listener.collecting.ingest import Ingest, IngestResult, Queries
from listener.collecting.looks import Canaries, SecondLooks
from listener.collecting.notes import SourceNotes
from listener.collecting.pace import VisitPace, VisitPlan, pause_limits, reserved_for_visits, visit_needs
from listener.collecting.result import VisitResult
from listener.collecting.retry import ends_visit, reason_of, retry_at
from listener.log import Log
from listener.threads import Threads
from scrapers import walk
from scrapers.answers import holds_secret, stumbled
from scrapers.base import Batch, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import SearchState, Store, StoreError

UNSTORED_PAUSE = timedelta(minutes=1)
"""A visit that could not be stored (a full disk, say) is not repeated at once: no platform is to suffer."""
WORTH_A_WORD = timedelta(minutes=2)
OnVisit = Callable[[Source, VisitResult, SourceError | None], None]


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
    on_visit: OnVisit = field(default=lambda *_: None)
    notes: SourceNotes | None = None
    ingest: Ingest = field(init=False)
    completeness: Completeness = field(init=False)
    admission: Admission = field(init=False)
    asking: Asking = field(init=False)
    looks: SecondLooks = field(init=False)
    canaries: Canaries = field(init=False)
    _walks: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    _put_off: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ingest = Ingest(self.store, self.threads, self.clock, self.queries)
        self.completeness = Completeness()
        notes = self.notes or SourceNotes(self.store, self.threads)
        self.admission = Admission(self.door, notes.sessions)
        self.asking = Asking(self.admission, notes, self.clock)
        self.looks = SecondLooks(self.store, self.threads, self.asking, self.clock, self.log, self.ingest)
        self.canaries = Canaries(self.asking.notes, self.looks, self.clock, self.log)

    # -- a visit ----------------------------------------------------------------------------------------------------

    async def visit(self, source: Source) -> VisitResult:
        """Read everything new of a source and say when to come back. Raises nothing, whatever happens.

        1. Read each search that is due; what goes wrong with one is its own trouble, unless nobody is answered at all.
        2. Decide when the source, and each search that failed, is due again.
        3. Store how it went; where the store itself fails, keep the next time in mind.
        4. Look a second time at what was stored before, if all was read.
        """
        result = VisitResult(self.clock.now())
        until = self._put_off.get(source.id, result.started)
        if result.started < until <= result.started + UNSTORED_PAUSE:
            return result
        try:
            try:
                await self._read(source, result)
                next_at = await self._plan_next(source, result)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was: the visit has an outcome
                result.refused = self._stumbled(source, error)
                next_at = await self._retry_at(source, result.refused)
            await self._store_outcome(source, result, next_at)
        except Exception as error:  # noqa: BLE001 - said in the log
            again = self._put_off[source.id] = self.clock.now() + UNSTORED_PAUSE
            more = {"again_at": f"{again:%H:%M:%SZ}", "exc_info": None if isinstance(error, StoreError) else error}
            self.log.error("not stored", source=source.id, error=str(error), **more)
        else:
            if result.complete:
                await self.look(source, result)
        return result

    async def _read(self, source: Source, result: VisitResult) -> None:
        """Read what is due, search by search; how each does goes into the result."""
        now, notes, watches = result.started, await self.asking.notes.of(source.id), self.queries().watches
        stored = await self.threads.read(lambda: self.store.sources.searches(source.id))
        searches = decide.walked(source, source.searches(watches), now)
        known = {it.search: it for it in stored}
        result.searches = {it.key: known.get(it.key, SearchState(source.id, it.key)) for it in searches}
        result.former = [it for it in stored if it.failures and it.search not in result.searches]
        result.before, result.need = VisitPace.from_json(notes.get("rhythm")).newest, visit_needs(source, searches, now)
        name, figures = completeness.name_of(source.id), None
        if self.completeness.measures_anew(source, watches):
            figures = await self.threads.read(lambda: self.store.state.get(name))
        self.completeness.begun(source, watches, searches, now, figures)
        due, result.only_some = decide.due(source, searches, result.searches, notes, now)
        before: SourceError | None = None
        for number, search in enumerate(due):
            try:
                how, before = await self._read_search(source, search, result), None
            except OverBudgetError as resting:
                result.rest, result.begin_at = resting.rest, search.key
                return
            except SourceError as error:
                if ends_visit(error, before):
                    result.refused, result.begin_at = error, due[(number + 1) % len(due)].key
                    return
                before = result.errors[search.key] = error
                how = decide.failed(source, result.searches[search.key], error, self.clock.now(), self.random)
            result.asked.append(search.key)
            result.searches[search.key] = how

    async def _read_search(self, source: Source, search: Search, result: VisitResult) -> SearchState:
        """Follow a search's pages back to its mark, each stored with the cursor after it; how it does then.

        Raises SourceError, OverBudgetError and StoreError.
        """
        try:
            state, kept = result.searches[search.key], self._walks.get((source.id, search.key))
            state = replace(state, cursor=kept.to_json()) if kept else state
            reading = decide.begin(source, search, state, self.clock.now())
            while reading.cursor.walk and reading.pages < source.max_pages:
                try:
                    etag, modified = reading.validators
                    request = walk.next_request(reading.cursor)
                    asked = await self.asking.page(source, request, etag=etag, last_modified=modified)
                    batch = await self.asking.read(source, asked)
                except (SourceError, OverBudgetError) as error:
                    if found := decide.page_failed(reading, error, self.clock.now()):
                        await self._store(source, search, found[1], found[0].cursor)
                    raise
                reading = decide.page_read(reading, asked.page, batch, source.max_pages)
                result.read(search, asked.page, batch)
                taken = await self._store(source, search, batch, reading.cursor)
                result.stored(batch, taken.outcome)
                posts = [item for item in batch.items if isinstance(item, Post)]
                concerns = [(post, taken.concerns.get(post.key, frozenset())) for post in posts]
                self.completeness.brought(source, search.watches, concerns)
        except (SourceError, OverBudgetError, StoreError):
            raise
        except Exception as error:
            raise self._stumbled(source, error) from error
        more = reading.cursor.walk is not None
        result.unfinished = result.unfinished or more
        return decide.succeeded(result.searches[search.key], self.clock.now(), unfinished=more)

    def _stumbled(self, source: Source, error: Exception) -> SourceError:
        self.log.error("source stumbled", source=source.id, exc_info=error)
        return stumbled(source, error).masked(self.door.mask)

    async def _store(self, source: Source, search: Search, batch: Batch, cursor: Cursor) -> IngestResult:
        """Store a batch with the cursor after it. A walk with a secret in its requests is kept in memory alone."""
        secret = any(holds_secret(request, self.door.mask) for request in (cursor.walk.pending if cursor.walk else ()))
        kept = walk.abandon(cursor) if secret else cursor
        taken = await self.ingest(source, search.key, batch, kept.to_json())
        key = (source.id, search.key)  # from here on: what could not be stored is read again
        if secret:
            self._walks[key] = cursor
        else:
            self._walks.pop(key, None)
        return taken

    async def _retry_at(self, source: Source, error: SourceError, first: float | None = None) -> datetime:
        state = await self.threads.read(lambda: self.store.sources.one(source.id))
        return retry_at(source, error, state.failures if state else 0, self.clock.now(), self.random, first)

    async def _plan_next(self, source: Source, result: VisitResult) -> datetime:
        """When the source is due next; what that follows from is noted, and stored with the visit."""
        notes, meter = await self.asking.notes.of(source.id), await self.asking.notes.meter(source.id)
        now, rest, told = self.clock.now(), result.rest, notes.get("rest")
        if result.refused is not None:
            notes |= {"begin at": result.begin_at, "left at": None}  # what was left is read in that turn, too
            return await self._retry_at(source, result.refused)
        noted, next_at = decide.next_visit(source, result, notes, meter.closed, now)
        notes.update(noted)
        if rest is not None and notes["rest"] != told and rest.until - now > WORTH_A_WORD:
            self.log.info("resting", source=source.id, why=rest.why, until=f"{rest.until:%Y-%m-%d %H:%MZ}")
        return next_at

    async def _store_outcome(self, source: Source, result: VisitResult, next_at: datetime) -> None:
        """Store how the visit went, and say it."""
        now, error, sources = self.clock.now(), result.error, self.store.sources
        self.asking.notes.note(source.id, result.reasons, now)
        states = self.asking.notes.states(source.id)
        if result.complete:
            states |= self.completeness.ended(source, result.unread_searches)
        asked = [*(result.searches[key] for key in result.asked), *map(decide.forgotten, result.former)]
        if error is not None:
            how = (now, next_at, reason_of(error), result.permanent, states, asked)
            await self.threads.write(lambda: sources.failed(source.id, *how))
            self.log.warning("fetch failed", source=source.id, error=reason_of(error), again_at=f"{next_at:%H:%M:%SZ}")
        elif result.pages or not result.searches:
            well = (now, next_at, result.seen, result.new, states, asked)
            await self.threads.write(lambda: sources.succeeded(source.id, *well))
            counts = {"pages": result.pages, "new": result.new, "mentions": result.mentions}
            self.log.info("fetched", source=source.id, **counts)
        else:  # nothing came, but that is no failure of the source: it rests, or only tried a failing search again
            await self.threads.write(lambda: sources.rests(source.id, now, next_at, states, asked))
        for key, trouble in result.errors.items() if error is None else ():
            again = result.searches[key].next_at or next_at
            said = {"error": reason_of(trouble), "again_at": f"{again:%H:%M:%SZ}"}
            self.log.warning("search failed", source=source.id, search=key, **said)
        if error or result.errors or result.pages or not result.searches:
            tried = None if result.pages else next(iter(result.errors.values()), None)
            self.on_visit(source, result, error or tried)

    # -- beside the visits ------------------------------------------------------------------------------------------

    async def look(self, source: Source, result: VisitResult | None = None) -> None:
        """Look for the canary, and a second time at stored posts, with what the visits leave of the budget.

        `result`: the whole visit that this follows; None for a source that only streams. Raises nothing.
        """
        try:
            notes, now = await self.asking.notes.of(source.id), self.clock.now()
            need = result.need if result else NOTHING
            pause = VisitPace.from_json(notes.get("rhythm")).pause(pause_limits(source, need))
            keep = reserved_for_visits(source.budget(), VisitPlan(pause, need), now)
            told_all = result is not None and not result.unchanged and not result.unread_searches
            await self.canaries.check(source, result.ids if result and told_all else None, keep)
            await self.looks.look(source, keep)
        except Exception as error:
            trouble = None if isinstance(error, StoreError) else error
            self.log.error("second look failed", source=source.id, error=str(error), exc_info=trouble)

    async def failed(self, source: Source, error: SourceError, first: float | None = None) -> None:
        """A stream has failed: remember it, and when to try again. `first`: seconds after a first failure."""
        now, reason, next_at = self.clock.now(), reason_of(error), await self._retry_at(source, error, first)
        await self.asking.notes.of(source.id)
        self.asking.notes.note(source.id, [reason], now)
        how = (now, next_at, reason, error.permanent, self.asking.notes.states(source.id))
        await self.threads.write(lambda: self.store.sources.failed(source.id, *how))
        self.log.warning("fetch failed", source=source.id, error=reason, again_at=f"{next_at:%H:%M:%SZ}")
