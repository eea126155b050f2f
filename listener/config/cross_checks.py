"""What no single setting can know: names that must exist or be unique, time zones, terms, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from insight.model import Watch
from listener.config.errors import ProblemReport, choice
from listener.config.settings import AlertSettings, DigestSettings, StorageSettings
from listener.config.yamlfile import Path
from scrapers.base import Access, Source

MAX_EVERY = 31 * 86_400.0  # seconds

Entries = Sequence[tuple[Path, Source]]


def check_sources(sources: Entries, watches: Sequence[Watch], known: Iterable[str], report: ProblemReport) -> None:
    """`watches` are the ones that were understood, `known` the ids of all."""
    ids = list(known)
    remedy = "give one of them a `name:` of its own"
    check_unique("source", [(path, "name", source.id) for path, source in sources], remedy, report)
    for path, source in sources:
        check_exist("watch", path, source.watches, ids, report)
        if source.terms.access is Access.GREY and not source.accept_terms:
            message = f"{source.title} is {source.terms.access}: {source.terms.summary}"
            report.at(path, message, f"read {source.terms.url}, then add `accept_terms: true`, or take this source out")
        if source.every is not None and not source.every <= MAX_EVERY:
            report.at((*path, "every"), "more than 31 days between two visits", "write a number of seconds")
        if len(watches) != len(ids):
            continue
        try:
            searches = source.searches(watches)
        except Exception as error:  # noqa: BLE001  # a kind of the user's own may raise anything
            report.at(path, f"its kind failed to say what it searches for: {error!r}", "see its code")
            continue
        if not searches:
            message = f"{source.id} has nothing to search for: no watch's query gives it a word it can use"
            report.at(path, message, "see `listener sources` for what it needs, such as a #hashtag, or take it out")


def check_alerts(alerts: AlertSettings, watches: Iterable[str], channels: Iterable[str], report: ProblemReport) -> None:
    ids, names = list(watches), list(channels)
    for index, route in enumerate(alerts.routes):
        path: Path = ("alerts", "routes", index)
        check_exist("watch", path, route.watches or (), ids, report)
        if route.channel not in names:
            report.at((*path, "channel"), f"there is no channel `{route.channel}`", choice(route.channel, names))


def check_digest(digest: DigestSettings, channels: Iterable[str], report: ProblemReport) -> None:
    names = list(channels)
    check_zone(("digest", "time_zone"), digest.time_zone, report)
    for index, name in enumerate(digest.channels or ()):
        if name not in names:
            report.at(("digest", "channels", index), f"there is no channel `{name}`", choice(name, names))


def check_storage(storage: StorageSettings, report: ProblemReport) -> None:
    scheme, path = storage.url.partition(":")[0], ("storage", "url")
    if scheme not in ("sqlite", "postgresql"):
        remedy = choice({"postgres": "postgresql"}.get(scheme, scheme), ("sqlite", "postgresql"))
        report.at(path, "the database must be sqlite:///file or postgresql://user@host/name", remedy)
    elif scheme == "sqlite" and not storage.url.startswith("sqlite:///"):
        report.at(path, "a SQLite address has three slashes", "write sqlite:///listener.db")
    elif scheme == "postgresql":
        try:
            database = urlsplit(storage.url).path.strip("/")
        except ValueError:
            database = ""
        if not database:
            report.at(path, "this address names no database", "write postgresql://user:${PGPASSWORD}@host/name")


def check_zone(path: Path, zone: str, report: ProblemReport) -> None:
    if zone not in zones():
        remedy = choice(zone, sorted(zones()), limit=0)
        report.at(path, f"{zone!r} is no time zone", remedy if "mean" in remedy else "write one such as Europe/Berlin")


@cache
def zones() -> frozenset[str]:
    """The time zones that a config may name; not those two of the database, which name no place."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def check_unique(noun: str, entries: Iterable[tuple[Path, str, str]], remedy: str, report: ProblemReport) -> None:
    """Each of (path, key, name) has a name of its own."""
    first: dict[str, Path] = {}
    for path, key, name in entries:
        if name in first:
            line = report.tree.place(first[name]).line
            at = (*path, key) if (*path, key) in report.tree.values else path
            report.at(at, f"a second {noun} is called `{name}` (the first is on line {line})", remedy)
        first.setdefault(name, path)


def check_exist(noun: str, path: Path, names: Iterable[str], known: Sequence[str], report: ProblemReport) -> None:
    for index, name in enumerate(names):
        if name not in known:
            report.at((*path, "watches", index), f"there is no {noun} `{name}`", choice(name, known))
