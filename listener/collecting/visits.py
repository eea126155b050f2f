"""One visit to a source: read what is due page by page, decide what follows, store. No trouble gets out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from insight.model import Post
from listener.clock import Clock
from listener.collecting import completeness, decide
from listener.collecting.access import Door, SourceDoor
from listener.collecting.budget import NOTHING, OverBudgetError
from listener.collecting.completeness import Completeness
from listener.collecting.fetching import Fetcher
from listener.collecting.ingest import Ingest, IngestResult, Queries
from listener.collecting.looks import SecondLooks
from listener.collecting.notes import SourceNotes
from listener.collecting.pace import VisitPace, VisitPlan, pause_limits, reserved_for_visits, visit_needs
from listener.collecting.result import VisitResult
from listener.log import Log
from listener.threads import Threads
from scrapers import walk
from scrapers.answers import stumbled
from scrapers.base import Batch, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import SearchState, Store, StoreError

UNSTORED_PAUSE = timedelta(minutes=1)
"""A visit that could not be stored (a full disk, say) is not repeated at once: no platform is to suffer."""
WORTH_A_LINE = timedelta(minutes=2)  # a source that rests for longer says so in the log
OnVisit = Callable[[Source, VisitResult, SourceError | None], None]


@dataclass
class Collector:
    """Visits one source at a time for the engine. `queries` gives those of the config that holds now."""

    store: Store
    threads: Threads
    door: Door
    clock: Clock
    random: Random
    log: Log
    queries: Callable[[], Queries]
    on_visit: OnVisit = field(default=lambda *_: None)
    notes: SourceNotes = field(init=False)
    ingest: Ingest = field(init=False)
    completeness: Completeness = field(init=False)
    fetcher: Fetcher = field(init=False)
    looks: SecondLooks = field(init=False)
    _walks_with_secrets: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    _put_off: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.notes = SourceNotes(self.store, self.threads)
        self.ingest = Ingest(self.store, self.threads, self.clock, self.queries)
        self.completeness = Completeness()
        self.fetcher = Fetcher(SourceDoor(self.door, self.notes.sessions), self.notes, self.clock)
        self.looks = SecondLooks(self.store, self.threads, self.fetcher, self.clock, self.log, self.ingest)

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
                await self._read_due(source, result)
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

    async def _read_due(self, source: Source, result: VisitResult) -> None:
        """Read what is due, search by search; how each does goes into the result."""
        # 1. What is known of the source, and of each of its searches.
        now, notes, watches = result.started, await self.notes.of(source.id), self.queries().watches
        searches = decide.visited_searches(source, source.searches(watches), now)
        stored = await self.threads.read(lambda: self.store.sources.searches(source.id))
        states = {state.search: state for state in stored}
        result.searches = {it.key: states.get(it.key, SearchState(source.id, it.key)) for it in searches}
        result.former = [state for state in stored if state.failures and state.search not in result.searches]
        result.before = VisitPace.from_json(notes.get("rhythm")).newest
        result.need = visit_needs(source, searches, now)
        figures = None
        if self.completeness.measures_anew(source, watches):
            figures = await self.threads.read(lambda: self.store.state.get(completeness.name_of(source.id)))
        self.completeness.begin(source, watches, searches, now, figures)

        # 2. Each search that is due, until nobody is answered or the budget is used up.
        due, result.only_some = decide.due_searches(source, searches, result.searches, notes, now)
        before: SourceError | None = None
        for number, search in enumerate(due):
            state = result.searches[search.key]
            try:
                state, before = await self._read_search(source, search, result), None
            except OverBudgetError as over:
                result.rest, result.begin_at = over.rest, search.key
                return
            except SourceError as error:
                if decide.ends_visit(error, before):
                    result.refused, result.begin_at = error, due[(number + 1) % len(due)].key
                    return
                before = result.errors[search.key] = error
                state = decide.search_failed(source, state, error, self.clock.now(), self.random)
            result.asked.append(search.key)
            result.searches[search.key] = state

    async def _read_search(self, source: Source, search: Search, result: VisitResult) -> SearchState:
        """Follow a search's pages back to its mark, each stored with the cursor after it; how it does then.

        Raises SourceError, OverBudgetError and StoreError.
        """
        state = result.searches[search.key]
        try:
            in_memory = self._walks_with_secrets.get((source.id, search.key))
            begun = replace(state, cursor=in_memory.to_json()) if in_memory else state
            reading = decide.begin_walk(source, search, begun, self.clock.now())
            while reading.cursor.walk and reading.pages < source.max_pages:
                request, validators = walk.next_request(reading.cursor), reading.validators
                try:
                    page, batch = await self.fetcher.fetch(source, request, validators=validators)
                except (SourceError, OverBudgetError) as error:
                    if left := decide.after_page_error(reading, error, self.clock.now()):
                        await self._store_page(source, search, *left)
                    raise
                batch = walk.without_circles(reading.cursor, page, batch)
                reading = decide.after_page(reading, page, batch, source.max_pages)
                result.read(search, page, batch)
                batch = decide.counted_when_collected(batch, state.last_success, self.clock.now())
                stored = await self._store_page(source, search, reading.cursor, batch)
                result.stored(batch, stored.outcome)
                posts = [item for item in batch.items if isinstance(item, Post)]
                concerns = [(post, stored.concerns.get(post.key, frozenset())) for post in posts]
                self.completeness.page_came(source, search.watches, concerns)
        except (SourceError, OverBudgetError, StoreError):
            raise
        except Exception as error:
            raise self._stumbled(source, error) from error
        more = reading.cursor.walk is not None
        result.unfinished = result.unfinished or more
        return decide.search_succeeded(state, self.clock.now(), unfinished=more)

    async def _store_page(self, source: Source, search: Search, cursor: Cursor, batch: Batch) -> IngestResult:
        """Store a batch with the cursor after it. A walk with a secret in its requests is kept in memory alone."""
        saved, key = walk.storable(cursor, self.door.mask), (source.id, search.key)
        stored = await self.ingest(source, search.key, batch, saved.to_json())
        if saved is cursor:  # from here on: what could not be stored is read again
            self._walks_with_secrets.pop(key, None)
        else:
            self._walks_with_secrets[key] = cursor
        return stored

    def _stumbled(self, source: Source, error: Exception) -> SourceError:
        """What is no SourceError is a fault of the source's own code: a word in the log, with its traceback."""
        self.log.error("source stumbled", source=source.id, exc_info=error)
        return stumbled(source, error).masked(self.door.mask)

    async def _retry_at(self, source: Source, error: SourceError, first: float | None = None) -> datetime:
        state = await self.threads.read(lambda: self.store.sources.one(source.id))
        return decide.retry_at(source, error, state.failures if state else 0, self.clock.now(), self.random, first)

    async def _plan_next(self, source: Source, result: VisitResult) -> datetime:
        """When the source is due next; what that follows from is noted, and stored with the visit."""
        notes, meter = await self.notes.of(source.id), await self.notes.meter(source.id)
        if result.refused is not None:
            notes |= {"begin at": result.begin_at, "left at": None}  # what was left is read in that turn, too
            return await self._retry_at(source, result.refused)
        now, rest, said = self.clock.now(), result.rest, notes.get("rest")
        noted, next_at = decide.next_visit(source, result, notes, meter.closed, now)
        notes.update(noted)
        if rest is not None and notes["rest"] != said and rest.until - now > WORTH_A_LINE:
            self.log.info("resting", source=source.id, why=rest.why, until=f"{rest.until:%Y-%m-%d %H:%MZ}")
        return next_at

    async def _store_outcome(self, source: Source, result: VisitResult, next_at: datetime) -> None:
        """Store how the visit went, and say it."""
        now, error, sources = self.clock.now(), result.error, self.store.sources
        self.notes.add_errors(source.id, result.reasons, now)
        states = self.notes.states(source.id)
        if result.complete:
            states |= self.completeness.end(source, result.unread_searches)
        searches = [*(result.searches[key] for key in result.asked), *map(decide.search_not_asked, result.former)]
        answered = result.pages or not result.searches
        if error is not None:
            failure = (now, next_at, error.reason, result.permanent, states, searches)
            await self.threads.write(lambda: sources.failed(source.id, *failure))
            self.log.warning("fetch failed", source=source.id, error=error.reason, again_at=f"{next_at:%H:%M:%SZ}")
        elif answered:
            success = (now, next_at, result.seen, result.new, states, searches)
            await self.threads.write(lambda: sources.succeeded(source.id, *success))
            counts = {"pages": result.pages, "new": result.new, "mentions": result.mentions}
            self.log.info("fetched", source=source.id, **counts)
        else:  # nothing came, but that is no failure of the source: it rests, or only tried a failing search again
            await self.threads.write(lambda: sources.rests(source.id, now, next_at, states, searches))
        for key, one in result.errors.items() if error is None else ():
            again = f"{result.searches[key].next_at or next_at:%H:%M:%SZ}"
            self.log.warning("search failed", source=source.id, search=key, error=one.reason, again_at=again)
        if error or result.errors or answered:
            only_failed = None if result.pages else next(iter(result.errors.values()), None)
            self.on_visit(source, result, error or only_failed)

    # -- beside the visits ------------------------------------------------------------------------------------------

    async def look(self, source: Source, result: VisitResult | None = None) -> None:
        """Look for the canary, and a second time at stored posts, with what the visits leave of the budget.

        `result`: the whole visit that this follows; None for a source that only streams. Raises nothing.
        """
        try:
            notes, need = await self.notes.of(source.id), result.need if result else NOTHING
            pause = VisitPace.from_json(notes.get("rhythm")).pause(pause_limits(source, need))
            leave = reserved_for_visits(source.budget(), VisitPlan(pause, need), self.clock.now())
            all_read = result is not None and not result.unchanged and not result.unread_searches
            await self.looks.check_canary(source, result.ids if result and all_read else None, leave)
            await self.looks.look(source, leave)
        except Exception as error:
            trouble = None if isinstance(error, StoreError) else error
            self.log.error("second look failed", source=source.id, error=str(error), exc_info=trouble)

    async def stream_failed(self, source: Source, error: SourceError, first: float | None = None) -> None:
        """Remember that a stream has failed, and when to try again. `first`: seconds after a first failure."""
        now, next_at = self.clock.now(), await self._retry_at(source, error, first)
        await self.notes.of(source.id)
        self.notes.add_errors(source.id, [error.reason], now)
        failure = (now, next_at, error.reason, error.permanent, self.notes.states(source.id))
        await self.threads.write(lambda: self.store.sources.failed(source.id, *failure))
        self.log.warning("fetch failed", source=source.id, error=error.reason, again_at=f"{next_at:%H:%M:%SZ}")
