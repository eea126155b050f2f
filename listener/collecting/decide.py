"""What a visit reads, what each page or error means for its search, and when what comes next is due: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from insight.model import Gap, Post, Precision
from listener.collecting.budget import OverBudgetError
from listener.collecting.pace import VisitPace, longest_wait, pause_limits, usual_pause
from listener.collecting.result import VisitResult
from scrapers import walk
from scrapers.base import Batch, Page, Search, Source, SourceError
from scrapers.network.pace import PassingError
from scrapers.validators import Validators
from scrapers.walk import Cursor
from storage import SearchState

STUCK = 5  # failures in a row at the same page
LONGEST_RETRY = 3600.0  # seconds between two tries of what another try may mend
OFFLINE_RETRY = 60.0
UNDATED_WITHIN = timedelta(hours=36)  # of the visit before: a day, with its jitter
RETRY_FOR_A_PERSON = 6 * 3600.0
"""Seconds between two tries of what somebody has to mend, so that a mended account needs no restart."""
OF_WHO_ASKS = frozenset({401, 429})
"""Statuses that are about who asks, so that another search would fare no better: no valid login (RFC 9110, 15.5.2), too
many requests (https://www.rfc-editor.org/rfc/rfc6585#section-4)."""
Notes = Mapping[str, Any]


# -- before a visit: what is read


def visited_searches(source: Source, searches: Iterable[Search], now: datetime) -> tuple[Search, ...]:
    """The searches that are visited: those without a stream, or all of them where a stream cannot resume."""
    return tuple(search for search in searches if source.polls or source.stream(search, None, now) is None)


def due_searches(
    source: Source, searches: Sequence[Search], states: Mapping[str, SearchState], notes: Notes, now: datetime
) -> tuple[tuple[Search, ...], bool]:
    """The searches that a visit reads, in order, and whether only some are due (the others have their own time).

    1. A search that failed rests until its own time, in each visit.
    2. Where only such times have come, or a walk goes on at once, just those searches are read.
    3. A visit that the budget cut short is gone on with where it was left.
    4. After one that ended because nobody was answered, the search behind that one is the first: so none starves.
    """
    longest = longest_wait(source)  # a time further away is a fault of the clock: it counts as come
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


# -- during a visit: one search, page by page


@dataclass(frozen=True, slots=True)
class SearchWalk:
    """A search while it is read. `first`: nobody has read it to its end yet; `resumed`: its walk was under way."""

    cursor: Cursor
    failures: int
    first: bool
    resumed: bool
    pages: int = 0

    @property
    def validators(self) -> Validators | None:
        """For the first page of a walk alone: it says whether there is anything new at all."""
        return None if self.resumed or self.pages else self.cursor.validators


def begin_walk(source: Source, search: Search, state: SearchState, now: datetime) -> SearchWalk:
    cursor = Cursor.from_json(state.cursor or {})
    first, resumed = cursor.high_water is None, cursor.walk is not None
    return SearchWalk(walk.begin(source, search, cursor, now), state.failures, first, resumed)


def after_page(reading: SearchWalk, page: Page, batch: Batch, most: int) -> SearchWalk:
    """After a page that could be read. A first visit ends after `most` pages: nobody promised the time before it."""
    cursor = walk.advance(reading.cursor, page, batch)
    if cursor.walk and reading.first and reading.pages + 1 >= most:
        cursor = walk.close(cursor)
    return replace(reading, cursor=cursor, pages=reading.pages + 1)


def counted_when_collected(batch: Batch, last_success: datetime | None, now: datetime) -> Batch:
    """The batch, its undated posts marked to count today where the search was read lately.

    Else they may be of any day: what a first visit or the end of a gap brings would look like a spike.
    """
    if last_success is None or now - last_success > UNDATED_WITHIN:
        return batch
    items = (
        replace(item, precision=Precision.COLLECTED)
        if isinstance(item, Post) and item.published_at is None and item.precision is Precision.UNKNOWN
        else item
        for item in batch.items
    )
    return replace(batch, items=tuple(items))


def after_page_error(
    reading: SearchWalk, error: SourceError | OverBudgetError, now: datetime
) -> tuple[Cursor, Batch] | None:
    """What is stored after a page that did not come, so that no page holds up for ever what is newer; None: nothing.

    1. A first visit that the budget cuts short ends there: else it would go on for ever, a few pages at a time.
    2. Where a walk was under way and its page has gone (an expired token, say), it starts over from its mark.
    3. One that fails again and again although the site answers is left out, and the gap is recorded.
    """
    if isinstance(error, OverBudgetError):
        return (walk.close(reading.cursor), Batch()) if reading.first and reading.pages else None
    if not reading.resumed or reading.pages or ends_visit(error, None):
        return None
    if error.permanent and error.status is not None:
        error.permanent = False  # the walk has come to nothing, not the search
        return walk.abandon(reading.cursor), Batch()
    if (error.status or 500) < 400 and reading.failures >= STUCK:
        gap = Gap(None, now, f"a page could not be read {STUCK} times: {error}")
        return walk.skip(reading.cursor), Batch((gap,))
    return None


def ends_visit(error: SourceError, before: SourceError | None) -> bool:
    """Whether no other search of the source would fare better. `before`: what the search before ended in.

    That is so of trouble with who asks (no network, a login or key that is refused, asked too often) and of a host that
    takes no connection, or leaves two searches in a row without an answer.
    """
    if error.offline or error.of_login or error.status in OF_WHO_ASKS:
        return True
    if isinstance(error, PassingError):
        return not error.sent or isinstance(before, PassingError)
    asked_too_often = error.retry_after is not None and not error.permanent
    return asked_too_often and (error.status or 0) < 500  # a 503 with Retry-After may be of one page alone


# -- after a search, and after the visit: how it is, and when it is due


def search_not_asked(state: SearchState) -> SearchState:
    """A search that nobody asks for any more: it keeps its cursor, and fails no longer."""
    return replace(state, paused=False, failures=0, error=None, next_at=None)


def search_succeeded(state: SearchState, now: datetime, *, unfinished: bool) -> SearchState:
    """A search that was read: to its end, or as far as one visit goes."""
    return replace(search_not_asked(state), last_success=now, next_at=now if unfinished else None)


def search_failed(source: Source, state: SearchState, error: SourceError, now: datetime, random: Random) -> SearchState:
    """A search that could not be read: the others are, and this one has its own next time."""
    next_at = retry_at(source, error, state.failures, now, random)
    return replace(state, paused=error.permanent, failures=state.failures + 1, error=error.reason, next_at=next_at)


def retry_at(
    source: Source, error: SourceError, failures: int, now: datetime, random: Random, first: float | None = None
) -> datetime:
    """When to try again after `failures` (before this one) in a row. `first`: seconds after a first failure.

    1. Twice as long each time, up to an hour, with jitter; every minute while there is no network.
    2. What only a person can mend is tried every six hours.
    3. Not before the platform wishes, on whatever status it says so, up to `longest_wait`.
       https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    longest = longest_wait(source).total_seconds()
    most = OFFLINE_RETRY if error.offline else LONGEST_RETRY
    shortest = first or min(usual_pause(source), OFFLINE_RETRY)
    pause = min(most, shortest * 2.0 ** min(failures, 20)) * random.uniform(0.8, 1.2)
    if error.retry_after is not None and error.retry_after == error.retry_after:  # a nan is no wish
        pause = max(pause, min(max(0.0, error.retry_after), longest) + random.uniform(1, 5))
    elif error.permanent:
        pause = RETRY_FOR_A_PERSON * random.uniform(0.9, 1.1)
    return now + timedelta(seconds=min(pause, longest))


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
        pace = VisitPace.from_json(notes.get("rhythm")).after(
            within.usual, result, 2 * longest_wait(source).total_seconds()
        )
        all_due = rest.until if rest else result.started + timedelta(seconds=pace.pause(within))
        noted |= {"rhythm": pace.to_json(), "all due": all_due.isoformat(), "left at": result.begin_at}
    times = [state.next_at for state in result.searches.values() if state.next_at is not None]
    if noted.get("all due"):
        times.append(datetime.fromisoformat(noted["all due"]))
    at = max(min(times, default=now), rest.until if rest else now, closed or now)
    return noted, min(at, now + longest_wait(source))
