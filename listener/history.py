"""What is stored is understood anew when words, rules, settings or queries have changed: newest first, batch by batch.

How far it is stands in the store, written with each batch, so that a kill, a restart or a reload on the way loses
nothing. Nothing is compared with history before that is understood as new posts are (`History.waiting`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from insight.model import MentionState, Post, UnderstoodPost
from insight.pipeline import Pipeline
from listener.clock import Clock
from listener.engine import Engine, Job
from listener.log import Log
from listener.setup import Setup
from listener.threads import Threads
from listener.understanding_progress import UNDERSTOOD, Progress, UnderstoodBy, Walk
from scrapers.base import Source
from storage import OutdatedError, Store, StoredPost

REMATCH_DAYS = 90
"""How far back posts are matched with a changed query. What changes their meaning goes back to the first one."""
MOMENT = 2.0
"""Seconds for which a look waits: mostly there is little to understand anew."""
NOTHING = {"posts": 0, "total": 0, "changed": 0}
TURN = 100  # posts; a writer that waits for a turn to end waits for some ten milliseconds


def due_walk(store: Store, pipeline: Pipeline, now: datetime, everything: bool = False) -> Progress | None:
    """With the walk that is due: one that was interrupted, or a new one; None where there is nothing to do.

    `everything`: all of it is understood anew, whether or not anything has changed.
    """
    found, to = Progress.read(store), UnderstoodBy.of(pipeline)
    walk, changed = found.walk, to.changed_since(found.done)
    if walk and walk.to == to and not (everything and walk.since):
        return found
    if not (changed or everything or walk):
        return None
    whole = everything or to.rules != found.done.rules or (walk is not None and walk.since is None)
    since = None if whole else now - timedelta(days=REMATCH_DAYS)
    found = replace(found, done=UnderstoodBy()) if everything else found
    return found.begin(Walk(to, now, since, store.posts.count_bare(since)))


def understand_again(
    store: Store, pipeline: Pipeline, sources: Mapping[str, Source], posts: Sequence[StoredPost]
) -> list[UnderstoodPost]:
    """Understand stored posts again, for `store.posts.reclassify`, which moves mentions and counts."""
    seen = store.posts.sightings_of(stored.post.key for stored in posts)
    names = {key: [sighting.source for sighting in sightings] for key, sightings in seen.items()}
    # of a source that the config has no longer nobody knows what it was bound to, but what was stored because of it
    left = [key for key, seen_by in names.items() if not sources.keys() >= set(seen_by)]
    kept = {
        key: {one.mention.watch for one in found if one.mention.state is MentionState.KEPT and not one.mention.spans}
        for key, found in store.posts.mentions_of(left).items()
    }
    groups: dict[tuple[frozenset[str], str], list[Post]] = {}
    for stored in posts:
        # the watches that it concerns by where it was seen, whatever it says; and the source that saw it first
        key = stored.post.key
        bound = {watch for name in names[key] if name in sources for watch in sources[name].watches}
        group = frozenset(bound | kept.get(key, set())), names[key][0] if names[key] else ""
        groups.setdefault(group, []).append(stored.post)
    understood = (_understand(pipeline, group, bound, source) for (bound, source), group in groups.items())
    return list(chain.from_iterable(understood))


def _understand(pipeline: Pipeline, posts: list[Post], bound: frozenset[str], source: str) -> list[UnderstoodPost]:
    """One that cannot be understood stays as it is: it must not hold up all the others, and detection with them."""
    try:
        return pipeline.understand(posts, bound, source)
    except Exception:  # noqa: BLE001 - whatever it is: find it below
        understood = []
        for post in posts:
            with suppress(Exception):
                understood += pipeline.understand([post], bound, source)
        return understood


@dataclass
class History:
    """The job, and who waits for it. Whoever else writes comes between two batches."""

    store: Store
    threads: Threads
    clock: Clock
    log: Log
    engine: Engine
    setup: Callable[[], Setup]
    waits: frozenset[str] = frozenset()

    async def waiting(self, patience: float | None = 0.0) -> frozenset[str]:
        """The watches of which nothing is told yet: what is stored of them has to be understood anew before.

        The job for that is begun, and waited for so many seconds.
        """
        found, due = await self.threads.read(self._waiting_and_due)
        if due:
            self.engine.submit("reunderstand")
        if found:
            await self.engine.wait("reunderstand", patience=patience)
            found, _ = await self.threads.read(self._waiting_and_due)
        if found - self.waits:
            self.log.info("waits until history is understood anew", watches=sorted(found))
        self.waits = found
        return found

    def _waiting_and_due(self) -> tuple[frozenset[str], bool]:
        """The watches that wait, and whether there is anything to understand anew."""
        progress = Progress.read(self.store)
        found = UnderstoodBy.of(self.setup().queries.pipeline).changed_since(progress.done)
        return found, bool(found or progress.walk)

    async def run(self, job: Job) -> dict[str, int]:
        """Understand anew what is due, until the config has stood still; with the argument `everything`, all of it."""
        everything = bool(job.arguments.get("everything"))
        while True:
            made = self.setup()
            due = partial(due_walk, self.store, made.queries.pipeline, self.clock.now(), everything)
            progress = await self.threads.read(due)
            if progress is None or progress.walk is None:
                return dict(job.progress or NOTHING)
            await self.threads.write(partial(self._note, progress))
            try:
                await self._walk(made, progress, progress.walk, job)
                everything = False
            except OutdatedError:
                if self.setup() is made:  # it was no reload of ours: to begin anew would meet the same again
                    raise

    async def _walk(self, made: Setup, progress: Progress, walk: Walk, job: Job) -> None:
        parts = self.store.posts.bare(walk.since, TURN, walk.place)
        while part := await self.threads.read(partial(next, parts, None)):
            posts, place = part
            again = partial(understand_again, self.store, made.queries.pipeline, made.sources, posts)
            items = await self.threads.work(again)
            changed = await self.threads.write(partial(self._replace, made, items))
            walk = replace(walk, place=place, posts=walk.posts + len(posts), changed=walk.changed + changed)
            progress = await self.threads.write(partial(self._note, progress.reach(walk, end=False)))
            job.progress = walk.figures
            self.engine.changed.set()
        await self.threads.write(partial(self._note, progress.reach(walk, end=True)))
        job.progress = walk.figures
        if walk.posts:
            self.log.info("understood anew", **walk.figures)

    def _replace(self, made: Setup, items: Sequence[UnderstoodPost]) -> int:
        if self.setup() is not made:  # a config is taken in the thread that this runs in, so never in between
            raise OutdatedError("The config has changed meanwhile", "understand the posts with the new one")
        return self.store.posts.reclassify(items, self.clock.now(), made.queries.versions)

    def _note(self, progress: Progress) -> Progress:
        self.store.state.put(UNDERSTOOD, progress.to_json(), self.clock.now())
        return progress
