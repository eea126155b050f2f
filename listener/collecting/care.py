"""What every source gets beside its visits: where to go on, when to come back, second looks, a canary, its troubles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from insight.model import Post
from listener.clock import Clock
from listener.collecting.asking import NOT_MODIFIED, Asking
from listener.collecting.budget import NOTHING, Need, Rest
from listener.collecting.canary import Canaries
from listener.collecting.looks import Looks, Take
from listener.collecting.plan import Plan, kept, need_of
from listener.collecting.rhythm import Brought, Rhythm, limits
from listener.log import Log
from listener.threads import Threads
from scrapers.base import Batch, Page, Search, Source
from storage import Store

WORTH_A_WORD = timedelta(minutes=2)
TROUBLES = 5  # reasons remembered of a source


@dataclass
class Round:
    """One visit as far as its care goes. `left_at`: the search that the budget did not reach; `rest`: why not."""

    brought: Brought
    need: Need = NOTHING
    ids: set[str] = field(default_factory=set)
    unchanged: bool = False
    left_at: str | None = None
    rest: Rest | None = None

    def read(self, search: Search, page: Page, batch: Batch) -> None:
        posts = [item for item in batch.items if isinstance(item, Post)]
        self.brought.read(search.key, posts, page.fetched_at)
        self.ids.update(post.native_id for post in posts)
        self.unchanged = self.unchanged or page.status == NOT_MODIFIED


class Care:
    """`take` stores a batch that belongs to no walk."""

    def __init__(
        self,
        store: Store,
        threads: Threads,
        asking: Asking,
        clock: Clock,
        log: Log,
        take: Take,
    ) -> None:
        self._memory, self._clock, self._log = asking.memory, clock, log
        self._looks = Looks(store, threads, asking, clock, log, take)
        self._canaries = Canaries(asking.memory, self._looks, clock, log)

    async def begin(self, source: Source, searches: Sequence[Search]) -> tuple[Round, tuple[Search, ...]]:
        """The visit, and its searches: from the one on that the visit before did not reach."""
        notes = await self._memory.of(source.id)
        keys = [search.key for search in searches]
        start = keys.index(notes["left at"]) if notes.get("left at") in keys else 0
        known = Rhythm.from_json(notes.get("rhythm"))
        return Round(Brought(known.newest), need_of(source, searches, self._clock.now())), tuple(searches[start:])

    async def ended(self, source: Source, visit: Round, started: datetime, new: int, *, unfinished: bool) -> datetime:
        """Note how the visit went; when the next one is due. What is noted is stored with the visit (`states`)."""
        notes, meter = await self._memory.of(source.id), await self._memory.meter(source.id)
        within = limits(source, visit.need)
        rhythm = Rhythm.from_json(notes.get("rhythm")).after(within.usual, visit.brought, new, started)
        notes["rhythm"] = rhythm.to_json()
        notes["left at"] = visit.left_at
        now = self._clock.now()
        if visit.rest is not None:
            self._rests(source, notes, visit.rest, now)
            return visit.rest.until
        notes.pop("rest", None)
        pause = 0.0 if unfinished else rhythm.pause(within)
        return max(started + timedelta(seconds=pause), now, meter.closed or now)

    def states(self, source: Source) -> dict[str, Any]:
        return self._memory.states(source.id)

    async def failed(self, source: Source, reason: str) -> dict[str, Any]:
        """Note an error: the last ones with how often they came. Gives what is to be stored with it."""
        notes = await self._memory.of(source.id)
        troubles = dict(notes.get("troubles", {}))
        times, _ = troubles.pop(reason, (0, ""))
        troubles[reason] = [times + 1, self._clock.now().isoformat()]
        notes["troubles"] = dict(list(troubles.items())[-TROUBLES:])
        return self._memory.states(source.id)

    async def afterwards(self, source: Source, visit: Round) -> None:
        """What is asked after a whole visit, with what the visits leave of the budget."""
        notes, now = await self._memory.of(source.id), self._clock.now()
        pause = Rhythm.from_json(notes.get("rhythm")).pause(limits(source, visit.need))
        keep = kept(source.budget(), Plan(pause, visit.need), now)
        await self._canaries.listen(source, None if visit.unchanged else visit.ids, keep)
        await self._looks.look(source, keep)

    def _rests(self, source: Source, notes: dict[str, Any], rest: Rest, now: datetime) -> None:
        """Said once for each rest that lasts."""
        until, told = rest.until.isoformat(), notes.get("rest", {}).get("until")
        notes["rest"] = {"until": until, "why": rest.why}
        if rest.until - now > WORTH_A_WORD and told != until:
            self._log.info("resting", source=source.id, why=rest.why, until=f"{rest.until:%Y-%m-%d %H:%MZ}")
