"""What changed: signals, and the themes that last longer than one signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from insight.model.posts import PostKey


class SignalKind(StrEnum):
    SPIKE = "spike"
    THEME = "theme"
    SILENCE = "silence"  # a source that has been quiet for longer than usual
    SOURCE = "source"  # a source that stopped for good: credentials, gone, forbidden
    CHANNEL = "channel"  # a channel that refuses messages for good; `Signal.key` is "channel:" and its name


@dataclass(frozen=True, slots=True)
class Signal:
    """Something changed. `key` names the conversation: the same key again is an update, not a second alert.

    `figures` are the numbers behind it, by name (`observed`, `expected`, `authors`, `p_value`, …); `headline` is one
    sentence a person understands; `detail` says why and how sure. `over`: what was reported under this key has ended.
    `posts`: all that it rests on. `versions`: of the query, the understanding, the detector.
    """

    kind: SignalKind
    key: str
    watch: str | None
    source: str | None
    at: datetime
    headline: str
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    over: bool = False
    posts: tuple[PostKey, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theme:
    """A recurring complaint about a watch. `phrases` are its names, the surest first; its label is nearly always one.

    `told`: how many people were behind it when a signal last told of it. `open`: it is not quiet yet.
    """

    id: str
    watch: str
    label: str
    first_at: datetime
    last_at: datetime
    phrases: tuple[str, ...] = ()
    told: int = 0
    open: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.label, *self.phrases))


class ThemeChange(StrEnum):
    OPENED = "opened"
    RENAMED = "renamed"
    MERGED = "merged"
    SPLIT = "split"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ThemeEvent:
    """What became of a theme. `other`: the theme it was merged into or split from, or the label it had before."""

    theme: str
    at: datetime
    change: ThemeChange
    other: str = ""
