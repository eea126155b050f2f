"""The one way in: every door's batch is checked, understood and stored here, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from insight.model import Deletion, Engagement, Gap, Post, PostKey, Precision, Reading, Rejected, Snapshot, Understood
from insight.pipeline import Pipeline
from scrapers.base import Batch, Source
from storage import Arrival, Outcome, Store

T = TypeVar("T")
RAW_LIMIT = 4000


@dataclass
class Known:
    """The posts that a source has brought before, by what was said then, with the watches they concern.

    They need not be understood again.

    It is made anew with each config, for a new query may take what the old one left.
    """

    limit: int = 20_000
    _said: dict[tuple[str, PostKey], tuple[int, frozenset[str]]] = field(default_factory=dict)

    def news(self, source: str, posts: Iterable[Post]) -> list[Post]:
        return [post for post in posts if self._said.get((source, post.key), (None,))[0] != _mark(post)]

    def learn(self, source: str, posts: Iterable[Post], understood: Iterable[Understood] = ()) -> None:
        """To be told after the posts have been stored. `understood`: those of them that were news."""
        concerns = {found.post.key: frozenset(mention.watch for mention in found.mentions) for found in understood}
        for post in posts:
            # again at the end, as the newest
            _, before = self._said.pop((source, post.key), (0, frozenset()))
            self._said[source, post.key] = _mark(post), concerns.get(post.key, before)
        while len(self._said) > self.limit:
            del self._said[next(iter(self._said))]

    def concerns(self, source: str, post: PostKey) -> frozenset[str]:
        """The ids of the watches, also those that an exclusion hides it from."""
        return self._said.get((source, post), (0, frozenset()))[1]


def _mark(post: Post) -> int:
    return hash(repr(post))


def ingest(
    store: Store,
    pipeline: Pipeline,
    source: Source,
    search: str,
    batch: Batch,
    cursor: dict[str, Any] | None,
    now: datetime,
    known: Known | None = None,
    *,
    passing: bool = False,
) -> Outcome:
    """Store a batch with its cursor: all of it or none. Runs in the store's thread.

    A post that cannot be understood or kept is set aside as rejected with its reason; the others are stored. One that
    `known` has seen as it is was stored before, or concerned nobody. `passing`: a piece of a stream of everything, of
    which nothing is remembered that concerns nobody.
    """
    sound, rejected = _sound(_of(Post, batch.items))
    posts = known.news(source.id, sound) if known and not passing else sound
    understood, failed = _understand(pipeline, posts, source)
    deletions = _of(Deletion, batch.items)
    if passing:
        understood = [item for item in understood if item.mentions or item.post.edited_at]
        deletions = _of_stored(store, deletions, understood)
    outcome = store.ingest(
        Arrival(
            source=source.id,
            search=search,
            understood=tuple(understood),
            deletions=deletions,
            engagements=_of(Engagement, batch.items),
            readings=_of(Reading, batch.items),
            snapshots=_of(Snapshot, batch.items),
            gaps=_of(Gap, batch.items),
            rejected=(*batch.rejected, *rejected, *failed),
            cursor=cursor,
            collected_at=now,
        )
    )
    if known:
        known.learn(source.id, [item.post for item in understood] if passing else sound, understood)
    return replace(outcome, seen=len(sound) - len(failed))


def _of_stored(store: Store, deletions: tuple[Deletion, ...], arriving: Iterable[Understood]) -> tuple[Deletion, ...]:
    """The deletions that take something: of posts that are stored, or about to be."""
    keys = {PostKey(item.network, item.native_id) for item in deletions}
    stored = store.posts.stored(keys) | {item.post.key for item in arriving} if keys else set()
    return tuple(item for item in deletions if PostKey(item.network, item.native_id) in stored)


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


def _understand(pipeline: Pipeline, posts: list[Post], source: Source) -> tuple[list[Understood], list[Rejected]]:
    understand = partial(pipeline.understand, bound=frozenset(source.watches), source=source.id)
    try:
        return understand(posts), []
    except Exception:  # noqa: BLE001 - one bad post must not take the others with it: find it below
        return _one_by_one(posts, lambda post: understand([post])[0])


def _one_by_one(posts: list[Post], understand: Callable[[Post], Understood]) -> tuple[list[Understood], list[Rejected]]:
    good, bad = [], []
    for post in posts:
        try:
            good.append(understand(post))
        except Exception as error:  # noqa: BLE001 - set aside with its reason, whatever it was
            bad.append(_set_aside(post, f"could not be understood: {type(error).__name__}: {error}"))
    return good, bad


def _set_aside(post: Post, reason: str) -> Rejected:
    return Rejected(reason, json.dumps(asdict(post), default=str, ensure_ascii=False)[:RAW_LIMIT])
