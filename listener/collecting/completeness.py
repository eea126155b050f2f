"""How much of what concerns a watch its own searches bring: measured on posts that also came another way.

Another way: by another watch's search of the same source, or by another source of the same network. Of those, published
since the source is being watched, the watch's own searches have to bring each within two whole visits.

What it sees: a search that is narrower than we think, an index that leaves posts out or is very late, pages that are
skipped. What it cannot see: a post that no way brought; a fault that all ways share; a watch whose posts no other way
brings, which has no figure at all; anything while nothing runs between visits (`listener run --once`). A post that was
edited into concerning the watch, or taken down before the next visit, counts as not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from insight.model import Post, PostKey, Precision, Watch
from scrapers.base import Search, Source
from scrapers.terms import concerning, pushed

VISITS = 2  # within which a post is to be found: an index may be late, and a visit may come just before the post
REMEMBERED = 2_000  # posts of a watch in a source
MOST = 1_000  # older posts count for half when as many have been seen: what a site does now is what matters


def name_of(source: str) -> str:
    """The name under which a source's figures are stored."""
    return f"completeness {source}"


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
class _Sighting:
    """One post: whether the watch's own search brought it, and after how many visits it was seen otherwise."""

    own: bool = False
    otherwise: int | None = None


@dataclass(slots=True)
class _WatchInSource:
    """A watch in a source. `visits`: how often its own searches have been read whole."""

    version: int
    figure: Figure = Figure()
    visits: int = 0
    seen: dict[PostKey, _Sighting] = field(default_factory=dict)
    waiting: set[PostKey] = field(default_factory=set)

    def note(self, post: PostKey, *, own: bool) -> None:
        sighting = self.seen.setdefault(post, _Sighting())
        if own:
            sighting.own = True
        elif sighting.otherwise is None:
            sighting.otherwise = self.visits
            self.waiting.add(post)
        if sighting.own and post in self.waiting:
            self._count(post, found=True)

    def visited(self) -> None:
        self.visits += 1
        for post in [post for post in self.waiting if self.visits - (self.seen[post].otherwise or 0) >= VISITS]:
            self._count(post, found=False)

    def _count(self, post: PostKey, *, found: bool) -> None:
        self.waiting.discard(post)
        self.figure = self.figure.plus(Figure(1, int(found)))
        if self.figure.seen > MOST:
            self.figure = Figure(self.figure.seen // 2, self.figure.found // 2)

    def forget(self) -> bool:
        """Let go of the oldest posts beyond what is remembered, if there are any; those that are waited for stay."""
        spare = len(self.seen) - REMEMBERED
        old = [post for post in self.seen if post not in self.waiting][: max(0, spare)]
        for post in old:
            del self.seen[post]
        return bool(old)


@dataclass(slots=True)
class _Measured:
    """A source that is measured. `since`: from here on its searches had to bring what was published.

    `stored`: the figures as they are stored, by watch: the version of its query, and the numbers of its `Figure`.
    """

    source: Source
    followed: tuple[Watch, ...]
    watches: dict[str, _WatchInSource]
    stored: Mapping[str, Sequence[int]]
    started: datetime
    since: datetime | None = None
    served: dict[str, frozenset[str]] = field(default_factory=dict)

    def had_to_find(self, post: Post) -> bool:
        """Whether its own searches had to bring a post that was published then. A day alone is too coarse to say."""
        at = post.published_at if post.precision is Precision.SECOND else None
        return at is not None and self.since is not None and at >= self.since


class Completeness:
    """Told of every page; knows each source from its first visit on."""

    def __init__(self) -> None:
        self._sources: dict[str, _Measured] = {}

    def measures_anew(self, source: Source, watches: tuple[Watch, ...]) -> bool:
        """Whether the stored figures are wanted: at its first visit, and with other watches or settings than before."""
        measured = self._sources.get(source.id)
        known = measured is not None and measured.source == source and measured.followed == watches
        return not known and source.dialect is not None and source.dialect.complete

    def begin(
        self, source: Source, watches: tuple[Watch, ...], searches: Iterable[Search], now: datetime, stored: Any = None
    ) -> None:
        """A visit begins. `stored`, where it is measured anew: what the state of the source's name holds."""
        if self.measures_anew(source, watches) and source.dialect is not None:
            figures = {
                watch.id: _WatchInSource(watch.version, _stored_figure(watch, stored or {}))
                for watch in concerning(source, watches)
                if pushed(watch.query, source.dialect).searches
            }
            self._sources[source.id] = _Measured(source, watches, figures, stored or {}, now)
        if measured := self._sources.get(source.id):
            measured.started, measured.served = now, {search.key: search.watches for search in searches}

    def page_came(
        self, source: Source, served: AbstractSet[str], posts: Iterable[tuple[Post, AbstractSet[str]]]
    ) -> None:
        """A page of a search that serves these watches; each post with the watches it concerns."""
        sources = [measured for measured in self._sources.values() if measured.source.network == source.network]
        for post, concerns in posts if sources else ():
            for measured in sources:
                own, expected = measured.source.id == source.id, measured.had_to_find(post)
                for name, watch in measured.watches.items():
                    if own and name in served:
                        watch.note(post.key, own=True)
                    elif expected and name in concerns and name not in source.watches:
                        watch.note(post.key, own=False)

    def end(self, source: Source, unread: AbstractSet[str] = frozenset()) -> dict[str, Any]:
        """A visit has read all there is, but for these searches: for their watches it was none.

        Gives the states to be stored: those of figures that have changed.
        """
        measured = self._sources.get(source.id)
        if measured is None:
            return {}
        measured.since = measured.since or measured.started
        missed = {watch for search in unread for watch in measured.served.get(search, ())}
        for name, watch in measured.watches.items():
            if name not in missed:
                watch.visited()
            if watch.forget():
                measured.since = max(measured.since, measured.started)
        figures = {name: [it.version, it.figure.seen, it.figure.found] for name, it in measured.watches.items()}
        changed, measured.stored = figures != measured.stored, figures
        return {name_of(source.id): figures} if changed else {}

    def figures(self, source: str) -> dict[str, Figure]:
        """By watch, those that are known."""
        measured = self._sources.get(source)
        known = measured.watches.items() if measured else ()
        return {name: watch.figure for name, watch in known if watch.figure.seen}


def _stored_figure(watch: Watch, stored: Mapping[str, Sequence[int]]) -> Figure:
    """What was measured with the watch's query as it is."""
    version, seen, found = stored.get(watch.id, (watch.version, 0, 0))
    return Figure(seen, found) if version == watch.version else Figure()


def stored_figures(stored: Any) -> dict[str, Figure]:
    """By watch, from what the state of a source's name holds."""
    return {watch: Figure(seen, found) for watch, (_, seen, found) in (stored or {}).items() if seen}


def together(figures: Iterable[Figure]) -> Figure:
    """Several watches' as one."""
    return reduce(Figure.plus, figures, Figure())
