"""Asking on behalf of a source within its budget: counted before, settled after, and nothing sent over the limit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from listener.clock import Clock
from listener.collecting.access import Admission
from listener.collecting.budget import NOTHING, Amount, Meter, OverBudgetError, has_limits
from listener.collecting.notes import SourceNotes
from scrapers.answers import read_page
from scrapers.base import Batch, Page, Request, Source, SourceError
from scrapers.network.http import Exchanged

NOT_MODIFIED = 304
HTTP_ERROR = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that came, and the money that is reserved for it."""

    page: Page
    reserved: float


class Asking:
    """What the visits, second looks and backfills of all sources ask through."""

    def __init__(self, admission: Admission, notes: SourceNotes, clock: Clock) -> None:
        self._admission, self.notes, self._clock = admission, notes, clock
        self.mask = admission.mask

    async def page(
        self,
        source: Source,
        request: Request,
        *,
        keep: Amount = NOTHING,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Asked:
        """The page behind a request. Raises OverBudgetError when it must not be asked for now, SourceError.

        `keep`: what must be left of the day's budget afterwards.
        """
        counted = _Counted(source, request, keep, await self.notes.meter(source.id), self.notes, self._clock)
        try:
            page = await self._admission.fetch(source, request, counted, etag=etag, last_modified=last_modified)
        except BaseException as error:
            counted.meter.pay(counted.reserved, counted.reserved)  # pages came, and what they cost was never read
            if isinstance(error, SourceError | OverBudgetError):  # else it was called off: nothing is awaited any more
                await self._keep(source)
            raise
        return Asked(page, counted.reserved)

    async def headers(self, source: Source) -> dict[str, str]:
        """What lets a source in, after a login where one is due. Raises OverBudgetError and SourceError."""
        meter = await self.notes.meter(source.id)
        return await self._admission.headers(source, _Counted(source, None, NOTHING, meter, self.notes, self._clock))

    async def read(self, source: Source, asked: Asked) -> Batch:
        """Read the page, in a worker thread, and settle what it did cost. Raises SourceError."""
        page, charged = asked.page, 0.0
        try:
            charged = 0.0 if page.status >= HTTP_ERROR or page.status == NOT_MODIFIED else asked.reserved
            batch = Batch()
            if page.status != NOT_MODIFIED:
                batch = await self.notes.threads.work(partial(read_page, source, page))
            charged = batch.spent
        finally:
            meter = await self.notes.meter(source.id)
            meter.roll_over(source.budget(), self._clock.now())
            meter.pay(asked.reserved, charged)
            await self._keep(source)
        if batch.pause is not None:
            meter.close(batch.pause, self._clock.now())
        return batch

    async def batch(self, source: Source, request: Request, *, keep: Amount = NOTHING) -> Batch:
        """Both in one."""
        return await self.read(source, await self.page(source, request, keep=keep))

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


class _Counted:
    """Counts every request of one fetch as it goes out; see `scrapers.network.manners.RequestCounter`.

    `reserved`: the money for pages that have come. What they cost is known when they have been read.
    """

    def __init__(
        self, source: Source, page: Request | None, keep: Amount, meter: Meter, notes: SourceNotes, clock: Clock
    ) -> None:
        self._source, self._page, self._left, self._notes, self._clock = source, page, keep, notes, clock
        self.meter, self.reserved = meter, 0.0
        self._request, self._money = page or Request(""), 0.0

    def __call__(self, request: Request) -> _Counted:
        """For what is asked next: the page, or a login before it."""
        self._request = request
        return self

    async def before(self) -> None:
        budget, now = self._source.budget(), self._clock.now()
        rest = self.meter.refusal(budget, self._request, now, self._left)
        if rest is not None:
            raise OverBudgetError(rest)
        self._money = self.meter.count(budget, self._request, now)
        if budget.money is not None:  # stored before it is sent: a crash must not make anybody spend it twice
            await self._notes.keep(self._source.id, now)

    def after(self, exchanged: Exchanged) -> None:
        money, self._money = self._money, 0.0
        if exchanged is Exchanged.UNSENT:
            self.meter.give_back(self._request, money)
        elif exchanged is Exchanged.PAGE and self._request is self._page:
            self.reserved += money
        else:
            self.meter.pay(money, money if exchanged is Exchanged.UNKNOWN else 0.0)
