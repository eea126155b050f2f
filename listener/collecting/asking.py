"""Asking on behalf of a source within its budget: counted before, settled after, and nothing sent over the limit."""

from __future__ import annotations

from dataclasses import dataclass

from listener.clock import Clock
from listener.collecting.admission import Admission
from listener.collecting.budget import NOTHING, Need, RestingError, counts
from listener.collecting.memory import Memory
from scrapers.answers import read
from scrapers.base import Batch, Page, Request, Source, SourceError
from scrapers.network.pace import PassingError

NOT_MODIFIED = 304
HTTP_ERROR = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that came, and the money that is reserved for it."""

    page: Page
    reserved: float


class Asking:
    """What the visits, second looks and backfills of all sources ask through."""

    def __init__(self, admission: Admission, memory: Memory, clock: Clock) -> None:
        self._admission, self.memory, self._clock = admission, memory, clock

    async def page(
        self,
        source: Source,
        request: Request,
        *,
        keep: Need = NOTHING,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Asked:
        """The page behind a request. Raises RestingError when nothing may be asked now, SourceError as the door does.

        `keep`: what must be left of the day's budget afterwards.
        """
        reserved = await self._reserve(source, request, keep)
        try:
            page = await self._admission.fetch(source, request, etag=etag, last_modified=last_modified)
        except SourceError as error:
            await self._settle(source, reserved, reserved if _may_have_arrived(error) else 0.0)
            raise
        except BaseException:  # called off on the way: nothing is awaited any more
            (await self.memory.meter(source.id)).settle(reserved, reserved)
            raise
        return Asked(page, reserved)

    async def read(self, source: Source, asked: Asked) -> Batch:
        """Read the page and settle what it did cost. Raises SourceError, also where the kind itself is wrong."""
        page, charged = asked.page, 0.0
        try:
            charged = 0.0 if page.status >= HTTP_ERROR or page.status == NOT_MODIFIED else asked.reserved
            batch = Batch() if page.status == NOT_MODIFIED else read(source, page)
            charged = batch.spent
        finally:
            await self._settle(source, asked.reserved, charged)
        if batch.pause is not None:
            meter = await self.memory.meter(source.id)
            meter.close(batch.pause, self._clock.now())
        return batch

    async def batch(self, source: Source, request: Request, *, keep: Need = NOTHING) -> Batch:
        """Both in one."""
        return await self.read(source, await self.page(source, request, keep=keep))

    async def spend(self, source: Source, dollars: float = 0.0) -> None:
        """Count money that no request was for: what came by a stream. Raises SourceError when no more may be spent."""
        budget, now = source.budget(), self._clock.now()
        if budget.money is None:
            return
        meter = await self.memory.meter(source.id)
        meter.turn(budget, now)
        if dollars:
            meter.charge(dollars)
            await self.memory.keep(source.id, now)
        if rest := meter.poverty(budget, 0.0, now):
            raise SourceError(rest.why, retry_after=(rest.until - now).total_seconds())

    async def _reserve(self, source: Source, request: Request, keep: Need) -> float:
        meter, now, budget = await self.memory.meter(source.id), self._clock.now(), source.budget()
        rest = meter.refusal(budget, request, now, keep)
        if rest is not None:
            raise RestingError(rest)
        reserved = meter.take(budget, request, now)
        if budget.money is not None:  # stored before it is sent: a crash must not make anybody spend it twice
            await self.memory.keep(source.id, now)
        return reserved

    async def _settle(self, source: Source, reserved: float, spent: float) -> None:
        meter, now = await self.memory.meter(source.id), self._clock.now()
        meter.turn(source.budget(), now)
        meter.settle(reserved, spent)
        if counts(source.budget()):
            await self.memory.keep(source.id, now)


def _may_have_arrived(error: SourceError) -> bool:
    """Whether the platform may have charged for a request that brought no page."""
    if isinstance(error, PassingError):
        return error.sent
    return not (error.offline or error.retry_after or error.permanent or (error.status or 0) >= HTTP_ERROR)
