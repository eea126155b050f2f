"""What a source and the doors exchange: requests out, pages in, batches back; logins and streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Literal, Self

from pydantic import TypeAdapter

from insight.model import Item, Rejected
from scrapers.errors import Mask, SourceError
from scrapers.formats import charset, limits

NOT_FETCHED = 599  # no status of HTTP: the page of an article that could not be had


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to fetch, without secrets (the door adds `Source.headers()`), so that it can be stored in a walk.

    `since` is the high-water mark at which this walk may end. `note` is whatever the source wants back in `parse`.
    `units`: what the platform takes off its daily quota for it, where it counts so. `cost`: the most US dollars that it
    may charge for the page; so much must be left of the month's budget, or the request is not sent. `render`: a browser
    runs the page's JavaScript. `article`: a page that a post can do without, on whatever site: robots.txt is obeyed,
    and where it cannot be had, `parse_error` gets a page of status `NOT_FETCHED` with the reason as its body.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: str | None = None
    since: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    units: float = 0.0
    cost: float = 0.0
    render: bool = False
    article: bool = False

    @property
    def name(self) -> str:
        """What tells it from others of a walk. One that is asked `again` or `tried` again on purpose is another."""
        times = self.note.get("again"), self.note.get("tried")
        parts = (self.method, self.url, sorted(self.params.items()), self.body, *times)
        return sha256(repr(parts).encode("utf-8", errors="replace")).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        return _REQUEST.dump_python(self, mode="json")  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Request:
        return _REQUEST.validate_python(value)


_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. `url` is the final address after redirects, without keys that those added; header names are
    lower case; `body` is decoded.

    `mask` takes the config's secrets out of what is quoted of it.
    """

    request: Request
    status: int
    body: bytes
    url: str
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    mask: Mask = field(default=str, repr=False, compare=False)

    def masked(self) -> Page:
        """The page as it may be quoted: masked before anything is cut off, which would leave half a secret."""
        url, text = self.mask(self.url), self.text
        safe = self.mask(text)
        return self if (url, safe) == (self.url, text) else replace(self, url=url, body=safe.encode())

    @property
    def usable(self) -> bool:
        """Whether there is something to parse: a status of success and more than blanks."""
        return 200 <= self.status < 300 and bool(self.body) and not self.body.isspace()

    @property
    def text(self) -> str:
        return charset.decode(self.body, charset.from_header(self.headers.get("content-type", "")))

    def json(self) -> Any:
        """The body as JSON. Raises SourceError when it is something else (a block page, half a body)."""
        try:
            return limits.loads(self.text)
        except ValueError as error:
            start = self.text.lstrip()[:60].replace("\n", " ")
            raise SourceError(
                f"{self.url} answered {self.status} with something that is not JSON (it begins {start!r})",
                status=self.status,
            ) from error


@dataclass(frozen=True, slots=True)
class Batch:
    """What one page held. `requests` continue the walk; `newest` is the mark of the newest item on this page.

    Marks are strings that only the source compares (a time, an id). `newest` matters on a walk's first page: it
    becomes the high-water mark when the walk has closed, that is when no request is left. `rejected` are the items
    that could not be read; the others are whole. `spent`: US dollars that the platform charges for this page.
    `pause`: seconds for which the platform wants this source to leave it alone, said in an answer of success.
    """

    items: tuple[Item, ...] = ()
    requests: tuple[Request, ...] = ()
    newest: str | None = None
    rejected: tuple[Rejected, ...] = ()
    spent: float = 0.0
    pause: float | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """The request that opens a session, and its headers. Both may be secrets: never stored, never shown.

    `remedy`: what to do when it is refused.
    """

    request: Request = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """A connection that stays open and brings events as they happen, without secrets like `Request`.

    `protocol`: "websocket" (one event a message), "sse" (one event a block of `event:`, `id:` and `data:` lines) or
    "lines" (one event a line). `hello`: messages to send first. `resumes`: when the mark was; posts are due from then
    on. `silence`: seconds without any event after which it is taken for dead, whatever heartbeats come.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    protocol: Literal["websocket", "sse", "lines"] = "websocket"
    hello: tuple[str, ...] = ()
    resumes: datetime | None = None
    silence: float | None = None


class LeftOut(str):
    """The beginning of an event that was too long to be kept, and was skipped as it came; `why` says so."""

    SHOWN: ClassVar[int] = 2_000  # bytes of its beginning
    MOST_TIMES: ClassVar[int] = 64  # the longest event that is kept: what is longer has no end

    size: int

    def __new__(cls, beginning: bytes, size: int) -> Self:
        event = super().__new__(cls, beginning[: cls.SHOWN].decode("utf-8", errors="replace"))
        event.size = size
        return event

    @property
    def why(self) -> str:
        return f"an event of {self.size:,} bytes is too long, and was left out"
