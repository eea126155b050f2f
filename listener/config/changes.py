"""What differs between two configs: said at a reload, with what takes a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from insight.model import Watch
from listener.config.config import Config

# opened once, when the daemon starts
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
    lines = [
        *_texts("query", old.language.queries, new.language.queries),
        *_texts("word list", old.library.files, new.library.files),
        *_watches({watch.id: watch for watch in old.watches}, {watch.id: watch for watch in new.watches}),
        *_things("source", {made.id: made for made in old.sources}, {made.id: made for made in new.sources}),
        *_things("channel", old.channels, new.channels),
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


def _texts(noun: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """What queries take in: one that is unchanged itself means something else with it."""
    yield from _come_and_gone(noun, old, new)
    yield from (f"{noun} {name} changed" for name in sorted(old.keys() & new.keys()) if old[name] != new[name])


def _watches(old: Mapping[str, Watch], new: Mapping[str, Watch]) -> Iterator[str]:
    yield from _come_and_gone("watch", old, new)
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if before.name != after.name:
            yield f"watch {name} renamed from {before.name!r} to {after.name!r}"
        for part in ("role", "query", "time_zone"):
            if getattr(before, part) != getattr(after, part):
                yield f"watch {name}: {part} changed"


def _things(noun: str, old: Mapping[str, BaseModel], new: Mapping[str, BaseModel]) -> Iterator[str]:
    yield from _come_and_gone(noun, old, new)
    for name in sorted(old.keys() & new.keys()):
        if type(old[name]) is not type(new[name]):
            yield f"{noun} {name}: kind changed"
        elif differing := _differing(old[name], new[name]):
            yield f"{noun} {name}: {', '.join(differing)} changed"


def _come_and_gone(noun: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{noun} {name} added" for name in sorted(new.keys() - old.keys()))
    yield from (f"{noun} {name} removed" for name in sorted(old.keys() - new.keys()))


def _differing(old: BaseModel, new: BaseModel) -> list[str]:
    return [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
