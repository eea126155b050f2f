"""Signals, themes and alerts: a step of detection is stored as a whole, and there is one open alert a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insight.model import (
    AlertState,
    ChannelDecision,
    Theme,
    ThemeChange,
    ThemeEvent,
    Visibility,
)
from storage import DecisionRecord, StepResult, Store, StoreError
from tests.contracts.store.samples import ALERT, DAY, HOUR, NOON, SIGNAL, batch_of, message, post


def test_a_step_is_stored_as_a_whole(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    pending = store.themes.pending("acme")
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks"), told=4, open=True)
    opened = ThemeEvent("t1", NOON, ThemeChange.OPENED)
    over = replace(SIGNAL, over=True, posts=(), versions={})
    step = StepResult(
        NOON,
        {"watch:acme": {"seen": 2}},
        (SIGNAL, over),
        (ALERT,),
        (message("d1"),),
        (
            (ChannelDecision("slack", "told", "d1"), ChannelDecision("mail", "budget")),
            (ChannelDecision("", "nothing_open"),),
        ),
        (pending[0].mention,),
        (theme,),
        {"t1": frozenset({post(1).key, post(9).key})},
        (opened,),
    )
    store.commit(step)
    assert store.state.get("watch:acme") == {"seen": 2}
    said = "Acme is much criticised"
    assert store.signals.recent(NOON) == [replace(over, headline=said), replace(SIGNAL, headline=said)]
    assert store.signals.recent(NOON + HOUR) == []
    assert store.signals.decisions(NOON) == [
        DecisionRecord("spike:acme", said, "", False, "nothing_open", None, NOON),
        DecisionRecord("spike:acme", said, "mail", False, "budget", None, NOON),
        DecisionRecord("spike:acme", said, "slack", True, "told", "d1", NOON),
    ]
    assert store.signals.decisions(NOON, "spike:rival") == store.signals.decisions(NOON + HOUR) == []
    assert store.signals.alerts() == [ALERT]
    assert [one.id for one in store.outbox.rows()] == ["d1"]
    assert store.themes.pending("acme") == pending[1:]
    assert store.themes.all("acme") == store.themes.all() == [theme]
    assert store.themes.events("t1") == [opened]
    assert store.themes.of([post(1).key, post(2).key]) == {("acme", post(1).key): ("t1", "sync breaks")}


def test_posts_are_known_by_their_keys_however_long_these_are(store: Store) -> None:
    """An overlong key is stored as a digest: a signal and a theme find the post all the same."""
    long = replace(post(1), native_id="x" * 2000)
    store.ingest(batch_of(long, post(2)))
    (stored,) = (one.post.key for one in store.themes.pending("acme") if one.post.key != post(2).key)
    assert stored != long.key
    theme = Theme("t1", "acme", "sync breaks", NOON, NOON, ("sync",))
    about = replace(SIGNAL, posts=(long.key, post(2).key, post(3).key))
    store.commit(StepResult(NOON, signals=(about,), themes=(theme,), members={"t1": frozenset({long.key})}))
    (signal,) = store.signals.recent(NOON)
    assert set(signal.posts) == {stored, post(2).key}
    assert store.themes.of([long.key]) == {("acme", stored): ("t1", "sync breaks")}
    assert {one.post.key for one in store.posts.of("acme", [long.key, post(2).key])} == {stored, post(2).key}
    assert store.posts.of("rival", [long.key, post(2).key]) == []


def test_a_theme_is_replaced_with_its_phrases_and_keeps_its_posts(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    theme = Theme("t1", "acme", "sync breaks", NOON - DAY, NOON, ("sync", "breaks", "again"), told=4, open=True)
    store.commit(StepResult(NOON, themes=(theme,), members={"t1": frozenset({post(1).key})}))
    quiet = replace(theme, phrases=("sync",), last_at=NOON + HOUR, open=False)
    store.commit(StepResult(NOON, themes=(quiet,), members={"t1": frozenset({post(2).key})}))
    assert store.themes.all("acme") == [quiet]
    assert set(store.themes.of([post(1).key, post(2).key])) == {("acme", post(1).key), ("acme", post(2).key)}


def test_a_step_is_given_the_themes_that_are_open_or_were_heard_of_lately(store: Store) -> None:
    first = Theme("open", "acme", "a", NOON - 90 * DAY, NOON - 60 * DAY, ("a",), 4, open=True)
    lately = replace(first, id="lately", last_at=NOON - DAY, open=False)
    forgotten, other = replace(first, id="forgotten", open=False), replace(first, id="other", watch="rival")
    store.commit(StepResult(NOON, themes=(first, lately, forgotten, other)))
    assert store.themes.known("acme", NOON - 28 * DAY) == [lately, first]


def test_what_belonged_to_a_merged_theme_belongs_to_the_other_one_too(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2)))
    older = Theme("older", "acme", "a", NOON, NOON, ("a",), 4, open=True)
    younger = replace(older, id="younger", label="b", open=False)
    members = {"older": frozenset({post(1).key}), "younger": frozenset({post(2).key})}
    store.commit(StepResult(NOON, themes=(older, younger), members=members))
    store.commit(StepResult(NOON, events=(ThemeEvent("younger", NOON, ThemeChange.MERGED, "older"),)))
    assert store.themes.of([post(1).key, post(2).key]) == {
        ("acme", post(1).key): ("older", "a"),
        ("acme", post(2).key): ("older", "a", "younger", "b"),
    }


def test_an_alert_is_private_once_a_signal_of_it_rested_on_a_private_post(store: Store) -> None:
    store.ingest(batch_of(post(1), post(2, visibility=Visibility.PRIVATE)))
    public = replace(SIGNAL, key="public", posts=(post(1).key,))
    private = replace(SIGNAL, key="private", posts=(post(1).key, post(2).key))
    later = replace(private, posts=(post(1).key,))
    store.commit(StepResult(NOON, signals=(public, private, later)))
    assert store.signals.private(["public", "private", "unknown"]) == {"private"}
    assert store.signals.private([]) == frozenset()


def test_a_step_that_fails_leaves_nothing(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    other = replace(ALERT, id="a2")
    with pytest.raises(StoreError, match="open alert about spike:acme already"):
        store.commit(StepResult(NOON, {"watch:acme": 1}, (SIGNAL,), (other,), (message("d1"),)))
    assert store.state.get("watch:acme") is None
    assert store.signals.recent(NOON) == []
    assert store.outbox.rows() == []


def test_pending_mentions_come_oldest_first_and_go_when_they_stop_complaining(store: Store) -> None:
    old, new = post(1, published_at=NOON - DAY), post(2)
    store.ingest(batch_of(new, old))
    assert [one.post.key for one in store.themes.pending("acme", 5)] == [old.key, new.key]
    assert [one.post.key for one in store.themes.pending("acme", 1)] == [old.key]
    store.ingest(batch_of(gone=[old]))
    assert [one.post.key for one in store.themes.pending("acme")] == [new.key]
    assert store.themes.pending("rival") == []


# -- alerts -------------------------------------------------------------------------------------------------------


def test_an_alert_is_updated_and_who_was_told_is_not_forgotten(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    update = replace(ALERT, state=AlertState.UPDATED, headline="worse", updated_at=NOON + HOUR, told_at=None)
    store.commit(StepResult(NOON, alerts=(update,)))
    assert store.signals.open(["spike:acme", "spike:rival"]) == {
        "spike:acme": (replace(update, told_at=NOON), frozenset())
    }


def test_open_alerts_come_with_the_channels_that_heard_of_them(store: Store) -> None:
    silent = replace(ALERT, id="a2", key="silence:x")
    over = replace(ALERT, id="a3", key="over", state=AlertState.RESOLVED)
    heard = message("d1", conversation="a1"), message("d2", "email", "a1"), message("d3", conversation="a3")
    store.commit(StepResult(NOON, alerts=(ALERT, silent, over), deliveries=heard))
    found = store.signals.open(["spike:acme", "silence:x", "over", "never"])
    assert found == {"spike:acme": (ALERT, {"slack", "email"}), "silence:x": (silent, frozenset())}
    assert store.signals.open([]) == {}


def test_the_alerts_of_a_week_are_those_that_were_opened_in_it(store: Store) -> None:
    at = {"a": NOON - DAY, "b": NOON, "c": NOON + DAY}
    store.commit(StepResult(NOON, alerts=tuple(replace(ALERT, id=one, key=one, opened_at=at[one]) for one in at)))
    assert [one.id for one in store.signals.opened(NOON - DAY, NOON + DAY)] == ["a", "b"]


def test_a_resolved_alert_makes_room_for_the_next(store: Store) -> None:
    store.commit(StepResult(NOON, alerts=(ALERT,)))
    resolved, second = replace(ALERT, state=AlertState.RESOLVED), replace(ALERT, id="a2")
    store.commit(StepResult(NOON, alerts=(resolved, second)))
    assert store.signals.open(["spike:acme"]) == {"spike:acme": (second, frozenset())}
    assert [one.id for one in store.signals.alerts()] == ["a2"]
    assert {one.id for one in store.signals.alerts(open_only=False)} == {"a1", "a2"}
