"""Opening a store: migrations, newer schemas, who holds it, and errors that say what to do."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from storage import HeldError, NewerSchemaError, SearchState, Store, StoreError, migrations, open_store
from storage.migrations import REVISIONS, VERSION_TABLE
from storage.rows.tables import METADATA
from tests.contracts.store.former import of_revision
from tests.contracts.store.samples import HOUR, NOON, batch_of, post

ROOT = Path(__file__).resolve().parents[3]
OWNER = {"pid": 4711, "url": "http://127.0.0.1:1", "token": "secret"}
HOLDER = """
import sys, time
from datetime import UTC, datetime
from storage import open_store
with open_store(sys.argv[1]) as store, store.hold({"url": "http://127.0.0.1:1"}, datetime(2026, 3, 2, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


# -- the schema ---------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_very_tables(store: Store) -> None:
    passed_over = set()

    def compared(name: str | None, kind: str, _: object) -> bool:
        if kind != "table" or name is None or name.partition("_")[0] != "search":
            return True
        passed_over.add(name)
        return False

    with store._database.read() as connection:
        options = {"version_table": VERSION_TABLE, "include_name": compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
    parts = {"search_data", "search_idx", "search_content", "search_config"} if store.dialect == "sqlite" else set()
    assert passed_over == {"search", *parts}, "the search index alone is no table of METADATA"


def test_the_list_of_revisions_is_the_folder_of_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(walked)) == REVISIONS


def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    with open_store(url) as store, store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(NewerSchemaError, match=r"9999.*install the newer Listener"):
        open_store(url)


def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/new.db"
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(address), range(4)))
    for store in stores:
        assert store.describe()["schema"] == REVISIONS[-1]
        store.close()


def test_a_store_describes_itself(store: Store) -> None:
    facts = store.describe()
    assert facts["dialect"] == store.dialect
    assert (facts["schema"], facts["size"] > 0) == (REVISIONS[-1], True)
    assert isinstance(facts["known_bugs"], list)


# -- who holds it -------------------------------------------------------------------------------------------------


def test_only_one_holds_the_store_and_the_other_learns_who(url: str) -> None:
    with open_store(url) as one, open_store(url) as two:
        assert two.owner() is None
        with one.hold(OWNER, NOON):
            with pytest.raises(HeldError, match="process 4711") as refused, two.hold({}, NOON):
                pass
            assert refused.value.owner == {**OWNER, "since": NOON.isoformat()}
            assert two.owner() == one.owner() == {**OWNER, "since": NOON.isoformat()}
        assert two.owner() is None
        with two.hold({}, NOON):
            pass


def test_a_killed_holder_blocks_nobody(url: str) -> None:
    command = [sys.executable, "-c", HOLDER, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process, open_store(url) as store:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"held\n"
        owner = store.owner()
        assert owner is not None
        assert owner["pid"] == process.pid
        with pytest.raises(HeldError), store.hold({}, NOON):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        _until_free(store)
        with store.hold({}, NOON):
            pass


def _until_free(store: Store) -> None:
    """Postgres needs a moment to see that a client is gone."""
    for _ in range(2000):
        if store.owner() is None:
            return
    pytest.fail("a dead process still holds the store")


# -- trouble ------------------------------------------------------------------------------------------------------


def test_an_unknown_kind_of_database_is_refused_with_what_is_possible() -> None:
    with pytest.raises(StoreError, match="sqlite:/// or postgresql://"):
        open_store("mysql://localhost/listener")
    with pytest.raises(StoreError, match=r"write sqlite:///listener\.db"):
        open_store("listener.db")


def test_a_postgres_that_does_not_run_is_said_in_one_line_without_the_password() -> None:
    with pytest.raises(StoreError, match=r"cannot be reached.*start the server") as refused:
        open_store("postgresql://me:hidden@127.0.0.1:1/listener")
    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_postgres_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'listener\[postgres\]'"):
        open_store("postgresql://localhost/listener")


def test_a_failed_write_leaves_the_state_before(store: Store) -> None:
    store.ingest(batch_of(post(1), cursor={"high_water": "1"}))
    with pytest.raises(StoreError), store._database.write() as connection:
        connection.execute(text("DELETE FROM counts, nothing_like_sql"))
    with pytest.raises(ZeroDivisionError):
        _spoil(store)
    assert store.counts.recount() == []
    assert store.ingest(batch_of(post(2), at=NOON + HOUR)).new == 1


def _spoil(store: Store) -> None:
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM counts"))
        raise ZeroDivisionError


def test_cursors_and_completeness_of_an_older_database_are_found_by_search_and_source(url: str) -> None:
    at, walk = NOON.strftime("%Y-%m-%d %H:%M:%S"), '{"high_water": "7", "walk": null}'
    with of_revision(url, "0002") as connection:
        for source, search in (("hn", ""), ("hn", "backfill a"), ("desk", "b")):
            connection.execute(
                text(f"INSERT INTO cursors VALUES ('{source}', '{search}', :value, '{at}')"), {"value": walk}
            )
        figures = '{"hn": {"acme": [1, 10, 9]}, "desk": {"acme": [2, 4, 4], "bolt": [1, 0, 0]}}'
        connection.execute(text(f"INSERT INTO state VALUES ('completeness', :value, '{at}')"), {"value": figures})
    with open_store(url) as store:
        cursor = {"high_water": "7", "walk": None}
        assert store.sources.searches() == [
            SearchState("desk", "b", cursor, last_success=NOON),
            SearchState("hn", "", cursor, last_success=NOON),
            SearchState("hn", "backfill a", cursor, last_success=NOON),
        ]
        assert store.state.get("completeness") is None
        assert store.state.get("completeness hn") == {"acme": [1, 10, 9]}
        assert store.state.get("completeness desk") == {"acme": [2, 4, 4], "bolt": [1, 0, 0]}
