"""The daemon's lock on a Postgres database: an advisory lock of one connection, looked at again and again.

The server gives it back when the connection ends, however the process ends:
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from storage.databases.database import Database
from storage.errors import HeldError, LostError, UnusableError, held_by
from storage.rows import tables
from storage.rows.bulk import put

# An advisory lock has two numbers of 32 bits. Two Listeners may share a database, each in its own schema: the first
# number stands for the schema, the second for what is locked in it.
LISTENER = "hashtext(current_schema() || '.listener')"
WRITERS_LOCK, DAEMON_LOCK = 1, 2
TRIED_AGAIN = "nothing of this step was stored; it is tried again"
# how an advisory lock of two numbers is shown: https://www.postgresql.org/docs/current/view-pg-locks.html
_IS_DAEMON_LOCK = (
    "held.locktype = 'advisory' AND held.granted AND held.objsubid = 2 "  # noqa: S608 - made of constants
    f"AND held.classid::bigint = ({LISTENER}::bigint & 4294967295) AND held.objid = {DAEMON_LOCK} "
    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_STILL_MINE = text(
    "SELECT pg_backend_pid() = :backend AND EXISTS (SELECT FROM pg_locks held "  # noqa: S608 - made of constants
    f"WHERE {_IS_DAEMON_LOCK} AND held.pid = pg_backend_pid())"
)
_OWNER = text(
    "SELECT held.pid, holder.owner FROM pg_locks held "  # noqa: S608 - made of constants
    f"LEFT JOIN holder ON holder.name = 'daemon' AND holder.backend = held.pid WHERE {_IS_DAEMON_LOCK}"
)
_END_FORMER = text("SELECT pg_terminate_backend(backend) FROM holder WHERE owner ->> 'hold' = :hold")
_TRY = text(f"SELECT pg_try_advisory_lock({LISTENER}, {DAEMON_LOCK})")
_BACKEND = text("SELECT pg_backend_pid()")


class DaemonLock:
    """The connection that holds the lock, and what stands in the table `holder` about it.

    `owner["hold"]` is a name of its own: a write of this process looks for it (`Postgres.lock`), so that it may go on
    while the lock is taken again on a new connection, and not once another process has taken it.
    """

    def __init__(self, database: Database, owner: dict[str, Any]) -> None:
        self.database, self.owner = database, owner
        self.connection: Connection | None = None
        self.backend = 0

    def take(self) -> None:
        """Raises HeldError when another process has it, UnusableError behind a pooler that shares connections."""
        where = self.database.where
        with self.database.guarded():
            # 1. a connection that keeps its server process between two transactions: else the lock is another's
            self.connection = self.database.writer.connect().execution_options(isolation_level="AUTOCOMMIT")
            self.backend = self.connection.execute(_BACKEND).scalar_one()
            with self.database.writer.begin() as other:
                if other.execute(_BACKEND).scalar_one() == self.backend:
                    raise needs_sessions(where)
            # 2. the lock
            if not self.connection.execute(_TRY).scalar_one():
                ended = self.connection.execute(_END_FORMER, {"hold": self.owner["hold"]}).scalar()
                if ended is not None:  # the server had not seen yet that our former connection is gone
                    raise UnusableError(f"{where}: the former connection still holds it", TRIED_AGAIN)
                raise held_by(where, self.database.owner() or {})
            # 3. who has it, for those who ask
            row = {"name": "daemon", "owner": self.owner, "backend": self.backend}
            put(self.connection, tables.holder, [row], replace=("owner", "backend"))

    def check(self) -> bool:
        """True where the lock had to be taken again; raises LostError when another process has it now."""
        try:
            if self.connection and self.connection.execute(_STILL_MINE, {"backend": self.backend}).scalar_one():
                return False
        except SQLAlchemyError:
            pass  # the connection has ended, and with it the lock
        self.release()
        try:
            self.take()
        except HeldError as error:
            lost = LostError(f"{error}", "this one has lost its connection and writes no more")
            raise self.database.stop_writing(lost) from error
        return True

    def release(self) -> None:
        if self.connection is not None:
            with suppress(SQLAlchemyError):  # a broken connection has given the lock back already
                self.connection.invalidate()
                self.connection.close()
            self.connection = None


def read_owner(connection: Connection) -> Mapping[str, Any] | None:
    """Who holds the lock now, asked of the server itself: a row left by a dead process is nobody."""
    row = connection.execute(_OWNER).first()
    return None if row is None else {name: value for name, value in (row.owner or {}).items() if name != "hold"}


def needs_sessions(where: str) -> UnusableError:
    """A pooler in transaction or statement mode breaks session locks: https://www.pgbouncer.org/features.html"""
    what = "is reached through a pooler that lends connections for one transaction or statement, where no lock lasts"
    return UnusableError(f"{where} {what}", "name the server itself in `storage`, or a pooler in session mode")
