"""By what stored mentions were understood, and how far it is to understand them anew: one value in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from insight import detect
from insight.model import Watch
from insight.pipeline import Pipeline
from insight.understanding import VERSION
from storage import Place, Store

UNDERSTOOD = "understood"


@dataclass(frozen=True, slots=True)
class UnderstoodBy:
    """By what mentions were understood: words, rules and settings, and each watch's query by its version."""

    rules: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, pipeline: Pipeline) -> UnderstoodBy:
        return cls(pipeline.understanding, {watch.id: watch.version for watch in pipeline.watches})

    def changed_since(self, other: UnderstoodBy) -> frozenset[str]:
        """The watches that were understood by something else then."""
        known = other.versions if self.rules == other.rules else {}
        return frozenset(watch for watch, version in self.versions.items() if known.get(watch) != version)


@dataclass(frozen=True, slots=True)
class Walk:
    """One way through what is stored, from `began` back to `since` (None: to the first post), and how far it is.

    `place`: where the last batch ended. `posts` of `total` are done; of `changed` something else is understood now.
    """

    to: UnderstoodBy
    began: datetime
    since: datetime | None
    total: int
    place: Place | None = None
    posts: int = 0
    changed: int = 0

    @property
    def figures(self) -> dict[str, int]:
        return {"posts": self.posts, "total": self.total, "changed": self.changed}


@dataclass(frozen=True, slots=True)
class Progress:
    """What the store knows of it. `done`: what all that is compared is understood by.

    `anew`: by watch, when the walk began of which its detection has to learn anew.
    """

    done: UnderstoodBy = UnderstoodBy()
    anew: Mapping[str, str] = field(default_factory=dict)
    walk: Walk | None = None

    def changes(self, watch: Watch) -> bool:
        """Whether mentions of the watch are being understood anew of those that are compared."""
        return self.walk is not None and self.done.versions.get(watch.id) != watch.version

    def begin(self, walk: Walk) -> Progress:
        """With a new walk: what it may change is not done from now on."""
        changed = walk.to.changed_since(self.done)
        known = self.done.versions if self.done.rules == walk.to.rules else {}
        left = {watch: version for watch, version in known.items() if watch not in changed}
        return replace(self, done=UnderstoodBy(walk.to.rules if left else "", left), walk=walk)

    def reach(self, walk: Walk, *, end: bool) -> Progress:
        """With the walk as far as it is now. What lies before all that is compared, nothing has to wait for."""
        compared = end or (walk.place is not None and walk.place[0] < walk.began - detect.HISTORY)
        if not compared:
            return replace(self, walk=walk)
        fresh = walk.to.changed_since(self.done) if walk.posts else ()
        anew = {**self.anew, **dict.fromkeys(fresh, walk.began.isoformat())}
        return Progress(walk.to, anew, None if end else walk)

    def to_json(self) -> dict[str, Any]:
        value = asdict(self)
        if self.walk:
            since, place = self.walk.since, self.walk.place
            value["walk"] |= {"began": self.walk.began.isoformat(), "since": since and since.isoformat()}
            value["walk"]["place"] = place and [place[0].isoformat(), place[1]]
        return value

    def __str__(self) -> str:
        if self.walk:
            return f"{self.walk.posts:,} of {self.walk.total:,} posts understood anew"
        return f"understood by version {self.done.rules.partition(' ')[0] or '?'} of words and rules, now {VERSION}"

    @classmethod
    def read(cls, store: Store) -> Progress:
        value = store.state.get(UNDERSTOOD)
        if not value:
            return cls()
        walk = value["walk"]
        if walk:
            since, place = walk["since"], walk["place"]
            walk = Walk(**walk | {
                "to": UnderstoodBy(**walk["to"]),
                "began": datetime.fromisoformat(walk["began"]),
                "since": since and datetime.fromisoformat(since),
                "place": place and (datetime.fromisoformat(place[0]), place[1]),
            })  # fmt: skip
        return cls(UnderstoodBy(**value["done"]), value["anew"], walk)
