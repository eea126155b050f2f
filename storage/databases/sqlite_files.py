"""The files of an SQLite database: made whole, locked by one process, watched while it runs, and where they lie."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from storage.errors import LostError, StoreError, held_by
from storage.rows.columns import dumps

OWNER_ONLY = 0o600  # private posts and the daemon's token lie in these files
NETWORK_FILE_SYSTEMS = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "vboxsf", "virtiofs",
     "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph", "fuse.davfs", "fuse.vmhgfs-fuse")
)  # fmt: skip
_Inode = tuple[int, int] | None


def beside(path: Path) -> list[Path]:
    """What belongs to a database: its file, and what SQLite keeps beside it while it is open."""
    return [path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")]


@contextmanager
def create_atomically(path: Path) -> Iterator[Path]:
    """A file to write, for its owner only, that stands at `path` once the block has ended well, and nowhere otherwise.

    Raises FileExistsError when something stands there by then; a link is something.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        yield fresh
        try:
            os.link(fresh, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise FileExistsError(path) from None
            fresh.rename(path)
    finally:
        for file in beside(fresh):
            with suppress(OSError):
                file.unlink()


def inode(file: Path) -> _Inode:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The kind of file system that a path lies on (ext4, nfs4); None where the system does not say so."""
    found: tuple[int, str] = (0, "")
    with suppress(OSError):
        for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
            _, place, kind, *_ = line.split(" ")
            place = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place)  # a blank is written \040
            if path.is_relative_to(place) and len(place) >= found[0]:
                found = (len(place), kind)
    return found[1] or None


# -- the lock -----------------------------------------------------------------------------------------------------


class LockFile:
    """The lock file beside a database. The lock is the kernel's: it ends with the process, however that ends.

    SQLite's own locks would not do: they last for one transaction. And it is a file of its own, because whoever closes
    a database's file gives back the locks that SQLite has on it: https://sqlite.org/howtocorrupt.html
    """

    def __init__(self, database: Path) -> None:
        self._database, self._path = database, database.with_name(f"{database.name}.lock.held")

    @contextmanager
    def held(self, owner: Mapping[str, Any]) -> Iterator[Callable[[], LostError | None]]:
        """What it gives says when a file is no longer the one that was opened."""
        with self._open() as file:
            if not _locked(file.fileno(), fcntl.LOCK_EX):
                raise held_by(self._where, _content(file.fileno()))
            try:
                os.ftruncate(file.fileno(), 0)
                os.pwrite(file.fileno(), dumps(owner).encode(), 0)
            except OSError as error:
                remedy = "free space on its disk, and see that this user may write to it"
                raise StoreError(f"{self._path} cannot be written ({error.strerror})", remedy) from error
            known = {each: inode(each) for each in (self._path, self._database)}
            try:
                yield lambda: self._replaced(known)
            finally:
                os.ftruncate(file.fileno(), 0)

    def owner(self) -> Mapping[str, Any] | None:
        if not self._path.exists():
            return None
        with self._open() as file:
            return None if _locked(file.fileno(), fcntl.LOCK_SH, patience=0) else _content(file.fileno())

    @property
    def _where(self) -> str:
        return f"The database {self._database}"

    def _replaced(self, known: dict[Path, _Inode]) -> LostError | None:
        """Whoever removes or replaces a file takes along what is written to it."""
        wal = beside(self._database)[1]  # made at the first write
        for file in (*known, wal):
            found = inode(file)
            if found != known.get(file, found):
                what = f"{self._where}: its file {file.name} was removed or replaced while Listener used it"
                return LostError(what, "put it back, or `listener restore` a backup, and start again")
            if found is not None:
                known[file] = found
        return None

    def _open(self) -> Any:
        try:
            return os.fdopen(os.open(self._path, os.O_CREAT | os.O_RDWR, OWNER_ONLY), "r+b", 0)
        except OSError as error:
            message = f"{self._where}: its lock file {self._path.name} cannot be opened ({error.strerror})"
            raise StoreError(message, "run Listener as the user who owns it") from error


def _locked(descriptor: int, kind: int, patience: int = 20) -> bool:
    """Take the lock, with a little patience: somebody who asks `owner()` holds it for a moment."""
    for attempt in range(patience + 1):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < patience:
                time.sleep(0.01)
        else:
            return True
    return False


def _content(descriptor: int) -> Mapping[str, Any]:
    """What the holder says of itself; nothing, in the moment before it has written it."""
    try:
        value: dict[str, Any] = json.loads(os.pread(descriptor, 65536, 0))
    except ValueError:
        return {}
    return value
