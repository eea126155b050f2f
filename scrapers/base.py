"""What every source is: requests out, pages in, batches back. A source never fetches; the door does that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from insight.model import Watch
from insight.query.dialect import Dialect
from scrapers.errors import SourceError
from scrapers.exchange import NOT_FETCHED, Batch, Login, Page, Request, Stream

# What the author of a kind needs stands here in one place.
__all__ = [
    "NOT_FETCHED", "Access", "Batch", "Budget", "Login", "Page", "Request", "Search", "Source", "SourceError", "Stream",
    "Terms",
]  # fmt: skip


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
class Budget:
    """What may be asked of a platform; None: no limit is known, or none is wanted.

    `units`: the platform's own quota units in a day (see `Request.units`). `money`: US dollars in a month, a hard cap
    that the operator sets (see `Request.cost` and `Batch.spent`). `zone`: where the platform's day begins.
    """

    per_minute: float | None = None
    per_day: float | None = None
    units: float | None = None
    money: float | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Search:
    """One thing a source asks for, with its own cursor under `(source, key)`. `key` is stable and readable.

    `watches`: the ids of those whose query it serves, or a part of it; none: whoever is concerned.
    """

    key: str = ""
    terms: str = ""
    watches: frozenset[str] = frozenset()


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
    dialect: ClassVar[Dialect | None] = None  # what its search understands; None: it reads everything there is
    hosts_from_settings: ClassVar[tuple[str, ...]] = ("base_url",)  # fields whose origin the operator vouches for

    name: str | None = Field(None, description="A name of your own, where two sources would be called alike.")
    watches: tuple[str, ...] = Field(
        (), description="Everything from here concerns these watches, whether or not their query matches."
    )
    every: float | None = Field(
        None, gt=0, description="Seconds between two visits; if unset, the pace follows how busy it is."
    )
    accept_terms: bool = Field(False, description="You have read what the platform allows (`listener sources`).")

    canary: str | None = Field(
        None, description="The id of a post that must be found: `listener sources` warns when it no longer is."
    )
    max_delay: float | None = Field(
        None, gt=0, description="Seconds; a quiet source is asked less often, but never less. Unset: 4 times its pace."
    )

    default_every: ClassVar[float] = 300.0
    window: ClassVar[str] = ""  # what the platform gives at most, in words: "the 500 newest reviews a country"
    polls: ClassVar[bool] = False  # whether what a stream brings is walked page by page, too: it cannot resume
    looks_again: ClassVar[tuple[timedelta, ...]] = ()  # ages at which a post is asked for again, for what has changed
    looks_by_alias: ClassVar[bool] = False  # whether `look_again` is to be given a post's aliases, where it has any
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

    def login(self) -> Login | None:
        """What is asked for a session or an access token, before everything else. None: `headers()` are enough."""
        return None

    def session_headers(self, page: Page) -> Mapping[str, str]:
        """The headers that the answer to `login()` gives, added to `headers()`. The page is `usable`.

        Raises SourceError when it is a refusal.
        """
        raise NotImplementedError

    def session_expired(self, page: Page) -> bool:
        """Whether an answer says that the session has ended: then there is one new login, and one more try."""
        return page.status == 401

    def searches(self, watches: Sequence[Watch]) -> tuple[Search, ...]:
        """What to ask for, taken from the watches; one nameless search by default."""
        return (Search(),)

    def start(self, search: Search, high_water: str | None, now: datetime) -> Request:
        """The first request of a walk back to `high_water` (None: the first visit ever)."""
        raise NotImplementedError

    def parse(self, page: Page) -> Batch:
        """Read a page that is `usable`: a status of success, and something in it.

        Raises SourceError, and nothing else, when it is not what was asked for: a block page, half a body, an error
        that the platform tells with status 200.
        """
        raise NotImplementedError

    def parse_error(self, page: Page) -> Batch | None:
        """For platforms that say more than the status does. The page is not `usable`.

        Gives a batch where an error is news (the post that was looked up is gone), raises SourceError where the kind
        knows the reason or the remedy better. None: the status is all there is to know, see `scrapers.answers.refused`.
        """
        return None

    def mark_at(self, at: datetime) -> str | None:
        """The mark that a post of this time has, so that a backfill can walk to it. None: marks tell no time."""
        return None

    def look_again(self, ids: Sequence[str]) -> tuple[Request, ...]:
        """Requests that show these posts (native ids) as they are now: edited, gone, liked by more. None by default."""
        return ()

    def budget(self) -> Budget:
        """What may be asked of the platform; of sources with one account or host each has its own."""
        return Budget()

    def stream(self, search: Search, mark: str | None, now: datetime) -> Stream | None:
        """The connection that brings what comes after the mark; None: this source is read page by page."""
        return None

    def read_events(self, events: Sequence[str], at: datetime) -> Batch:
        """Read events of a stream, in order; `newest` is the mark to go on from. Raises SourceError when the platform
        says that it ends the stream, or that it cannot go on from the mark."""
        raise NotImplementedError

    def origins(self) -> Iterator[str]:
        """Addresses the operator wrote in the config; the guard lets them be private."""
        for field_name in self.hosts_from_settings:
            value = getattr(self, field_name, None)
            if value:
                yield str(value)
