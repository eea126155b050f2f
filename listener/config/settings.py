"""The settings a config can hold, with the defaults and the words an editor shows for each."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from alerts.rules import DAILY_CAP, Route
from insight.model import Role, SignalKind, Watch
from listener.config.base import Id, OneLine, Settings
from listener.config.query_settings import QuerySettings, WatchTests


class WatchSettings(Settings):
    """What the team follows: its brand, a competitor or a topic."""

    id: Id = Field(description="Short and for good: history hangs on it. To rename a watch, change `name`.")
    name: OneLine | None = Field(None, description="What people read in alerts and digests; the id if unset.")
    role: Role = Field(Role.BRAND, description="brand: your own. competitor: another's. topic: neither.")
    query: str = Field(min_length=1, description='What must be said: firefox OR "mozilla firefox" NOT jobs.')
    tests: WatchTests | None = Field(None, description="Texts that the query must match, and must not.")
    time_zone: str = Field("UTC", description="Where the watch's people live: its days and hours are counted there.")

    def watch(self) -> Watch:
        return Watch(self.id, self.name or self.id, self.role, self.query, self.time_zone)


class RouteSettings(Settings):
    """Who is told what."""

    channel: str = Field(description="The name of a channel, as under `channels`.")
    kinds: tuple[SignalKind, ...] | None = Field(None, min_length=1, description="Which signals; all if unset.")
    watches: tuple[str, ...] | None = Field(None, min_length=1, description="About which watches; all if unset.")
    private: bool = Field(False, description="The people behind it may read private posts (tickets, surveys).")
    minimum: float = Field(0, ge=0, le=1e9, description="Only what has at least so many posts behind it that match.")
    query: str | None = Field(
        None,
        min_length=1,
        description="Only what rests on a post that matches it, and only such posts are quoted there. "
        "Signals about sources pass. It may ask for `sentiment:`, `theme:` and `watch:`, too.",
    )

    def route(self) -> Route:
        kinds = None if self.kinds is None else frozenset(self.kinds)
        watches = None if self.watches is None else frozenset(self.watches)
        return Route(self.channel, kinds, watches, self.private, self.minimum, self.query)


class AlertSettings(Settings):
    """Who is told what, and how readily."""

    routes: tuple[RouteSettings, ...] = Field((), description="Without any: every signal goes to every channel.")
    false_alarm_days: float = Field(
        30, ge=1, le=3650, description="At most about one false alarm per watch in this many days; more is calmer."
    )
    daily_cap: int = Field(DAILY_CAP, ge=1, le=10_000, description="The most alerts one channel gets in a day.")


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """Monday is 0, as in `datetime.weekday()`."""
        return list(Weekday).index(self)


class DigestSettings(Settings):
    """The week in one message."""

    enabled: bool = Field(True, description="false: no digest at all.")
    weekday: Weekday = Field(Weekday.MONDAY, description="The day it is sent, and the first of the week it covers.")
    hour: int = Field(8, ge=0, le=23, description="On the clock of `time_zone`, also when it is put forward or back.")
    time_zone: str = Field("UTC", description="Whose weekday and hour, such as Europe/Berlin.")
    channels: tuple[str, ...] | None = Field(None, min_length=1, description="Which channels; all if unset.")
    query: str | None = Field(
        None,
        min_length=1,
        description="Only posts that match it are quoted, and the digest says so; its figures count all posts. "
        "It may ask for `sentiment:`, `theme:` and `watch:`, too.",
    )


class StorageSettings(Settings):
    """Where everything is kept."""

    url: str = Field(
        "sqlite:///listener.db",
        repr=False,  # it may hold a password
        description="sqlite:///file (beside the config) or postgresql://user:${PGPASSWORD}@host/name",
    )
    keep_days: int | None = Field(
        None, ge=1, le=36_500, description="Texts and authors go after so many days; counts stay. Unset: for good."
    )
    keep_excluded_days: int = Field(
        90, ge=1, le=36_500, description="The same for posts that exclusions hide: so long an exclusion can be undone."
    )
    keep_history_days: int = Field(
        400,
        ge=35,  # a digest reads four weeks and more
        le=36_500,
        description="Ended messages and alerts, signals, visits, gaps, former editions and page snapshots go then.",
    )
    keep_rejected_days: int = Field(
        30, ge=1, le=36_500, description="Items that could not be read go after so many days."
    )


class DaemonSettings(Settings):
    """How `listener run` behaves."""

    web: str = Field(
        "127.0.0.1:8642", description="Where health, metrics and `listener reload` are answered; port 0: any free one."
    )
    public_url: str | None = Field(
        None, description="The address by which people reach it through a proxy of yours: https://listener.example.org"
    )
    hosts: tuple[str, ...] = Field(
        (), description="Further names by which it is called on, such as that of a container; others are refused."
    )
    heartbeat_url: str | None = Field(
        None,
        repr=False,  # who has it can say that Listener lives
        description="Asked for after each healthy cycle: a dead-man's switch that tells you when Listener dies.",
    )
    concurrency: int = Field(8, ge=1, le=100, description="How many sources are read at a time.")
    log: Literal["auto", "console", "json"] = Field("auto", description="auto: for people on a terminal, else JSON.")

    @field_validator("web")
    @classmethod
    def _is_address(cls, value: str) -> str:
        _host_and_port(value)
        return value

    @field_validator("public_url", "heartbeat_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `web`."""
        return _host_and_port(self.web)

    @property
    def names(self) -> frozenset[str]:
        """The hosts, beside this machine itself, that a request may be addressed to."""
        public = urlsplit(self.public_url or "").hostname
        return frozenset(name.lower() for name in (self.address[0], public, *self.hosts) if name)


def _host_and_port(value: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != value:
        raise ValueError("must be host:port, such as 127.0.0.1:8642")
    if host != "localhost":
        try:
            ip_address(host)
        except ValueError:
            raise ValueError("must be an IP address of this machine and a port, such as 127.0.0.1:8642") from None
    return host, port


class Contact(Settings):
    contact: OneLine = Field(
        description="An e-mail or web address of yours: it goes into the User-Agent, platforms ask for it."
    )

    @field_validator("contact")
    @classmethod
    def _reaches_somebody(cls, value: str) -> str:
        if "@" not in value.strip("@") and not value.startswith(("https://", "http://")):
            raise ValueError("must be an e-mail address, or a web address that begins with https://")
        return value


class Document(QuerySettings, Contact):
    """The settings of Listener."""

    watches: tuple[WatchSettings, ...] = Field(min_length=1, description="What the team follows.")
    sources: tuple[Any, ...] = Field(min_length=1, description="Where posts come from.")
    channels: dict[Id, Any] = Field(min_length=1, description="Ways to people, by a name of your own.")
    alerts: AlertSettings = AlertSettings()
    digest: DigestSettings = DigestSettings()
    storage: StorageSettings = StorageSettings()
    daemon: DaemonSettings = DaemonSettings()
