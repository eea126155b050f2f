"""What a config makes, as one value: a job takes it once at its start, and a reload puts another in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from insight.model import Watch
from insight.pipeline import Pipeline
from listener.collecting.ingest import Queries
from listener.collecting.pace import LONGEST_WAIT, longest_wait
from listener.config import Config
from scrapers.base import Source
from storage import SourceEntry, Store


@dataclass(frozen=True)
class Setup:
    """A config, and its queries as the store has numbered their versions."""

    config: Config
    queries: Queries

    @property
    def watches(self) -> tuple[Watch, ...]:
        return self.queries.watches

    @cached_property
    def long_waits(self) -> Mapping[str, timedelta]:
        """The sources whose own settings let them wait for longer than a day."""
        waits = {source.id: longest_wait(source) for source in self.config.sources}
        return {name: wait for name, wait in waits.items() if wait > LONGEST_WAIT}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        return {source.id: source for source in self.config.sources}


def store_setup(store: Store, config: Config, now: datetime) -> Setup:
    """Make the watches and sources of a config those of the store. Raises StoreError, and the watches are as before."""
    store.sources.sync([SourceEntry(source.id, source.kind) for source in config.sources], now)
    store.outbox.try_now(now)  # what refused for good may have been mended
    # last, for from here on posts that were understood with the queries before are refused
    watches = store.watches.sync(config.watches, now)
    return Setup(config, Queries(Pipeline(watches, config.owned)))
