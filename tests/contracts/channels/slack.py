"""Slack's Web API as the bot's other end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alerts.slack import Slack
from tests.contracts.channels import Stage
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.web import World


@contextmanager
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with World().run_in_thread() as world:
        fake = FakeSlack(world)
        yield Stage(
            Slack(token=fake.token, channel=fake.channel, base_url=fake.api),
            lambda: [posted.words for posted in fake.ledger],
            lambda: fake.refuse("not_in_channel"),
            lambda: world.fault(fake.POST, faults.LOST_REPLY),
            (fake.token,),
        )
