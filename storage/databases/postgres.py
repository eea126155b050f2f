"""Postgres: its connections, its advisory locks, its errors."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.databases.database import Database
from storage.databases.postgres_lock import (
    DAEMON_LOCK,
    LISTENER,
    TRIED_AGAIN,
    WRITERS_LOCK,
    DaemonLock,
    needs_sessions,
    read_owner,
)
from storage.errors import LostError, StoreError, UnusableError
from storage.rows.columns import dumps

OLDEST = 12
# By the beginning of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
REMEDIES = (
    ("53100", "the server's disk is full", "free space on it; nothing of this step was stored and it can be repeated"),
    ("53300", "the server takes no more connections", "raise max_connections, or stop another program"),
    ("53", "the server lacks memory or another resource", TRIED_AGAIN),
    ("25006", "the server is read-only", "name the primary server in `storage`, not a replica"),
    ("28", "the server refuses this user", "check user and password in `storage`"),
    ("3D000", "there is no such database", "create it first (createdb), or name another one in `storage`"),
    ("3F000", "search_path names no schema that exists", "create the schema, or set search_path for this user"),
    ("42501", "this user lacks a right", "make the user the owner of the database"),
    ("42P01", "a table is missing", "see that search_path is as it was when they were made, or restore a backup"),
    ("55P03", "another process is writing to it", TRIED_AGAIN),
    ("57014", "a statement was cancelled because it took too long", TRIED_AGAIN),
    ("57P05", "the server ended a connection that was idle", TRIED_AGAIN),
    ("57P", "the server is shutting down", TRIED_AGAIN),
    ("40", "two writers met", TRIED_AGAIN),
    ("25P", "a transaction was idle for too long", TRIED_AGAIN),
    ("08", "the connection broke", TRIED_AGAIN),
    ("XX", "it is damaged", "stop Listener and restore the last pg_dump"),
    ("58", "the server's disk fails", "check the disk, then restore the last pg_dump"),
)

# What a server, a database or a role may have set otherwise, and Listener rests on. `search_path` is the operator's.
# Set once connected, and not as `options`: poolers in session mode refuse those.
SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",  # psycopg reads no other
    "intervalstyle": "postgres",
    "standard_conforming_strings": "on",
    "statement_timeout": "900s",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "300s",
    # a holder whose machine vanished is noticed within a minute, and not after the kernel's two hours
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
SINCE_14 = {"idle_session_timeout": "0"}  # the connection that holds the database has little to say
# the same for a server that vanished; libpq's own, https://www.postgresql.org/docs/current/libpq-connect.html
CLIENT = {
    "client_encoding": "utf8", "connect_timeout": 10, "tcp_user_timeout": 30_000,
    "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
}  # fmt: skip
_SERVER = text(
    "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS "
    "encoding, current_schema() AS schema, current_setting('search_path') AS path, current_user AS me, "
    "pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only, "
    "has_schema_privilege(current_schema(), 'CREATE') AS may_create"
)
_CHANGED = text(
    "SELECT quote_ident(relname) FROM pg_stat_user_tables WHERE schemaname = current_schema() "
    "AND n_mod_since_analyze > 1000 + n_live_tup / 10"
)
# FOR SHARE: whoever wants to write its own name there waits until this transaction has ended
# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
_FENCE = text("SELECT owner ->> 'hold' FROM holder WHERE name = 'daemon' FOR SHARE")


class Postgres(Database):
    """`postgresql://user:password@host/database`, through psycopg 3."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        super().__init__()
        try:
            import psycopg  # noqa: F401 - without libpq it is installed and cannot be imported
        except ImportError as error:
            raise StoreError("Postgres needs the driver psycopg", "pip install 'listener[postgres]'") from error
        self.where = f"The database {url.render_as_string(hide_password=True)}"
        self.hold_name: str | None = None
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=4,
            max_overflow=16,
            pool_pre_ping=True,  # the server may have been restarted since
            json_serializer=dumps,
            connect_args={name: value for name, value in CLIENT.items() if name not in url.query},
        )
        event.listen(engine, "connect", _set_up, insert=True)  # before SQLAlchemy asks the server who it is
        self.writer = engine
        # what is read in one transaction is of one moment, as on SQLite; writers lock instead, and see the latest
        # https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ
        self.reader = engine.execution_options(isolation_level="REPEATABLE READ")

    def need_usable(self, complete: bool) -> None:
        with self.read() as connection:
            found = connection.execute(_SERVER).one()
        problems = (
            (found.major < OLDEST, f"the server is Postgres {found.major}", f"Listener needs {OLDEST} or later"),
            (found.encoding != "UTF8", f"its encoding is {found.encoding}, which cannot hold every post",
             "create one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"),
            (found.schema is None, f"search_path ({found.path}) names no schema that {found.me} may use",
             f"ALTER ROLE {found.me} SET search_path = public, or CREATE SCHEMA {found.me} AUTHORIZATION {found.me}"),
            (found.read_only, "the server is read-only", "name the primary server in `storage`, not a replica"),
            (not complete and found.schema is not None and not found.may_create,
             f"{found.me} may not make tables in the schema {found.schema}",
             f"GRANT CREATE ON SCHEMA {found.schema} TO {found.me}, or make that user the owner of the database"),
        )  # fmt: skip
        for wrong, problem, remedy in problems:
            if wrong:
                raise UnusableError(f"{self.where}: {problem}", remedy)

    def lock_threads(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def lock(self, connection: Connection, locks: Iterable[str] | None) -> None:
        """Who names locks shares the one that those take who run alone. The order is the same for all: no deadlock.

        They end with the transaction: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS

        A process that holds the database sees that no other has taken it since; that row is locked until the end of the
        transaction, so that whoever takes the hold waits for it.
        """
        alone = "pg_advisory_xact_lock" if locks is None else "pg_advisory_xact_lock_shared"
        connection.execute(text(f"SELECT {alone}({LISTENER}, {WRITERS_LOCK})"))
        # Postgres knows a lock by a number. Two names of one number only wait for each other without need.
        first = DAEMON_LOCK + 1
        if numbers := sorted({first + crc32(lock.encode()) % (2**31 - first) for lock in locks or ()}):
            each = f"SELECT pg_advisory_xact_lock({LISTENER}, one) FROM unnest(CAST(:all AS integer[])) AS one"  # noqa: S608
            connection.execute(text(each), {"all": numbers})
        if self.hold_name is not None and connection.execute(_FENCE).scalar() != self.hold_name:
            raise self.stop_writing(
                LostError(f"{self.where} has been taken by another Listener", "this one writes no more")
            )

    def explain(self, error: SQLAlchemyError) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) else None
        state = str(getattr(cause, "sqlstate", None) or "")
        message = " ".join(str(cause or error).split())
        if "pooling mode" in message or ("prepared statement" in message and state.startswith(("26", "42P05"))):
            return needs_sessions(self.where)
        for prefix, problem, remedy in REMEDIES:
            if state.startswith(prefix):
                return UnusableError(f"{self.where}: {problem}", remedy)
        if isinstance(error, PoolTimeout):
            return UnusableError(f"{self.where}: all connections are busy", TRIED_AGAIN)
        if not state and isinstance(error, OperationalError):
            # a connection that could not be made has no SQLSTATE in psycopg; FATAL is a server's answer
            answered = "FATAL" in message
            remedy = "check user, password and database in" if answered else "start the server, or check"
            return UnusableError(f"{self.where} cannot be reached ({message})", f"{remedy} `storage`")
        return StoreError(
            f"{self.where} refused ({state or type(error).__name__}): {message}",
            "please report this, with `listener doctor`",
        )

    def describe(self) -> dict[str, Any]:
        with self.read() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        where = self.where.removeprefix("The database ")
        return {"dialect": self.dialect, "version": version, "where": where, "size": size, "known_bugs": []}

    def optimize(self) -> None:
        """What autovacuum does, where it is off or has not come by since much has changed."""
        with self.guarded(), self.writer.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for table in alone.execute(_CHANGED).scalars().all():
                alone.exec_driver_sql(f"ANALYZE {table}")

    def backup(self, path: Path) -> None:
        raise StoreError("Listener does not copy a Postgres database", f"use pg_dump --format=custom --file={path}")

    @contextmanager
    def hold(self, owner: Mapping[str, Any], now: datetime) -> Iterator[Callable[[], bool]]:
        """Take the advisory lock on a connection of its own: when the process dies, so does the lock."""
        lock = DaemonLock(self, {"since": now.isoformat(), **owner, "hold": secrets.token_hex(8)})
        try:
            lock.take()
            self.hold_name = lock.owner["hold"]
            yield lock.check
        finally:
            self.hold_name = None
            lock.release()

    def owner(self) -> Mapping[str, Any] | None:
        with self.read() as connection:
            return read_owner(connection)


def _set_up(connection: Any, _: Any) -> None:
    """Run on each new connection of psycopg."""
    settings = SETTINGS | (SINCE_14 if connection.info.server_version >= 140_000 else {})
    connection.autocommit = True  # what is set in a transaction goes with it when it is rolled back
    parts = ", ".join("set_config(%s, %s, false)" for _ in settings)
    connection.execute(f"SELECT {parts}", [text for pair in settings.items() for text in pair])
    connection.autocommit = False
