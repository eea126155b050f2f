"""SQLite: its settings, its one writer, its lock file, its backup, its errors."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage.columns import dumps, loads
from storage.database import Database
from storage.errors import StoreError, held_by

WAL_RESET_FIXED = (3, 51, 3)
BUSY_MILLISECONDS = 10_000
OWNER_ONLY = 0o600  # private posts and the daemon's token lie in these files
SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # with WAL: a power cut may lose the last commits, never the database
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)
REMEDIES = (
    ("SQLITE_FULL", "the disk is full", "free space on it; nothing of this step was stored and it can be repeated"),
    ("SQLITE_BUSY", "another process is writing to it", "stop that process, or let it finish and try again"),
    ("SQLITE_LOCKED", "another process is writing to it", "stop that process, or let it finish and try again"),
    ("SQLITE_READONLY", "it is read-only", "give this user the right to write to the file and to its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "see that the folder exists and that this user may write to it"),
    ("SQLITE_NOTADB", "it is not an SQLite database", "name another file in `storage`, or move this one away"),
    ("SQLITE_CORRUPT", "it is damaged", "stop Listener and restore the last `listener backup`"),
    ("SQLITE_IOERR", "the disk fails", "check the disk and its file system, then restore the last `listener backup`"),
)


class Sqlite(Database):
    """`sqlite:///relative.db`, `sqlite:////absolute.db`, or `sqlite://` for one that is gone when it is closed."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        self._temporary = None if url.database else tempfile.TemporaryDirectory(prefix="listener-")
        folder = Path(self._temporary.name) if self._temporary else Path()
        self.path = (folder / (url.database or "memory.db")).resolve()
        self.where = f"The database {self.path}"
        self._lock = Lock()
        self._lock_path = self.path.with_name(f"{self.path.name}.lock.held")
        self._create()
        self.writer = self._engine("BEGIN IMMEDIATE", 1, ())
        self.reader = self._engine("BEGIN", 4, ("PRAGMA query_only = ON",))

    def _create(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        except OSError as error:
            message = f"{self.where} cannot be created ({error.strerror})"
            raise StoreError(message, "name a place in `storage` that this user may write to") from error

    def _engine(self, begin: str, size: int, further: tuple[str, ...]) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            pool_size=size,
            max_overflow=0 if size == 1 else 16,
            json_serializer=dumps,
            json_deserializer=loads,
        )

        @event.listens_for(engine, "connect")
        def set_up(connection: sqlite3.Connection, _: Any) -> None:
            connection.isolation_level = None  # else the driver begins by itself, late, and never IMMEDIATE
            for pragma in (*SETTINGS, *further):
                connection.execute(pragma).close()

        @event.listens_for(engine, "begin")
        def begin_now(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def _alone(self) -> AbstractContextManager[Any]:
        return self._lock

    def _begin_writing(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """BEGIN IMMEDIATE has done it."""

    def explain(self, error: SQLAlchemyError) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) else None
        name = str(getattr(cause, "sqlite_errorname", ""))
        for prefix, problem, remedy in REMEDIES:
            if name.startswith(prefix):
                return StoreError(f"{self.where}: {problem}", remedy)
        return StoreError(f"{self.where} refused: {cause or error}", "please report this, with `listener doctor`")

    def describe(self) -> dict[str, Any]:
        return {
            "dialect": self.dialect,
            "version": sqlite3.sqlite_version,
            "where": str(self.path),
            "size": sum(file.stat().st_size for file in self.path.parent.glob(f"{self.path.name}*")),
            "known_bugs": known_bugs(sqlite3.sqlite_version_info),
        }

    def backup(self, path: Path) -> None:
        """Copy the database as it is at one moment, while others read and write. Never over an existing file."""
        part = path.with_name(f"{path.name}.part")
        if path.exists():
            raise StoreError(f"The backup {path} exists already", "name a new file")
        try:
            os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, OWNER_ONLY))
            with self.guarded(), self.reader.connect() as connection, closing(sqlite3.connect(part)) as copy:
                source: Any = connection.connection.driver_connection
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE").close()  # one file, whole by itself
            part.replace(path)
        except (OSError, sqlite3.Error) as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"The backup {path} could not be written ({error})", "free space, or name another place") \
                from error  # fmt: skip

    @contextmanager
    def hold(self, owner: Mapping[str, Any], now: datetime) -> Iterator[None]:
        """Lock the file beside the database. The lock is the kernel's: it ends with the process, however that ends."""
        with self._open_lock() as file:
            if not _locked(file.fileno(), fcntl.LOCK_EX):
                raise held_by(self.where, _content(file.fileno()))
            try:
                os.ftruncate(file.fileno(), 0)
                os.pwrite(file.fileno(), dumps({"since": now.isoformat(), **owner}).encode(), 0)
            except OSError as error:
                remedy = "free space on its disk, and see that this user may write to it"
                raise StoreError(f"{self._lock_path} cannot be written ({error.strerror})", remedy) from error
            try:
                yield
            finally:
                os.ftruncate(file.fileno(), 0)

    def owner(self) -> Mapping[str, Any] | None:
        if not self._lock_path.exists():
            return None
        with self._open_lock() as file:
            return None if _locked(file.fileno(), fcntl.LOCK_SH, patience=0) else _content(file.fileno())

    def _open_lock(self) -> Any:
        try:
            return os.fdopen(os.open(self._lock_path, os.O_CREAT | os.O_RDWR, OWNER_ONLY), "r+b", 0)
        except OSError as error:
            message = f"{self.where}: its lock file {self._lock_path.name} cannot be opened ({error.strerror})"
            raise StoreError(message, "run Listener as the user who owns it") from error

    def close(self) -> None:
        super().close()
        if self._temporary:
            self._temporary.cleanup()


def _locked(descriptor: int, kind: int, patience: int = 20) -> bool:
    """Take the lock, with a little patience: somebody who asks `owner()` holds it for a moment."""
    for attempt in range(patience + 1):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < patience:
                time.sleep(0.01)
        else:
            return True
    return False


def _content(descriptor: int) -> Mapping[str, Any]:
    """What the holder says of itself; nothing, in the moment before it has written it."""
    try:
        value: dict[str, Any] = json.loads(os.pread(descriptor, 65536, 0))
    except ValueError:
        return {}
    return value


def known_bugs(version: tuple[int, ...]) -> list[dict[str, str]]:
    """Bugs of this SQLite that matter here, each with its consequence."""
    if version >= WAL_RESET_FIXED:
        return []
    return [
        {
            "name": "WAL reset (before 3.51.3)",
            "bug": "two connections that write or checkpoint at the same moment may corrupt the database",
            "consequence": "harmless here: one writer, and the daemon refuses a second one",
            "reference": "https://sqlite.org/wal.html#walresetbug",
        }
    ]
