"""The one way in: every door's batch is checked and understood in a worker thread, and stored in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
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
RAW_LIMIT = 4000  # letters of a rejected post that are kept, for whoever looks for the fault
TRIES = 3  # at what was understood while the config changed


@dataclass
class SeenPosts:
    """The posts that each source has brought before, with a hash of their content and the watches they concern.

    While a post's content stays the same, it need not be understood again.
    """

    limit: int = 20_000
    _seen: dict[tuple[str, PostKey], tuple[int, frozenset[str]]] = field(default_factory=dict)

    def has(self, source: str, post: PostKey, content: int) -> bool:
        return self._seen.get((source, post), (None,))[0] == content

    def add(self, source: str, contents: Mapping[PostKey, int], concerns: Mapping[PostKey, frozenset[str]]) -> None:
        """To be called after the posts have been stored. `concerns`: of those that were understood, the watches."""
        for post, content in contents.items():
            _, before = self._seen.pop((source, post), (0, frozenset()))  # again at the end, as the newest
            self._seen[source, post] = content, concerns.get(post, before)
        while len(self._seen) > self.limit:
            del self._seen[next(iter(self._seen))]

    def concerns(self, source: str, post: PostKey) -> frozenset[str]:
        """The ids of the watches, also those that an exclusion hides it from."""
        return self._seen.get((source, post), (0, frozenset()))[1]


@dataclass(frozen=True)
class Queries:
    """The watches of one config, what understands posts by them, and which posts it has understood already."""

    pipeline: Pipeline
    seen: SeenPosts = field(default_factory=SeenPosts)

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
        firehose: bool = False,
        remember: bool = True,
        settled: frozenset[PostKey] = frozenset(),
    ) -> IngestResult:
        """Store a batch with its cursor: all of it or none. Raises StoreError.

        Posts are understood beside the store's thread, so a changed config may come in between. What was understood
        with another config than that is refused, and understood again.

        `firehose`: a piece of a stream of everything, of which nothing is kept that concerns nobody. `remember`: the
        posts will come again. `settled`: those that are no news for the theme step.
        """
        now = self._clock.now()
        for tried in range(1, TRIES + 1):
            queries = self._queries()
            call = partial(understand_batch, queries, source, batch, now, firehose=firehose)
            understood, contents, seen = await self._threads.work(call)
            ready = replace(understood, search=search, cursor=cursor, settled=settled)
            try:
                outcome = await self._threads.write(partial(self._put, queries, ready, firehose))
                break
            except OutdatedError:
                if tried == TRIES:
                    raise
        concerns = {item.post.key: frozenset(found.watch for found in item.mentions) for item in ready.understood}
        if remember:
            queries.seen.add(source.id, contents, concerns)
        before = {post: queries.seen.concerns(source.id, post) for post in contents}
        return IngestResult(replace(outcome, seen=seen), {**before, **concerns})

    def _put(self, queries: Queries, ready: UnderstoodBatch, firehose: bool) -> BatchCounts:
        """Store it; of a firehose with those deletions alone that take something: a post that is, or will be, stored.

        Raises OutdatedError. A config is taken in the thread that this runs in, so never in between.
        """
        if self._queries() is not queries:
            raise OutdatedError("The config has changed meanwhile", "understand the posts with the new one")
        if not firehose:
            return self._store.ingest(ready)
        keys = {PostKey(item.network, item.native_id) for item in ready.deletions if not item.all_below}
        stored = self._store.posts.stored(keys) | {item.post.key for item in ready.understood} if keys else set()
        deletions = tuple(
            item for item in ready.deletions if item.all_below or PostKey(item.network, item.native_id) in stored
        )
        return self._store.ingest(replace(ready, deletions=deletions))


def understand_batch(
    queries: Queries, source: Source, batch: Batch, now: datetime, *, firehose: bool = False
) -> tuple[UnderstoodBatch, dict[PostKey, int], int]:
    """A batch as the store takes it, but for the search and its cursor; hashes of its posts' contents, for `SeenPosts`;
    how many posts could be kept.

    A post that cannot be kept or understood is set aside as rejected with its reason. One that has been seen as it is
    was stored before, or concerned nobody.
    """

    def items_of(kind: type[T]) -> tuple[T, ...]:
        return tuple(item for item in batch.items if isinstance(item, kind))

    # 1. The posts that can be kept, and those of them that are new or say something new.
    sound, rejected = [], []
    for post in items_of(Post):
        if reason := fault(post):
            rejected.append(_set_aside(post, reason))
        else:
            sound.append(post)
    contents = {post.key: hash(repr(post)) for post in sound}
    new = [post for post in sound if firehose or not queries.seen.has(source.id, post.key, contents[post.key])]

    # 2. What they say: all together, or, where one takes the others along, each by itself.
    understood, failed = _understand(queries.pipeline, new, source)
    if firehose:
        understood = [item for item in understood if item.mentions or item.post.edited_at]
        contents = {item.post.key: contents[item.post.key] for item in understood}
    ready = UnderstoodBatch(
        source=source.id,
        search="",
        understood=tuple(understood),
        deletions=items_of(Deletion),
        engagements=items_of(Engagement),
        readings=items_of(Reading),
        snapshots=items_of(Snapshot),
        gaps=items_of(Gap),
        rejected=(*batch.rejected, *rejected, *failed),
        collected_at=now,
        versions=queries.versions,
    )
    return ready, contents, len(sound) - len(failed)


def _understand(pipeline: Pipeline, posts: list[Post], source: Source) -> tuple[list[UnderstoodPost], list[Rejected]]:
    understand = partial(pipeline.understand, bound=frozenset(source.watches), source=source.id)
    try:
        return understand(posts), []
    except Exception:  # noqa: BLE001 - one bad post must not take the others with it: find it below
        understood, rejected = [], []
        for post in posts:
            try:
                understood += understand([post])
            except Exception as error:  # noqa: BLE001 - set aside with its reason, whatever it was
                reason = f"could not be understood: {type(error).__name__}: {error}"
                rejected.append(_set_aside(post, reason))
        return understood, rejected


def fault(post: Post) -> str | None:
    """Why a post cannot be kept: what a source (a user's own, say) must never hand over."""
    if not post.network or not post.native_id:
        return "no identity: network and native_id must not be empty"
    if not (post.text or post.title or post.rating):
        return "nothing to read: no text, no title, no rating"
    times = [time for time in (post.published_at, post.edited_at) if time]
    if any(time.tzinfo is None for time in times):
        return "a time without a zone: published_at and edited_at must be aware"
    if post.published_at is None and post.precision not in (Precision.UNKNOWN, Precision.COLLECTED):
        return "no published_at, but a precision other than unknown"
    return None


def _set_aside(post: Post, reason: str) -> Rejected:
    return Rejected(reason, json.dumps(asdict(post), default=str, ensure_ascii=False)[:RAW_LIMIT])
