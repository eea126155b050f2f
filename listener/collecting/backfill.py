"""Backfill: a search's past, read by a walk of its own beside the visits, as far back as the platform shows it.

Each page is stored with the walk's cursor, so it goes on where it was after Ctrl-C or a kill. It asks within the
source's budget, of which it leaves what the day's visits need.

What it brings is no news to anybody. It counts when it was published, and as late as it came: spikes are looked for at
equal lateness, up to twelve hours, so what is younger than that is left to the visits. Complaints that are younger than
the window of new themes are taken out of it; older ones become history there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from insight.counts import LAGS
from insight.model import Gap, Item, Post
from insight.spikes.windows import MATURITIES
from insight.themes.bursts import WINDOW
from listener.collecting.asking import Asked
from listener.collecting.budget import Amount, OverBudgetError, Rest
from listener.collecting.pace import VisitPlan, pause_limits, reserved_for_visits, visit_needs
from listener.collecting.retry import reason_of
from listener.collecting.visits import Collector
from scrapers import walk
from scrapers.answers import holds_secret, stumbled
from scrapers.base import Batch, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import StoreError

MOST_PAGES = 5_000  # of one search at a time; the same command goes on after that
PATIENCE = 120.0
"""Seconds: a rest that is shorter (a minute's requests are used up) is waited for."""
FRESH = timedelta(days=1)
"""What has been read whole so lately is not read again."""
MUCH = timedelta(days=7)
"""A walk that was to go back so much further than is asked for now is not gone on with: it may cost money."""
YOUNG = timedelta(hours=LAGS[max(MATURITIES)] + 1)
"""Left to the visits: detection still looks at these hours, and would take their posts for a spike."""


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """How far one search's past has been read. `state`: "reading", "read", "stopped" (`why`) or "impossible" (`why`).

    `back_to`: the oldest post of it, whether or not it was new; `new` and `mentions` are those of this run, and `left`
    the posts that are the visits' own.
    """

    source: str
    search: str
    state: str
    since: datetime
    pages: int = 0
    new: int = 0
    mentions: int = 0
    gaps: int = 0
    left: int = 0
    back_to: datetime | None = None
    why: str = ""


Tell = Callable[[BackfillReport], None]


def key_of(search: Search) -> str:
    """The key of a backfill's cursor, beside the one of the visits."""
    return f"backfill {search.key}".rstrip()


async def backfill(host: Collector, source: Source, since: datetime, tell: Tell) -> list[BackfillReport]:
    """Read the past of a source, one search after the other, and tell of each page. Raises StoreError alone."""
    told = BackfillReport(source.id, "", "stopped", since)
    try:
        searches, mark = source.searches(host.queries().watches), source.mark_at(since)
    except Exception as error:  # noqa: BLE001 - a kind of the user's own may raise anything
        reports = [replace(told, why=str(stumbled(source, error).masked(host.door.mask)))]
    else:
        if mark is not None and type(source).start is not Source.start:
            keep = _keep(host, source, searches)
            return [await _SearchPast(host, source, search, keep, tell, since).read(mark) for search in searches]
        reports = [replace(told, state="impossible", why=_impossible(source))]
    for report in reports:
        tell(report)
    return reports


class _SearchPast:
    """One search of a source on its way back."""

    def __init__(
        self,
        host: Collector,
        source: Source,
        search: Search,
        keep: Callable[[], Amount],
        tell: Tell,
        since: datetime,
    ) -> None:
        self._host, self._source, self._search, self._keep, self._tell = host, source, search, keep, tell
        self._found = BackfillReport(source.id, search.key, "reading", since)
        self._cursor = Cursor()

    async def read(self, mark: str) -> BackfillReport:
        stored = await self._stored()
        if stored is not None and stored.done is not None:
            return self._say("read", f"read whole on {stored.done:%Y-%m-%d %H:%M} UTC already", stored.back_to)
        self._cursor = stored.cursor if stored else Cursor(high_water=mark)
        self._say("reading", "", stored.back_to if stored else None)
        try:
            try:
                await self._walk()
            except SourceError as error:
                if not (stored and error.permanent and not self._found.pages):
                    raise
                self._cursor = Cursor(high_water=mark)  # where it was left has gone (an expired token, say): anew
                await self._walk()
        except OverBudgetError as resting:
            return self._say("stopped", _until(resting.rest))
        except SourceError as error:
            return self._say("stopped", reason_of(error))
        if self._cursor.walk:
            return self._say("stopped", f"{MOST_PAGES:,} pages were read; ask again to go on")
        return self._say("read", self._shown())

    def _shown(self) -> str:
        """Why it did not come as far as was asked for, where the platform says what it shows."""
        source, back_to = self._source, self._found.back_to
        short = back_to is None or back_to - self._found.since > FRESH
        return f"the platform shows {source.window}" if short and source.window else ""

    async def _walk(self) -> None:
        """Page by page, after a short rest where one is due. Raises SourceError and OverBudgetError."""
        host = self._host
        try:
            self._cursor = walk.begin(self._source, self._search, self._cursor, host.clock.now())
            while self._cursor.walk and self._found.pages < MOST_PAGES:
                request = walk.next_request(self._cursor)
                try:
                    asked = await host.asking.page(self._source, request, keep=self._keep())
                except OverBudgetError as resting:
                    seconds = (resting.rest.until - host.clock.now()).total_seconds()
                    if seconds > PATIENCE:
                        raise
                    await host.clock.sleep(max(1.0, seconds))
                    continue
                await self._take(asked, await host.asking.read(self._source, asked))
                self._say("reading")
        except (SourceError, OverBudgetError, StoreError):
            raise
        except Exception as error:
            raise stumbled(self._source, error).masked(self._host.door.mask) from error

    async def _take(self, asked: Asked, batch: Batch) -> None:
        """Store a page with the cursor after it."""
        now, found = self._host.clock.now(), self._found
        self._cursor = walk.advance(self._cursor, asked.page, replace(batch, newest=None))
        back_to = _oldest(batch, found)
        pending = self._cursor.walk.pending if self._cursor.walk else ()
        secret = any(holds_secret(request, self._host.door.mask) for request in pending)  # not to be stored
        kept = walk.abandon(self._cursor) if secret else self._cursor
        saved = _Stored(kept, found.since, back_to, None if self._cursor.walk else now)
        items = tuple(item for item in batch.items if not _is_young(item, now))
        young = len(batch.items) - len(items)
        # nothing of the page is left for the theme step to find in its window
        settled = frozenset(post.key for post in _posts(batch) if (post.published_at or now) >= now - WINDOW)
        batch, key = replace(batch, items=items), key_of(self._search)
        taken = await self._host.ingest(self._source, key, batch, saved.to_json(), remember=False, settled=settled)
        outcome = taken.outcome
        self._found = replace(
            found,
            pages=found.pages + 1,
            new=found.new + outcome.new,
            mentions=found.mentions + outcome.mentions,
            gaps=found.gaps + sum(1 for item in items if isinstance(item, Gap)),
            left=found.left + young,
            back_to=back_to,
        )

    async def _stored(self) -> _Stored | None:
        """What an earlier run left, if it reaches as far back: to go on with, or read whole lately."""
        host, key = self._host, key_of(self._search)
        value = await host.threads.read(lambda: host.store.sources.cursor(self._source.id, key))
        found = _Stored.from_json(value) if value else None
        if found is None or found.since > self._found.since:
            return None
        if found.done is None:
            return found if self._found.since - found.since <= MUCH else None
        return found if timedelta(0) <= host.clock.now() - found.done < FRESH else None

    def _say(self, state: str, why: str = "", back_to: datetime | None = None) -> BackfillReport:
        self._found = replace(self._found, state=state, why=why, back_to=back_to or self._found.back_to)
        self._tell(self._found)
        return self._found


@dataclass(frozen=True, slots=True)
class _Stored:
    """A backfill's cursor as it is stored. `done`: when it was read whole."""

    cursor: Cursor
    since: datetime
    back_to: datetime | None
    done: datetime | None

    def to_json(self) -> dict[str, Any]:
        times = {"since": self.since, "back_to": self.back_to, "done": self.done}
        return {**self.cursor.to_json(), **{name: at and at.isoformat() for name, at in times.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> _Stored:
        back_to, done = (datetime.fromisoformat(value[name]) if value[name] else None for name in ("back_to", "done"))
        return cls(Cursor.from_json(value), datetime.fromisoformat(value["since"]), back_to, done)


def _keep(host: Collector, source: Source, searches: Sequence[Search]) -> Callable[[], Amount]:
    """What the visits of the rest of the day need, as the day goes on."""
    visit = visit_needs(source, searches, host.clock.now())
    plan = VisitPlan(pause_limits(source, visit).slowest, visit)
    return lambda: reserved_for_visits(source.budget(), plan, host.clock.now())


def _posts(batch: Batch) -> list[Post]:
    return [item for item in batch.items if isinstance(item, Post)]


def _is_young(item: Item, now: datetime) -> bool:
    return isinstance(item, Post) and item.published_at is not None and item.published_at > now - YOUNG


def _oldest(batch: Batch, found: BackfillReport) -> datetime | None:
    times = [post.published_at for post in _posts(batch) if post.published_at]
    return min([*times, *([found.back_to] if found.back_to else [])], default=None)


def _impossible(source: Source) -> str:
    if source.window:
        return f"the platform shows {source.window}, and the visits read all of that"
    return "its pages cannot be asked for by time, so nobody could say when to stop"


def _until(rest: Rest) -> str:
    return f"{rest.why}; ask again after {rest.until:%Y-%m-%d %H:%M} UTC to go on"
