"""The one way in: every door's batch is checked and understood in a worker thread, and stored in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from insight.model import (
    Deletion,
    Engagement,
    Gap,
    Post,
    PostKey,
    Precision,
    Reading,
    Rejected,
    Snapshot,
    UnderstoodPost,
    Watch,
)
from insight.pipeline import Pipeline
from listener.clock import Clock
from listener.threads import Threads
from scrapers.base import Batch, Source
from storage import BatchCounts, OutdatedError, Store, UnderstoodBatch

T = TypeVar("T")
RAW_LIMIT = 4000
TRIES = 3


@dataclass
class SeenPosts:
    """The posts that each source has brought before, by what was said then, with the watches they concern.

    They need not be understood again.
    """

    limit: int = 20_000
    _said: dict[tuple[str, PostKey], tuple[int, frozenset[str]]] = field(default_factory=dict)

    def has(self, source: str, post: PostKey, mark: int) -> bool:
        return self._said.get((source, post), (None,))[0] == mark

    def learn(self, source: str, marks: Mapping[PostKey, int], concerns: Mapping[PostKey, frozenset[str]]) -> None:
        """To be told after the posts have been stored. `concerns`: of those that were understood, the watches."""
        for post, mark in marks.items():
            # again at the end, as the newest
            _, before = self._said.pop((source, post), (0, frozenset()))
            self._said[source, post] = mark, concerns.get(post, before)
        while len(self._said) > self.limit:
            del self._said[next(iter(self._said))]

    def concerns(self, source: str, post: PostKey) -> frozenset[str]:
        """The ids of the watches, also those that an exclusion hides it from."""
        return self._said.get((source, post), (0, frozenset()))[1]


@dataclass(frozen=True)
class Queries:
    """The watches of one config, what understands posts by them, and which posts it has understood already."""

    pipeline: Pipeline
    known: SeenPosts = field(default_factory=SeenPosts)

    @property
    def watches(self) -> tuple[Watch, ...]:
        return self.pipeline.watches

    @property
    def versions(self) -> dict[str, int]:
        return {watch.id: watch.version for watch in self.watches}


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch. `concerns`: by post, the ids of its watches, also of those that it is hidden from."""

    outcome: BatchCounts
    concerns: Mapping[PostKey, frozenset[str]]


class Ingest:
    """Stores batches. `queries` gives those of the config that holds now."""

    def __init__(self, store: Store, threads: Threads, clock: Clock, queries: Callable[[], Queries]) -> None:
        self._store, self._threads, self._clock, self._queries = store, threads, clock, queries

    async def __call__(
        self,
        source: Source,
        search: str,
        batch: Batch,
        cursor: Mapping[str, Any] | None = None,
        *,
        passing: bool = False,
        remember: bool = True,
        settled: frozenset[PostKey] = frozenset(),
    ) -> IngestResult:
        """Store a batch with its cursor: all of it or none. Raises StoreError.

        Posts are understood beside the store's thread, so a changed config may come in between. What was understood
        with other queries than the stored ones is refused, and understood again.

        `passing`: a piece of a stream of everything, of which nothing is kept that concerns nobody. `remember`: the
        posts will come again. `settled`: those that are no news for the theme step.
        """
        now, put = self._clock.now(), self._put_passing if passing else self._store.ingest
        for tried in range(1, TRIES + 1):
            queries = self._queries()
            call = partial(understood, queries, source, search, batch, cursor, now, passing=passing)
            arrival, marks, seen = await self._threads.work(call)
            try:
                outcome = await self._threads.write(partial(put, replace(arrival, settled=settled)))
                break
            except OutdatedError:
                if tried == TRIES:
                    raise
        concerns = {item.post.key: frozenset(found.watch for found in item.mentions) for item in arrival.understood}
        if remember:
            queries.known.learn(source.id, marks, concerns)
        known = {post: queries.known.concerns(source.id, post) for post in marks}
        return IngestResult(replace(outcome, seen=seen), {**known, **concerns})

    def _put_passing(self, arrival: UnderstoodBatch) -> BatchCounts:
        """Of the deletions, those that take something: of posts that are stored, or about to be."""
        keys = {PostKey(item.network, item.native_id) for item in arrival.deletions}
        stored = self._store.posts.stored(keys) | {item.post.key for item in arrival.understood} if keys else set()
        deletions = tuple(item for item in arrival.deletions if PostKey(item.network, item.native_id) in stored)
        return self._store.ingest(replace(arrival, deletions=deletions))


def understood(
    queries: Queries,
    source: Source,
    search: str,
    batch: Batch,
    cursor: Mapping[str, Any] | None,
    now: datetime,
    *,
    passing: bool = False,
) -> tuple[UnderstoodBatch, dict[PostKey, int], int]:
    """A batch as the store takes it; marks of its posts, which change with an edit; and how many posts were sound.

    A post that cannot be understood or kept is set aside as rejected with its reason. One that is known as it is was
    stored before, or concerned nobody.
    """
    sound, rejected = _sound(_of(Post, batch.items))
    marks = {post.key: hash(repr(post)) for post in sound}
    known = queries.known
    posts = sound if passing else [post for post in sound if not known.has(source.id, post.key, marks[post.key])]
    items, failed = _understand(queries.pipeline, posts, source)
    if passing:
        items = [item for item in items if item.mentions or item.post.edited_at]
        marks = {item.post.key: marks[item.post.key] for item in items}
    arrival = UnderstoodBatch(
        source=source.id,
        search=search,
        understood=tuple(items),
        deletions=_of(Deletion, batch.items),
        engagements=_of(Engagement, batch.items),
        readings=_of(Reading, batch.items),
        snapshots=_of(Snapshot, batch.items),
        gaps=_of(Gap, batch.items),
        rejected=(*batch.rejected, *rejected, *failed),
        cursor=cursor,
        collected_at=now,
        versions=queries.versions,
    )
    return arrival, marks, len(sound) - len(failed)


def _of(kind: type[T], items: Iterable[object]) -> tuple[T, ...]:
    return tuple(item for item in items if isinstance(item, kind))


def _sound(posts: Iterable[Post]) -> tuple[list[Post], list[Rejected]]:
    good, bad = [], []
    for post in posts:
        reason = fault(post)
        if reason:
            bad.append(_set_aside(post, reason))
        else:
            good.append(post)
    return good, bad


def fault(post: Post) -> str | None:
    """Why a post cannot be kept: what a source (a user's own, say) must never hand over."""
    if not post.network or not post.native_id:
        return "no identity: network and native_id must not be empty"
    if not (post.text or post.title or post.rating):
        return "nothing to read: no text, no title, no rating"
    times = [time for time in (post.published_at, post.edited_at) if time]
    if any(time.tzinfo is None for time in times):
        return "a time without a zone: published_at and edited_at must be aware"
    if post.published_at is None and post.precision is not Precision.UNKNOWN:
        return "no published_at, but a precision other than unknown"
    return None


def _understand(pipeline: Pipeline, posts: list[Post], source: Source) -> tuple[list[UnderstoodPost], list[Rejected]]:
    understand = partial(pipeline.understand, bound=frozenset(source.watches), source=source.id)
    try:
        return understand(posts), []
    except Exception:  # noqa: BLE001 - one bad post must not take the others with it: find it below
        return _one_by_one(posts, lambda post: understand([post])[0])


def _one_by_one(
    posts: list[Post], understand: Callable[[Post], UnderstoodPost]
) -> tuple[list[UnderstoodPost], list[Rejected]]:
    good, bad = [], []
    for post in posts:
        try:
            good.append(understand(post))
        except Exception as error:  # noqa: BLE001 - set aside with its reason, whatever it was
            bad.append(_set_aside(post, f"could not be understood: {type(error).__name__}: {error}"))
    return good, bad


def _set_aside(post: Post, reason: str) -> Rejected:
    return Rejected(reason, json.dumps(asdict(post), default=str, ensure_ascii=False)[:RAW_LIMIT])
