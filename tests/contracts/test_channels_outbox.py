"""A sender on the real outbox, beside a real Slack: what storage promises is what alerts relies on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.messages import alert_deliveries
from alerts.outbox import LEASE, Sender
from alerts.rules import Decision, Route, decide
from alerts.slack import Slack
from insight.model import Alert, DeliveryState, Signal
from storage import StepResult, Store, open_store
from tests.alerts.guarded_channel import post
from tests.alerts.samples import HOUR, NOW, WATCH, signal
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.web import World

pytestmark = pytest.mark.anyio
ROUTES = (Route("team"),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'listener.db'}") as store:
        store.watches.sync([WATCH], NOW)
        yield store


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with World().run_in_thread() as world:
        yield FakeSlack(world)


def told(store: Store, change: Signal, hours: int, alert: Alert | None = None) -> Decision:
    now = NOW + hours * HOUR
    heard = store.outbox.told(alert.id) if alert else ()
    decision = decide(change, alert, ROUTES, now, told=heard)
    deliveries = alert_deliveries(change, decision, WATCH, now)
    assert decision.alert
    store.commit(StepResult(now, {}, (change,), (decision.alert,), deliveries))
    return decision


async def test_an_alert_from_its_opening_to_its_end_is_one_thread_through_lost_replies_and_a_crash(
    store: Store, slack: FakeSlack
) -> None:
    channel = Slack(token=slack.token, channel=slack.channel, base_url=slack.api)

    async def deliver(hours: float) -> list[DeliveryState]:
        now = NOW + timedelta(hours=hours)
        sender = Sender("team", channel, store.outbox, post(channel), lambda: now, lambda: 0.0)
        return [outcome.state for outcome in await sender.run()]

    # 1. The opening: its reply is lost, and meanwhile an update is waiting behind it.
    opening = told(store, signal(), 0)
    slack.world.fault(slack.POST, faults.LOST_REPLY)
    assert await deliver(0) == [DeliveryState.UNKNOWN]
    update = told(store, signal(headline="Negative mentions of Lanternfish: 90 in 2 hours"), 2, opening.alert)

    # 2. Somebody claims the next one and dies.
    claimed = store.outbox.claim("team", ("",), NOW + 5 * HOUR, LEASE)
    assert claimed is not None
    assert claimed.was_unknown
    assert await deliver(5) == []

    # 3. After the lease the opening is found, and the update goes into its thread; then the end.
    assert await deliver(6) == [DeliveryState.SENT] * 2
    told(store, signal(headline="Negative mentions are back to usual", over=True), 7, update.alert)
    assert await deliver(7) == [DeliveryState.SENT]
    assert [posted.thread_ts for posted in slack.ledger] == [None, slack.ledger[0].ts, slack.ledger[0].ts]
    assert Counter(posted.id for posted in slack.ledger).most_common(1)[0][1] == 1
    assert "back to usual" in slack.ledger[2].words
    assert await deliver(48) == []


# -- outages, hour by hour ----------------------------------------------------------------------------------------


@dataclass
class Days:
    """Simulated days of a daemon that looks every minute, or every `step`, beside a Slack that comes and goes."""

    store: Store
    channel: Slack
    now: datetime = NOW

    async def until(self, end: datetime, step: timedelta) -> None:
        while self.now < end:
            self.now += step
            if "team" in self.store.outbox.due(self.now):
                await Sender(
                    "team", self.channel, self.store.outbox, post(self.channel), lambda: self.now, lambda: 0.5
                ).run()


def outage(slack: FakeSlack) -> None:
    """Until `calm`: every kind of trouble that a Slack which is down can give, one after the other, again and again."""
    troubles = [faults.server_error(503), faults.RESET, faults.too_many(1800), faults.server_error(502), faults.CLOSED]
    for _ in range(60):
        for trouble in troubles:
            slack.world.fault("/api/*", trouble)


@pytest.mark.parametrize(("hours", "step"), [(5, timedelta(minutes=5)), (72, timedelta(minutes=30))])
async def test_a_slack_that_is_down_for_hours_or_days_costs_nothing_and_nothing_comes_twice(
    store: Store, slack: FakeSlack, hours: int, step: timedelta
) -> None:
    days = Days(store, Slack(token=slack.token, channel=slack.channel, base_url=slack.api))
    opened: dict[str, Alert] = {}

    def news(name: str, words: str, hour: int, **changes: Any) -> None:
        decision = told(store, signal(key=name, headline=words, **changes), hour, opened.get(name))
        assert decision.alert
        opened[name] = decision.alert

    news("spike:early", "early begins", 0)
    await days.until(NOW + HOUR / 2, step)
    outage(slack)
    for hour, (name, words, changes) in enumerate([
        ("spike:early", "early is worse", {}),
        ("spike:late", "late begins", {}),
        ("spike:late", "late is over", {"over": True}),
        ("spike:third", "third begins", {}),
    ], start=1):  # fmt: skip
        news(name, words, hour, **changes)
        await days.until(NOW + (hour + 0.5) * HOUR, step)
    await days.until(NOW + hours * HOUR, step)
    assert len(slack.ledger) == 1
    tried = slack.posts()
    assert tried <= hours + 12, "the channel is held: it is tried once an hour, not once for each message"

    slack.world.calm()
    await days.until(NOW + (hours + 2) * HOUR, step)
    headlines = [posted.text for posted in slack.ledger]
    assert [(head, posted.thread_ts) for head, posted in zip(headlines, slack.ledger, strict=True)] == [
        ("early begins", None),
        ("Update: early is worse", slack.ledger[0].ts),
        ("Over: late is over", None),
        ("third begins", None),
    ]
    assert store.outbox.waiting() == {}
    assert store.outbox.troubles() == []
