"""Fetching on behalf of a source within its budget: counted before, paid after, and nothing sent over the limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from listener.clock import Clock
from listener.collecting.access import SourceDoor
from listener.collecting.budget import NOTHING, Amount, Meter, OverBudgetError, has_limits
from listener.collecting.notes import SourceNotes
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Source, SourceError
from scrapers.network.http import Exchanged
from scrapers.validators import NOT_MODIFIED, Validators

HTTP_ERROR = 400


@dataclass(frozen=True, slots=True)
class UnreadPage:
    """A page that came, and the dollars that stay reserved for it until it has been read."""

    page: Page
    reserved: float


class Fetcher:
    """What visits, second looks, streams and backfills fetch through. The budget has the last word."""

    def __init__(self, door: SourceDoor, notes: SourceNotes, clock: Clock) -> None:
        self.door, self.notes, self._clock = door, notes, clock

    async def fetch(
        self,
        source: Source,
        request: Request,
        *,
        leave: Amount = NOTHING,
        validators: Validators | None = None,
    ) -> tuple[Page, Batch]:
        """The page behind a request, and what the source reads in it. Raises OverBudgetError and SourceError."""
        unread = await self.page(source, request, leave=leave, validators=validators)
        return unread.page, await self.read(source, unread)

    async def page(
        self,
        source: Source,
        request: Request,
        *,
        leave: Amount = NOTHING,
        validators: Validators | None = None,
    ) -> UnreadPage:
        """The page alone, to be read next. `leave`: what must be left of the day's budget afterwards."""
        meter = await self.notes.meter(source.id)
        counter = _Counter(source, request, leave, meter, self.notes, self._clock)
        try:
            page = await self.door.fetch(source, request, counter.on_wire, validators=validators)
        except BaseException as error:
            meter.pay(counter.reserved, counter.reserved)  # pages came, and what they cost was never read
            if isinstance(error, SourceError | OverBudgetError):  # else it was cancelled: nothing is awaited any more
                await self._keep(source)
            raise
        return UnreadPage(page, counter.reserved)

    async def read(self, source: Source, unread: UnreadPage) -> Batch:
        """Parse the page in a worker thread, and pay what it did cost. Raises SourceError."""
        page, cost, batch = unread.page, 0.0, Batch()
        try:
            if page.status != NOT_MODIFIED:
                cost = unread.reserved if page.status < HTTP_ERROR else 0.0  # so much if it cannot be parsed
                batch = await self.notes.threads.work(partial(read_page, source, page))
            cost = batch.spent
        finally:
            meter = await self.notes.meter(source.id)
            meter.roll_over(source.budget(), self._clock.now())
            meter.pay(unread.reserved, cost)
            await self._keep(source)
        if batch.pause is not None:
            meter.close(batch.pause, self._clock.now())
        return batch

    async def headers(self, source: Source) -> dict[str, str]:
        """What lets a stream in, after a login where one is due. Raises OverBudgetError and SourceError."""
        meter = await self.notes.meter(source.id)
        counter = _Counter(source, None, NOTHING, meter, self.notes, self._clock)
        return await self.door.headers(source, counter.on_wire)

    async def spend(self, source: Source, dollars: float = 0.0) -> None:
        """Count money that no request was for: what came by a stream. Raises SourceError when no more may be spent."""
        budget, now = source.budget(), self._clock.now()
        if budget.money is None:
            return
        meter = await self.notes.meter(source.id)
        meter.roll_over(budget, now)
        if dollars:
            meter.charge(dollars)
            await self.notes.keep(source.id, now)
        if rest := meter.out_of_money(budget, 0.0, now):
            raise SourceError(rest.why, retry_after=(rest.until - now).total_seconds())

    async def _keep(self, source: Source) -> None:
        if has_limits(source.budget()):
            await self.notes.keep(source.id, self._clock.now())


@dataclass
class _Counter:
    """Counts every request of one fetch as it goes out; see `scrapers.network.manners.RequestCounter`.

    `reserved`: dollars for pages that have come. What they cost is known when they have been read.
    """

    source: Source
    page: Request | None
    leave: Amount
    meter: Meter
    notes: SourceNotes
    clock: Clock
    reserved: float = 0.0
    _request: Request = field(default_factory=lambda: Request(""))
    _dollars: float = 0.0

    def on_wire(self, request: Request) -> _Counter:
        """For what is asked for next: the page, or a login before it."""
        self._request = request
        return self

    async def before(self) -> None:
        budget, now = self.source.budget(), self.clock.now()
        rest = self.meter.refusal(budget, self._request, now, self.leave)
        if rest is not None:
            raise OverBudgetError(rest)
        self._dollars = self.meter.count(budget, self._request, now)
        if budget.money is not None:  # stored before it is sent: a crash must not make anybody spend it twice
            await self.notes.keep(self.source.id, now)

    def after(self, exchanged: Exchanged) -> None:
        dollars, self._dollars = self._dollars, 0.0
        if exchanged is Exchanged.UNSENT:
            self.meter.give_back(self._request, dollars)
        elif exchanged is Exchanged.PAGE and self._request is self.page:
            self.reserved += dollars
        else:  # the platform may have charged for what nobody saw the answer of; it does not for an error
            self.meter.pay(dollars, dollars if exchanged is Exchanged.UNKNOWN else 0.0)
