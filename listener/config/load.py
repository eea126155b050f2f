"""config.yaml → settings, or everything that is wrong with it at once, with line, column and remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel

from alerts.base import Channel
from insight.model import Watch
from insight.query import Query
from listener.config import cross_checks, queries, yamlfile
from listener.config.base import ID
from listener.config.catalogue import Catalogue, channel_kinds, source_kinds
from listener.config.config import Config
from listener.config.errors import ConfigError, Problem, ProblemReport
from listener.config.query_library import ConfigLibrary
from listener.config.query_settings import QuerySettings
from listener.config.secrets import Interpolation, Redactor, held_secrets, written_secrets
from listener.config.settings import (
    AlertSettings,
    Contact,
    DaemonSettings,
    DigestSettings,
    Document,
    StorageSettings,
    WatchSettings,
)
from listener.config.validation import ID_RULE, build, unknown_key
from listener.config.yamlfile import Path as Position
from scrapers.base import Source
from scrapers.errors import looks_random

S = TypeVar("S", bound=BaseModel)


def load(
    file: Path | str,
    environ: Mapping[str, str] | None = None,
    *,
    sources: Catalogue[Source] | None = None,
    channels: Catalogue[Channel] | None = None,
) -> Config:
    """Read a config file. Relative paths in it are relative to it. Raises ConfigError with every problem found."""
    path = Path(file)
    try:
        with path.open("rb") as opened:
            data = opened.read(yamlfile.MAX_BYTES + 1)
    except FileNotFoundError:
        message, remedy = "there is no such file", "write one with `listener init`, or name yours with --config"
    except IsADirectoryError:
        message, remedy = "this is a folder", "name the file in it with --config"
    except OSError as error:
        message, remedy = f"it cannot be read: {error.strerror}", "check who may read it"
    else:
        return parse(data, path, environ, sources=sources, channels=channels)
    raise ConfigError([Problem(str(path), 0, 0, "", message, remedy)])


def parse(
    data: bytes | str,
    file: Path,
    environ: Mapping[str, str] | None = None,
    *,
    sources: Catalogue[Source] | None = None,
    channels: Catalogue[Channel] | None = None,
) -> Config:
    """As `load`, of a text that need not be a file yet."""
    folder, tree = file.absolute().parent, yamlfile.parse(data)
    report = ProblemReport(str(file), tree)
    filler = Interpolation(os.environ if environ is None else environ, folder, report.at)
    value = filler.fill(tree.value)
    kinds = sources or source_kinds(folder), channels or channel_kinds(folder)
    reader = _Reader(value, report, folder, filler.secrets, *kinds)
    if _has_sections(value, report):
        reader.read()
    report.raise_if_any([*filler.secrets, *reader.written_secrets()])
    return reader.config(file)


def _has_sections(value: Any, report: ProblemReport) -> bool:
    """Whether there is a mapping to go on with. Its unknown and missing keys are reported here."""
    if value is None and report.problems:  # YAML could not be read at all
        return False
    if not isinstance(value, dict):
        holds = "the file is empty" if value is None else "the file holds text"
        message = "the file holds a list" if isinstance(value, list) else holds
        report.at((), f"{message}; a config is settings (`key: value`)", "write one with `listener init`")
        return False
    fields = Document.model_fields
    for key in value:
        if key not in fields:
            unknown_key((key,), list(fields), report)
    for name, field_ in fields.items():
        if field_.is_required() and name not in value:
            report.at((name,), f"`{name}` is missing", f"add `{name}:` ({(field_.description or '').rstrip('.')})")
    return True


@dataclass
class _Reader:
    """Reads a document section by section, so that a fault in one does not hide those of another."""

    value: Any
    report: ProblemReport
    folder: Path
    secrets: set[str]
    source_kinds: Catalogue[Source]
    channel_kinds: Catalogue[Channel]
    contact: Contact | None = None
    queries: QuerySettings = field(default_factory=QuerySettings)
    watches: list[tuple[Position, WatchSettings]] = field(default_factory=list)
    sources: list[tuple[Position, Source]] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    digest: DigestSettings = field(default_factory=DigestSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    understood: list[Watch] = field(default_factory=list)
    filters: dict[str, Query] = field(default_factory=dict)
    library: ConfigLibrary = field(init=False)

    def read(self) -> None:
        for path, entry in self._entries("watches", list):
            if watch := build(WatchSettings, entry, path, self.report):
                self.watches.append((path, watch))
        # An id is in every table, message and metric: a token in the path of an address stays out of it.
        mask = Redactor(filter(looks_random, self.secrets)).mask
        for path, entry in self._entries("sources", list):
            if source := self.source_kinds.build(entry, path, self.report):
                safe = mask(source.id)
                self.sources.append((path, source if safe == source.id else source.model_copy(update={"name": safe})))
        for path, entry in self._entries("channels", dict):
            name = str(path[-1])
            if not re.match(ID, name) or len(name) > 64:
                self.report.at_key(path, f"the name `{name}` {ID_RULE}", "choose another name")
            elif channel := self.channel_kinds.build(entry, path, self.report):
                self.channels[name] = channel
        self.queries = queries.read_settings(self.value, self.report)
        self.library = ConfigLibrary(self.folder, self.queries.queries)
        if "contact" in self.value:
            self.contact = build(Contact, {"contact": self.value["contact"]}, (), self.report)
        self.alerts = self._section("alerts", self.alerts)
        self.digest = self._section("digest", self.digest)
        self.storage = self._section("storage", self.storage)
        self.daemon = self._section("daemon", self.daemon)
        self._cross_check()

    def config(self, file: Path) -> Config:
        """Everything as it was understood. `secrets` are those from outside; those in the file are added."""
        sources = tuple(source for _, source in self.sources)
        held = held_secrets([sources, self.channels, self.daemon])
        url = self.storage.url
        path = url.removeprefix("sqlite:///")
        if path and path != url and not path.startswith(("/", ":memory:")):
            url = f"sqlite:///{self.folder / path}"  # beside the config, wherever the program is started
        return Config(
            file=file,
            contact=self.contact.contact if self.contact else "",
            watches=tuple(self.understood),
            sources=sources,
            channels=MappingProxyType(self.channels),
            alerts=self.alerts,
            digest=self.digest,
            storage=self.storage.model_copy(update={"url": url}),
            daemon=self.daemon,
            secrets=frozenset(filter(None, {*self.secrets, *held, *self.written_secrets()})),
            queries=self.queries,
            library=self.library,
            tests=MappingProxyType({watch.id: watch.tests for _, watch in self.watches if watch.tests}),
            filters=MappingProxyType(self.filters),
        )

    def written_secrets(self) -> Iterator[str]:
        """What is secret and stands in the file itself, also where it is not valid."""
        value = self.value if isinstance(self.value, dict) else {"": self.value}
        for name, inner in value.items():
            entries = list(inner.values()) if isinstance(inner, dict) else inner
            for entry in entries if isinstance(entries, list) else []:
                if name == "sources":
                    yield from self.source_kinds.secrets(entry)
                elif name == "channels":
                    yield from self.channel_kinds.secrets(entry)
            yield from written_secrets(inner, frozenset(), name)

    def _entries(self, name: str, shape: type[list[Any]] | type[dict[str, Any]]) -> Iterator[tuple[Position, Any]]:
        found = self.value.get(name)
        if not isinstance(found, shape) or not found:
            example = "a `- …` a line" if shape is list else "`name: {kind: …}` a line"
            fault = "holds something else than entries" if found else "is empty"
            self.report.at((name,), f"`{name}` {fault}", f"write {example} below it")
            return
        for key, entry in found.items() if isinstance(found, dict) else enumerate(found):
            yield (name, key), entry

    def _section(self, name: str, default: S) -> S:
        """A section that is not there, or whose keys are all comments, has its defaults."""
        found = self.value.get(name)
        return default if found is None else build(type(default), found, (name,), self.report) or default

    def _cross_check(self) -> None:
        """Check what no section can know by itself: names that must exist, queries that take in others."""
        # Names that stand in the file count as known, whether or not the rest of their entry is right.
        watches, channels = self.value.get("watches"), self.value.get("channels")
        listed = watches if isinstance(watches, list) else []
        ids = [str(entry.get("id")) for entry in listed if isinstance(entry, dict)]
        names = list(channels) if isinstance(channels, dict) else []
        broken = queries.check_named(self.library, self.report)
        self.understood = queries.check_watches(self.watches, self.library, broken, self.report)
        filters: list[tuple[Position, str | None]] = [(("digest", "query"), self.digest.query)]
        filters += [(("alerts", "routes", i, "query"), route.query) for i, route in enumerate(self.alerts.routes)]
        self.filters = queries.check_filters(filters, self.library, broken, self.report)
        cross_checks.check_sources(self.sources, self.understood, ids, self.report)
        cross_checks.check_alerts(self.alerts, ids, names, self.report)
        cross_checks.check_digest(self.digest, names, self.report)
        cross_checks.check_storage(self.storage, self.report)
