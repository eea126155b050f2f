"""A database and a config of the landed version come up: the same counts, nothing sent again, nothing read again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from insight.model import Post, PostKey, SignalKind
from insight.pipeline import Pipeline
from listener.cli.output import plain
from listener.config import load
from storage import Store, UnderstoodBatch, open_store
from tests.upgrade.landed_copies import Home, postgres_home, sqlite_home
from tests.upgrade.landed_world import END, START, Said, place

LONG = timedelta(days=60)
TEAM = ("unknown-team-2", "deferred-team", "sending-team", "waiting-team", "update-team")
HOOK = ("unknown on the hook", "being sent to the hook", "waits for hook", "Update: waits for hook in a thread")
MAIL = ("unknown-mail", "deferred-mail", "sending-mail", "waiting-mail", "update-mail")


@pytest.fixture(params=["postgres", "sqlite"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with place() as here:
        late = timedelta(minutes=100)
        bolt = [Said(str(5000 + n), END - late + timedelta(minutes=2 * n), f"late{n}", f"bolt is fine, number {n}")
                for n in range(40)]  # fmt: skip
        here.comments = tuple(sorted([*here.comments, *bolt], key=lambda one: one.at))
        if request.param == "sqlite":
            yield sqlite_home(tmp_path, here)
        else:
            yield postgres_home(tmp_path, here, request.getfixturevalue("postgres"))


def test_everything_is_there_as_it_was(home: Home) -> None:
    with open_store(home.url) as store:
        everything_is_there(store, home.told)


@pytest.mark.sampled(cases=1)
@pytest.mark.parametrize("factor", [8, 2])
def test_killed_inside_the_migration_it_comes_up_at_the_next_start_all_the_same(home: Home, factor: int) -> None:
    deaths, statement = 0, 5
    while home.open_dying(statement) is None:
        deaths, statement = deaths + 1, factor * statement
    assert deaths >= 1, "the migration was over before anything could happen to it"
    with open_store(home.url) as store:
        everything_is_there(store, home.told)


@pytest.mark.long
@pytest.mark.parametrize("home", ["postgres", pytest.param("sqlite", marks=pytest.mark.soak)], indirect=True)
def test_the_daemon_goes_on_where_it_was_and_sends_only_what_had_not_been_sent(home: Home) -> None:
    before = list(home.here.slack.ledger)
    arrived = replace(before[0], ts="4102444900.000000", thread_ts=None, metadata=_metadata("unknown-team"))
    home.here.slack.ledger.append(arrived)
    refs = {posted.id: posted.ts for posted in before}
    home.go_on(hours=24)
    nothing_is_sent_again(home, len(before) + 1)
    conversations_go_on(home, refs)
    nothing_is_read_again(home)
    with open_store(home.url) as store:
        assert store.counts.recount() == []
        for n in range(40):
            assert store.posts.get(PostKey("hackernews", str(5000 + n))), "what the open walk had left is read"


def nothing_is_sent_again(home: Home, before: int) -> None:
    """What waited is sent once to each who was to get it; what was sent, or given up, is not sent."""
    here = home.here
    new = here.slack.ledger[before:]
    mine = Counter(posted.id for posted in new if posted.via == "bot")
    known = {row["id"] for row in home.told["deliveries"]}
    assert {name: mine[name] for name in mine if name in known} == dict.fromkeys(TEAM, 1)
    assert set(mine.values()) == {1}
    hooked = Counter(_headline(posted.text) for posted in new if posted.via == "webhook")
    assert {words: hooked[words] for words in HOOK} == dict.fromkeys(HOOK, 1)
    for words in ("given up on the hook", "given up on the team"):
        assert not any(words in posted.text for posted in new)
    mailed = Counter(
        (name, person)
        for mail, (_, people) in zip(here.mail.mails, here.mail.envelopes, strict=True)
        for name in MAIL
        if name in str(mail["Message-ID"])
        for person in people
    )
    assert mailed == {(name, f"{person}@example.com"): 1 for name in MAIL for person in "bcd"}
    subjects = [str(mail["Subject"]) for mail in here.mail.mails]
    told = {row["headline"] for row in home.told["deliveries"] if row["state"] == "sent"}
    assert not [words for words in subjects if words in told], "a mail that had been sent was sent again"
    assert not [words for words in subjects if "given up" in words or "nobody will find out" in words]
    with open_store(home.url) as store:
        states = {row.id: row.state.value for row in store.outbox.rows(limit=None)}
    for row in home.told["deliveries"]:
        if row["state"] in ("sent", "failed") and row["id"] in states:
            assert states[row["id"]] == row["state"], row


def conversations_go_on(home: Home, refs: dict[str | None, str]) -> None:
    """Alerts that were open go on under their ids and in their threads; none is opened a second time."""
    with open_store(home.url) as store:
        alerts = store.signals.alerts(open_only=False)
        later = store.signals.recent(END + timedelta(seconds=1))
    was_open = {alert["key"]: alert for alert in home.told["alerts"] if alert["state"] != "resolved"}
    for key, alert in was_open.items():
        now = [(one.id, one.opened_at) for one in alerts if one.key == key]
        assert now == [(alert["id"], _time(alert["opened_at"]))]
    themes = {signal.key for signal in later if signal.kind is SignalKind.THEME}
    assert themes <= was_open.keys(), "a theme that was told is told as another one"
    over = [alert for alert in alerts if alert.key in was_open and alert.state.value == "resolved"]
    assert any(alert.kind is SignalKind.SPIKE for alert in over), "after a calm night the spike is over"
    new = [posted for posted in home.here.slack.ledger if posted.via == "bot" and posted.id not in refs]
    ends = [posted for posted in new if posted.text.startswith("Over: ")]
    assert len(ends) == 1
    assert ends[0].thread_ts in refs.values(), "its end is told in the thread of its beginning"


def nothing_is_read_again(home: Home) -> None:
    """Cursors and pauses go on: no first visit, no page of a walk twice, nobody asked before their time."""
    here, told = home.here, home.told
    cursors = {(row["source"], row["search"]): row["cursor"] for row in told["cursors"]}
    for path in ("/blog.xml", "/gate.xml"):
        assert "if-none-match" not in here.asked(path)[0].headers, "nobody knows of which address those validators were"
    searches = here.asked("/api/v1/search_by_date")
    (left,) = cursors["hn", "bolt"]["walk"]["pending"]
    first = next(call for call in searches if call.query["query"] == "bolt")
    assert dict(first.query) == left["params"], "the walk that was open goes on at the page that it had not read"
    for search in ("acme", "bolt", "sync lost"):
        mark = int(cursors["hn", search]["high_water"])
        for call in searches:
            if call.query["query"] == search:
                assert f"created_at_i>={mark - 3600}" <= call.query["numericFilters"].split(",")[-1]
    due = {row["id"]: _time(row["next_at"]) for row in told["sources"]}
    for source in ("locked", "broken", "blog", "gate"):
        calls = here.asked(f"/{source}.xml")
        assert calls[0].date
        assert calls[0].date >= min(due[source], END + timedelta(hours=2)).replace(microsecond=0)
    assert len(here.asked("/locked.xml")) <= 5, "a source that needs somebody's hand is only probed"


@pytest.mark.sampled(cases=1)
def test_a_backfill_that_was_cut_off_goes_on_at_the_page_that_it_had_not_read(home: Home) -> None:
    home.here.now = END
    reports = json.loads(home.command("backfill", "hn", "--since", "2026-01-20", "--json"))
    assert {(one["source"], one["state"]) for one in reports} == {("hn", "read")}
    cursors = {row["search"]: row["cursor"] for row in home.told["cursors"]}
    for search in ("acme", "bolt"):
        first = next(call for call in home.here.asked("/api/v1/search_by_date") if call.query["query"] == search)
        assert dict(first.query) == cursors[f"backfill {search}"]["walk"]["pending"][0]["params"]
    with open_store(home.url) as store:
        assert store.counts.recount() == []


def test_a_post_whose_deletion_came_first_is_still_stored_empty(home: Home) -> None:
    with open_store(home.url) as store:
        pipeline = Pipeline(store.watches.all())
        post = Post("hackernews", "9999", "acme says something", author="fern", published_at=END - timedelta(days=1))
        store.ingest(UnderstoodBatch("hn", "acme", END, tuple(pipeline.understand([post]))))
        found = store.posts.get(post.key)
        assert found is not None
        assert (found.post.text, found.post.author, found.deleted_at is not None) == ("", None, True)
        assert store.counts.recount() == []


def test_the_old_config_is_understood_key_by_key(home: Home) -> None:
    config = load(home.config)
    assert config.alerts.false_alarm_days == 30
    assert config.alerts.daily_cap == 40
    assert [source.id for source in config.sources] == ["hn", "blog", "locked", "gate", "broken"]
    assert list(config.channels) == ["team", "hook", "mail"]
    assert (config.storage.keep_days, config.storage.keep_excluded_days) == (3650, 90)
    home.command("check", "--offline")


# -- what was there ------------------------------------------------------------------------------------------------


def everything_is_there(store: Store, told: dict[str, Any]) -> None:
    assert store.counts.recount() == []
    since, until = START - LONG, END + LONG
    watches = store.watches.all()
    assert _same(plain(watches), told["watches"])
    totals = {watch.id: plain(store.counts.totals(watch.id, since, until)) for watch in watches}
    assert _unknown(totals) == _unknown(told["totals"])
    deleted = [one for entry in told["posts"] for one in entry["mentions"] if one["sentiment"]["label"] == "deleted"]
    assert deleted, "or nothing would be proved about them"
    for entry in told["posts"]:
        _post_is_there(store, entry)
    assert _same(plain(store.sources.all()), told["sources"])
    assert plain(store.sources.visits(since)) == told["visits"]
    assert plain(store.sources.gaps(since)) == told["gaps"]
    assert plain(store.sources.rejected()) == told["rejected"]
    for row in told["cursors"]:
        assert store.sources.cursor(row["source"], row["search"]) == row["cursor"]
    assert plain(store.indicators.readings("rating:acme", since, until)) == told["readings"]
    assert plain(store.snapshots.history("https://acme.example.org/prices")) == told["snapshots"]
    told_of = {theme["id"]: theme for theme in told["state"]["watch:acme"]["themes"]["themes"]}
    for theme, before in zip(plain(store.themes.all()), told["themes"], strict=True):
        known = {**before, **before["detail"], **{name: told_of[before["id"]][name] for name in ("told", "open")}}
        assert _same(theme, {name: value for name, value in known.items() if name != "detail"})
    for watch in watches:
        assert [plain(one.post.key) for one in store.themes.pending(watch.id)] == told["pending"][watch.id]
    for signal, before in zip(plain(store.signals.recent(since)), told["signals"], strict=True):
        assert _same(signal, {name: value for name, value in before.items() if name != "quotes"})
        assert all(quote["post"] in signal["posts"] for quote in before["quotes"])
    assert _same(plain(store.signals.alerts(open_only=False)), told["alerts"])
    found = {row["id"]: row for row in plain(store.outbox.rows(limit=None))}
    for row in told["deliveries"]:  # digests were in no conversation then
        assert _same(found[row["id"]], {name: value for name, value in row.items() if name != "conversation" or value})


def _post_is_there(store: Store, entry: dict[str, Any]) -> None:
    key = PostKey(entry["post"]["network"], entry["post"]["native_id"])
    found = plain(store.posts.get(key))
    for name in ("source", "collected_at", "deleted_at", "expired_at"):
        assert found[name] == entry[name]
    assert _same(found["post"], entry["post"])
    assert _same(plain(store.posts.revisions(key)), entry["revisions"])
    assert plain(store.posts.sightings(key)) == entry["sightings"]
    mentions = {one.mention.watch: plain(one.mention) for one in store.posts.mentions(key)}
    assert mentions.keys() == {mention["watch"] for mention in entry["mentions"]}
    for mention in entry["mentions"]:
        now = mentions[mention["watch"]]
        mention["sentiment"]["probability"] = mention["sentiment"].pop("confidence")  # its name before 0005
        if mention["sentiment"]["label"] == "deleted":
            assert now["sentiment"]["label"] in ("deleted", "unknown")
            assert "deleted" in (now["sentiment"]["label"], now["state"])
            assert (now["spans"], now["sentiment"]["evidence"]) == ([], [])
        else:
            assert _same(now, mention)


def _same(found: Any, told: Any) -> bool:
    """Whether it holds everything that was told; what is new in it is nobody's concern here."""
    assert _pick(found, told) == told
    return True


def _pick(found: Any, told: Any) -> Any:
    if isinstance(told, dict) and isinstance(found, dict):
        return {name: _pick(found.get(name), value) for name, value in told.items()}
    if isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        return [_pick(*pair) for pair in zip(found, told, strict=True)]
    return found


def _unknown(totals: dict[str, Any]) -> dict[str, Any]:
    """What was counted as deleted counts as unknown."""
    folded: dict[str, Any] = {}
    for watch, sources in totals.items():
        for source, labels in sources.items():
            counted: Counter[str] = Counter()
            for label, count in labels.items():
                counted["unknown" if label == "deleted" else label] += count
            folded.setdefault(watch, {})[source] = dict(counted)
    return folded


def _metadata(name: str) -> dict[str, Any]:
    return {"event_type": "listener_delivery", "event_payload": {"id": name}}


def _headline(text: str) -> str:
    """Its headline, without what channels put around it."""
    return next((words for words in sorted(HOOK, key=len, reverse=True) if words in text), text)


def _time(text: str) -> Any:
    return datetime.fromisoformat(text)
