"""Postgres: its connections, its advisory locks, its errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from storage import tables
from storage.bulk import put
from storage.columns import dumps
from storage.database import Database
from storage.errors import StoreError, held_by

WRITING, HOLDING = 1, 2
LOCK = "hashtext(current_schema() || '.listener')"  # two Listeners may share a database, each in its own schema
REMEDIES = (
    ("53100", "the server's disk is full", "free space on it; nothing of this step was stored and it can be repeated"),
    ("53300", "the server takes no more connections", "raise max_connections, or stop another program"),
    ("25006", "the server is read-only", "name the primary server in `storage`, not a replica"),
    ("28", "the server refuses this user", "check user and password in `storage`"),
    ("3D000", "there is no such database", "create it first (createdb), or name another one in `storage`"),
    ("42501", "this user lacks a right", "make the user the owner of the database"),
    ("57P", "the server is shutting down", "nothing of this step was stored; it is tried again"),
    ("08", "the connection broke", "nothing of this step was stored; it is tried again"),
)
# a holder whose machine vanished is noticed within a minute, and not after the kernel's two hours
KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


_HOLDER = (
    "SELECT held.pid, holder.owner FROM pg_locks held "  # noqa: S608 - made of constants
    "LEFT JOIN holder ON holder.name = 'daemon' AND holder.backend = held.pid "
    "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2 "
    f"AND held.classid::bigint = ({LOCK}::bigint & 4294967295) AND held.objid = {HOLDING} "
    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Postgres(Database):
    """`postgresql://user:password@host/database`, through psycopg 3."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        _need_psycopg()
        self.where = f"The database {url.render_as_string(hide_password=True)}"
        engine = create_engine(
            _with_options(url.set(drivername="postgresql+psycopg")),
            pool_size=4,
            max_overflow=16,
            pool_pre_ping=True,  # the server may have been restarted since
            json_serializer=dumps,
        )
        self.writer = engine
        self.reader = engine.execution_options(isolation_level="REPEATABLE READ")

    def _alone(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def _begin_writing(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """Who names locks shares the one that those take who run alone. The order is the same for all: no deadlock."""
        alone = "pg_advisory_xact_lock" if locks is None else "pg_advisory_xact_lock_shared"
        connection.execute(text(f"SELECT {alone}({LOCK}, {WRITING})"))
        if numbers := sorted({_number(lock) for lock in locks or ()}):
            each = f"SELECT pg_advisory_xact_lock({LOCK}, one) FROM unnest(CAST(:all AS integer[])) AS one"  # noqa: S608
            connection.execute(text(each), {"all": numbers})

    def explain(self, error: SQLAlchemyError) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) else None
        state = str(getattr(cause, "sqlstate", None) or "")
        for prefix, problem, remedy in REMEDIES:
            if state.startswith(prefix):
                return StoreError(f"{self.where}: {problem}", remedy)
        said = " ".join(str(cause or error).split())
        if not state and isinstance(error, OperationalError):
            return StoreError(f"{self.where} cannot be reached ({said})", "start the server, or check `storage`")
        return StoreError(
            f"{self.where} refused ({state or type(error).__name__}): {said}",
            "please report this, with `listener doctor`",
        )

    def describe(self) -> dict[str, Any]:
        with self.read() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        where = self.where.removeprefix("The database ")
        return {"dialect": self.dialect, "version": version, "where": where, "size": size, "known_bugs": []}

    def backup(self, path: Path) -> None:
        raise StoreError("Listener does not copy a Postgres database", f"use pg_dump --format=custom --file={path}")

    @contextmanager
    def hold(self, owner: Mapping[str, Any], now: datetime) -> Iterator[None]:
        """Take the advisory lock on a connection of its own: when the process dies, so does the lock."""
        with self.guarded():
            connection = self.writer.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self.guarded():
                if not connection.execute(text(f"SELECT pg_try_advisory_lock({LOCK}, {HOLDING})")).scalar_one():
                    raise held_by(self.where, self.owner() or {})
                backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                row = {"name": "daemon", "owner": {"since": now.isoformat(), **owner}, "backend": backend}
                put(connection, tables.holder, [row], replace=("owner", "backend"))
            yield
        finally:
            with suppress(SQLAlchemyError):  # a broken connection has given the lock back already
                connection.invalidate()
                connection.close()

    def owner(self) -> Mapping[str, Any] | None:
        """Who holds the advisory lock now, asked of the server itself: a row left by a dead process is nobody."""
        query = text(_HOLDER)
        with self.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else dict(row.owner or {})


def _number(lock: str) -> int:
    """What Postgres knows a lock by. Two names of one number only wait for each other without need."""
    return HOLDING + 1 + crc32(lock.encode()) % (2**31 - HOLDING - 1)


def _with_options(url: URL) -> URL:
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    return url.update_query_dict({"options": f"-c timezone=UTC {KEEPALIVE} {options}".strip()})


def _need_psycopg() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise StoreError("Postgres needs the driver psycopg", "pip install 'listener[postgres]'") from error
