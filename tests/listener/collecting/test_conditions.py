"""How sources do is said with its numbers: what they bring and how late, what is left, what went wrong, the canary."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from insight.model import Gap
from listener import control, upkeep
from listener.cli.checks import check_budgets
from listener.clock import SimulatedClock, SystemClock
from listener.collecting.backfill import reports_of
from listener.collecting.budget import Rest
from listener.collecting.conditions import conditions
from listener.daemon import say_terms
from listener.web.metrics import Metrics
from scrapers import KINDS
from scrapers.base import Access, Batch, SourceError, Terms
from storage import SourceEntry, SourceGap, Store
from tests import processes
from tests.fake_source import NOW, FakeDoor
from tests.listener.cli.test_commands import Run, filled, run, visited_folder
from tests.listener.collecting.metered import ACME, DAY, HOUR, Looking, Metered, Silent, collector, opened
from tests.listener.collecting.test_looks import Desk
from tests.listener.configs import GOOD
from tests.listener.configs import understood as config_of
from tests.listener.four_searches import Shelves, Site
from tests.listener.test_daemon import Running, daemon
from tests.world.web import Call, Reply, World

__all__ = ["daemon", "filled", "run", "visited_folder"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found


def condition(store: Store, source: Metered, clock: SimulatedClock) -> Any:
    return conditions(store, [source], [ACME], clock.now())["board"]


@pytest.mark.anyio
async def test_a_source_is_described_by_what_is_stored(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Looking(per_day=100, every=3600, canary="1", money=5, dearest=0.1)
    door = Desk(range(1, 5))
    door.faults = {5: SourceError("503", status=503, sent=True)}
    visits = collector(store, door, clock)
    for _ in range(4):
        await visits.visit(source)
        clock.move_to(clock.now() + HOUR)
    await visits.ingest(source, "", Batch((Gap(NOW - HOUR, NOW, "no page"),)))
    found = condition(store, source, clock)
    assert (found.plan.day.requests, round(found.plan.day.cost, 6)) == (24, 2.4)
    assert found.left["requests today"] == 100 - len(door.asked)
    assert [(trouble.reason, trouble.times) for trouble in found.troubles] == [("503", 1)]
    assert found.items == 4
    assert found.gaps == (SourceGap("board", "", Gap(NOW - HOUR, NOW, "no page")),)
    assert [(it.search, it.failures, it.last_success) for it in found.searches] == [("", 0, NOW + 3 * HOUR)]
    assert found.rest is None
    assert set(found.to_json()) == {
        "pause", "needs_a_day", "left", "rest", "items_a_day", "delay", "undated", "troubles", "canary", "gaps",
        "searches",
    }  # fmt: skip


@pytest.mark.anyio
async def test_a_rest_is_shown_until_it_is_over(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered(per_day=1)
    await collector(store, FakeDoor(range(9)), clock).visit(source)
    assert condition(store, source, clock).rest == Rest(NOW + DAY, "the day's budget of 1 requests is used up")
    clock.move_to(NOW + DAY)
    assert condition(store, source, clock).rest is None


@pytest.mark.anyio
async def test_a_trouble_is_forgotten_after_a_week_and_only_the_last_reasons_are_kept(store: Store) -> None:
    clock, source = SimulatedClock(NOW), Metered()
    for number in range(8):
        await collector(store, FakeDoor([], {1: SourceError(f"error {number}")}), clock).visit(source)
        clock.move_to(store.sources.all()[0].next_at)
    await collector(store, FakeDoor([], {1: SourceError("error 5")}), clock).visit(source)
    found = condition(store, source, clock)
    assert [trouble.reason for trouble in found.troubles] == ["error 3", "error 4", "error 6", "error 7", "error 5"]
    assert found.troubles[-1].times == 2
    clock.move_to(NOW + 8 * DAY)
    assert condition(store, source, clock).troubles == ()


def test_of_a_source_that_was_never_visited_only_the_plan_is_known(store: Store) -> None:
    found = condition(store, Metered(canary="1"), SimulatedClock(NOW))
    assert (found.items, found.delay, found.canary, found.troubles) == (None, None, None, ())
    assert found.plan.pause == 300


def test_a_search_that_fails_is_named_and_its_source_is_not_called_failing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "contact: me@example.com\nwatches: [{id: acme, query: acme}]\nchannels: {console: {kind: console}}\n"
        f'storage: {{url: "sqlite:///{tmp_path}/test.db"}}\n'
        'sources: [{kind: "tests.listener.four_searches:Shelves", name: board}]\n'
    )

    async def lived() -> None:
        with opened(tmp_path) as store:
            clock = SimulatedClock(SystemClock().now() - HOUR)
            store.sources.sync([SourceEntry("board", "board")], clock.now())
            visits = collector(store, Site(second=(404, {}), third=(500, {})), clock)
            for _ in range(3):
                await visits.visit(Shelves())
                clock.move_to(store.sources.all()[0].next_at)
            gap = Batch((Gap(clock.now() - HOUR, clock.now(), "no page"),))
            await visits.ingest(Shelves(), "first", gap)

    anyio.run(lived)
    shown = run("sources", "--mine").stdout
    assert "ok, but 2 of 4 searches fail" in " ".join(shown.split())
    assert "failing (" not in shown
    assert re.search(
        r"search 'second' failed 1 times in a row \(never read yet, tried again .*\): .*answered 404", shown
    )
    assert re.search(r"search 'third' failed 3 times in a row .*answered 500", shown)
    assert "gap in search 'first' from" in shown
    (row,) = json.loads(run("sources", "--mine", "--json").stdout)
    assert row["failures"] == 0
    searches = {it["search"]: (it["failures"], it["paused"], it["last_success"] is None) for it in row["searches"]}
    assert searches == {
        "first": (0, False, False), "second": (1, True, True), "third": (3, False, True), "fourth": (0, False, False),
    }  # fmt: skip
    assert [gap["search"] for gap in row["gaps"]] == ["first"]


def test_a_kind_that_cannot_say_what_it_searches_for_has_no_plan(store: Store) -> None:
    class Moody(Metered):
        def searches(self, watches: Any) -> Any:
            raise RuntimeError("not today")

    assert condition(store, Moody(), SimulatedClock(NOW)).plan is None


@pytest.mark.anyio
async def test_the_metrics_say_it_too(store: Store) -> None:
    clock, metrics, source = SimulatedClock(NOW), Metrics(), Looking(per_day=2, canary="1", every=60)
    visits = collector(store, FakeDoor([]), clock)
    await visits.visit(source)
    clock.move_to(NOW + HOUR)
    await visits.visit(source)
    clock.move_to(NOW + 2 * HOUR)
    await visits.visit(source)
    metrics.record_notes(source, visits.notes, clock.now())
    metrics.record_delays(store.sources.delays(NOW - DAY))
    shown = metrics.render().decode()
    assert 'listener_source_budget_left{budget="requests today",source="board"} 0.0' in shown
    rests = metrics.registry.get_sample_value("listener_source_rests_until_seconds", {"source": "board"})
    assert rests == (NOW + DAY).timestamp()


# -- for people -------------------------------------------------------------------------------------------------


def test_mine_says_how_each_source_does(filled: Run) -> None:
    shown = filled("sources", "--mine").stdout
    assert "visited every 15 min: needs 96 requests a day" in shown
    assert "failed 1 times" in shown
    assert "1.0 new posts a day" in shown
    rows = {row["id"]: row for row in json.loads(filled("sources", "--mine", "--json").stdout)}
    assert rows["good"]["needs_a_day"] == {"requests": 96.0, "units": 0.0, "cost": 0.0}
    assert rows["bad"]["troubles"][0]["times"] == 1
    assert rows["good"]["completeness"] == {}


class Costly(Metered):
    """A kind of the test's own, as a user's would be."""

    kind = "costly"


def test_check_warns_of_a_schedule_that_needs_more_than_its_budget(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "contact: me@example.com\nwatches: [{id: acme, query: acme}]\nchannels: {console: {kind: console}}\n"
        'sources: [{kind: "tests.listener.collecting.test_conditions:Costly", per_day: 10, every: 60}]\n'
    )
    shown = run("check", "--offline").stdout
    assert "! source costly: its schedule needs 1,440 requests a day, its budget is 10" in shown.replace(
        "board", "costly"
    )
    assert "longer `every`" in shown
    (finding,) = json.loads(run("check", "--offline", "--json").stdout)["findings"]
    assert (finding["fine"], finding["warning"]) == (True, True)


def test_a_schedule_within_its_budget_is_not_warned_of(tmp_path: Path) -> None:
    assert check_budgets(config_of(GOOD), NOW) == []


def test_backfill_says_where_it_is_not_possible(filled: Run) -> None:
    shown = filled("backfill", "--all", "--since", "30d").stdout
    assert shown.count("not possible") == 2
    (row,) = json.loads(filled("backfill", "good", "--since", "30d", "--json").stdout)
    assert (row["source"], row["state"]) == ("good", "impossible")


def test_backfill_wants_a_source_and_a_time_in_the_past(filled: Run) -> None:
    assert "listener backfill --all" in filled("backfill", "--since", "30d", code=1).output
    assert "no source 'nobody'" in filled("backfill", "nobody", "--since", "30d", code=1).output
    assert "not a time" in filled("backfill", "good", "--since", "long", code=1).output
    assert "not in the past" in filled("backfill", "good", "--since", "2999-01-01", code=1).output


HITS = """{"hits": [{"objectID": "%d", "created_at_i": %d, "author": "wren", "comment_text": "acme is fine, %d",
"_tags": ["comment"]}], "hitsPerPage": 1}"""


def test_backfill_reads_back_page_by_page_and_shows_what_it_found(run: Run, tmp_path: Path) -> None:
    with World().run_in_thread() as world:
        _archive(world)
        (tmp_path / "config.yaml").write_text(
            "contact: me@example.com\nwatches: [{id: acme, query: acme}]\nchannels: {console: {kind: console}}\n"
            f'storage: {{url: "sqlite:///{tmp_path}/test.db"}}\n'
            f'sources: [{{kind: hackernews, base_url: "{world.url}/api/v1", page_size: 1}}]\n'
        )
        (row,) = json.loads(run("backfill", "hackernews", "--since", "7d", "--json").stdout)
        assert (row["state"], row["new"], row["left"] > 0) == ("read", 7, True)
        shown = run("backfill", "--all", "--since", "7d").stdout
        assert "already" in shown
        assert "read whole" in shown


def _archive(world: World) -> None:
    """A comment a day, the newest a minute ago, as far back as anybody asks."""
    newest = int(SystemClock().now().timestamp()) - 60

    def answer(call: Call) -> Reply:
        filters = call.query.get("numericFilters", "")
        before = min([*map(int, re.findall(r"<=(\d+)", filters)), newest])
        since = max([*map(int, re.findall(r">=(\d+)", filters)), 0])
        at = newest - -(-(newest - before) // 86_400) * 86_400
        hits = HITS % (at // 86_400, at, at // 86_400) if at >= since else '{"hits": [], "hitsPerPage": 1}'
        return Reply.text(hits, 200, "application/json")

    world.route("/api/v1/search_by_date", answer)


def test_the_daemon_reads_the_past_when_it_holds_the_database(daemon: Running) -> None:
    done = processes.run("-c", str(daemon.config), "backfill", "--all", "--since", "3d", "--json")
    assert {(row["source"], row["state"]) for row in json.loads(done.stdout)} == {
        ("good", "impossible"), ("bad", "impossible"),
    }  # fmt: skip
    daemon.until(lambda: daemon.said("backfilled"))
    owner = daemon.owner()
    (job,) = [job for job in control.jobs(owner, "backfill") if job["subject"] == "good"]
    assert (job["state"], job["error"]) == ("done", "")
    assert [(it.source, it.state, it.pages) for it in reports_of([job])] == [("good", "impossible", 0)]
    with pytest.raises(control.HandoffError, match="no source"):
        control.hand_over(owner, "backfill", {"subject": "nobody", "since": "2026-01-01T00:00:00+00:00"})
    with pytest.raises(control.HandoffError, match="needs 'since'"):
        control.hand_over(owner, "backfill", {"subject": "good"})
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0


def test_the_terms_of_each_kind_are_in_the_log_at_start(daemon: Running) -> None:
    (line,) = [line for line in daemon.log() if line["event"] == "terms"]
    feed = KINDS["feed"].terms
    assert (line["kind"], line["access"], line["says"]) == ("feed", feed.access.value, feed.summary)
    assert line["keep_days"] is None


def test_the_terms_are_said_once_a_kind() -> None:
    said: list[dict[str, Any]] = []

    class Said(Silent):
        def info(self, event: str, **more: Any) -> None:
            said.append({"event": event, **more})

    say_terms([Metered(name=name) for name in ("a", "b")], Said())  # type: ignore[arg-type]
    assert [line["kind"] for line in said] == ["board"]


# -- how long posts are kept ------------------------------------------------------------------------------------


class Monthly(Metered):
    """A platform that allows a month."""

    terms = Terms(Access.OPEN, "a month", "https://example.com/terms", keep_days=30)


@pytest.mark.anyio
async def test_a_platform_that_allows_a_month_gets_its_month(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await collector(store, FakeDoor([1]), SimulatedClock(NOW)).visit(Monthly())
    config = _config([Monthly()], keep_days=None)
    assert list(upkeep.posts_to_empty(store, config, NOW + 30 * DAY)) == []
    assert len(list(upkeep.posts_to_empty(store, config, NOW + 30 * DAY + timedelta(seconds=1)))) == 1
    assert upkeep.keep_days(Monthly(), 90) == 30
    assert upkeep.keep_days(Monthly(), 7) == 7


@pytest.mark.anyio
async def test_taking_a_source_out_changes_no_platforms_terms(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await collector(store, FakeDoor([1]), SimulatedClock(NOW)).visit(Monthly())
    monkeypatch.setitem(KINDS, "monthly", Monthly)
    assert len(list(upkeep.posts_to_empty(store, _config([], keep_days=None), NOW + 31 * DAY))) == 1


def _config(sources: list[Metered], keep_days: int | None) -> Any:
    class Storage:
        pass

    class Fake:
        storage = Storage()

    Fake.storage.keep_days, Fake.storage.keep_excluded_days = keep_days, 3650  # type: ignore[attr-defined]
    Fake.sources = sources  # type: ignore[attr-defined]
    return Fake
