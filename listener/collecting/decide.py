"""What a visit reads, what each page or error means for its search, and what comes next: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from insight.model import Gap
from listener.collecting.budget import OverBudgetError
from listener.collecting.pace import VisitPace, pause_limits
from listener.collecting.result import VisitResult
from listener.collecting.retry import ends_visit, longest_wait, reason_of, retry_at
from scrapers import walk
from scrapers.base import Batch, Page, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import SearchState

STUCK = 5  # failures in a row at the same page
Notes = Mapping[str, Any]


def walked(source: Source, searches: Iterable[Search], now: datetime) -> tuple[Search, ...]:
    """The searches that are visited: those without a stream, or all of them where a stream cannot resume."""
    return tuple(search for search in searches if source.polls or source.stream(search, None, now) is None)


def due(
    source: Source, searches: Sequence[Search], states: Mapping[str, SearchState], notes: Notes, now: datetime
) -> tuple[tuple[Search, ...], bool]:
    """The searches that a visit reads, in order, and whether only some are due (the others have their own time).

    1. A search that failed rests until its own time, in each visit.
    2. Where only such times have come, or a walk goes on at once, just those searches are read.
    3. A visit that the budget cut short is gone on with where it was left.
    4. After one that ended because nobody was answered, the search behind that one is the first: so none starves.
    """
    longest = longest_wait(source)
    times = {key: state.next_at for key, state in states.items() if state.next_at is not None}
    resting = {key for key, at in times.items() if now < at <= now + longest}
    ready = [search for search in searches if search.key not in resting]
    again = [search for search in ready if search.key in times]
    all_at = datetime.fromisoformat(notes["all due"]) if notes.get("all due") else now
    if again and now < all_at <= now + longest:
        return tuple(again), True
    keys = [search.key for search in searches]
    if notes.get("left at") in keys:
        left = searches[keys.index(notes["left at"]) :]
        return tuple(search for search in ready if search in left or search in again), False
    first = keys.index(notes["begin at"]) if notes.get("begin at") in keys else 0
    return tuple(search for search in (*searches[first:], *searches[:first]) if search in ready), False


@dataclass(frozen=True, slots=True)
class SearchWalk:
    """A search while it is read. `first`: nobody has read it to its end yet; `resumed`: its walk was under way."""

    cursor: Cursor
    failures: int
    first: bool
    resumed: bool
    pages: int = 0

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """ETag and Last-Modified, for the first page of a walk alone: it says whether there is anything new at all."""
        fresh = not self.resumed and not self.pages
        return (self.cursor.etag, self.cursor.last_modified) if fresh else (None, None)


def begin(source: Source, search: Search, state: SearchState, now: datetime) -> SearchWalk:
    cursor = Cursor.from_json(state.cursor or {})
    first, resumed = cursor.high_water is None, cursor.walk is not None
    return SearchWalk(walk.begin(source, search, cursor, now), state.failures, first, resumed)


def page_read(reading: SearchWalk, page: Page, batch: Batch, most: int) -> SearchWalk:
    """After a page that could be read. A first visit ends after `most` pages: nobody promised the time before it."""
    cursor = walk.advance(reading.cursor, page, batch)
    if cursor.walk and reading.first and reading.pages + 1 >= most:
        cursor = walk.close(cursor)
    return replace(reading, cursor=cursor, pages=reading.pages + 1)


def page_failed(
    reading: SearchWalk, error: SourceError | OverBudgetError, now: datetime
) -> tuple[SearchWalk, Batch] | None:
    """What is stored after a page that did not come, so that no page holds up for ever what is newer; None: nothing.

    1. A first visit that the budget cuts short ends there: else it would go on for ever, a few pages at a time.
    2. Where a walk was under way and its page has gone (an expired token, say), it starts over from its mark.
    3. One that fails again and again although the site answers is left out, and the gap is recorded.
    """
    if isinstance(error, OverBudgetError):
        ended = replace(reading, cursor=walk.close(reading.cursor))
        return (ended, Batch()) if reading.first and reading.pages else None
    if not reading.resumed or reading.pages or ends_visit(error, None):
        return None
    if error.permanent and error.status is not None:
        error.permanent = False  # the walk has come to nothing, not the search
        return replace(reading, cursor=walk.abandon(reading.cursor)), Batch()
    if (error.status or 500) < 400 and reading.failures >= STUCK:
        gap = Gap(None, now, f"a page could not be read {STUCK} times: {error}")
        return replace(reading, cursor=walk.skip(reading.cursor)), Batch((gap,))
    return None


def forgotten(state: SearchState) -> SearchState:
    """A search that nobody asks for any more: it keeps its cursor, and fails no longer."""
    return replace(state, paused=False, failures=0, error=None, next_at=None)


def succeeded(state: SearchState, now: datetime, *, unfinished: bool) -> SearchState:
    """How a search does that was read: to its end, or as far as one visit goes."""
    return replace(forgotten(state), last_success=now, next_at=now if unfinished else None)


def failed(source: Source, state: SearchState, error: SourceError, now: datetime, random: Random) -> SearchState:
    """How a search does that could not be read: the others are, and this one has its own next time."""
    next_at = retry_at(source, error, state.failures, now, random)
    reason, failures = reason_of(error), state.failures + 1
    return replace(state, paused=error.permanent, failures=failures, error=reason, next_at=next_at)


def next_visit(
    source: Source, result: VisitResult, notes: Notes, closed: datetime | None, now: datetime
) -> tuple[dict[str, Any], datetime]:
    """What is to be noted of a source after a visit that was answered, and when the source is due.

    It is due when all its searches are, or one of them is, and not while it rests or is `closed`: never in the past,
    and never too far away.
    """
    noted, rest = {**notes, "begin at": None, "all due": None if result.error else notes.get("all due")}, result.rest
    noted["rest"] = {"until": rest.until.isoformat(), "why": rest.why} if rest else None
    if not (result.error or result.only_some):
        within = pause_limits(source, result.need)
        longest = 2 * longest_wait(source).total_seconds()
        rhythm = VisitPace.from_json(notes.get("rhythm")).after(within.usual, result, longest)
        all_due = rest.until if rest else result.started + timedelta(seconds=rhythm.pause(within))
        noted |= {"rhythm": rhythm.to_json(), "all due": all_due.isoformat(), "left at": result.begin_at}
    times = [state.next_at for state in result.searches.values() if state.next_at is not None]
    if noted.get("all due"):
        times.append(datetime.fromisoformat(noted["all due"]))
    at = max(min(times, default=now), rest.until if rest else now, closed or now)
    return noted, min(at, now + longest_wait(source))
