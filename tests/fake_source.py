"""An invented site that lists its posts newest first, three a page, and its source kind: for tests of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from insight.model import Post
from scrapers.base import Access, Batch, Page, Request, Search, Source, SourceError, Terms
from scrapers.network.http import Exchanged

NOW = datetime(2026, 3, 2, tzinfo=UTC)
PAGE_SIZE = 3


class Board(Source):
    """The board allows everything: it exists only in tests."""

    kind = "board"
    title = "A board"
    network = "board"
    terms = Terms(Access.OPEN, "made for tests", "https://example.com/terms")
    example: ClassVar[dict[str, Any]] = {}

    base_url: str = "https://example.com"

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        return Request(f"{self.base_url}/board", {"before": "999"}, since=high_water)

    def parse_error(self, page: Page) -> Batch:
        if page.status == 200:
            return self.parse(page)  # a board without posts shows nothing at all
        raise SourceError(f"the board answered {page.status}", permanent=page.status < 500, status=page.status)

    def parse(self, page: Page) -> Batch:
        ids = [int(line) for line in page.text.split()]
        known = int(page.request.since or 0)
        fresh = [number for number in ids if number > known]
        more = ids and len(fresh) == len(ids)
        following = (Request(page.request.url, {"before": str(ids[-1])}, since=page.request.since),) if more else ()
        return Batch(tuple(map(post, fresh)), following, newest=str(max(ids)) if ids else None)


def post(number: int) -> Post:
    at = NOW - timedelta(days=1) + timedelta(minutes=number)
    return Post("board", str(number), f"acme is broken, post {number}", author=f"person{number % 7}", published_at=at)


def serve(posts: Sequence[int], request: Request) -> Page:
    listed = [number for number in sorted(posts, reverse=True) if number < int(request.params["before"])]
    body = "\n".join(map(str, listed[:PAGE_SIZE])).encode()
    return Page(request, 200, body, request.url, NOW)


class FakeDoor:
    """Answers from a list of posts; `faults` maps the number of a fetch (from 1) to the error it ends in."""

    mask = str

    def __init__(self, posts: Sequence[int], faults: Mapping[int, Exception] | None = None) -> None:
        self.posts = posts
        self.faults = dict(faults or {})
        self.asked: list[Request] = []
        self.answer: Callable[[Request], Page] = lambda request: serve(self.posts, request)

    async def fetch(self, request: Request, *, on_wire: Callable[[Request], Any] | None = None, **_: Any) -> Page:
        wire = on_wire and on_wire(request)
        if wire:
            await wire.before()
        self.asked.append(request)
        exchanged = Exchanged.UNKNOWN
        try:
            if len(self.asked) in self.faults:
                raise self.faults[len(self.asked)]
            page = self.answer(request)
            exchanged = Exchanged.PAGE if 200 <= page.status < 300 else Exchanged.ANSWERED
        except SourceError as error:
            exchanged = Exchanged.UNKNOWN if error.sent else Exchanged.UNSENT
            raise
        finally:
            if wire:
                wire.after(exchanged)
        return page
