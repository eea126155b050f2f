"""How much of what concerns a watch its own searches bring: measured on posts that also came another way.

Another way: by another watch's search of the same source, or by another source of the same network. Of those, published
since the source is being watched, the watch's own searches have to bring each within two whole visits.

What it sees: a search that is narrower than we think, an index that leaves posts out or is very late, pages that are
skipped. What it cannot see: a post that no way brought; a fault that all ways share; a watch whose posts no other way
brings, which has no figure at all; anything while nothing runs between visits (`listener run --once`). A post that was
edited into concerning the watch, or taken down before the next visit, counts as not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from insight.model import Post, PostKey, Precision, Watch
from scrapers.base import Source
from scrapers.terms import concerning, pushed

STATE = "completeness"
"""The name under which the figures are stored."""

VISITS = 2
REMEMBERED = 2_000  # posts of a watch in a source
MOST = 1_000  # older posts count for half when as many have been seen: what a site does now is what matters


@dataclass(frozen=True, slots=True)
class Figure:
    """Of `seen` mentions that came another way, the watch's own searches brought `found`, too."""

    seen: int = 0
    found: int = 0

    @property
    def share(self) -> float | None:
        return self.found / self.seen if self.seen else None

    def plus(self, other: Figure) -> Figure:
        return Figure(self.seen + other.seen, self.found + other.found)

    def __str__(self) -> str:
        return f"{self.found / self.seen:.0%} (of {self.seen:,} seen otherwise)" if self.seen else "not known yet"


@dataclass(slots=True)
class _Trace:
    """One post: whether the watch's own search brought it, and after how many visits it was seen otherwise."""

    own: bool = False
    otherwise: int | None = None


@dataclass(slots=True)
class _Listener:
    """A watch in a source."""

    version: int
    figure: Figure = Figure()
    traces: dict[PostKey, _Trace] = field(default_factory=dict)
    waiting: set[PostKey] = field(default_factory=set)

    def note(self, post: PostKey, visits: int, *, own: bool) -> None:
        trace = self.traces.setdefault(post, _Trace())
        if own:
            trace.own = True
        elif trace.otherwise is None:
            trace.otherwise = visits
            self.waiting.add(post)
        if trace.own and post in self.waiting:
            self._settle(post, found=True)

    def visited(self, visits: int) -> None:
        for post in [post for post in self.waiting if visits - (self.traces[post].otherwise or 0) >= VISITS]:
            self._settle(post, found=False)

    def _settle(self, post: PostKey, *, found: bool) -> None:
        self.waiting.discard(post)
        self.figure = self.figure.plus(Figure(1, int(found)))
        if self.figure.seen > MOST:
            self.figure = Figure(self.figure.seen // 2, self.figure.found // 2)

    def forget(self) -> list[PostKey]:
        """The oldest posts beyond what is remembered; those that are waited for stay."""
        spare = len(self.traces) - REMEMBERED
        old = [post for post in self.traces if post not in self.waiting][: max(0, spare)]
        for post in old:
            del self.traces[post]
        return old


@dataclass(slots=True)
class _Place:
    """A source that is measured. `since`: from here on its searches had to bring what was published."""

    source: Source
    watches: tuple[Watch, ...]
    listeners: dict[str, _Listener]
    started: datetime
    since: datetime | None = None
    visits: int = 0
    told: dict[str, Figure] = field(default_factory=dict)


class Completeness:
    """Told of every page; knows each source from its first visit on. `state` is what `to_json` gave."""

    def __init__(self, state: Any = None) -> None:
        self._stored: Mapping[str, Mapping[str, list[int]]] = state or {}
        self._places: dict[str, _Place] = {}

    def begun(self, source: Source, watches: tuple[Watch, ...], now: datetime) -> None:
        """A visit begins. With other watches or settings than before, it is measured anew."""
        if source.dialect is None or not source.dialect.complete:
            return
        place = self._places.get(source.id)
        if place is None or place.source != source or place.watches != watches:
            self._stored = self.to_json()
            place = self._places[source.id] = _Place(source, watches, self._listeners(source, watches), now)
            place.told = self.figures(source.id)
        place.started = now

    def _listeners(self, source: Source, watches: tuple[Watch, ...]) -> dict[str, _Listener]:
        stored = self._stored.get(source.id, {})
        found: dict[str, _Listener] = {}
        for watch in concerning(source, watches):
            if source.dialect and pushed(watch.query, source.dialect).searches:
                version, seen, known = stored.get(watch.id, [watch.version, 0, 0])
                figure = Figure(seen, known) if version == watch.version else Figure()
                found[watch.id] = _Listener(watch.version, figure)
        return found

    def brought(self, source: Source, served: AbstractSet[str], posts: Iterable[tuple[Post, AbstractSet[str]]]) -> None:
        """A page of a search that serves these watches; each post with the watches it concerns."""
        places = [place for place in self._places.values() if place.source.network == source.network]
        for post, concerns in posts if places else ():
            for place in places:
                self._note(place, source, served, post, concerns)

    def _note(
        self, place: _Place, source: Source, served: AbstractSet[str], post: Post, concerns: AbstractSet[str]
    ) -> None:
        own = place.source.id == source.id
        expected = _expected(place, post)
        for watch, listener in place.listeners.items():
            if own and watch in served:
                listener.note(post.key, place.visits, own=True)
            elif expected and watch in concerns and watch not in source.watches:
                listener.note(post.key, place.visits, own=False)

    def ended(self, source: Source) -> bool:
        """A visit has read all there is; whether a figure has changed. A visit that failed is no visit."""
        place = self._places.get(source.id)
        if place is None:
            return False
        place.visits += 1
        place.since = place.since or place.started
        for listener in place.listeners.values():
            listener.visited(place.visits)
            if listener.forget():
                place.since = max(place.since, place.started)
        figures = self.figures(source.id)
        changed, place.told = figures != place.told, figures
        return changed

    def figures(self, source: str) -> dict[str, Figure]:
        """By watch, those that are known."""
        place = self._places.get(source)
        known = place.listeners.items() if place else ()
        return {watch: listener.figure for watch, listener in known if listener.figure.seen}

    def to_json(self) -> dict[str, dict[str, list[int]]]:
        now = {
            name: {
                watch: [listener.version, listener.figure.seen, listener.figure.found]
                for watch, listener in place.listeners.items()
            }
            for name, place in self._places.items()
        }
        return {**{name: dict(figures) for name, figures in self._stored.items()}, **now}


def _expected(place: _Place, post: Post) -> bool:
    at = post.published_at if post.precision is Precision.SECOND else None
    return at is not None and place.since is not None and at >= place.since


def stored_figures(state: Any, source: str) -> dict[str, Figure]:
    """By watch, from what `to_json` gave."""
    found = (state or {}).get(source, {})
    return {watch: Figure(seen, known) for watch, (_, seen, known) in found.items() if seen}


def together(figures: Iterable[Figure]) -> Figure:
    total = Figure()
    for figure in figures:
        total = total.plus(figure)
    return total
