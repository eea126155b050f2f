"""A copy of what the landed version left behind, ready to be brought up by the present code."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import processes
from tests.upgrade.landed_world import END, HOME, START, Place
from tests.world.slack import Accepted

LANDED = Path(__file__).parent / "landed"

OPEN = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from storage import open_store

done, last = 0, int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global done
    done += 1
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)

open_store(sys.argv[1]).close()
print(done)
"""
"""Opens a database and dies before its n-th statement (0: never). Says how many there were."""

_HOLD_ADDRESSES = (
    ("cursors", "cursor"), ("state", "value"), ("sources", "error"), ("signals", "evidence"), ("alerts", "headline"),
    ("deliveries", "message"), ("deliveries", "error"), ("gaps", "reason"),
)  # fmt: skip


@dataclass
class Home:
    """`told`: what the landed code read from this database; `url`: the copy of it."""

    folder: Path
    url: str
    told: dict[str, Any]
    here: Place

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def open_dying(self, statement: int) -> int | None:
        """Open the database in another process that dies before this statement; None when it died of it."""
        done = _run([sys.executable, "-c", OPEN, self.url, str(statement)], 120, self.folder)
        if done.returncode == -9:
            return None
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def command(self, *arguments: str, seconds: float = 300) -> str:
        """Run a command of the present code on it; what it printed."""
        done = processes.run("-c", str(self.config), *arguments, folder=self.folder, seconds=seconds)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def go_on(self, hours: float) -> None:
        """Let the daemon go on where the landed one ended, for so many simulated hours."""
        self.command("run", "--simulate", f"{START.isoformat()}/{(END + timedelta(hours=hours)).isoformat()}")


def sqlite_home(folder: Path, here: Place) -> Home:
    file = folder / "listener.db"
    file.write_bytes(_unpacked("sqlite.db.gz"))
    with sqlite3.connect(file) as connection:
        for table, column in _HOLD_ADDRESSES:
            connection.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (HOME, here.world.url))
    connection.close()
    return _home(folder, f"sqlite:///{file}", "sqlite", here)


def postgres_home(folder: Path, here: Place, fresh: Callable[[], str]) -> Home:
    import psycopg

    url = fresh()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute(_unpacked("postgres.sql.gz").decode().replace(HOME, here.world.url))
    return _home(folder, url, "postgres", here)


def _home(folder: Path, url: str, name: str, here: Place) -> Home:
    text = (LANDED / "config.yaml").read_text()
    (folder / "config.yaml").write_text(here.config(text, url))
    told = json.loads(_unpacked(f"{name}.json.gz").decode().replace(HOME, here.world.url))
    here.slack.ledger[:] = [Accepted(**one) for one in json.loads(_unpacked(f"{name}.slack.json.gz"))]
    return Home(folder, url, told, here)


def _run(command: list[str], seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds, cwd=folder)


def _unpacked(name: str) -> bytes:
    return gzip.decompress((LANDED / name).read_bytes())
