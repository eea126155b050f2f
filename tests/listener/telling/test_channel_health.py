"""A channel in trouble is told on the other channels, once, and once more when it works again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from insight.model import AlertState, SignalKind
from listener.config import Config, parse
from listener.telling.channel_health import look_at_channels
from listener.telling.decisions import Context
from storage import Store, open_store
from tests.listener.configs import understood
from tests.listener.kinds import SOURCES

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        yield opened


def config(channels: str = "team: {kind: bell}, desk: {kind: bell}", routes: str = "") -> Config:
    return understood(f"""\
contact: you@example.org
watches: [{{id: acme, query: acme}}]
sources: [{{kind: board}}]
channels: {{{channels}}}
{routes}""")


def look(store: Store, config: Config, now: datetime) -> list[tuple[str, bool, list[str]]]:
    """What is said of which channel, whether it is over, and who is told."""
    told = look_at_channels(Context(store, config, (), now))
    assert {one.signal.kind for one in told} <= {SignalKind.CHANNEL}
    return [(one.signal.headline, one.signal.over, [to.channel for to in one.decision.told]) for one in told]


def park(store: Store, channel: str = "team", recipient: str = "", now: datetime = NOW) -> None:
    store.outbox.hold(channel, recipient, "token revoked. install it again", now, lambda _: 3600.0, parked=True)


def test_a_parked_channel_is_told_on_the_others_once_until_it_works_again(store: Store) -> None:
    park(store)
    assert look(store, config(), NOW) == [
        ("The channel team refuses messages: token revoked. install it again", False, ["desk"])
    ]
    park(store, now=NOW + HOUR)
    assert look(store, config(), NOW + HOUR) == []
    [alert] = store.signals.alerts()
    assert (alert.key, alert.state) == ("channel:team", AlertState.OPENED)
    store.outbox.works("team")
    assert look(store, config(), NOW + 2 * HOUR) == [("The channel team works again", True, ["desk"])]
    assert look(store, config(), NOW + 3 * HOUR) == []
    assert [row.channel for row in store.outbox.rows()] == ["desk", "desk"]


def test_passing_trouble_is_told_when_it_has_lasted(store: Store) -> None:
    def failing(now: datetime) -> None:
        store.outbox.hold("team", "", "503", now, lambda _: 3600.0, parked=False)

    failing(NOW)
    assert look(store, config(), NOW) == []
    failing(NOW + 5 * HOUR)
    assert look(store, config(), NOW + 5 * HOUR) == []
    assert look(store, config(), NOW + 6 * HOUR) == [
        ("The channel team has failed since Monday 12:00 UTC: 503", False, ["desk"])
    ]


def test_two_parked_channels_tell_nobody_of_themselves(store: Store) -> None:
    park(store, "team")
    park(store, "desk")
    told = look(store, config(), NOW)
    assert [(headline.split()[2], to) for headline, _, to in told] == [("desk", ["team"]), ("team", ["desk"])]


def test_a_channel_that_left_the_config_is_forgotten(store: Store) -> None:
    park(store)
    look(store, config(), NOW)
    assert look(store, config("desk: {kind: bell}"), NOW + HOUR) == [
        ("The channel team is no longer in the config", True, ["desk"])
    ]
    assert store.outbox.troubles() == []


def test_routes_decide_who_hears_of_channels(store: Store) -> None:
    park(store)
    routes = "alerts: {routes: [{channel: team}, {channel: desk, kinds: [spike]}, {channel: ops, kinds: [channel]}]}"
    three = "team: {kind: bell}, desk: {kind: bell}, ops: {kind: bell}"
    [(_, _, to)] = look(store, config(three, routes), NOW)
    assert to == ["ops"]


def test_a_refused_recipient_is_named(store: Store) -> None:
    mail = "mail: {kind: email, host: localhost, sender: l@example.org, to: [a@example.org, b@example.org]}"

    made = parse(
        f"contact: you@example.org\nwatches: [{{id: acme, query: acme}}]\nsources: [{{kind: board}}]\n"
        f"channels: {{{mail}, desk: {{kind: console}}}}\n",
        Path("/etc/listener/c.yaml"), {}, sources=SOURCES,
    )  # fmt: skip
    park(store, "mail", "b@example.org")
    park(store, "mail", "left@example.org")
    [(headline, _, to)] = look(store, made, NOW)
    assert (headline.partition(":")[0], to) == ("The channel mail (b@example.org) refuses messages", ["desk"])
    assert [one.recipient for one in store.outbox.troubles()] == ["b@example.org"]
