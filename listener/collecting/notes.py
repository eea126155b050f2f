"""What is remembered of each source between its visits: budget, pace, second looks, canary; one JSON value a source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from listener.collecting.access import Sessions
from listener.collecting.budget import Meter
from listener.threads import Threads
from storage import Store

LATEST_ERRORS = 5  # reasons remembered of a source


def name_of(source: str) -> str:
    """The name under which a source's notes are stored."""
    return f"source {source}"


class SourceNotes:
    """Read from the store at first use, then held here: there is one of it in a process that holds the store.

    What workers of several processes would have to share lies here alone: meters, notes, and the `sessions` of logins,
    which are never stored.
    """

    def __init__(self, store: Store, threads: Threads) -> None:
        self._store, self.threads = store, threads
        self.sessions: Sessions = {}
        self._notes: dict[str, dict[str, Any]] = {}
        self._meters: dict[str, Meter] = {}

    async def of(self, source: str) -> dict[str, Any]:
        """The notes of a source, to be changed in place and kept by `keep` or with a visit (`states`)."""
        if source not in self._notes:
            stored = await self.threads.read(lambda: self._store.state.get(name_of(source)))
            self._notes.setdefault(source, stored or {})
        return self._notes[source]

    async def meter(self, source: str) -> Meter:
        if source not in self._meters:
            notes = await self.of(source)
            self._meters.setdefault(source, Meter.from_json(notes.get("meter", {})))
        return self._meters[source]

    def add_errors(self, source: str, reasons: Iterable[str], now: datetime) -> None:
        """Remember what went wrong, beside how often each reason came lately."""
        troubles = self._notes[source].setdefault("troubles", {})
        for reason in reasons:
            times, _ = troubles.pop(reason, (0, ""))
            troubles[reason] = [times + 1, now.isoformat()]
            for old in list(troubles)[:-LATEST_ERRORS]:
                del troubles[old]

    def states(self, source: str) -> dict[str, Any]:
        """All of it, as the store takes states."""
        notes = self._notes.get(source, {})
        if source in self._meters:
            notes["meter"] = self._meters[source].to_json()
        return {name_of(source): dict(notes)}

    def known(self, source: str) -> tuple[dict[str, Any], Meter]:
        """The notes and the meter as far as they have been read: empty before the first visit."""
        return self._notes.get(source, {}), self._meters.get(source, Meter())

    async def keep(self, source: str, now: datetime) -> None:
        ((name, value),) = self.states(source).items()
        await self.threads.write(lambda: self._store.state.put(name, value, now))
