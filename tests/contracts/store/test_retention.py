"""Retention: what nothing reads any more goes, a few rows a turn; what somebody still reads stays, however old."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Table, func, select, text, update

from insight.model import AlertState, Gap, Rejected, Snapshot
from storage import RECORDS, SourceEntry, StepResult, Store, retention
from storage.rows import tables
from tests.contracts.store.samples import ALERT, DAY, HOUR, NOON, SIGNAL, batch_of, message, post

LATER = NOON + 400 * DAY


def count(store: Store, table: Table) -> int:
    with store._database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def end_deliveries(store: Store, *names: str) -> None:
    table = tables.deliveries
    with store._database.write() as connection:
        connection.execute(update(table).where(table.c.id.in_(names)).values(next_at=None, state="sent"))


def forget_all(store: Store, before: datetime) -> dict[str, int]:
    """Forget until there is nothing left; how many rows of each kind went."""
    gone = dict.fromkeys(RECORDS, 0)
    for record in RECORDS:
        while removed := store.retention.forget(record, before):
            gone[record] += removed
    return {record: number for record, number in gone.items() if number}


def test_each_kind_of_record_goes_when_it_is_old_enough_and_not_before(store: Store) -> None:
    store.sources.sync([SourceEntry("mastodon", "mastodon")], NOON)
    store.ingest(batch_of(post(1), gone=[post(9)], gaps=(Gap(NOON - HOUR, NOON, "down"),),
                         rejected=(Rejected("no date", "<item>"),)))  # fmt: skip
    store.ingest(batch_of(post(1, "acme broke it twice"), at=NOON + HOUR))
    for hours, words in enumerate(("old", "new")):
        page = Snapshot("https://acme.example/terms", NOON + hours * HOUR, words)
        store.ingest(batch_of(at=page.at, snapshots=(page,)))
    store.sources.succeeded("mastodon", NOON, NOON + HOUR, 1, 1)
    over = replace(ALERT, state=AlertState.RESOLVED)
    store.commit(StepResult(NOON, {}, (SIGNAL,), (over,), (message("d1", conversation=over.id),)))
    end_deliveries(store, "d1")
    assert forget_all(store, NOON - HOUR) == {}
    assert forget_all(store, LATER) == {
        "deliveries": 1, "signals": 1, "alerts": 1, "visits": 1, "gaps": 1, "rejected": 1, "revisions": 1,
        "snapshots": 1, "tombstones": 1,
    }  # fmt: skip
    assert [found.text for found in store.snapshots.history("https://acme.example/terms")] == ["new"]
    assert store.posts.get(post(1).key) is not None
    assert store.counts.recount() == []


def test_what_an_open_alert_rests_on_and_has_said_stays(store: Store) -> None:
    deliveries = (message("d1", conversation=ALERT.id), message("d2", conversation="another"))
    other = replace(SIGNAL, key="spike:rival")
    store.commit(StepResult(NOON, {}, (SIGNAL, other), (ALERT,), deliveries))
    end_deliveries(store, "d1", "d2")
    assert forget_all(store, LATER) == {"deliveries": 1, "signals": 1}
    assert [signal.key for signal in store.signals.recent(NOON)] == [SIGNAL.key]
    assert [row.id for row in store.outbox.rows()] == ["d1"]
    assert store.signals.alerts() == [ALERT]


def test_what_is_still_to_be_sent_stays(store: Store) -> None:
    store.commit(StepResult(NOON, deliveries=(message("waits"),)))
    assert forget_all(store, LATER) == {}


def test_an_alert_names_its_message_after_itself_and_that_keeps_it_no_longer(store: Store) -> None:
    store.commit(StepResult(NOON, deliveries=(message("d1", conversation="another", unique="d1"),)))
    end_deliveries(store, "d1")
    assert forget_all(store, LATER) == {"deliveries": 1}


def test_a_digest_that_was_sent_is_never_asked_for_again(store: Store) -> None:
    digest = message("d1", unique="digest 2026-W09 slack")
    store.commit(StepResult(NOON, deliveries=(digest,)))
    end_deliveries(store, "d1")
    assert forget_all(store, LATER) == {}
    store.commit(StepResult(LATER, deliveries=(replace(digest, id="d2"),)))
    assert count(store, tables.deliveries) == 1


def test_one_turn_removes_a_few_rows_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "TURN", 3)
    store.ingest(batch_of(gone=[post(number) for number in range(7)]))
    assert [store.retention.forget("tombstones", LATER) for _ in range(4)] == [3, 3, 1, 0]


def test_the_database_learns_how_much_there_is(store: Store) -> None:
    """Postgres tells what has changed up to ten seconds late, when the connection that did it is idle."""
    store.ingest(batch_of(*map(post, range(1500))))
    known = {"sqlite": "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'posts'",
             "postgresql": "SELECT count(*) FROM pg_stats WHERE tablename = 'posts'"}  # fmt: skip
    found, end = 0, time.monotonic() + 60
    while not found and time.monotonic() < end:
        store.optimize()
        with store._database.read() as connection:
            found = connection.execute(text(known[store.dialect])).scalar_one()
        time.sleep(0 if found else 0.2)
    assert found
