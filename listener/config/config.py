"""The config as the program uses it: understood, checked, frozen, and printed without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.base import Channel
from alerts.rules import Route
from insight.model import Watch
from insight.query import Query
from insight.query.advice.cases import Case
from listener.config import yamlfile
from listener.config.catalogue import channel_kinds, source_kinds
from listener.config.query_library import ConfigLibrary
from listener.config.query_settings import QuerySettings, WatchTests
from listener.config.secrets import Redactor, plain
from listener.config.settings import AlertSettings, DaemonSettings, DigestSettings, StorageSettings
from scrapers.base import Source


@dataclass(frozen=True, slots=True, repr=False)
class Config:
    """Everything of one config file. `secrets` are what no text may show: see `redactor`.

    A watch's query stands with what it takes in written out. `tests` are the texts that try it, by the watch's id;
    `filters` the trees of the queries of routes and digest, by their text.
    """

    file: Path
    contact: str
    watches: tuple[Watch, ...]
    sources: tuple[Source, ...]
    channels: Mapping[str, Channel]
    alerts: AlertSettings
    digest: DigestSettings
    storage: StorageSettings
    daemon: DaemonSettings
    secrets: frozenset[str]
    queries: QuerySettings
    library: ConfigLibrary
    tests: Mapping[str, WatchTests]
    filters: Mapping[str, Query]

    @property
    def owned(self) -> frozenset[str]:
        """The team's own accounts (without @) and hosts, as insight.query compares them."""
        return self.queries.accounts_and_hosts

    def cases(self, watch: str) -> tuple[Case, ...]:
        """What a watch's query must match, and what not."""
        return self.tests[watch].cases(self.owned) if watch in self.tests else ()

    @property
    def routes(self) -> tuple[Route, ...]:
        """Who is told what; without routes in the file, every channel hears everything."""
        if self.alerts.routes:
            return tuple(route.route() for route in self.alerts.routes)
        return tuple(Route(name) for name in self.channels)

    @property
    def digest_channels(self) -> tuple[str, ...]:
        return self.digest.channels or tuple(self.channels)

    @property
    def redactor(self) -> Redactor:
        return Redactor(self.secrets)

    def __repr__(self) -> str:
        return f"Config({redacted(self)})"


def redacted(config: Config) -> dict[str, Any]:
    """The whole config with its defaults, as JSON holds it, secrets as ***."""
    mask, sources, channels = config.redactor.mask, source_kinds(), channel_kinds()
    shown = {
        "contact": config.contact,
        "owned": config.queries.owned,
        "queries": config.queries.queries,
        "watches": [
            {
                "id": w.id,
                "name": w.name,
                "role": w.role,
                "query": w.query,
                "tests": config.tests.get(w.id),
                "time_zone": w.time_zone,
            }
            for w in config.watches
        ],
        "sources": [{"kind": sources.name(source), **_fields(source)} for source in config.sources],
        "channels": {
            name: {"kind": channels.name(channel), **_fields(channel)} for name, channel in config.channels.items()
        },
        "alerts": config.alerts,
        "digest": config.digest,
        "storage": config.storage,
        "daemon": config.daemon,
    }
    return plain(shown, mask)  # type: ignore[no-any-return]


def show(config: Config) -> str:
    """`listener config show`: the same as YAML."""
    return yamlfile.dump(redacted(config))


def _fields(made: Source | Channel) -> dict[str, Any]:
    return {name: getattr(made, name) for name in type(made).model_fields}
