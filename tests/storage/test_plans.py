"""What the daemon asks its database every few seconds costs the same however much it has stored and sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, event

from insight.model import AlertState
from listener.app import opened
from listener.clock import SystemClock
from listener.config import load
from listener.telling import detection
from storage import StepResult, Store, open_store
from storage.rows import tables
from storage.rows.bulk import put
from tests.contracts.store.samples import ALERT, SIGNAL, batch_of, message, post
from tests.listener.test_daemon import FEED
from tests.world.web import Reply, World

NOW = datetime.now(UTC)
HISTORY = 400  # rows of each kind: what an index would not serve is read from the first to the last
CONFIG = """
contact: tests@example.com
watches: [{{id: acme, query: acme}}]
sources: [{{kind: feed, name: good, url: "{url}/good.xml", every: 1}}]
channels: {{console: {{kind: console}}}}
digest: {{enabled: false}}
storage: {{url: "{database}"}}
"""
# Their size does not follow from how long Listener has run; a partial index holds what is open or waits, and no more.
SMALL = {"watches", "watch_versions", "sources", "searches", "channels", "holder", "listener_revision"}
PARTIAL = {"ix_deliveries_waiting", "uq_alerts_open_key"}

Asked = dict[str, Any]


def fill(store: Store) -> None:
    """A long past: sent deliveries, resolved alerts, signals, visits, gaps, posts, themes."""
    day = timedelta(days=1)
    for start in range(0, HISTORY, 100):
        known = [post(number, published_at=NOW - number * day / 20) for number in range(start, start + 100)]
        store.ingest(batch_of(*known, at=NOW))
    over = replace(ALERT, state=AlertState.RESOLVED)
    numbers = range(HISTORY)
    past = tuple(replace(SIGNAL, key=f"spike:acme:{n}", at=NOW - n * day / 20) for n in numbers)
    alerts = tuple(replace(over, id=f"a{n}", key=f"spike:acme:{n}") for n in numbers)
    deliveries = tuple(message(f"d{n}", conversation=f"a{n}") for n in numbers)
    store.commit(StepResult(NOW - 30 * day, {}, past, alerts, deliveries))
    with store._database.write() as connection:
        connection.execute(tables.deliveries.update().values(next_at=None, state="sent", channel="console"))
        hours = [NOW.replace(minute=0, second=0, microsecond=0) - n * timedelta(hours=1) for n in numbers]
        visit = {"source": "good", "fetches": 1, "failures": 0, "seen": 1, "new": 1}
        put(connection, tables.visits, [{**visit, "hour": hour} for hour in hours])
        states = [{"name": f"old {n}", "value": {}, "updated_at": NOW} for n in numbers]
        put(connection, tables.state, states)


@contextmanager
def listened(store: Store) -> Iterator[Asked]:
    """The statements that run meanwhile, each with the values of one call."""
    asked: Asked = {}

    def note(_: Connection, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        asked.setdefault(statement, values[0] if many else values)

    engines = {store._database.reader, store._database.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def plans(store: Store, asked: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each statement with what of its plan reads a whole table, or a whole index."""
    with store._database.writer.connect() as connection:
        if store.dialect == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # small tables are read whole where that is allowed
        for statement, values in asked.items():
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement):
                yield statement, list(_whole(connection, statement, values))
        connection.rollback()


def _whole(connection: Connection, statement: str, values: Any) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all():
            scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", row[3])
            if scan and scan[2] not in PARTIAL and _grows(scan[1], statement):
                yield row[3]
        return
    found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    plan = found if isinstance(found, list) else json.loads(found)
    yield from _nodes(plan[0]["Plan"], statement)


def _nodes(node: Mapping[str, Any], statement: str) -> Iterator[str]:
    name, index = node.get("Relation Name"), node.get("Index Name")
    reads = "Scan" in node["Node Type"] and "Bitmap Heap" not in node["Node Type"]
    if (
        reads
        and not node.get("Index Cond")
        and index not in PARTIAL
        and (name or index)
        and _grows(name or "", statement)
    ):
        yield f"{node['Node Type']} on {name or index}"
    for below in node.get("Plans", ()):
        yield from _nodes(below, statement)


def _grows(name: str, statement: str) -> bool:
    """Whether that name stands for a table that grows. A query's own inner tables are judged by what they read."""
    if name in SMALL or re.search(rf"json_each\([^)]*\)\s+AS {name}\b|WITH .*\b{name}\b.*\bAS\b", statement, re.DOTALL):
        return False
    alias = re.search(rf"(\w+) AS {name}\b", statement)
    known = alias[1] if alias else name
    return known in tables.METADATA.tables and known not in SMALL


@pytest.fixture
def world() -> Iterator[World]:
    with World().run_in_thread() as world:
        world.route("/good.xml", Reply.text(FEED.format(url=world.url), 200, "application/rss+xml"))
        yield world


@pytest.mark.anyio
@pytest.mark.parametrize("learnt", [False, True], ids=["", "with statistics"])
async def test_no_statement_of_the_loop_reads_what_has_long_been_done(
    url: str, tmp_path: Path, world: World, learnt: bool
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(url=world.url, database=url))
    with open_store(url) as store:
        fill(store)
        if learnt:
            store.optimize()
        config, asked = load(tmp_path / "config.yaml"), {}
        async with opened(config, store, SystemClock(), structlog.get_logger()) as app:
            await app.cycle(20)
            with listened(store) as asked:
                now = app.clock.now()
                signal = replace(SIGNAL, at=now, posts=(post(1).key, post(2).key))
                context = detection.Context(store, config, store.watches.all(), now)
                (told,) = detection.decide_and_store(context, StepResult(now, {}, (signal,)), store.watches.all()[0])
                assert told.reason == "told"
                await app.cycle(20)
                store.sources.due(now)
                store.probe(now)
        assert [row.state.value for row in store.outbox.rows(limit=1)] == ["sent"]
        assert len(asked) > 25, "too little was asked to say anything"
        faults = {statement: whole for statement, whole in plans(store, asked) if whole}
        assert not faults, "\n".join(f"{whole}: {' '.join(statement.split())}" for statement, whole in faults.items())


def test_a_statement_that_reads_a_whole_table_is_found_out(store: Store) -> None:
    store.ingest(batch_of(*map(post, range(9))))
    with listened(store) as asked, store._database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM posts WHERE author = 'nobody'")
        connection.exec_driver_sql("SELECT count(*) FROM mentions AS m WHERE label = 'unknown'")
        connection.exec_driver_sql("SELECT id FROM posts WHERE network = 'a' AND native_id = 'b'")
    assert [bool(whole) for _, whole in plans(store, asked)] == [True, True, False]
