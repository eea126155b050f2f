"""The hold on a Postgres database: an advisory lock of one connection, looked at again and again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import HeldError, LostError, UnusableError, held_by
from storage.rows import tables
from storage.rows.bulk import put

if TYPE_CHECKING:
    from storage.databases.postgres import Postgres

HOLDING = 2
LOCK = "hashtext(current_schema() || '.listener')"  # two Listeners may share a database, each in its own schema
RETRIED = "nothing of this step was stored; it is tried again"
_MINE = text(
    "SELECT pg_backend_pid() = :backend AND EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted "  # noqa: S608
    f"AND pid = pg_backend_pid() AND classid::bigint = ({LOCK}::bigint & 4294967295) AND objid = {HOLDING})"
)
_END_FORMER = text("SELECT pg_terminate_backend(backend) FROM holder WHERE owner ->> 'hold' = :hold")
_BACKEND = text("SELECT pg_backend_pid()")
_HOLDER = text(
    "SELECT held.pid, holder.owner FROM pg_locks held "  # noqa: S608 - made of constants
    "LEFT JOIN holder ON holder.name = 'daemon' AND holder.backend = held.pid "
    "WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2 "
    f"AND held.classid::bigint = ({LOCK}::bigint & 4294967295) AND held.objid = {HOLDING} "
    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Hold:
    """The connection that holds the lock, and what stands in the table `holder` about it.

    `owner["hold"]` is a name of its own: a write of this process looks for it (`_begin_writing`), so that it may go on
    while the lock is taken again on a new connection, and not once another process has taken it.
    """

    def __init__(self, database: Postgres, owner: dict[str, Any]) -> None:
        self.database, self.owner = database, owner
        self.connection: Connection | None = None
        self.backend = 0

    def take(self) -> None:
        with self.database.guarded():
            self.connection = self.database.writer.connect().execution_options(isolation_level="AUTOCOMMIT")
            self.backend = self.connection.execute(_BACKEND).scalar_one()
            self._need_sessions()
            if not self.connection.execute(text(f"SELECT pg_try_advisory_lock({LOCK}, {HOLDING})")).scalar_one():
                ended = self.connection.execute(_END_FORMER, {"hold": self.owner["hold"]}).scalar()
                if ended is not None:  # the server had not seen yet that our former connection is gone
                    raise UnusableError(f"{self.database.where}: the former connection still holds it", RETRIED)
                raise held_by(self.database.where, self.database.owner() or {})
            row = {"name": "daemon", "owner": self.owner, "backend": self.backend}
            put(self.connection, tables.holder, [row], replace=("owner", "backend"))

    def look(self) -> bool:
        try:
            if self.connection and self.connection.execute(_MINE, {"backend": self.backend}).scalar_one():
                return False
        except SQLAlchemyError:
            pass  # the connection has ended, and with it the lock
        self.leave()
        try:
            self.take()
        except HeldError as error:
            raise self.database.lose(
                LostError(f"{error}", "this one has lost its connection and writes no more")
            ) from error
        return True

    def leave(self) -> None:
        if self.connection is not None:
            with suppress(SQLAlchemyError):  # a broken connection has given the lock back already
                self.connection.invalidate()
                self.connection.close()
            self.connection = None

    def _need_sessions(self) -> None:
        """See that a connection keeps its server process between two transactions: else the lock is another's."""
        with self.database.writer.begin() as other:
            if other.execute(_BACKEND).scalar_one() == self.backend:
                raise no_sessions(self.database.where)


def holder(connection: Connection) -> Mapping[str, Any] | None:
    """Who holds the lock now, asked of the server itself: a row left by a dead process is nobody."""
    row = connection.execute(_HOLDER).first()
    return None if row is None else {name: said for name, said in (row.owner or {}).items() if name != "hold"}


def no_sessions(where: str) -> UnusableError:
    what = "is reached through a pooler that lends connections for one transaction or statement, where no lock lasts"
    return UnusableError(f"{where} {what}", "name the server itself in `storage`, or a pooler in session mode")
