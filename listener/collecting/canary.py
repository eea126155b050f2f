"""A known post that must be found: when it no longer is, a source is blind although it answers.

It is asked for once an hour. Of a kind that cannot show single posts, it must be among the posts that a visit reads:
right for a page or feed that keeps it, such as a pinned post.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from insight.model import Post
from listener.clock import Clock
from listener.collecting.budget import Need, RestingError
from listener.collecting.looks import Looks
from listener.collecting.memory import Memory
from listener.log import Log
from scrapers.base import Source, SourceError

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CanaryState:
    """Whether the canary is found, and since when that is so. `at`: when it was last looked for."""

    id: str
    found: bool
    since: datetime
    at: datetime

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "found": self.found, "since": self.since.isoformat(), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> CanaryState | None:
        if not value:
            return None
        since, at = datetime.fromisoformat(value["since"]), datetime.fromisoformat(value["at"])
        return cls(value["id"], value["found"], since, at)


class Canaries:
    """Looks for the canaries with the second looks' means."""

    def __init__(self, memory: Memory, looks: Looks, clock: Clock, log: Log) -> None:
        self._memory, self._looks, self._clock, self._log = memory, looks, clock, log

    async def check(self, source: Source, read: Iterable[str] | None, keep: Need) -> CanaryState | None:
        """Look for the source's canary, if it has one and it is time. Raises StoreError, and nothing else.

        `read`: the native ids that a whole visit has read; None when it was told that nothing has changed.
        """
        if source.canary is None:
            return None
        notes, now = await self._memory.of(source.id), self._clock.now()
        before = CanaryState.from_json(notes.get("canary"))
        if before is not None and before.id != source.canary:
            before = None
        if before is not None and timedelta(0) <= now - before.at < EVERY:  # else the clock was ahead
            return before
        found = await self._found(source, source.canary, read, keep)
        if found is None:
            return before
        same = before is not None and before.found == found
        state = CanaryState(source.canary, found, before.since if before is not None and same else now, now)
        notes["canary"] = state.to_json()
        if not same:
            self._tell(source, state, first=before is None)
        await self._memory.keep(source.id, now)
        return state

    async def _found(self, source: Source, canary: str, read: Iterable[str] | None, keep: Need) -> bool | None:
        """None when it could not be found out this time: an error is told as what it is."""
        try:
            requests = self._looks.requests(source, (canary,))
            if not requests:
                return None if read is None else canary in set(read)
            batches = [batch for request in requests for batch in await self._looks.ask(source, request, keep)]
        except (SourceError, RestingError):
            return None
        items = [item for batch in batches for item in batch.items]
        return any(isinstance(item, Post) and item.native_id == canary for item in items)

    def _tell(self, source: Source, state: CanaryState, *, first: bool) -> None:
        if not state.found:
            remedy = "compare with `listener sources test`; if the post itself has gone, set another `canary`"
            self._log.warning("canary not found", source=source.id, canary=state.id, remedy=remedy)
        elif not first:
            self._log.info("canary found again", source=source.id, canary=state.id)
