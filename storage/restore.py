"""A backup put in the database's place, whole, with what was told since: nothing is sent again."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Table
from sqlalchemy.engine import make_url

from storage.databases.sqlite_files import OWNER_ONLY, LockFile, beside
from storage.deliveries.held_back import give_up_waiting
from storage.errors import NewerSchemaError, StoreError
from storage.migrations import REVISIONS, VERSION_TABLE
from storage.rows import tables
from storage.store import open_store

# What was told, and how far detection has looked. The rest is the backup's, and what came since is read again.
_TOLD: tuple[Table, ...] = (
    tables.alerts, tables.deliveries, tables.channels, tables.signals, tables.decisions,
    tables.themes, tables.theme_phrases, tables.theme_events,
)  # fmt: skip
_OF_POSTS: tuple[tuple[Table, str], ...] = ((tables.signal_posts, "signal"), (tables.theme_posts, "theme"))
_STATES = "name IN ('sources', 'channels', 'digest') OR name LIKE 'watch:%' OR name LIKE 'memory:%'"


@dataclass(frozen=True, slots=True)
class Restored:
    """`aside`: where the former database lies now. `taken_over`: what it had told is known, so nothing is held back.

    Else `held_back` messages that waited in the backup are given up, and so is what is found in the next HELD_BACK.
    """

    path: Path
    aside: tuple[Path, ...]
    taken_over: bool
    held_back: int


def restore(url: str, backup: Path, now: datetime) -> Restored:
    """Put a backup in the place of the SQLite database, which is moved aside. Raises StoreError; nothing is lost then.

    Raises HeldError while a daemon or a command holds the database.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise StoreError("Listener restores SQLite databases only", f"use pg_restore --clean --dbname=… {backup}")
    path = Path(address.database).resolve()
    _refuse_unless_backup(backup, path)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with LockFile(path).held({"pid": os.getpid(), "since": now.isoformat(), "command": "restore"}):
            # 1. a copy beside its place, brought up to date
            os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
            with (
                closing(sqlite3.connect(_read_only(backup), uri=True)) as source,
                closing(sqlite3.connect(fresh)) as copy,
            ):
                source.backup(copy)
            with open_store(URL.create("sqlite", database=str(fresh)).render_as_string()) as store:
                # 2. what was told since then; where nobody can say, nothing that waits is sent
                taken_over = _take_over(path, fresh)
                held_back = 0
                if not taken_over:
                    with store._database.write() as connection:
                        held_back = give_up_waiting(connection, now)
            # 3. into its place
            return Restored(path, _put_in_place(path, fresh, now), taken_over, held_back)
    except (OSError, sqlite3.Error) as error:
        message = f"The backup {backup} could not be put in the place of {path} ({error})"
        raise StoreError(message, "free space, and see that this user may write there") from error
    finally:
        for file in beside(fresh):
            file.unlink(missing_ok=True)


def _refuse_unless_backup(backup: Path, path: Path) -> None:
    """Refuse what is no whole backup of a Listener that this one understands."""
    if not backup.is_file() or (path.exists() and backup.samefile(path)):
        raise StoreError(f"{backup} is no backup", "name a file that `listener backup` has written")
    wal = beside(backup)[1]
    if wal.exists() and wal.stat().st_size:
        raise StoreError(f"{backup} is part of a database in use: half of it lies in {wal.name}",
                         "name a file that `listener backup` has written")  # fmt: skip
    try:
        with closing(sqlite3.connect(_read_only(backup), uri=True)) as connection:
            problems = connection.execute("PRAGMA integrity_check(1)").fetchall()
            ours = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (VERSION_TABLE,)).fetchone()
            found = ours and connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608
    except sqlite3.Error as error:
        raise StoreError(f"The backup {backup} is damaged ({error})", "try an older one") from error
    if problems != [("ok",)]:
        raise StoreError(f"The backup {backup} is damaged ({problems[0][0]})", "try an older one")
    if not found:
        raise StoreError(f"{backup} is no database of Listener", "name a file that `listener backup` has written")
    if found[0] not in REVISIONS:
        raise NewerSchemaError(f"{backup} has the schema {found[0]}", "install the newer Listener that wrote it")


def _read_only(file: Path) -> str:
    """As SQLite opens it without locks and without a WAL beside it: https://sqlite.org/uri.html"""
    return f"file:{quote(str(file))}?mode=ro&immutable=1"


def _take_over(path: Path, fresh: Path) -> bool:
    """Take from the former database what it told and how far it had looked; False where it cannot be read."""
    if not path.exists() or not path.stat().st_size:
        return False
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            connection.execute("ATTACH DATABASE ? AS former", (str(path),))
            (schema,) = connection.execute(f"SELECT version_num FROM former.{VERSION_TABLE}").fetchone()  # noqa: S608
            if schema != REVISIONS[-1]:
                return False
            connection.execute("BEGIN IMMEDIATE")
            _replace_told(connection)
            connection.execute("COMMIT")
        except sqlite3.DatabaseError:  # damaged, or another program's: closing rolls back
            return False
    return True


def _replace_told(connection: sqlite3.Connection) -> None:
    for table in reversed(_TOLD):
        connection.execute(f"DELETE FROM main.{table.name}")  # noqa: S608 - all names are our own
    for table in _TOLD:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        connection.execute(f"INSERT INTO main.{table.name} ({columns}) SELECT {columns} FROM former.{table.name}")  # noqa: S608
    for table, of in _OF_POSTS:  # a post has another number there when it came after the backup
        connection.execute(
            f"INSERT INTO main.{table.name} ({of}, post) SELECT behind.{of}, here.id FROM former.{table.name} behind "  # noqa: S608
            "JOIN former.posts there ON there.id = behind.post "
            "JOIN main.posts here ON here.network = there.network AND here.native_id = there.native_id"
        )
    connection.execute(f"DELETE FROM main.state WHERE {_STATES}")  # noqa: S608
    connection.execute(
        "INSERT INTO main.state (name, value, updated_at) "  # noqa: S608
        f"SELECT name, value, updated_at FROM former.state WHERE {_STATES}"
    )


def _put_in_place(path: Path, fresh: Path, now: datetime) -> tuple[Path, ...]:
    """Move the former database aside and the new one into its place, at one moment.

    First what lies beside it: an old -wal beside a new database would be read as a part of it.
    https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
    """
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    if path.exists() and path.stat().st_size:
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as former:
            former.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # then, when it is whole, nothing lies beside it
    main, *more = zip(
        beside(path), beside(path.with_name(f"{path.name}.before-restore-{now:%Y%m%dT%H%M%S}")), strict=True
    )
    aside = [there for here, there in more if here.exists() and here.rename(there)]
    if path.exists():
        try:
            os.link(*main)  # so that there is a database at every moment
        except OSError:  # a file system without links
            path.rename(main[1])
        aside = [main[1], *aside]
    fresh.replace(path)
    return tuple(aside)
