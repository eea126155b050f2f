"""Slack's incoming webhook: what is posted, what its answers mean, and addresses that cannot be one.

What holds for the bot and the webhook alike is in test_slack.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from alerts.base import SendError
from alerts.slack_webhook import SlackWebhook
from tests.alerts.guarded_channel import check, send
from tests.alerts.samples import message, quote
from tests.world.slack import FakeSlack
from tests.world.web import World


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with World().run_in_thread() as world:
        yield FakeSlack(world)


def test_a_message_is_posted_as_blocks_and_nothing_in_it_is_unfurled(slack: FakeSlack) -> None:
    assert send(SlackWebhook(url=slack.webhook), message(quotes=(quote(),))) == {}
    (posted,) = slack.ledger
    assert (posted.via, posted.text, posted.thread_ts) == ("webhook", message().headline, None)
    assert quote().text in posted.words
    sent = slack.world.calls(slack.WEBHOOK)[0].json()
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("code", ["no_service", "channel_is_archived", "action_prohibited", "invalid_token"])
def test_a_webhook_that_is_refused_for_good_names_what_to_do(slack: FakeSlack, code: str) -> None:
    slack.refuse(code, "webhook")
    with pytest.raises(SendError) as caught:
        send(SlackWebhook(url=slack.webhook), message())
    assert caught.value.permanent
    assert caught.value.remedy
    assert str(caught.value) == f"Slack: webhook: {code}"


def test_a_webhook_address_that_is_not_whole_is_found_without_posting() -> None:
    assert "test-alert" in check(SlackWebhook(url="https://hooks.slack.com/services/T0/B0/abc"))
    with pytest.raises(SendError, match="not whole"):
        check(SlackWebhook(url="https://hooks.slack.com/services"))


def test_an_address_that_no_secret_may_go_to_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError, match="https://") as caught:
        SlackWebhook(url="hooks.slack.com/s3cret")
    assert "s3cret" not in str(caught.value)
