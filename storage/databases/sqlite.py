"""SQLite: its settings, its one writer, its lock file, its backup, its errors."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.databases.database import Database
from storage.databases.sqlite_files import NETWORK_FILE_SYSTEMS, LockFile, beside, create_atomically, file_system
from storage.errors import StoreError, UnusableError
from storage.rows.columns import dumps, loads

WAL_RESET_FIXED = (3, 51, 3)
BUSY_MILLISECONDS = 10_000
ROOM = 16_000_000  # bytes; a full disk is noticed before a batch of posts finds no place
SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",  # readers and the writer do not wait for each other: https://sqlite.org/wal.html
    # with WAL: a power cut may lose the last commits, never the database (https://sqlite.org/pragma.html#pragma_synchronous)
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",  # off unless each connection asks for it: https://sqlite.org/foreignkeys.html#fk_enable
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",  # else the WAL stays as large as one backfill once made it
)
LOCAL = "keep it on a disk of this machine (not on a network file system), or use Postgres"
# By the beginning of the name of its result code: https://sqlite.org/rescode.html
REMEDIES = (
    ("SQLITE_FULL", "the disk is full", "free space on it; nothing of this step was stored and it can be repeated"),
    ("SQLITE_BUSY", "another process is writing to it", "stop that process, or let it finish and try again"),
    ("SQLITE_LOCKED", "another process is writing to it", "stop that process, or let it finish and try again"),
    ("SQLITE_READONLY", "it is read-only", "give this user the right to write to the file and to its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "see that the folder exists and that this user may write to it"),
    ("SQLITE_NOTADB", "it is not an SQLite database", "name another file in `storage`, or move this one away"),
    ("SQLITE_CORRUPT", "it is damaged", "stop Listener and put the last backup in its place: `listener restore FILE`"),
    ("SQLITE_IOERR_SHM", "its file system shares no memory between processes, which SQLite's WAL needs", LOCAL),
    ("SQLITE_PROTOCOL", "its file system does not keep the locks that SQLite's WAL needs", LOCAL),
    ("SQLITE_IOERR", "the disk fails", "check the disk and its file system, then `listener restore` the last backup"),
)


class Sqlite(Database):
    """`sqlite:///relative.db`, `sqlite:////absolute.db`, or `sqlite://` for one that is gone when it is closed."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._temporary = None if url.database else tempfile.TemporaryDirectory(prefix="listener-")
        folder = Path(self._temporary.name) if self._temporary else Path()
        self.path = (folder / (url.database or "memory.db")).resolve()
        self.where = f"The database {self.path}"
        self._writing = Lock()
        self._lock_file = LockFile(self.path)
        self._create()
        # IMMEDIATE: a transaction that reads first and then wants to write fails at once when another has written
        # since, however long its busy_timeout is: https://sqlite.org/lang_transaction.html
        self.writer = self._engine("BEGIN IMMEDIATE", 1, ())
        self.reader = self._engine("BEGIN", 4, ("PRAGMA query_only = ON",))

    def _create(self) -> None:
        """Make a new database under another name, and put it in its place once it is whole; an empty file is none."""
        try:
            if self.path.exists():
                if self.path.stat().st_size == 0:
                    remedy = "`listener restore` a backup, or remove the file to begin with a new database"
                    raise UnusableError(f"{self.where} is an empty file: its content has been lost", remedy)
                # A backup keeps no WAL, and says so in bytes 18 and 19 of its header. One that somebody has put beside
                # the former database's WAL would be read together with it, as neither was.
                # https://sqlite.org/fileformat2.html#file_format_version_numbers
                with self.path.open("rb") as file:
                    versions = file.read(20)[18:]
                wal = beside(self.path)[1]
                if versions == b"\x01\x01" and wal.exists() and wal.stat().st_size:
                    raise UnusableError(
                        f"{self.where} is a backup, and {wal.name} belongs to what was there before",
                        f"move both aside, and `listener restore` the backup; or remove {wal.name} and its -shm first",
                    )
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with (
                suppress(FileExistsError),
                create_atomically(self.path) as fresh,
                closing(sqlite3.connect(fresh)) as one,
            ):
                _set_up(one)
                one.execute("SELECT count(*) FROM sqlite_schema").close()  # reads by way of the WAL: can it?
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except OSError as error:
            what = "opened" if self.path.exists() else "created"
            message = f"{self.where} cannot be {what} ({error.strerror})"
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
            _set_up(connection, *further)

        @event.listens_for(engine, "begin")
        def begin_now(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def lock_threads(self) -> AbstractContextManager[Any]:
        return self._writing

    def lock(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """BEGIN IMMEDIATE has done it: no other connection can begin to write meanwhile."""

    def need_room(self) -> None:
        if (free := shutil.disk_usage(self.path.parent).free) < ROOM:
            raise UnusableError(f"{self.where}: the disk is nearly full ({free / 1e6:.1f} MB left)", "free space on it")

    def explain(self, error: SQLAlchemyError) -> StoreError:
        return self._explained((error.orig if isinstance(error, DBAPIError) else None) or error)

    def _explained(self, cause: BaseException) -> StoreError:
        name = str(getattr(cause, "sqlite_errorname", ""))
        for prefix, problem, remedy in REMEDIES:
            if name.startswith(prefix):
                return UnusableError(f"{self.where}: {problem}", remedy)
        if isinstance(cause, PoolTimeout):
            return UnusableError(f"{self.where}: all connections are busy", "try again")
        return StoreError(f"{self.where} refused: {cause}", "please report this, with `listener doctor`")

    def describe(self) -> dict[str, Any]:
        kind = file_system(self.path)
        return {
            "dialect": self.dialect,
            "version": sqlite3.sqlite_version,
            "where": str(self.path),
            "size": sum(file.stat().st_size for file in beside(self.path) if file.exists()),
            "file_system": kind,
            "known_bugs": known_bugs(sqlite3.sqlite_version_info, kind),
        }

    def optimize(self) -> None:
        """https://sqlite.org/lang_analyze.html: the limit bounds it to a moment, however large the tables are."""
        with self.guarded(), self._writing, self.writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit = 400")
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("PRAGMA optimize")
            connection.commit()

    def backup(self, path: Path) -> None:
        """Copy the database as it is at one moment, while others read and write. Never over an existing file.

        All pages go in one step, which is one read transaction, so that no write makes it begin anew:
        https://sqlite.org/backup.html
        """
        try:
            with (
                create_atomically(path) as part,
                self.guarded(),
                self.reader.connect() as connection,
                closing(sqlite3.connect(part)) as copy,
            ):
                source: Any = connection.connection.driver_connection
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE").close()  # one file, whole by itself
        except FileExistsError as error:
            raise StoreError(f"The backup {path} exists already", "name a new file") from error
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"The backup {path} could not be written ({error})", "free space, or name another place") \
                from error  # fmt: skip

    @contextmanager
    def hold(self, owner: Mapping[str, Any], now: datetime) -> Iterator[Callable[[], bool]]:
        with self._lock_file.held({"since": now.isoformat(), **owner}) as replaced:

            def check() -> bool:
                if error := replaced():
                    raise self.stop_writing(error)
                return False

            yield check

    def owner(self) -> Mapping[str, Any] | None:
        return self._lock_file.owner()

    def close(self) -> None:
        super().close()
        if self._temporary:
            self._temporary.cleanup()


def _set_up(connection: sqlite3.Connection, *further: str) -> None:
    connection.isolation_level = None  # else the driver begins by itself, late, and never IMMEDIATE
    for pragma in (*SETTINGS, *further):
        connection.execute(pragma).close()
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise UnusableError(f"SQLite's WAL cannot be used where the database lies (only {mode})", LOCAL)


def known_bugs(version: tuple[int, ...], kind: str | None = None) -> list[dict[str, str]]:
    """What is known to go wrong with this SQLite, on this kind of file system, each with its consequence."""
    found = []
    if version < WAL_RESET_FIXED:
        found.append({
            "name": "WAL reset (before 3.51.3)",
            "bug": "two connections that write or checkpoint at the same moment may corrupt the database",
            "consequence": "harmless here: one writer, and the daemon refuses a second one",
            "reference": "https://sqlite.org/wal.html#walresetbug",
        })  # fmt: skip
    if kind in NETWORK_FILE_SYSTEMS:
        found.append({
            "name": f"network file system ({kind})",
            "bug": "its locks and its shared memory end at this machine",
            "consequence": f"a second machine that opens the database damages it: {LOCAL}",
            "reference": "https://sqlite.org/howtocorrupt.html#_filesystems_with_broken_or_missing_lock_implementations",
        })  # fmt: skip
    return found
