"""What differs between two configs: said at a reload, with what takes a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from insight.model import Watch
from listener.config.config import Config

T = TypeVar("T")

# What is opened once, when the daemon starts.
RESTART = ("storage.url", "daemon.web", "daemon.public_url", "daemon.hosts", "daemon.concurrency", "daemon.log")


@dataclass(frozen=True, slots=True)
class Changes:
    """`lines` say everything that differs, in words and without values; `restart` names what waits for a restart."""

    lines: tuple[str, ...]
    restart: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        return "; ".join(self.lines) or "nothing changed"


def changes(old: Config, new: Config) -> Changes:
    """From one config to the next. Secrets are compared and never said."""
    old_watches, new_watches = {watch.id: watch for watch in old.watches}, {watch.id: watch for watch in new.watches}
    old_sources, new_sources = {made.id: made for made in old.sources}, {made.id: made for made in new.sources}
    lines = [
        *_entries("query", old.queries.queries, new.queries.queries, _text_changes),
        *_entries("word list", old.library.files, new.library.files, _text_changes),
        *_entries("watch", old_watches, new_watches, _watch_changes),
        *_entries("source", old_sources, new_sources, _kind_changes),
        *_entries("channel", old.channels, new.channels, _kind_changes),
    ]
    if old.owned != new.owned:
        lines.append("owned changed")
    kept = {watch.id for watch in old.watches} & {watch.id for watch in new.watches}
    lines += [f"watch {name}: tests changed" for name in sorted(kept) if old.cases(name) != new.cases(name)]
    if old.contact != new.contact:
        lines.append("contact changed")
    settings = [
        f"{section}.{name}"
        for section in ("alerts", "digest", "storage", "daemon")
        for name in _differing(getattr(old, section), getattr(new, section))
    ]
    restart = tuple(name for name in settings if name in RESTART)
    lines += [f"{name} changed{' (after a restart)' if name in restart else ''}" for name in settings]
    return Changes(tuple(lines), restart)


def _entries(
    noun: str, old: Mapping[str, T], new: Mapping[str, T], describe: Callable[[T, T], Iterator[str]]
) -> Iterator[str]:
    yield from (f"{noun} {name} added" for name in sorted(new.keys() - old.keys()))
    yield from (f"{noun} {name} removed" for name in sorted(old.keys() - new.keys()))
    for name in sorted(old.keys() & new.keys()):
        yield from (f"{noun} {name}{change}" for change in describe(old[name], new[name]))


def _text_changes(old: str, new: str) -> Iterator[str]:
    """Of what queries take in: one that is unchanged itself means something else with it."""
    if old != new:
        yield " changed"


def _watch_changes(old: Watch, new: Watch) -> Iterator[str]:
    if old.name != new.name:
        yield f" renamed from {old.name!r} to {new.name!r}"
    for part in ("role", "query", "time_zone"):
        if getattr(old, part) != getattr(new, part):
            yield f": {part} changed"


def _kind_changes(old: BaseModel, new: BaseModel) -> Iterator[str]:
    if type(old) is not type(new):
        yield ": kind changed"
    elif differing := _differing(old, new):
        yield f": {', '.join(differing)} changed"


def _differing(old: BaseModel, new: BaseModel) -> list[str]:
    return [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
