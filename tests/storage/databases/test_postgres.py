"""Postgres as others set it up: what can be set is set, the rest is refused in one line that says what to change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import HeldError, LostError, Store, StoreError, UnusableError, migrations, open_store
from storage.databases import postgres as ours
from tests.contracts.store.samples import NOON, batch_of, labels_of, post
from tests.databases import PostgresServer
from tests.storage.databases.pooler import Pooler

OWNER = {"pid": 4711, "url": "http://127.0.0.1:1"}
END_THE_HOLDERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def name(postgres_server: PostgresServer) -> str:
    return postgres_server.fresh()


@pytest.fixture
def store(postgres_server: PostgresServer, name: str) -> Iterator[Store]:
    with open_store(postgres_server.address(name)) as opened:
        yield opened


def refused(address: str) -> str:
    """The one line with which a database is refused."""
    with pytest.raises(StoreError) as caught:
        open_store(address)
    said = str(caught.value)
    assert "\n" not in said
    assert "report this" not in said
    return said


# -- what is set on the connection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        "datestyle = 'German'",
        "intervalstyle = 'iso_8601'",
        "timezone = 'Asia/Kathmandu'",
        "standard_conforming_strings = off",
        "client_encoding = 'LATIN1'",
        "statement_timeout = '200ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "idle_session_timeout = '300ms'",
        "lock_timeout = '1ms'",
    ],
)
def test_what_a_database_sets_otherwise_does_no_harm(postgres_server: PostgresServer, name: str, setting: str) -> None:
    postgres_server.run(f"ALTER DATABASE {name} SET {setting}")
    with open_store(postgres_server.address(name)) as store, store.hold(OWNER, NOON) as look:
        store.ingest(batch_of(post(1, "acme ☕ чайник \\ 'quoted'")))
        with store._database.read() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.4)")
        assert store.owner() == {**OWNER, "since": NOON.isoformat()}
        assert look() is False
        found = store.posts.get(post(1).key)
        assert found is not None
        assert (found.post.text, found.collected_at) == ("acme ☕ чайник \\ 'quoted'", NOON)


def test_bringing_a_large_database_up_to_date_may_take_longer_than_any_statement(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ours.SETTINGS, "statement_timeout", "700ms")
    monkeypatch.setattr(migrations, "_upgrade", lambda connection: connection.exec_driver_sql("SELECT pg_sleep(1)"))
    open_store(postgres_server.address(postgres_server.fresh("TEMPLATE template0"))).close()


# -- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_another_encoding_than_utf8_is_refused(postgres_server: PostgresServer, encoding: str) -> None:
    name = postgres_server.fresh(f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    said = refused(postgres_server.address(name))
    assert f"its encoding is {encoding}" in said
    assert "ENCODING 'UTF8'" in said


def test_a_search_path_without_a_schema_is_refused(postgres_server: PostgresServer, name: str) -> None:
    postgres_server.run(f"ALTER DATABASE {name} SET search_path = 'nowhere'")
    said = refused(postgres_server.address(name))
    assert "search_path (nowhere) names no schema" in said
    assert "CREATE SCHEMA" in said


def test_a_user_who_may_make_no_tables_is_refused(postgres_server: PostgresServer) -> None:
    name = postgres_server.fresh("TEMPLATE template0")
    postgres_server.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
    said = refused(postgres_server.address(name, "reader"))
    assert "reader may not make tables in the schema public: GRANT CREATE ON SCHEMA public TO reader" in said


def test_a_user_who_may_not_read_the_tables_is_refused(postgres_server: PostgresServer, name: str) -> None:
    postgres_server.run("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    assert "make the user the owner" in refused(postgres_server.address(name, "stranger"))


def test_a_read_only_server_is_refused(postgres_server: PostgresServer, name: str) -> None:
    postgres_server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert "read-only: name the primary server" in refused(postgres_server.address(name))


def test_too_old_a_server_is_refused(
    postgres_server: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "OLDEST", 99)
    assert "Listener needs 99 or later" in refused(postgres_server.address(name))


def test_who_is_not_known_there_learns_what_to_check(postgres_server: PostgresServer, name: str) -> None:
    assert "check user, password and database" in refused(postgres_server.address(name, "nobody"))
    assert "check user, password and database" in refused(postgres_server.address("nowhere"))


def pooled(pooler: Pooler, name: str) -> str:
    return f"postgresql://postgres@127.0.0.1:{pooler.port}/{name}"


def test_a_pooler_without_sessions_is_refused(postgres_server: PostgresServer, name: str) -> None:
    with (
        Pooler(postgres_server.socket, sessions=False).running() as pooler,
        open_store(pooled(pooler, name)) as store,
        pytest.raises(UnusableError, match=r"pooler that lends connections.*pooler in session mode"),
        store.hold(OWNER, NOON),
    ):
        pass


def test_a_pooler_in_session_mode_will_do(postgres_server: PostgresServer, name: str) -> None:
    with (
        Pooler(postgres_server.socket, sessions=True).running() as pooler,
        open_store(pooled(pooler, name)) as store,
        store.hold(OWNER, NOON) as look,
    ):
        store.ingest(batch_of(post(1)))
        assert look() is False


# -- who holds it -------------------------------------------------------------------------------------------------


def test_a_hold_that_is_lost_is_taken_again(postgres_server: PostgresServer, name: str, store: Store) -> None:
    with store.hold(OWNER, NOON) as look:
        assert look() is False
        postgres_server.run(END_THE_HOLDERS, database=name)
        assert store.owner() is None
        assert look() is True
        assert store.owner() == {**OWNER, "since": NOON.isoformat()}
        assert store.ingest(batch_of(post(1))).new == 1
        assert look() is False


def test_writing_goes_on_while_nobody_else_has_taken_it(
    postgres_server: PostgresServer, name: str, store: Store
) -> None:
    with store.hold(OWNER, NOON):
        postgres_server.run(END_THE_HOLDERS, database=name)
        assert store.ingest(batch_of(post(1))).new == 1


def test_who_has_lost_it_to_another_writes_no_more(postgres_server: PostgresServer, name: str, store: Store) -> None:
    with open_store(postgres_server.address(name)) as other, store.hold(OWNER, NOON) as look:
        postgres_server.run(END_THE_HOLDERS, database=name)
        with other.hold({"pid": 12}, NOON) as others_look:
            with pytest.raises(LostError, match="taken by another Listener"):
                store.ingest(batch_of(post(1)))
            with pytest.raises(LostError, match=r"held by process 12.*writes no more"):
                look()
            assert other.ingest(batch_of(post(2))).new == 1
            assert others_look() is False
        with pytest.raises(LostError):
            store.state.put("a", 1, NOON)
        assert sum(labels_of(other).values()) == 1


def test_a_restart_of_the_server_loses_the_hold_for_a_moment_only(
    postgres_server: PostgresServer, store: Store
) -> None:
    with store.hold(OWNER, NOON) as look:
        store.ingest(batch_of(post(1)))
        postgres_server.restart()
        assert look() is True
        assert store.ingest(batch_of(post(2))).new == 1
        with pytest.raises(HeldError), store.hold({}, NOON):
            pass
