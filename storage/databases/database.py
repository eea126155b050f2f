"""One database, whichever it is: reading, writing by one writer at a time, and errors that say what to do."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import LostError, StoreError, UnusableError


class Database(ABC):
    """What SQLite and Postgres have in common; `sqlite.py` and `postgres.py` hold what differs.

    On SQLite writing transactions run one after the other, because it can do no other. On Postgres those that name
    different locks run side by side; one that names none runs alone.
    """

    dialect: str
    where: str  # for messages; no password
    reader: Engine
    writer: Engine

    def __init__(self) -> None:
        self._lost: LostError | None = None
        self._trouble: tuple[float, UnusableError] | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with self.guarded(), self.reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self, locks: Iterable[str] | None = None) -> Iterator[Connection]:
        """One transaction: all of it or, when the body raises, none.

        `locks` say what it changes: "network:reddit" (posts, and all that hangs on them), "source:hn", "watch:acme".
        No other writer has one of them meanwhile. None: no other writer is at work at all.
        """
        if self._lost is not None:
            raise self._lost
        with self.guarded(), self.lock_threads(), self.writer.begin() as connection:
            self.lock(connection, locks)
            yield connection

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """The one place where a database's own error becomes a StoreError with a remedy."""
        try:
            yield
        except SQLAlchemyError as error:
            explained = self.explain(error)
            if isinstance(explained, UnusableError):
                self._trouble = (time.monotonic(), explained)
            raise explained from error

    def stop_writing(self, error: LostError) -> LostError:
        """Write nothing from now on; gives the error, to be raised."""
        self._lost = error
        return error

    def trouble(self, seconds: float) -> StoreError | None:
        """What was last wrong with the database itself, when that is no longer ago."""
        if self._lost is not None:
            return self._lost
        return self._trouble[1] if self._trouble and time.monotonic() - self._trouble[0] < seconds else None

    def need_usable(self, complete: bool) -> None:
        """Raise UnusableError where Listener cannot work on it. `complete`: its schema is up to date."""
        return

    def need_room(self) -> None:
        """Raise UnusableError where there is hardly room for more."""
        return

    @abstractmethod
    def lock_threads(self) -> AbstractContextManager[Any]:
        """What keeps the other threads of this process from writing."""

    @abstractmethod
    def lock(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """What keeps other processes from writing the same, once the transaction has begun."""

    @abstractmethod
    def explain(self, error: SQLAlchemyError) -> StoreError:
        """What happened, and what to do."""

    @abstractmethod
    def describe(self) -> dict[str, Any]: ...

    @abstractmethod
    def optimize(self) -> None: ...

    @abstractmethod
    def backup(self, path: Path) -> None: ...

    @abstractmethod
    def hold(self, owner: Mapping[str, Any], now: datetime) -> AbstractContextManager[Callable[[], bool]]:
        """What it gives looks whether it still holds: True where the hold had to be taken again; raises LostError."""

    @abstractmethod
    def owner(self) -> Mapping[str, Any] | None: ...

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()
