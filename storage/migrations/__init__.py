"""The schema's history, run by Alembic when a store is opened; no alembic.ini, no commands to remember."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.errors import NewerSchemaError

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision, oldest first. Kept here too so that a database at the head opens without importing Alembic."""

VERSION_TABLE = "listener_revision"


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None for a database without one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return found


def migrate(connection: Connection, where: str) -> None:
    """Bring the schema to the head within the caller's transaction, which keeps every other process out."""
    found = revision(connection)
    if found is not None and found not in REVISIONS:
        raise NewerSchemaError(
            f"{where} has the schema {found}, and this Listener knows none after {REVISIONS[-1]}",
            "install the newer Listener that wrote it, or name another database in `storage`",
        )
    if found != REVISIONS[-1]:
        if connection.dialect.name == "postgresql":  # a large table takes as long as it takes
            for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, "head")
