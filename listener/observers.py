"""Whoever wants to know what happens: the log, and what has been added to it (metrics, progress bars, tests)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alerts.outbox import Outcome
from insight.model import DeliveryState
from listener.collecting.result import VisitResult
from listener.log import Log
from listener.simulation import is_loopback
from listener.telling.decisions import DecidedSignal
from scrapers.base import Source, SourceError
from storage import Delay, StoreError


@dataclass
class Observers:
    log: Log
    visited: list[Callable[[Source, VisitResult, SourceError | None], None]] = field(default_factory=list)
    signalled: list[Callable[[DecidedSignal], None]] = field(default_factory=list)
    delivered: list[Callable[[Outcome], None]] = field(default_factory=list)
    cycled: list[Callable[[int], None]] = field(default_factory=list)
    lost: list[Callable[[str, BaseException], None]] = field(default_factory=list)
    measured: list[Callable[[Mapping[str, Delay]], None]] = field(default_factory=list)
    _offline: bool = False

    def on_visit(self, source: Source, result: VisitResult, error: SourceError | None) -> None:
        if not all(map(is_loopback, source.origins())):  # this machine answers itself without a network
            self._note_network(error)
        for callback in self.visited:
            callback(source, result, error)

    def _note_network(self, error: SourceError | None) -> None:
        """Say once that there is no network, and once that it is back."""
        if error is not None and error.offline and not self._offline:
            self._offline = True
            self.log.error("no network", detail="nothing can be reached; waiting, and trying again every minute")
        elif (error is None or not error.offline) and self._offline:
            self._offline = False
            self.log.info("network is back")

    def on_signal(self, told: DecidedSignal) -> None:
        signal = told.signal
        self.log.info("signal", kind=signal.kind.value, key=signal.key, headline=signal.headline, told=told.reason)
        for callback in self.signalled:
            callback(told)

    def on_delivery(self, outcome: Outcome) -> None:
        say = self.log.info if outcome.state is DeliveryState.SENT else self.log.warning
        trouble = {"error": outcome.error} if outcome.error else {}
        say("delivery", channel=outcome.channel, state=outcome.state.value, message=outcome.headline, **trouble)
        for callback in self.delivered:
            callback(outcome)

    def on_cycle(self, waiting: int) -> None:
        """A whole look has ended; so many deliveries wait."""
        for callback in self.cycled:
            callback(waiting)

    def on_error(self, what: str, error: BaseException) -> None:
        if isinstance(error, StoreError):
            self.log.error("not stored", what=what, error=str(error))
        else:
            self.log.error("failed", what=what, error=f"{type(error).__name__}: {error}", exc_info=error)
        for callback in self.lost:
            callback(what, error)
