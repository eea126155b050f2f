"""Watches, sources, readings, snapshots and states: each remembers what it promises."""

from __future__ import annotations

from dataclasses import replace

from insight.model import Gap, Reading, Rejected, Role, Snapshot, Watch
from storage import SearchState, SourceEntry, Store, Visit
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, post

ACME = Watch("acme", "Acme", Role.BRAND, 'acme OR "acme corp"', "Europe/Berlin")
RIVAL = Watch("rival", "Rival", Role.COMPETITOR, "rival")


def test_a_watch_keeps_its_version_until_its_query_changes(store: Store) -> None:
    assert store.watches.sync([ACME, RIVAL], NOON) == (ACME, RIVAL)
    renamed = replace(ACME, name="Acme Inc", time_zone="UTC", version=99)
    assert store.watches.sync([renamed, RIVAL], NOON) == (replace(renamed, version=1), RIVAL)
    changed = replace(ACME, query="acme NOT jobs")
    assert store.watches.sync([changed], NOON) == (replace(changed, version=2),)
    assert store.watches.all() == (replace(changed, version=2),)


def test_an_absent_watch_comes_back_with_its_history(store: Store) -> None:
    store.watches.sync([replace(ACME, query="old")], NOON)
    store.watches.sync([ACME], NOON)
    store.ingest(batch_of(post()))
    store.watches.sync([], NOON)
    assert store.watches.all() == ()
    assert store.watches.sync([ACME], NOON) == (replace(ACME, version=2),)
    assert len(store.posts.recent("acme", NOON - DAY, NOON)) == 1


def test_new_sources_are_due_at_once_and_absent_ones_rest(store: Store) -> None:
    store.sources.sync([SourceEntry("hn", "hackernews"), SourceEntry("blog", "feed")], NOON)
    assert [one.id for one in store.sources.due(NOON)] == ["blog", "hn"]
    store.sources.succeeded("hn", NOON, NOON + HOUR, 10, 2)
    assert [one.id for one in store.sources.due(NOON)] == ["blog"]
    store.sources.sync([SourceEntry("hn", "hackernews")], NOON + 2 * HOUR)
    assert [(one.id, one.last_item_at) for one in store.sources.due(NOON + HOUR)] == [("hn", NOON)]
    assert [one.id for one in store.sources.all()] == ["hn"]
    assert store.sources.one("hn") == store.sources.all()[0]
    assert store.sources.one("blog") is None, "one that rests is not followed"


def test_a_source_remembers_how_it_is_doing(store: Store) -> None:
    store.sources.sync([SourceEntry("hn", "hackernews")], NOON)
    store.sources.failed("hn", NOON, NOON + HOUR, "no route\0", permanent=False)
    store.sources.failed("hn", NOON + HOUR, NOON + 2 * HOUR, "forbidden", permanent=True)
    state = store.sources.all()[0]
    assert (state.failures, state.error, state.paused, state.next_at) == (2, "forbidden", True, NOON + 2 * HOUR)
    assert (state.last_attempt, state.last_success) == (NOON + HOUR, None)
    assert [one.id for one in store.sources.due(NOON + 2 * HOUR)] == ["hn"]
    store.sources.succeeded("hn", NOON + HOUR, NOON + 2 * HOUR, 1, 1)
    assert store.sources.all()[0].paused is False
    store.sources.failed("hn", NOON + HOUR, NOON + 2 * HOUR, "forbidden", permanent=True)
    store.sources.resume("hn", NOON + HOUR)
    state = store.sources.all()[0]
    assert (state.failures, state.error, state.paused, state.next_at) == (0, None, False, NOON + HOUR)
    store.sources.succeeded("hn", NOON + 2 * HOUR, NOON + 3 * HOUR, 5, 0)
    assert store.sources.all()[0].last_item_at == NOON + HOUR


def test_visits_are_kept_by_the_hour_of_collection(store: Store) -> None:
    store.sources.sync([SourceEntry("hn", "hackernews")], NOON)
    for minutes in (0, 10, 59, 60):
        store.sources.succeeded("hn", NOON + minutes * HOUR / 60, NOON, 10, 1)
    store.sources.failed("hn", NOON + HOUR, NOON, "no", permanent=False)
    assert store.sources.visits(NOON) == [
        Visit("hn", NOON, 3, 0, 30, 3),
        Visit("hn", NOON + HOUR, 2, 1, 10, 1),
    ]
    assert store.sources.visits(NOON + HOUR, "hn") == [Visit("hn", NOON + HOUR, 2, 1, 10, 1)]
    assert store.sources.visits(NOON, "other") == []


def test_cursors_belong_to_a_source_and_its_search(store: Store) -> None:
    walk = {"high_water": "1", "walk": {"newest_seen": None, "pending": [{"url": "https://a.example/ü"}]}}
    store.ingest(batch_of(cursor=walk))
    store.ingest(batch_of())
    store.ingest(replace(batch_of(cursor={"high_water": "2"}), search="other"))
    assert store.sources.cursor("mastodon", "") == walk
    assert store.sources.cursor("mastodon", "other") == {"high_water": "2"}
    assert store.sources.cursor("hn", "") is None


def test_each_search_has_its_own_trouble_and_keeps_its_cursor(store: Store) -> None:
    store.sources.sync([SourceEntry("mastodon", "mastodon"), SourceEntry("hn", "hackernews")], NOON)
    store.ingest(batch_of(cursor={"high_water": "1"}))
    good = SearchState("mastodon", "", {"high_water": "1"}, last_success=NOON)
    bad = SearchState("mastodon", "b", None, True, 3, "it answered 404\0", NOON + HOUR)
    store.sources.succeeded("mastodon", NOON, NOON + HOUR, 1, 1, searches=[good, bad])
    stored_bad = replace(bad, error="it answered 404")
    assert store.sources.searches("mastodon") == [good, stored_bad]
    store.ingest(replace(batch_of(cursor={"high_water": "2"}), search="b"))
    assert store.sources.searches() == [good, replace(stored_bad, cursor={"high_water": "2"})]
    other = SearchState("hn", "x", None, False, 1, "no", NOON + HOUR)
    store.sources.failed("hn", NOON, NOON + HOUR, "no", searches=[other])
    assert store.sources.searches("hn") == [other]
    store.sources.rests("hn", NOON, NOON + HOUR, searches=[replace(other, failures=2)])
    assert store.sources.searches("hn") == [replace(other, failures=2)]
    store.sources.resume("mastodon", NOON)
    assert store.sources.searches("mastodon") == [good, SearchState("mastodon", "b", {"high_water": "2"})]
    assert store.sources.searches("nobody") == []
    assert [(it.source, it.failures) for it in store.sources.failing_searches()] == [("hn", 2)]
    store.sources.sync([SourceEntry("mastodon", "mastodon")], NOON)
    assert store.sources.failing_searches() == [], "nobody asks the other source any more"


def test_what_a_clock_that_was_ahead_has_put_off_is_due_at_once(store: Store) -> None:
    names, day = ("calm", "far", "hour", "seldom", "stuck"), DAY
    store.sources.sync([SourceEntry(name, "feed") for name in names], NOON)
    years = NOON + 3650 * day
    store.sources.succeeded("calm", NOON, NOON + day, 1, 1)
    store.sources.succeeded("far", years, years + HOUR, 1, 1)
    store.sources.succeeded("hour", NOON + HOUR, NOON + HOUR + HOUR / 60, 1, 0)
    store.sources.succeeded("seldom", NOON, NOON + 7 * day, 1, 1)
    waits = SearchState("stuck", "b", None, False, 1, "503", years)
    store.sources.succeeded("stuck", NOON, NOON + HOUR, 1, 1, searches=[waits])
    calm = store.sources.one("calm")
    assert store.sources.mend_due(NOON, day, {"seldom": 8 * day}) == ["far", "hour", "stuck"]
    assert [one.id for one in store.sources.due(NOON)] == ["far", "hour", "stuck"]
    assert store.sources.searches("stuck") == [replace(waits, next_at=None)]
    assert store.sources.one("calm") == calm
    far = store.sources.one("far")
    assert far is not None
    assert (far.last_attempt, far.last_success, far.last_item_at, far.failures) == (NOON, NOON, NOON, 0)
    assert store.sources.mend_due(NOON, day, {"seldom": 8 * day}) == [], "once"
    assert store.sources.mend_due(NOON, day) == ["seldom"]


def test_gaps_and_rejected_items_are_kept_once(store: Store) -> None:
    gaps = (Gap(None, NOON, "too many pages"), Gap(NOON - DAY, NOON - HOUR, "down"))
    rejected = (Rejected("no date", "<item>\0</item>"), Rejected("no date", "<other/>"))
    for hours in (0, 5):
        store.ingest(batch_of(gaps=gaps, rejected=rejected, at=NOON + hours * HOUR))
    assert [one.gap for one in store.sources.gaps(NOON - DAY)] == list(gaps)
    assert [one.gap for one in store.sources.gaps(NOON)] == [gaps[0]]
    kept = store.sources.rejected(10)
    assert {(one.raw, one.first_at, one.at) for one in kept} == {
        ("<item></item>", NOON, NOON + 5 * HOUR),
        ("<other/>", NOON, NOON + 5 * HOUR),
    }
    assert len(store.sources.rejected(1)) == 1


def test_a_corrected_reading_replaces_the_old_one(store: Store) -> None:
    store.ingest(batch_of(readings=(Reading("visits", NOON, 5.0), Reading("visits", NOON + DAY, 7.0))))
    store.ingest(batch_of(readings=(Reading("visits", NOON, 6.0), Reading("visits", NOON, 6.5))))
    assert store.indicators.names() == ["visits"]
    assert store.indicators.readings("visits", NOON, NOON + DAY) == [Reading("visits", NOON, 6.5)]


def test_an_unchanged_page_is_one_snapshot(store: Store) -> None:
    url = "https://rival.example/" + "x" * 5000
    pages = [Snapshot(url, NOON + day * DAY, text) for day, text in enumerate(["a", "a", "b", "a"])]
    for _ in range(2):
        store.ingest(batch_of(snapshots=tuple(pages)))
    assert store.snapshots.history(url) == [pages[3], pages[2], pages[0]]
    assert store.snapshots.latest(url) == pages[3]
    assert store.snapshots.latest("https://other.example") is None


def test_a_state_is_any_json(store: Store) -> None:
    assert store.state.get("step") is None
    for value in ({"a": [1, 2.5, None, "ü\u2028"]}, [], None, "text", {"nan": float("inf")}):
        store.state.put("step", value, NOON)
        expected = {"nan": None} if value == {"nan": float("inf")} else value
        assert store.state.get("step") == expected
