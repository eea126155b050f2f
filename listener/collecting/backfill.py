"""Backfill: a search's past, read by a walk of its own beside the visits, as far back as the platform shows it.

Each page is stored with the walk's cursor, so it goes on where it was after Ctrl-C or a kill. It asks within the
source's budget, of which it leaves what the day's visits need.

What it brings is no news to anybody. It counts when it was published, and as late as it came: spikes are looked for at
equal lateness, up to twelve hours, so what is younger than that is left to the visits. Complaints that are younger than
the window of new themes are taken out of it; older ones become history there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from insight.counts import LAGS
from insight.model import Gap, Post
from insight.spikes.windows import MATURITIES
from insight.themes.bursts import WINDOW
from listener.collecting.budget import OverBudgetError
from listener.collecting.pace import VisitPlan, pause_limits, reserved_for_visits, visit_needs
from listener.collecting.visits import Collector
from listener.engine import Job, JobRefusedError
from scrapers import walk
from scrapers.answers import stumbled
from scrapers.base import Batch, Page, Search, Source, SourceError
from scrapers.walk import Cursor
from storage import StoreError

MOST_PAGES = 5_000  # of one search at a time; the same command goes on after that
PATIENCE = 120.0
"""Seconds: a rest that is shorter (a minute's requests are used up) is waited for."""
FRESH = timedelta(days=1)
"""What has been read to its end so lately is not read again."""
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
_REPORTS = TypeAdapter(list[BackfillReport])


async def backfill_job(
    collector: Collector, sources: Mapping[str, Source], job: Job, progressed: Callable[[], None]
) -> None:
    """Read the past of the job's source back to its argument `since`; its progress is the reports, one a search.

    Raises JobRefusedError and StoreError.
    """
    (source,), since = chosen_sources(sources.values(), [job.subject]), datetime.fromisoformat(job.argument("since"))
    reports: dict[str, BackfillReport] = {}

    def tell(report: BackfillReport) -> None:
        reports[report.search] = report
        job.progress = reports_as_json(reports.values())
        progressed()

    await backfill(collector, source, since, tell)
    new, states = sum(report.new for report in reports.values()), sorted({it.state for it in reports.values()})
    collector.log.info("backfilled", source=source.id, new=new, states=states)


def reports_of(jobs: Iterable[Mapping[str, Any]]) -> list[BackfillReport]:
    """How far backfills are: what each search's last report says, and why a job of its own has failed."""
    found: list[BackfillReport] = []
    for job in jobs:
        found += _REPORTS.validate_python(job["progress"] or [])
        if job["error"]:
            since = datetime.fromisoformat(job["arguments"]["since"])
            found.append(BackfillReport(job["subject"], "", "stopped", since, why=job["error"]))
    return found


def reports_as_json(reports: Iterable[BackfillReport]) -> Any:
    return _REPORTS.dump_python(list(reports), mode="json")


def chosen_sources(sources: Iterable[Source], names: Collection[str]) -> tuple[Source, ...]:
    """The sources with these ids; all of them where none is named. Raises JobRefusedError with the nearest remedy."""
    known = {source.id: source for source in sources}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise JobRefusedError(f"there is no source {unknown[0]!r}; `listener sources --mine` lists yours")
    return tuple(known[name] for name in names) if names else tuple(known.values())


async def backfill(collector: Collector, source: Source, since: datetime, tell: Tell) -> list[BackfillReport]:
    """Read the past of a source, one search after the other, and tell of each page. Raises StoreError alone."""
    report = BackfillReport(source.id, "", "stopped", since)
    try:
        searches, mark = source.searches(collector.queries().watches), source.mark_at(since)
    except Exception as error:  # noqa: BLE001 - a kind of the user's own may raise anything
        report = replace(report, why=str(stumbled(source, error).masked(collector.door.mask)))
    else:
        if mark is not None and type(source).start is not Source.start:
            visit = visit_needs(source, searches, collector.clock.now())
            plan = VisitPlan(pause_limits(source, visit).slowest, visit)
            return [await _SearchPast(collector, source, search, plan, tell, since).read(mark) for search in searches]
        why = "its pages cannot be asked for by time, so nobody could say when to stop"
        if source.window:
            why = f"the platform shows {source.window}, and the visits read all of that"
        report = replace(report, state="impossible", why=why)
    tell(report)
    return [report]


class _SearchPast:
    """One search of a source on its way back. `plan`: what the visits need, which is left to them."""

    def __init__(
        self, collector: Collector, source: Source, search: Search, plan: VisitPlan, tell: Tell, since: datetime
    ) -> None:
        self._collector, self._source, self._search, self._plan, self._tell = collector, source, search, plan, tell
        self._key = f"backfill {search.key}".rstrip()  # of its cursor, beside the one of the visits
        self._report = BackfillReport(source.id, search.key, "reading", since)
        self._cursor = Cursor()

    async def read(self, mark: str) -> BackfillReport:
        """Read it back to this mark, or go on where an earlier run was. Raises StoreError alone."""
        stored = await self._progress()
        if stored is not None and stored.done is not None:
            return self._say("read", f"read whole on {stored.done:%Y-%m-%d %H:%M} UTC already", stored.back_to)
        self._cursor = stored.cursor if stored else Cursor(high_water=mark)
        self._say("reading", "", stored.back_to if stored else None)
        try:
            try:
                await self._walk()
            except SourceError as error:
                if not (stored and error.permanent and not self._report.pages):
                    raise
                self._cursor = Cursor(high_water=mark)  # where it was left has gone (an expired token, say): anew
                await self._walk()
        except OverBudgetError as over:
            until = f"{over.rest.until:%Y-%m-%d %H:%M} UTC"
            return self._say("stopped", f"{over.rest.why}; ask again after {until} to go on")
        except SourceError as error:
            return self._say("stopped", error.reason)
        if self._cursor.walk:
            return self._say("stopped", f"{MOST_PAGES:,} pages were read; ask again to go on")
        back_to, window = self._report.back_to, self._source.window
        short = back_to is None or back_to - self._report.since > FRESH
        return self._say("read", f"the platform shows {window}" if short and window else "")

    async def _walk(self) -> None:
        """Page by page, after a short rest where one is due. Raises SourceError and OverBudgetError."""
        collector, source = self._collector, self._source
        try:
            self._cursor = walk.begin(source, self._search, self._cursor, collector.clock.now())
            while self._cursor.walk and self._report.pages < MOST_PAGES:
                request = walk.next_request(self._cursor)
                leave = reserved_for_visits(source.budget(), self._plan, collector.clock.now())
                try:
                    page, batch = await collector.fetcher.fetch(source, request, leave=leave)
                except OverBudgetError as over:
                    seconds = (over.rest.until - collector.clock.now()).total_seconds()
                    if seconds > PATIENCE:
                        raise
                    await collector.clock.sleep(max(1.0, seconds))
                    continue
                await self._store_page(page, walk.without_circles(self._cursor, page, batch))
                self._say("reading")
        except (SourceError, OverBudgetError, StoreError):
            raise
        except Exception as error:
            raise stumbled(source, error).masked(collector.door.mask) from error

    async def _store_page(self, page: Page, batch: Batch) -> None:
        """Store a page with the cursor after it."""
        now, report = self._collector.clock.now(), self._report
        posts = [item for item in batch.items if isinstance(item, Post)]
        self._cursor = walk.advance(self._cursor, page, replace(batch, newest=None))
        cursor, done = walk.storable(self._cursor, self._collector.door.mask), None if self._cursor.walk else now
        back_to = min(filter(None, (report.back_to, *(post.published_at for post in posts))), default=None)
        young = {id(post) for post in posts if post.published_at is not None and post.published_at > now - YOUNG}
        items = tuple(item for item in batch.items if id(item) not in young)
        # nothing of the page is left for the theme step to find in its window
        settled = frozenset(post.key for post in posts if (post.published_at or now) >= now - WINDOW)
        batch, saved = replace(batch, items=items), _Progress(cursor, report.since, back_to, done).to_json()
        result = await self._collector.ingest(self._source, self._key, batch, saved, remember=False, settled=settled)
        self._report = replace(
            report,
            pages=report.pages + 1,
            new=report.new + result.outcome.new,
            mentions=report.mentions + result.outcome.mentions,
            gaps=report.gaps + sum(1 for item in items if isinstance(item, Gap)),
            left=report.left + len(young),
            back_to=back_to,
        )

    async def _progress(self) -> _Progress | None:
        """What an earlier run left, if it reaches as far back: to go on with, or read to its end lately."""
        collector, since = self._collector, self._report.since
        value = await collector.threads.read(lambda: collector.store.sources.cursor(self._source.id, self._key))
        found = _Progress.from_json(value) if value else None
        if found is None or found.since > since:
            return None
        if found.done is None:
            return found if since - found.since <= MUCH else None
        return found if timedelta(0) <= collector.clock.now() - found.done < FRESH else None

    def _say(self, state: str, why: str = "", back_to: datetime | None = None) -> BackfillReport:
        self._report = replace(self._report, state=state, why=why, back_to=back_to or self._report.back_to)
        self._tell(self._report)
        return self._report


@dataclass(frozen=True, slots=True)
class _Progress:
    """A backfill's cursor as it is stored. `done`: when it was read to its end."""

    cursor: Cursor
    since: datetime
    back_to: datetime | None
    done: datetime | None

    def to_json(self) -> dict[str, Any]:
        times = {"since": self.since, "back_to": self.back_to, "done": self.done}
        return {**self.cursor.to_json(), **{name: at and at.isoformat() for name, at in times.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> _Progress:
        back_to, done = (datetime.fromisoformat(value[name]) if value[name] else None for name in ("back_to", "done"))
        return cls(Cursor.from_json(value), datetime.fromisoformat(value["since"]), back_to, done)
