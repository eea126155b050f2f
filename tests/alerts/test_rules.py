"""Who is told, when, how often, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules import (
    UPDATE_PAUSE,
    Change,
    Decision,
    Evidence,
    Route,
    ToldChannel,
    UntoldChannel,
    Why,
    alert_id,
    decide,
)
from insight.model import AlertState, PostKey, SignalKind
from tests.alerts.samples import EVERYWHERE, HOUR, NOW, opened, signal

BOTH = ("console", "team")
FIRST, SECOND = signal().posts
ASKING = Route("team", query="lang:de")


def told(decision: Decision) -> tuple[str, ...]:
    return tuple(one.channel for one in decision.told)


def refusals(decision: Decision) -> dict[str, Why]:
    return {one.channel: one.why for one in decision.untold}


def test_a_first_signal_opens_an_alert_and_tells_every_channel_that_wants_it() -> None:
    decision = decide(signal(), None, EVERYWHERE, NOW, told=())
    assert decision.change is Change.OPEN
    assert decision.alert
    assert (decision.alert.state, decision.alert.opened_at, decision.alert.told_at) == (AlertState.OPENED, NOW, NOW)
    assert told(decision) == BOTH
    assert decision.untold == ()


def test_the_same_beginning_gives_the_same_alert_and_another_beginning_another() -> None:
    first, second = (decide(signal(), None, EVERYWHERE, at, told=()).alert for at in (NOW, NOW + HOUR))
    assert first
    assert second
    assert first.id == alert_id("spike:w1", NOW) != second.id


def test_news_about_an_open_alert_is_an_update() -> None:
    decision = decide(signal(), opened(), EVERYWHERE, NOW, told=BOTH)
    assert (decision.change, told(decision)) == (Change.UPDATE, BOTH)
    assert decision.alert
    assert (decision.alert.state, decision.alert.told_at) == (AlertState.UPDATED, NOW)


def test_an_alert_that_somebody_has_in_hand_stays_theirs_when_it_is_updated() -> None:
    decision = decide(signal(), opened(state=AlertState.ACKNOWLEDGED), EVERYWHERE, NOW, told=BOTH)
    assert decision.alert
    assert decision.alert.state is AlertState.ACKNOWLEDGED


def test_what_was_told_is_not_told_again() -> None:
    decision = decide(signal(headline=opened().headline), opened(), EVERYWHERE, NOW, told=BOTH)
    assert (decision.change, decision.untold) == (Change.NONE, (UntoldChannel("", Why.ALREADY_TOLD),))


def test_an_update_within_the_hour_is_kept_but_not_told_and_told_when_it_comes_again_later() -> None:
    at = opened().opened_at + UPDATE_PAUSE / 2
    early = decide(signal(), opened(), EVERYWHERE, at, told=BOTH)
    assert (early.change, told(early), refusals(early)) == (Change.UPDATE, (), {"": Why.TOLD_LATELY})
    assert early.alert
    assert (early.alert.headline, early.alert.told_at) == (signal().headline, opened().told_at)
    later = decide(signal(), early.alert, EVERYWHERE, at + UPDATE_PAUSE, told=BOTH)
    assert told(later) == BOTH


def test_an_end_is_told_once_to_those_who_heard_the_beginning_at_once_and_whatever_was_spent() -> None:
    over = signal(over=True, posts=(), figures={})
    decision = decide(over, opened(at=NOW), EVERYWHERE, NOW, told=("team",), spent={"team": 99})
    assert (decision.change, told(decision)) == (Change.RESOLVE, ("team",))
    assert refusals(decision) == {"console": Why.NEVER_TOLD}
    assert decision.alert
    assert decision.alert.state is AlertState.RESOLVED
    assert decide(over, None, EVERYWHERE, NOW, told=()) == Decision(
        Change.NONE, None, untold=(UntoldChannel("", Why.NOTHING_OPEN),)
    )


def test_an_alert_without_a_route_is_opened_all_the_same() -> None:
    decision = decide(signal(), None, (), NOW, told=())
    assert (decision.change, refusals(decision)) == (Change.OPEN, {"": Why.NO_ROUTE})
    assert decision.alert
    assert decision.alert.told_at is None


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (Route("team", kinds=frozenset({SignalKind.SPIKE})), None),
        (Route("team", kinds=frozenset({SignalKind.THEME})), Why.NO_ROUTE),
        (Route("team", watches=frozenset({"w1"})), None),
        (Route("team", watches=frozenset({"w2"})), Why.NO_ROUTE),
    ],
)
def test_a_route_takes_its_kinds_and_its_watches(route: Route, why: Why | None) -> None:
    assert refusals(decide(signal(), None, (route,), NOW, told=())).get("team") is why


def test_one_taking_route_of_a_channel_is_enough_and_the_channel_is_told_once() -> None:
    routes = (Route("team", kinds=frozenset({SignalKind.THEME})), Route("team"), Route("team"))
    assert told(decide(signal(), None, routes, NOW, told=())) == ("team",)


def test_trouble_with_a_source_concerns_routes_of_every_watch() -> None:
    about_a_source = signal(kind=SignalKind.SOURCE, watch=None, source="feed:news", figures={}, posts=())
    assert told(decide(about_a_source, None, (Route("team", watches=frozenset({"w2"})),), NOW, told=())) == ("team",)


PRIVATE = Evidence(frozenset({FIRST, SECOND}), private=True)


def test_a_signal_with_a_private_post_behind_it_stays_with_private_channels() -> None:
    routes = (Route("team"), Route("support", private=True))
    decision = decide(signal(), None, routes, NOW, told=(), evidence=PRIVATE)
    assert decision.told == (ToldChannel("support", frozenset({FIRST, SECOND})),)
    assert refusals(decision) == {"team": Why.PRIVATE_EVIDENCE}


def test_of_two_routes_that_disagree_about_privacy_the_stricter_holds() -> None:
    routes = (Route("team", private=True), Route("team", private=False))
    assert refusals(decide(signal(), None, routes, NOW, told=(), evidence=PRIVATE)) == {"team": Why.PRIVATE_EVIDENCE}


def test_the_end_of_what_became_private_is_told_without_a_word_of_it() -> None:
    routes = (Route("team"), Route("support", private=True))
    decision = decide(signal(over=True), opened(), routes, NOW, told=("team", "support"), evidence=PRIVATE)
    assert decision.told == (ToldChannel("team", withheld=True), ToldChannel("support"))


def matching(query: str, *posts: PostKey) -> Evidence:
    return Evidence(frozenset({FIRST, SECOND}), {query: frozenset(posts)})


def test_a_route_with_a_query_is_told_when_a_post_behind_the_signal_matches_and_quotes_only_that() -> None:
    decision = decide(signal(), None, (ASKING, Route("console")), NOW, told=(), evidence=matching("lang:de", SECOND))
    assert decision.told == (
        ToldChannel("team", frozenset({SECOND})),
        ToldChannel("console", frozenset({FIRST, SECOND})),
    )


@pytest.mark.parametrize("evidence", [Evidence(), matching("lang:de"), matching("lang:en", FIRST)])
def test_a_route_with_a_query_is_not_told_when_none_matches(evidence: Evidence) -> None:
    assert refusals(decide(signal(), None, (ASKING,), NOW, told=(), evidence=evidence)) == {"team": Why.NO_POST_MATCHES}


@pytest.mark.parametrize(("query", "minimum", "why"), [
    (None, 2, None), (None, 3, Why.BELOW_MINIMUM), ("lang:de", 1, None), ("lang:de", 2, Why.BELOW_MINIMUM),
])  # fmt: skip
def test_the_minimum_counts_the_posts_that_the_query_lets_through(
    query: str | None, minimum: float, why: Why | None
) -> None:
    route = Route("team", minimum=minimum, query=query)
    decision = decide(signal(), None, (route,), NOW, told=(), evidence=matching("lang:de", SECOND))
    assert refusals(decision).get("team") is why


def test_a_channel_quotes_what_any_of_the_routes_that_take_the_signal_lets_through() -> None:
    themes = Route("team", kinds=frozenset({SignalKind.THEME}))
    small, found = Route("team", minimum=99), matching("lang:de", FIRST)
    decision = decide(signal(), None, (ASKING, themes, small), NOW, told=(), evidence=found)
    assert decision.told == (ToldChannel("team", frozenset({FIRST})),)
    both = decide(signal(), None, (ASKING, Route("team")), NOW, told=(), evidence=found)
    assert both.told == (ToldChannel("team", frozenset({FIRST, SECOND})),)


def test_a_channel_is_not_told_of_its_own_trouble() -> None:
    trouble = signal(kind=SignalKind.CHANNEL, key="channel:team", watch=None, figures={}, posts=())
    decision = decide(trouble, None, EVERYWHERE, NOW, told=())
    assert (told(decision), refusals(decision)) == (("console",), {"team": Why.ITSELF})


def test_a_signal_that_rests_on_no_post_passes_every_query() -> None:
    about_a_source = signal(kind=SignalKind.SOURCE, watch=None, source="feed:news", figures={}, posts=())
    assert told(decide(about_a_source, None, (ASKING,), NOW, told=())) == ("team",)


def test_an_end_is_told_although_no_post_matches_any_more() -> None:
    over = signal(over=True, posts=(), figures={})
    assert told(decide(over, opened(), (ASKING,), NOW, told=("team",))) == ("team",)


def test_a_channel_that_has_had_its_messages_for_the_day_is_spared() -> None:
    decision = decide(signal(), None, EVERYWHERE, NOW, told=(), spent={"team": 20, "console": 19}, cap=20)
    assert told(decision) == ("console",)
    assert refusals(decision) == {"team": Why.BUDGET}


@given(
    over=st.booleans(),
    alert=st.sampled_from([None, opened(), opened(told_at=None), opened(at=NOW)]),
    routes=st.lists(
        st.builds(
            Route,
            st.sampled_from(["a", "b"]),
            minimum=st.sampled_from([0.0, 99.0]),
            query=st.sampled_from([None, "lang:de"]),
            private=st.booleans(),
        ),
        max_size=4,
    ),
    spent=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 30)),
    heard=st.sets(st.sampled_from(["a", "b"])),
    evidence=st.sampled_from([Evidence(), PRIVATE, matching("lang:de", FIRST)]),
)
def test_every_channel_is_told_or_has_a_reason(over, alert, routes, spent, heard, evidence) -> None:  # type: ignore[no-untyped-def]
    decision = decide(signal(over=over), alert, routes, NOW, told=heard, spent=spent, evidence=evidence)
    channels, silent = {route.channel for route in routes}, refusals(decision)
    assert set(told(decision)).isdisjoint(silent)
    assert "" in silent or channels == set(told(decision)) | set(silent)
    assert decision.alert is not None or decision.change is Change.NONE
    if decision.told:
        assert decision.alert == replace(decision.alert, told_at=NOW, updated_at=NOW)
