"""The daemon's figures for Prometheus. The only file that knows prometheus_client."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


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
        self.waiting = self._gauge("listener_deliveries_waiting", "Deliveries not yet sent or given up.")

    def render(self) -> bytes:
        return generate_latest(self.registry)

    def cycle_ended(self, now: datetime, waiting: int) -> None:
        self.cycle.set(now.timestamp())
        self.waiting.set(waiting)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)
