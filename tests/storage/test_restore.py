"""A backup put back: whole or not at all, the former database kept, and nothing sent again."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from storage import HELD_BACK, HeldError, NewerSchemaError, StepResult, Store, StoreError, open_store, restore
from storage.rows import tables
from tests.contracts.store.samples import ALERT, DAY, HOUR, NOON, SIGNAL, batch_of, message, post
from tests.contracts.store.test_opening import HOLDER, ROOT
from tests.databases import PostgresServer

LATER = NOON + 2 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "listener.db"


@pytest.fixture
def address(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def backup(address: str, tmp_path: Path) -> Path:
    """A database with three posts and a message that waits, as it was backed up."""
    with open_store(address) as store:
        store.ingest(batch_of(*map(post, range(3)), cursor={"high_water": "2"}))
        store.commit(
            StepResult(NOON, {"watch:acme": {"seen": 1}, "matched": {"acme": 1}}, deliveries=(message("waits"),))
        )
        store.backup(tmp_path / "backup.db")
    return tmp_path / "backup.db"


def go_on(address: str) -> None:
    """What came after the backup: posts, an alert that was told, and the end of the message that waited."""
    with open_store(address) as store:
        store.ingest(batch_of(*map(post, range(3, 40)), at=NOON + DAY, cursor={"high_water": "39"}))
        told = replace(SIGNAL, posts=(post(2).key, post(39).key))
        in_trouble = {"mail": {"since": NOON.isoformat()}}
        states = {"watch:acme": {"seen": 2}, "digest": {"period": "w1"}, "channels": in_trouble, "matched": {"acme": 2}}
        digest = message("digest", unique="digest w1 slack")
        store.commit(
            StepResult(NOON + DAY, states, (told,), (ALERT,), (message("told", conversation=ALERT.id), digest))
        )
        table = tables.deliveries
        with store._database.write() as connection:
            sent = update(table).where(table.c.id.in_(("waits", "told", "digest")))
            connection.execute(sent.values(next_at=None, state="sent"))


def posts(store: Store) -> int:
    return sum(map(len, store.posts.scan()))


def states_of(store: Store) -> dict[str, str]:
    return {row.id: row.state.value for row in store.outbox.rows()}


def go_on_and_be_killed(address: str) -> None:
    code = (
        "import sys, os, signal; from tests.storage.test_restore import go_on; go_on(sys.argv[1]); "
        "from storage import open_store; store = open_store(sys.argv[1]); store.state.put('last', 1, __import__("
        "'tests.contracts.store.samples', fromlist=['NOON']).NOON); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, address], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_a_backup_put_back_beside_an_old_wal_gives_the_backups_posts(address: str, path: Path, backup: Path) -> None:
    go_on_and_be_killed(address)
    assert path.with_name("listener.db-wal").stat().st_size
    found = restore(address, backup, LATER)
    assert not path.with_name("listener.db-wal").exists()
    with open_store(address) as store:
        assert posts(store) == 3
        assert store.sources.cursor("mastodon", "") == {"high_water": "2"}
        assert store.counts.recount() == []
    assert [file.name for file in found.aside] == ["listener.db.before-restore-20260304T120000"]
    with open_store(f"sqlite:///{found.aside[0]}") as former:
        assert posts(former) == 40
        assert former.state.get("last") == 1


def test_a_backup_that_was_copied_there_by_hand_is_not_mixed_with_the_old_wal(
    address: str, path: Path, backup: Path
) -> None:
    go_on_and_be_killed(address)
    shutil.copy(backup, path)
    with pytest.raises(StoreError, match=r"is a backup, and listener\.db-wal belongs to what was there before"):
        open_store(address)
    assert path.read_bytes() == backup.read_bytes()
    for end in ("-wal", "-shm"):
        path.with_name(f"listener.db{end}").unlink()
    with open_store(address) as store:
        assert posts(store) == 3


def test_what_was_told_since_is_known_so_that_nothing_is_sent_again(address: str, backup: Path) -> None:
    go_on(address)
    found = restore(address, backup, LATER)
    assert (found.taken_over, found.held_back) == (True, 0)
    with open_store(address) as store:
        assert states_of(store) == {"digest": "sent", "told": "sent", "waits": "sent"}
        assert store.signals.alerts() == [ALERT]
        (signal_,) = store.signals.recent(NOON)
        assert signal_.posts == (post(2).key,), "the other post is not stored any more"
        assert store.state.get("watch:acme") == {"seen": 2}
        assert store.state.get("digest") == {"period": "w1"}
        assert store.state.get("channels") == {"mail": {"since": NOON.isoformat()}}
        assert store.state.get("matched") == {"acme": 1}, "what the posts were matched with is the backup's"
        store.commit(StepResult(LATER, deliveries=(message("again", unique="digest w1 slack"), message("new"))))
        assert states_of(store) == {"digest": "sent", "told": "sent", "waits": "sent", "new": "new"}


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def lose(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [damage, lose, empty])
def test_when_nobody_knows_what_was_told_it_is_held_back_for_a_day(
    address: str, path: Path, backup: Path, spoil: Callable[[Path], None]
) -> None:
    go_on(address)
    spoil(path)
    found = restore(address, backup, LATER)
    assert (found.taken_over, found.held_back) == (False, 1)
    assert len(found.aside) == (0 if spoil is lose else 1)
    with open_store(address) as store:
        assert states_of(store) == {"waits": "failed"}
        store.commit(StepResult(LATER + HOUR, {}, (SIGNAL,), (ALERT,), (message("told", conversation=ALERT.id),)))
        assert states_of(store) == {"waits": "failed", "told": "failed"}
        assert {row.error for row in store.outbox.rows()} == {
            "given up: restored from a backup, it may have been sent before"
        }
        assert store.signals.alerts() == [ALERT]
        store.commit(StepResult(LATER + HELD_BACK, deliveries=(message("new"),)))
        assert states_of(store)["new"] == "new"


# -- refused, with everything as it was ---------------------------------------------------------------------------


def test_it_is_refused_while_somebody_holds_the_database(address: str, path: Path, backup: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, address], cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(HeldError, match=f"process {process.pid}"):
            restore(address, backup, LATER)
        process.kill()
    assert {file.name for file in path.parent.iterdir() if "before" in file.name} == set()


def test_a_damaged_backup_is_refused(address: str, path: Path, backup: Path) -> None:
    before = path.read_bytes()
    damage(backup)
    with pytest.raises(StoreError, match=r"damaged.*try an older one"):
        restore(address, backup, LATER)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(address: str, backup: Path) -> None:
    backup.unlink()
    with closing(sqlite3.connect(backup)) as other:
        other.execute("CREATE TABLE things (name)")
    with pytest.raises(StoreError, match="no database of Listener"):
        restore(address, backup, LATER)


def test_what_is_no_file_or_the_database_itself_is_refused(address: str, path: Path, backup: Path) -> None:
    for wrong in (backup.parent, backup.with_name("nowhere"), path):
        with pytest.raises(StoreError, match="is no backup"):
            restore(address, wrong, LATER)


def test_a_newer_listeners_backup_is_refused(address: str, backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as newer:
        newer.execute("UPDATE listener_revision SET version_num = '9999'")
        newer.commit()
    with pytest.raises(NewerSchemaError, match=r"9999.*install the newer Listener"):
        restore(address, backup, LATER)


def test_half_of_a_database_in_use_is_no_backup(address: str, path: Path, backup: Path, tmp_path: Path) -> None:
    with open_store(address) as store:
        store.ingest(batch_of(post(77)))
        shutil.copy(path, tmp_path / "copy.db")
        shutil.copy(f"{path}-wal", tmp_path / "copy.db-wal")
        with pytest.raises(StoreError, match=r"in use: half of it lies in copy\.db-wal"):
            restore(address, tmp_path / "copy.db", LATER)


def test_of_postgres_the_right_command_is_named(postgres_server: PostgresServer, backup: Path) -> None:
    with pytest.raises(StoreError, match=r"use pg_restore"):
        restore(postgres_server.address("empty"), backup, LATER)
