"""Slack's incoming webhook as the other end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerts.slack_webhook import SlackWebhook
from tests.contracts.channels import Stage
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.web import World


@contextmanager
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with World().run_in_thread() as world:
        fake = FakeSlack(world)
        yield Stage(
            SlackWebhook(url=fake.webhook),
            lambda: [posted.words for posted in fake.ledger],
            lambda: fake.refuse("no_service", "webhook"),
            lambda: world.fault(fake.WEBHOOK, faults.LOST_REPLY),
            ("secretpart",),
        )
