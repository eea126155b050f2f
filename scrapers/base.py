"""What every source is: requests out, pages in, batches back. A source never fetches; the door does that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from insight.model import Item, Rejected, Watch


class SourceError(Exception):
    """A fetch that failed. `permanent`: asking again will not help, somebody has to do what `remedy` says.

    `retry_after` is in seconds, where the platform named it; `status` the HTTP status, where there was one.
    `offline`: nothing could be reached at all, so the fault lies with this machine's network.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        remedy: str = "",
        retry_after: float | None = None,
        status: int | None = None,
        offline: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.remedy = remedy
        self.retry_after = retry_after
        self.status = status
        self.offline = offline


class Access(StrEnum):
    """How freely a platform may be read; `GREY` needs `accept_terms: true` in the config."""

    OPEN = "documented and free"
    GREY = "public but undocumented, or for personal readers"
    KEY = "own credentials"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the platform allows: shown by `listener sources`, in the docs and in the log at start.

    `keep_days` None: the platform sets no limit. `pace` is the least number of seconds between two requests to a host.
    """

    access: Access
    summary: str
    url: str
    keep_days: int | None = None
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to fetch, without secrets (the door adds `Source.headers()`), so that it can be stored in a walk.

    `since` is the high-water mark at which this walk may end. `note` is whatever the source wants back in `parse`.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: str | None = None
    since: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "params": dict(self.params),
            "method": self.method,
            "body": self.body,
            "since": self.since,
            "note": dict(self.note),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Request:
        return cls(**value)


@dataclass(frozen=True, slots=True)
class Page:
    """What came back. `url` is the final address after redirects; header names are lower case; `body` is decoded."""

    request: Request
    status: int
    body: bytes
    url: str
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON. Raises SourceError when it is something else (a block page, half a body)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
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
    that could not be read; the others are whole.
    """

    items: tuple[Item, ...] = ()
    requests: tuple[Request, ...] = ()
    newest: str | None = None
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """One thing a source asks for, with its own cursor under `(source, key)`. `key` is stable and readable."""

    key: str = ""
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through pages that has not closed yet."""

    newest_seen: str | None
    pending: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a search has been read. `high_water` moves only when the walk has closed. Validators: see RFC 9110."""

    high_water: str | None = None
    walk: Walk | None = None
    etag: str | None = None
    last_modified: str | None = None

    def to_json(self) -> dict[str, Any]:
        walk = self.walk and {
            "newest_seen": self.walk.newest_seen,
            "pending": [request.to_json() for request in self.walk.pending],
        }
        return {
            "high_water": self.high_water,
            "walk": walk,
            "etag": self.etag,
            "last_modified": self.last_modified,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Cursor:
        walk = value.get("walk")
        return cls(
            value.get("high_water"),
            Walk(walk["newest_seen"], tuple(map(Request.from_json, walk["pending"]))) if walk else None,
            value.get("etag"),
            value.get("last_modified"),
        )


class Source(BaseModel):
    """Where posts come from. The fields of a subclass are its settings; a new kind is one file and one line in KINDS.

    A kind's docstring begins with what the platform allows. `label` tells two sources of one kind apart and is part
    of their identity, so it is derived from settings that mean "another place", such as an instance or an app.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    kind: ClassVar[str]
    title: ClassVar[str]
    network: ClassVar[str]  # whose posts these are: several kinds may read one network
    terms: ClassVar[Terms]
    example: ClassVar[dict[str, Any]]  # settings for the docs, for `sources test` and `sources parse`
    hosts_from_settings: ClassVar[tuple[str, ...]] = ("base_url",)  # fields whose origin the operator vouches for

    name: str | None = Field(None, description="A name of your own, where two sources would be called alike.")
    watches: tuple[str, ...] = Field(
        (), description="Everything from here concerns these watches, whether or not their query matches."
    )
    every: float | None = Field(None, gt=0, description="Seconds between two visits; the kind's own pace if unset.")
    accept_terms: bool = Field(False, description="You have read what the platform allows (`listener sources`).")

    default_every: ClassVar[float] = 300.0
    max_pages: ClassVar[int] = 10
    obey_robots: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return ""

    @property
    def id(self) -> str:
        return self.name or (f"{self.kind}:{self.label}" if self.label else self.kind)

    @property
    def pace(self) -> float:
        """The least number of seconds between two requests to one host."""
        return self.terms.pace

    @classmethod
    def for_page(cls, url: str) -> Self:  # noqa: ARG003  # the kinds that need it read their settings from it
        """A source that could have asked for this address, so that a saved answer can be read."""
        return cls(**cls.example)

    def headers(self) -> Mapping[str, str]:
        """Headers with secrets, added by the door and never stored."""
        return {}

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        """What to ask for, taken from the watches; one nameless search by default."""
        return (Search(),)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        """The first request of a walk back to `high_water` (None: the first visit ever)."""
        raise NotImplementedError

    def parse(self, page: Page) -> Batch:
        """Read a page, of any status. Raises SourceError, and nothing else, when the page as a whole is not usable."""
        raise NotImplementedError

    def origins(self) -> Iterator[str]:
        """Addresses the operator wrote in the config; the guard lets them be private."""
        for field_name in self.hosts_from_settings:
            value = getattr(self, field_name, None)
            if value:
                yield str(value)
