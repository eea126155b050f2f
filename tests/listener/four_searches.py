"""A board with four searches, and a site that answers each in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from insight.model import Watch
from scrapers.answers import refused
from scrapers.base import Batch, Page, Request, Search, SourceError
from storage import Store
from tests.fake_source import NOW, Board, FakeDoor, serve

SHELVES = ("first", "second", "third", "fourth")
Trouble = tuple[int, dict[str, str]] | SourceError
BLANK: Trouble = (200, {"empty": "yes"})


class Shelves(Board):
    """Each search is asked for by its name."""

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        return tuple(map(Search, SHELVES))

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(f"{self.base_url}/{search.key}", {"before": "999"}, since=high_water)

    def parse_error(self, page: Page) -> Batch:
        if page.status == 200:
            return super().parse_error(page)
        raise refused(page)

    def parse(self, page: Page) -> Batch:
        if "empty" in page.headers:
            raise refused(replace(page, body=b""))
        return super().parse(page)


class Site(FakeDoor):
    """Answers with posts, with a status and headers, or with an error."""

    def __init__(self, **troubles: Trouble) -> None:
        super().__init__([1, 2])
        self.troubles = troubles

    async def fetch(self, request: Request, **_: Any) -> Page:
        self.asked.append(request)
        trouble = self.troubles.get(shelf(request))
        if isinstance(trouble, SourceError):
            raise trouble
        return Page(request, trouble[0], b"no", request.url, NOW, trouble[1]) if trouble else serve(self.posts, request)

    @property
    def searched(self) -> list[str]:
        return list(dict.fromkeys(map(shelf, self.asked)))


def shelf(request: Request) -> str:
    return request.url.rpartition("/")[2]


def failing(store: Store) -> dict[str, tuple[int, bool]]:
    """The searches that fail: how often in a row, and whether for good."""
    return {it.search: (it.failures, it.paused) for it in store.sources.searches("board") if it.failures}
