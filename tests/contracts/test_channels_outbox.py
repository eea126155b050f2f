"""The post office on the real outbox: what storage promises is what alerts relies on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.messages import alert_deliveries
from alerts.outbox import LEASE, Postman
from alerts.rules import Decision, Route, decide
from alerts.slack import Slack
from insight.model import Alert, DeliveryState, Signal
from storage import Step, Store, open_store
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
    store.commit(Step(now, {}, (change,), (decision.alert,), deliveries))
    return decision


async def test_an_alert_from_its_opening_to_its_end_is_one_thread_through_lost_replies_and_a_crash(
    store: Store, slack: FakeSlack
) -> None:
    channel = Slack(token=slack.token, channel=slack.channel, base_url=slack.api)

    async def deliver(hours: float) -> list[DeliveryState]:
        now = NOW + timedelta(hours=hours)
        outcomes = await Postman(store.outbox, {"team": channel}, lambda: now, lambda: 0.0).run()
        return [outcome.state for outcome in outcomes]

    # 1. The opening: its reply is lost, and meanwhile an update and the end are waiting behind it.
    opening = told(store, signal(), 0)
    slack.world.fault(slack.POST, faults.LOST_REPLY)
    assert await deliver(0) == [DeliveryState.UNKNOWN]
    update = told(store, signal(headline="Negative mentions of Lanternfish: 90 in 2 hours"), 2, opening.alert)
    told(store, signal(headline="Negative mentions are back to usual", over=True), 4, update.alert)

    # 2. Somebody claims the next one and dies.
    [claimed] = store.outbox.claim(NOW + 5 * HOUR, LEASE, 10)
    assert claimed.was_unknown
    assert await deliver(5) == []

    # 3. After the lease everything goes out, once and in order.
    assert await deliver(6) == [DeliveryState.SENT] * 3
    assert [posted.thread_ts for posted in slack.ledger] == [None, slack.ledger[0].ts, slack.ledger[0].ts]
    assert Counter(posted.id for posted in slack.ledger).most_common(1)[0][1] == 1
    assert "back to usual" in slack.ledger[2].words
    assert await deliver(48) == []
