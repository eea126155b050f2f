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
REMEMBERED = 30.0
"""Seconds for which a failed read or write of anybody else counts as trouble."""
GIVEN_UP = 300.0
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
    _ended: bool = False
    _begun: float | None = None  # when the look that is under way began
    _ill_since: float | None = None
    _trouble: str | None = None
    _states: tuple[SourceState, ...] = ()
    _states_again: float = 0.0
    _failing: tuple[SearchState, ...] = ()
    _channels: tuple[ChannelTrouble, ...] = ()
    _cycle: datetime | None = None
    _looked: bool = False

    def start(self) -> None:
        self._started = self.app.clock.now()
        self.app.observers.cycled.append(self._cycled)
        self._thread = Thread(target=self._run, name="health", daemon=True)  # it may hang in a locked database
        self._thread.start()

    def stop(self) -> None:
        self._ended = True
        self._wake.set()
        self._thread.join(1)

    def _run(self) -> None:
        with suppress(LostError):
            while not self._ended:
                self.look()
                self._wake.wait(LOOK_EVERY)
                self._wake.clear()

    def _cycled(self, _: int) -> None:
        if self._cycle is None:
            self._wake.set()

    def look(self) -> None:
        """Look once. Raises LostError, once it has been passed on."""
        app, self._begun = self.app, self.seconds()
        try:
            if self.hold():
                app.log.warning("the database's hold was lost and taken again")
            app.store.probe(app.clock.now())
            if self._begun >= self._states_again:  # thousands of sources are not read every few seconds
                self._states = tuple(app.store.sources.all())
                self._states_again = self._begun + len(self._states) // 100
            self._failing = tuple(app.store.sources.failing_searches())
            self._channels = tuple(app.store.outbox.troubles())
            cycle = app.store.state.get("cycle")
            self._cycle = datetime.fromisoformat(cycle["at"]) if cycle else None
            trouble = app.store.trouble(REMEMBERED)
        except LostError as error:
            self._note(str(error))
            self.lost(error)
            raise
        except StoreError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001 - whatever it is: nothing may end the looking
            trouble = StoreError(f"looking failed: {type(error).__name__}: {error}")
        self._begun, self._looked = None, True
        self._note(str(trouble) if trouble else None)

    def _note(self, trouble: str | None) -> None:
        if trouble and not self._trouble:
            self._ill_since = self.seconds()
            self.app.log.error("not well", reason=trouble)
        elif self._trouble and not trouble:
            self._ill_since = None
            self.app.log.info("well again")
        self._trouble = trouble

    def health(self) -> Health:
        """What is known now; nothing is asked for it."""
        trouble, ill_since, begun, now = self._trouble, self._ill_since, self._begun, self.seconds()
        if begun is not None and now - begun > SLOW:
            trouble = trouble or f"the database has not answered for {now - begun:.0f} seconds: it is locked, or busy"
            ill_since = begun if ill_since is None else ill_since
        active = [state for state in self._states if state.active]
        visited = max((state.last_attempt for state in active if state.last_attempt), default=None)
        reason = trouble or self._standstill(active, visited)
        detail = {
            "ready": reason is None,
            "reason": reason,
            "last_cycle": self._cycle and self._cycle.isoformat(),
            "last_visit": visited and visited.isoformat(),
            "sources": len(self.app.setup.sources),
            "failing": {state.id: state.error for state in active if state.failures},
            "failing_searches": [
                {"source": it.source, "search": it.search, "failures": it.failures, "error": it.error}
                for it in self._failing
            ],
            "channels": {f"{one.channel} {one.recipient}".rstrip(): one.error for one in self._channels},
        }
        alive = ill_since is None or now - ill_since < GIVEN_UP
        return Health(alive, reason is None, detail)

    def _standstill(self, active: list[SourceState], visited: datetime | None) -> str | None:
        """Why it is not ready although the store can be written: nothing moves."""
        if not self._looked:
            return "it has just started"
        if self._cycle is None:
            return "no round of detection has ended yet"
        now = self.app.clock.now()
        if self.app.clock.simulated:
            return None
        if abs(now - self._cycle) > STALE:
            return f"the last whole round of detection ended at {self._cycle:%Y-%m-%d %H:%M:%S} UTC"
        latest = max(self._started, visited) if visited else self._started
        waiting = [state for state in active if now - state.next_at > STALE and self._is_visited(state.id)]
        if waiting and now - latest > STALE:
            return f"{len(waiting)} sources are due, and no visit has been stored since {latest:%Y-%m-%d %H:%M:%S} UTC"
        return None

    def _is_visited(self, source: str) -> bool:
        found = self.app.setup.sources.get(source)
        return found is not None and not self.app.streaming.only_streams(found)
