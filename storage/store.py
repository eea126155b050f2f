"""`open_store(url)` gives the Store: everything that is remembered, by noun."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storage.corrections import Corrections
from storage.counts import Counts
from storage.databases.database import Database
from storage.deliveries.held_back import hold_back
from storage.deliveries.outbox import Outbox, put_deliveries
from storage.errors import StoreError
from storage.indicators import Indicators
from storage.inputs import BatchCounts, StepResult, UnderstoodBatch
from storage.migrations import REVISIONS, migrate, revision
from storage.posts import Posts
from storage.retention import Retention
from storage.signals import Signals, put_alerts, put_signals
from storage.snapshots import Snapshots
from storage.sources import Sources
from storage.state import State, put_states
from storage.themes import Themes, consume, put_themes
from storage.watches import Watches
from storage.writing import ingest
from storage.writing.changes import locks


def open_store(url: str) -> Store:
    """Open a database and bring its schema up to date: `sqlite:///listener.db`, `postgresql://…`.

    Raises NewerSchemaError when a newer Listener wrote it, StoreError with a remedy when it cannot be opened.
    """
    database = _database(url)
    try:
        with database.read() as connection:
            current = revision(connection) == REVISIONS[-1]
        database.need_usable(complete=current)
        if not current:
            with database.write() as connection:
                migrate(connection, database.where)
    except BaseException:
        database.close()
        raise
    return Store(database)


def _database(url: str) -> Database:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "`storage` does not hold an address", "write sqlite:///listener.db or postgresql://…"
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            from storage.databases.sqlite import Sqlite

            return Sqlite(parsed)
        case "postgresql" | "postgres":
            from storage.databases.postgres import Postgres

            return Postgres(parsed)
        case other:
            raise StoreError(f"`storage` names {other}", "Listener keeps its data in sqlite:/// or postgresql://")


class Store:
    """Synchronous; any thread may call it. Times in and out are aware, in UTC. Each write is one transaction.

    Every method raises StoreError, with a remedy, and no other error of a database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.watches = Watches(database)
        self.sources = Sources(database)
        self.posts = Posts(database)
        self.counts = Counts(database)
        self.corrections = Corrections(database)
        self.themes = Themes(database)
        self.signals = Signals(database)
        self.outbox = Outbox(database)
        self.indicators = Indicators(database)
        self.snapshots = Snapshots(database)
        self.state = State(database)
        self.retention = Retention(database)

    @property
    def dialect(self) -> str:
        return self._database.dialect

    def ingest(self, batch: UnderstoodBatch) -> BatchCounts:
        """Store a batch with its cursor and its counts: all of it or none. The same again changes nothing more."""
        return ingest.ingest(self._database, batch)

    def commit(self, step: StepResult) -> None:
        """Store what a step of detection leaves behind: all of it or none."""
        # a watch has one step at a time; meanwhile nobody changes the mentions it consumes, or its channels' queues
        watches = {one.watch or "" for part in (step.signals, step.alerts, step.themes, step.consumed) for one in part}
        needed = locks(mention.post for mention in step.consumed) | {f"watch:{watch}" for watch in watches}
        needed |= {f"channel:{delivery.channel}" for delivery in step.deliveries}
        with self._database.write(needed) as connection:
            put_states(connection, step.states, step.at)
            put_signals(connection, step.signals, step.decisions, step.at)
            put_alerts(connection, step.alerts)
            put_deliveries(connection, step.deliveries, step.at)
            hold_back(connection, step.deliveries, step.at)
            put_themes(connection, step.themes, step.members, step.events)
            consume(connection, step.consumed)

    def optimize(self) -> None:
        """Let the database learn how much there is of what, so that it chooses its indexes well."""
        self._database.optimize()

    def hold(self, owner: Mapping[str, Any], now: datetime) -> AbstractContextManager[Callable[[], bool]]:
        """Be the one daemon or writer while the context lasts; raises HeldError when another process is.

        The hold ends with the process, however it ends. What `owner` says (pid, url, token) others read by `owner()`.
        What the context gives is to be called every few seconds: it takes the hold again where it was lost (True), and
        raises LostError where that cannot be. From then on every write raises it, too.
        """
        return self._database.hold({**owner, "pid": owner.get("pid") or os.getpid()}, now)

    def owner(self) -> Mapping[str, Any] | None:
        """What the process that holds the store now said of itself; None when nobody holds it."""
        return self._database.owner()

    def probe(self, now: datetime) -> None:
        """Write a little, as everybody does who stores something. Raises StoreError where that is not possible."""
        self._database.need_room()
        self.state.put("probe", {"at": now.isoformat()}, now)

    def trouble(self, seconds: float) -> StoreError | None:
        """What was last wrong with the database itself (disk, lock, server), when that was so many seconds ago."""
        return self._database.trouble(seconds)

    def describe(self) -> dict[str, Any]:
        """What this database is: dialect, version, place, size in bytes, schema, known bugs and what they mean here."""
        with self._database.read() as connection:
            schema = revision(connection)
        return {**self._database.describe(), "schema": schema}

    def backup(self, path: str | Path) -> None:
        """Copy an SQLite database to a new file while it is in use; for Postgres the error names pg_dump."""
        self._database.backup(Path(path))

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
