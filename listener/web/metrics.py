"""The daemon's figures for Prometheus. The only file that knows prometheus_client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from listener.app import App
from listener.collecting.completeness import Figure
from listener.collecting.notes import SourceNotes
from listener.collecting.result import VisitResult
from listener.telling.decisions import DecidedSignal
from scrapers.base import Source, SourceError
from storage import Delay


class Metrics:
    """Every figure the daemon exposes, on a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.fetches = self._counter("listener_fetches", "Visits to a source, by outcome.", "source", "outcome")
        self.posts = self._counter("listener_posts", "Posts that were new.", "source")
        self.mentions = self._counter("listener_mentions", "Mentions that were new.", "source")
        self.rejected = self._counter("listener_rejected", "Items set aside as unreadable.", "source")
        self.signals = self._counter("listener_signals", "Signals, told or not.", "kind", "told")
        self.deliveries = self._counter("listener_deliveries", "Deliveries, by how they ended.", "channel", "state")
        self.spoke = self._gauge("listener_source_last_success_seconds", "When a source last answered.", "source")
        self.cycle = self._gauge("listener_last_cycle_seconds", "When the last whole cycle ended.")
        self.seen_otherwise = self._gauge(
            "listener_completeness_seen", "Mentions that came to a source another way.", "source", "watch"
        )
        self.found_too = self._gauge(
            "listener_completeness_found", "Of these, those that its own searches brought, too.", "source", "watch"
        )
        self.delay = self._gauge(
            "listener_source_delay_seconds",
            "From published to collected, in the last 7 days; set once an hour.",
            "source",
            "quantile",
        )
        self.left = self._gauge("listener_source_budget_left", "What is left of a budget.", "source", "budget")
        self.rests = self._gauge("listener_source_rests_until_seconds", "Until when it rests, or 0.", "source")
        self.canary = self._gauge("listener_source_canary_found", "Whether the canary is found: 1 or 0.", "source")
        self.waiting = self._gauge("listener_deliveries_waiting", "Deliveries not yet sent or given up.")

    def render(self) -> bytes:
        return generate_latest(self.registry)

    def record_completeness(self, source: str, figures: Mapping[str, Figure]) -> None:
        for watch, figure in figures.items():
            self.seen_otherwise.labels(source, watch).set(figure.seen)
            self.found_too.labels(source, watch).set(figure.found)

    def record_notes(self, source: Source, stored: SourceNotes, now: datetime) -> None:
        """What a visit has noted of its source: the budget left, a rest, the canary."""
        notes, meter = stored.known(source.id)
        for budget, value in meter.left(source.budget(), now).items():
            self.left.labels(source.id, budget).set(value)
        rest = notes.get("rest")
        self.rests.labels(source.id).set(datetime.fromisoformat(rest["until"]).timestamp() if rest else 0)
        if "canary" in notes:
            self.canary.labels(source.id).set(notes["canary"]["found"])

    def record_delays(self, found: Mapping[str, Delay]) -> None:
        for source, delay in found.items():
            self.delay.labels(source, "0.5").set(delay.p50)
            self.delay.labels(source, "0.95").set(delay.p95)

    def record_cycle(self, now: datetime, waiting: int) -> None:
        self.cycle.set(now.timestamp())
        self.waiting.set(waiting)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)


def observe(app: App, metrics: Metrics) -> None:
    """Let the metrics watch what the app does."""

    def visited(source: Source, result: VisitResult, error: SourceError | None) -> None:
        metrics.fetches.labels(source.id, "failed" if error else "ok").inc()
        metrics.posts.labels(source.id).inc(result.new)
        metrics.mentions.labels(source.id).inc(result.mentions)
        metrics.rejected.labels(source.id).inc(result.rejected)
        if error is None:
            metrics.spoke.labels(source.id).set(app.clock.now().timestamp())
            metrics.record_completeness(source.id, app.collector.completeness.figures(source.id))
        metrics.record_notes(source, app.collector.notes, app.clock.now())

    def signalled(decided: DecidedSignal) -> None:
        metrics.signals.labels(decided.signal.kind.value, str(decided.reason == "told").lower()).inc()

    app.observers.visited.append(visited)
    app.observers.measured.append(metrics.record_delays)
    app.observers.signalled.append(signalled)
    app.observers.delivered.append(lambda sent: metrics.deliveries.labels(sent.channel, sent.state.value).inc())
    app.observers.cycled.append(lambda waiting: metrics.record_cycle(app.clock.now(), waiting))
