"""One database, whichever it is: reading, writing by one writer at a time, and errors that say what to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from storage.errors import StoreError

T = TypeVar("T")
CHUNK = 1000  # keys in one SELECT … IN


class Database(ABC):
    """What SQLite and Postgres have in common; `sqlite.py` and `postgres.py` hold what differs.

    On SQLite writing transactions run one after the other, because it can do no other. On Postgres those that name
    different locks run side by side; one that names none runs alone.
    """

    dialect: str
    where: str  # for messages; no password
    reader: Engine
    writer: Engine

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
        with self.guarded(), self._alone(), self.writer.begin() as connection:
            self._begin_writing(connection, locks)
            yield connection

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """The one place where a database's own error becomes a StoreError with a remedy."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self.explain(error) from error

    @abstractmethod
    def _alone(self) -> AbstractContextManager[Any]:
        """What keeps the other threads of this process from writing."""

    @abstractmethod
    def _begin_writing(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """What keeps other processes from writing the same, once the transaction has begun."""

    @abstractmethod
    def explain(self, error: SQLAlchemyError) -> StoreError:
        """What happened, and what to do."""

    @abstractmethod
    def describe(self) -> dict[str, Any]: ...

    @abstractmethod
    def backup(self, path: Path) -> None: ...

    @abstractmethod
    def hold(self, owner: Mapping[str, Any], now: datetime) -> AbstractContextManager[None]: ...

    @abstractmethod
    def owner(self) -> Mapping[str, Any] | None: ...

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def models(connection: Connection, statement: SelectOfScalar[T]) -> list[T]:
    """Read whole rows as their SQLModel classes."""
    with Session(connection) as session:
        return list(session.exec(statement).all())


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
