"""Whether the daemon is well: found out every few seconds, so that whoever asks is answered from memory at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

from insight.model import ChannelTrouble
from listener.app import App
from storage import LostError, SearchState, SourceState, StoreError

LOOK_EVERY = 3.0
"""Real seconds between two looks."""
SLOW = 10.0
"""Seconds after which a look that has not ended says that the store is busy or locked."""
TROUBLE_COUNTS_FOR = 30.0
"""Seconds for which a failed read or write of anybody else counts as trouble."""
DEAD_AFTER = 300.0
"""Seconds of trouble after which the daemon no longer counts as alive: a restart may help."""
STALE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Health:
    """`alive`: the store can be read and written, or could until lately. `ready`: it works through its sources, too."""

    alive: bool
    ready: bool
    detail: dict[str, Any]


@dataclass
class HealthWatch:
    """Looks from a thread of its own: at the hold on the database, by a small write, by a read.

    `hold` is what `Store.hold` gives; `lost` is called, from that thread, when the daemon must end.
    """

    app: App
    hold: Callable[[], bool]
    lost: Callable[[LostError], None]
    seconds: Callable[[], float] = time.monotonic
    _wake: Event = field(default_factory=Event)
    _stopped: bool = False
    _look_began: float | None = None  # when the look that is under way began
    _trouble_since: float | None = None
    _trouble: str | None = None
    _states: tuple[SourceState, ...] = ()
    _reread_states_at: float = 0.0
    _failing: tuple[SearchState, ...] = ()
    _channels: tuple[ChannelTrouble, ...] = ()
    _last_cycle: datetime | None = None
    _has_looked: bool = False

    def start(self) -> None:
        self._started = self.app.clock.now()
        self.app.observers.cycled.append(self._cycle_ended)
        self._thread = Thread(target=self._run, name="health", daemon=True)  # it may hang in a locked database
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join(1)

    def _run(self) -> None:
        with suppress(LostError):
            while not self._stopped:
                self.look()
                self._wake.wait(LOOK_EVERY)
                self._wake.clear()

    def _cycle_ended(self, _: int) -> None:
        if self._last_cycle is None:  # the first one makes the daemon ready: look at once
            self._wake.set()

    def look(self) -> None:
        """Look once. Raises LostError, once it has been passed on."""
        app, self._look_began = self.app, self.seconds()
        try:
            if self.hold():
                app.log.warning("the database's hold was lost and taken again")
            app.store.probe(app.clock.now())
            if self._look_began >= self._reread_states_at:  # thousands of sources are not read every few seconds
                self._states = tuple(app.store.sources.all())
                self._reread_states_at = self._look_began + len(self._states) // 100  # 10,000 sources: after 100 s
            self._failing = tuple(app.store.sources.failing_searches())
            self._channels = tuple(app.store.outbox.troubles())
            cycle = app.store.state.get("cycle")
            self._last_cycle = datetime.fromisoformat(cycle["at"]) if cycle else None
            trouble = app.store.trouble(TROUBLE_COUNTS_FOR)
        except LostError as error:
            self._record_trouble(str(error))
            self.lost(error)
            raise
        except StoreError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001 - whatever it is: nothing may end the looking
            trouble = StoreError(f"looking failed: {type(error).__name__}: {error}")
        self._look_began, self._has_looked = None, True
        self._record_trouble(str(trouble) if trouble else None)

    def _record_trouble(self, trouble: str | None) -> None:
        if trouble and not self._trouble:
            self._trouble_since = self.seconds()
            self.app.log.error("not well", reason=trouble)
        elif self._trouble and not trouble:
            self._trouble_since = None
            self.app.log.info("well again")
        self._trouble = trouble

    def health(self) -> Health:
        """What is known now; nothing is asked for it."""
        trouble, trouble_since, begun, now = self._trouble, self._trouble_since, self._look_began, self.seconds()
        if begun is not None and now - begun > SLOW:
            trouble = trouble or f"the database has not answered for {now - begun:.0f} seconds: it is locked, or busy"
            trouble_since = begun if trouble_since is None else trouble_since
        active = [state for state in self._states if state.active]
        visited = max((state.last_attempt for state in active if state.last_attempt), default=None)
        reason = trouble or self._why_nothing_moves(active, visited)
        detail = {
            "ready": reason is None,
            "reason": reason,
            "last_cycle": self._last_cycle and self._last_cycle.isoformat(),
            "last_visit": visited and visited.isoformat(),
            "sources": len(self.app.setup.sources),
            "failing": {state.id: state.error for state in active if state.failures},
            "failing_searches": [
                {"source": it.source, "search": it.search, "failures": it.failures, "error": it.error}
                for it in self._failing
            ],
            "waiting": sorted(self.app.history.waits),
            "channels": {f"{one.channel} {one.recipient}".rstrip(): one.error for one in self._channels},
        }
        alive = trouble_since is None or now - trouble_since < DEAD_AFTER
        return Health(alive, reason is None, detail)

    def _why_nothing_moves(self, active: list[SourceState], visited: datetime | None) -> str | None:
        """Why it is not ready although the store can be written: nothing moves."""
        if not self._has_looked:
            return "it has just started"
        if self._last_cycle is None:
            return "no round of detection has ended yet"
        now = self.app.clock.now()
        if self.app.clock.simulated:
            return None
        if abs(now - self._last_cycle) > STALE:
            return f"the last whole round of detection ended at {self._last_cycle:%Y-%m-%d %H:%M:%S} UTC"
        latest = max(self._started, visited) if visited else self._started
        waiting = [state for state in active if now - state.next_at > STALE and self._is_visited(state.id)]
        if waiting and now - latest > STALE:
            return f"{len(waiting)} sources are due, and no visit has been stored since {latest:%Y-%m-%d %H:%M:%S} UTC"
        return None

    def _is_visited(self, source: str) -> bool:
        found = self.app.setup.sources.get(source)
        return found is not None and not self.app.streaming.only_streams(found)
