"""What only SQLite can do or suffer: full disks, locks, damaged files, backups, threads."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, text

from insight.query import parse
from storage import Store, StoreError, open_store
from storage.databases import sqlite
from tests.contracts.store.samples import DAY, NOON, batch_of, post


@pytest.mark.parametrize(
    ("content", "problem"), [(b"no database at all, " * 99, "not an SQLite database"), (None, "cannot be opened")]
)
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes | None, problem: str) -> None:
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=problem):
        open_store(f"sqlite:///{path}")


def test_a_damaged_database_names_the_backup(path: Path) -> None:
    with open_store(f"sqlite:///{path}") as store:
        store.ingest(batch_of(*(post(number, "x" * 3000) for number in range(50))))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="`listener restore FILE`"):
        open_store(f"sqlite:///{path}").posts.get(post(1).key)


def test_writing_to_a_damaged_database_names_the_backup_and_stores_nothing(path: Path) -> None:
    posts = [post(number, "x" * 3000) for number in range(50)]
    with open_store(f"sqlite:///{path}") as store:
        store.ingest(batch_of(*posts))
    whole = path.read_bytes()
    with open_store(f"sqlite:///{path}") as store:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (len(whole) - 4096))
        for number in (1, 999):  # one that is known, and one that is not
            with pytest.raises(StoreError, match="`listener restore FILE`"):
                store.ingest(batch_of(post(number, "y" * 3000)))
    for rest in path.parent.glob(f"{path.name}-*"):
        rest.unlink()
    path.write_bytes(whole)
    with open_store(f"sqlite:///{path}") as store:
        assert [found.post for batch in store.posts.scan() for found in batch if found.post.text[0] == "y"] == []
        assert store.posts.get(post(999).key) is None
        assert store.counts.recount() == []


def test_a_place_where_nothing_can_be_created_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be created.*name a place"):
        open_store(f"sqlite:///{tmp_path}/file/listener.db")


def test_the_files_are_for_their_owner_only(path: Path, store: Store) -> None:
    with store.hold({"token": "secret"}, NOON):
        files = list(path.parent.glob("listener.db*"))
        assert len(files) == 4
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_backup_is_whole_and_overwrites_nothing(tmp_path: Path, store: Store) -> None:
    store.ingest(batch_of(post()))
    with store._database.write() as connection:  # another writer at work does not disturb it
        connection.execute(text("DELETE FROM counts"))
        store.backup(tmp_path / "copy.db")
    with pytest.raises(StoreError, match="exists already"):
        store.backup(tmp_path / "copy.db")
    with open_store(f"sqlite:///{tmp_path}/copy.db") as copy:
        assert copy.posts.get(post().key) == store.posts.get(post().key)
        assert copy.counts.recount() == []
    assert sorted(file.name for file in tmp_path.iterdir() if "copy" in file.name) == ["copy.db"]


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match="could not be written"):
        store.backup(tmp_path / "nowhere" / "copy.db")


def test_threads_write_one_after_the_other_and_read_meanwhile(store: Store) -> None:
    def work(number: int) -> int:
        store.ingest(batch_of(post(number)))
        return len(store.posts.recent("acme", NOON - DAY, NOON))

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(work, range(100)))
    assert max(seen) == 100
    assert store.counts.recount() == []


def test_a_store_in_memory_is_gone_when_it_is_closed() -> None:
    with open_store("sqlite://") as store:
        store.ingest(batch_of(post()))
        place = Path(store.describe()["where"])
        assert place.exists()
    assert not place.exists()


def test_known_bugs_say_what_they_mean_here() -> None:
    assert sqlite.known_bugs((3, 51, 3)) == []
    (bug,) = sqlite.known_bugs((3, 40, 1))
    assert "one writer" in bug["consequence"]
    (bug,) = sqlite.known_bugs((3, 51, 3), "nfs4")
    assert (bug["name"], "second machine" in bug["consequence"]) == ("network file system (nfs4)", True)


def test_a_page_is_read_in_the_order_of_an_index_and_nothing_is_sorted_for_it(store: Store) -> None:
    store.ingest(batch_of(*(post(number) for number in range(9))))
    asked: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, values: object, *more: object) -> None:
        asked.append((statement, values))

    event.listen(store._database.reader, "before_cursor_execute", note)
    reads = [store.posts.scan(batch=2), store.posts.scan(batch=2, watch="acme"), store.posts.search(parse("lang:en"))]
    assert [len(list(found)) for found in reads] == [5, 5, 9]
    event.remove(store._database.reader, "before_cursor_execute", note)
    with store._database.read() as connection:
        for statement, values in asked:
            if "FROM posts" in statement:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
                steps = " / ".join(row[3] for row in plan)
                assert "ix_" in steps, steps
                assert "FOR ORDER BY" not in steps, steps
