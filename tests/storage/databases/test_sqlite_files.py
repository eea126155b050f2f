"""The files of an SQLite database: empty, gone, replaced, on a disk that is full or shares no memory."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from storage import LostError, Store, StoreError, UnusableError, open_store
from storage.databases.sqlite_files import file_system
from tests.contracts.store.samples import NOON, batch_of, post

NO_SHARED_MEMORY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
typedef void *mapping(void *, size_t, int, int, int, off_t);
static void *map(const char *name, void *at, size_t size, int may, int how, int file, off_t from) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (file >= 0 && readlink(link, path, sizeof path - 1) > 0 && strstr(path, "-shm")) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    return ((mapping *)dlsym(RTLD_NEXT, name))(at, size, may, how, file, from);
}
void *mmap(void *at, size_t size, int may, int how, int file, off_t from) {
    return map("mmap", at, size, may, how, file, from);
}
void *mmap64(void *at, size_t size, int may, int how, int file, off_t from) {
    return map("mmap64", at, size, may, how, file, from);
}
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", 0) as filler:
        while filler.write(b"x" * 4096):
            pass


# -- made ---------------------------------------------------------------------------------------------------------


def test_an_existing_file_of_no_bytes_is_no_new_database(path: Path) -> None:
    path.touch()
    with pytest.raises(UnusableError, match=r"empty file: its content has been lost.*`listener restore`"):
        open_store(f"sqlite:///{path}")
    assert path.stat().st_size == 0


def test_a_new_database_leaves_nothing_else_beside_it(path: Path, store: Store) -> None:
    assert {file.name for file in path.parent.iterdir()} == {"listener.db", "listener.db-wal", "listener.db-shm"}


def test_a_backup_follows_no_link_that_somebody_has_planted(tmp_path: Path, store: Store) -> None:
    victim = tmp_path / "victim"
    (tmp_path / "copy.db").symlink_to(victim)
    (tmp_path / "copy.db.part").symlink_to(victim)
    with pytest.raises(StoreError, match="exists already"):
        store.backup(tmp_path / "copy.db")
    assert not victim.exists()


# -- a full disk --------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_once_there_is_room_all_goes_on(small_disk: Path) -> None:
    with open_store(f"sqlite:///{small_disk}/listener.db") as store:
        store.ingest(batch_of(post(1), cursor={"high_water": "1"}))
        with pytest.raises(UnusableError, match="the disk is full: free space"):
            _store_much(store)
        trouble = store.trouble(60)
        assert "the disk is full" in str(trouble)
        known = store.sources.cursor("mastodon", "")
        assert store.counts.recount() == []
        subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
        assert store.ingest(batch_of(post(2))).new == 1
        assert store.sources.cursor("mastodon", "") == known


def _store_much(store: Store) -> None:
    for number in range(2, 2000):
        many = [post(number * 100 + one, "acme broke " + "x" * 5000) for one in range(20)]
        store.ingest(batch_of(*many, cursor={"high_water": str(number)}))


def test_where_a_disk_is_full_nothing_new_begins(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(StoreError, match=r"full|No space left"):
        open_store(f"sqlite:///{small_disk}/listener.db")
    assert {file.name for file in small_disk.iterdir()} == {"filler"}


def test_a_full_disk_keeps_nobody_from_being_told_at_the_start(small_disk: Path) -> None:
    with open_store(f"sqlite:///{small_disk}/listener.db") as store:
        fill(small_disk)
        with pytest.raises(StoreError, match=r"No space left on device.*free space"), store.hold({"pid": 1}, NOON):
            pass
        (small_disk / "filler").unlink()
        with store.hold({}, NOON):
            assert store.owner() is not None


# -- gone or replaced ---------------------------------------------------------------------------------------------


def remove(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.replace(file)


@pytest.mark.parametrize("change", [remove, replace])
@pytest.mark.parametrize("end", ["", "-wal", ".lock.held"])
def test_files_that_change_under_it_end_all_writing(
    path: Path, store: Store, end: str, change: Callable[[Path], None]
) -> None:
    with store.hold({}, NOON) as look:
        store.ingest(batch_of(post(1)))
        assert look() is False
        change(Path(f"{path}{end}"))
        with pytest.raises(LostError, match=r"was removed or replaced.*start again"):
            look()
        with pytest.raises(LostError, match="was removed or replaced"):
            store.ingest(batch_of(post(2)))


# -- where it lies ------------------------------------------------------------------------------------------------


def test_a_file_system_without_shared_memory_is_said_and_no_backup_is_blamed(path: Path) -> None:
    if not (compiler := shutil.which("gcc") or shutil.which("cc")):
        pytest.skip("no C compiler here to take mmap away from SQLite")
    (path.parent / "mmap.c").write_text(NO_SHARED_MEMORY)
    library = path.parent / "mmap.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, path.parent / "mmap.c", "-ldl"], check=True)
    code = "import sys; from storage import open_store; open_store(sys.argv[1])"
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    ended = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{path}"], env=environment, check=False, capture_output=True, text=True
    )
    last = ended.stderr.strip().splitlines()[-1]
    assert "keep it on a disk of this machine" in last
    assert "UnusableError" in last
    assert "backup" not in last
    assert not path.exists()


def test_the_file_system_is_that_of_the_longest_place_above(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\nserver:/data /mnt nfs4 rw 0 0\nme@there: /mnt/my\\040data fuse.sshfs rw 0 0\n"
        "tmpfs /mnt/my\\040data/fast tmpfs rw 0 0\n"
    )
    lies = {"/srv/l.db": "ext4", "/mnt/l.db": "nfs4", "/mntx/l.db": "ext4", "/mnt/my data/l.db": "fuse.sshfs",
            "/mnt/my data/fast/l.db": "tmpfs"}  # fmt: skip
    assert {place: file_system(Path(place), mounts) for place in lies} == lies
    assert file_system(Path("/srv/l.db"), tmp_path / "nowhere") is None


def test_a_database_says_which_file_system_it_lies_on(small_disk: Path) -> None:
    with open_store(f"sqlite:///{small_disk}/listener.db") as store:
        assert store.describe()["file_system"] == "tmpfs"


# -- another process ----------------------------------------------------------------------------------------------

WRITER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_lock_of_another_process_is_waited_for_and_then_said(path: Path, store: Store) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", WRITER, path], **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"locked\n"
        with pytest.raises(UnusableError, match="another process is writing to it"):
            store.state.put("a", 1, NOON)
        assert store.state.get("a") is None
        assert "another process" in str(store.trouble(60))
        process.stdin.close()
        process.wait()
    store.state.put("a", 1, NOON)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
