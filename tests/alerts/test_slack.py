"""What Listener makes of Slack's answers, and of no answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from alerts.base import SendError
from alerts.slack import Slack
from alerts.slack_webhook import SlackWebhook
from insight.model import Action
from tests.alerts.guarded_channel import check, lookup, send
from tests.alerts.samples import message
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.web import Fault, World


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with World().run_in_thread() as world:
        yield FakeSlack(world)


@pytest.fixture
def bot(slack: FakeSlack) -> Slack:
    return Slack(token=slack.token, channel=slack.channel, base_url=slack.api, timeout=1)


@pytest.fixture
def hook(slack: FakeSlack) -> SlackWebhook:
    return SlackWebhook(url=slack.webhook, timeout=1)


def failure(channel: Slack | SlackWebhook) -> SendError:
    with pytest.raises(SendError) as caught:
        send(channel, message())
    return caught.value


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("channel_not_found", "check the channel's ID"),
        ("not_in_channel", "/invite @listener"),
        ("is_archived", "unarchive"),
        ("invalid_auth", "xoxb-"),
        ("token_revoked", "install the app"),
        ("account_inactive", "install the app"),
        ("missing_scope", "add the scope"),
        ("msg_too_long", "report"),
        ("a_code_of_tomorrow", "docs.slack.dev"),
    ],
)
def test_a_refusal_for_good_names_what_to_do(slack: FakeSlack, bot: Slack, code: str, remedy: str) -> None:
    slack.refuse(code)
    error = failure(bot)
    assert (error.permanent, error.unknown, str(error)) == (True, False, f"Slack: chat.postMessage: {code}")
    assert remedy in error.remedy


def test_a_missing_scope_is_named(slack: FakeSlack, bot: Slack) -> None:
    slack.scopes.discard("chat:write")
    assert "chat:write" in failure(bot).remedy


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
def test_an_error_that_may_come_after_the_work_leaves_the_outcome_unknown(
    slack: FakeSlack, bot: Slack, code: str
) -> None:
    slack.refuse(code)
    assert failure(bot).unknown


def test_a_limit_says_when_to_come_back(slack: FakeSlack, bot: Slack, hook: SlackWebhook) -> None:
    slack.world.fault(slack.POST, faults.too_many(7))
    slack.world.fault(slack.WEBHOOK, faults.too_many(9))
    slack.world.fault(slack.WEBHOOK, faults.too_many("nonsense"))
    slack.refuse("ratelimited")
    for channel, seconds in ((bot, 7.0), (hook, 9.0), (hook, None), (bot, None)):
        error = failure(channel)
        assert (error.permanent, error.unknown, error.retry_after) == (False, False, seconds)


@pytest.mark.parametrize(
    ("fault", "unknown", "accepted"),
    [
        (faults.server_error(500), True, 0),
        (faults.server_error(503), True, 0),
        (faults.LOST_REPLY, True, 1),
        (faults.CUT_SHORT, True, 1),
        (faults.LATE_REPLY, True, 1),
        (faults.TIME_OUT, True, 0),
        (faults.RESET, True, 0),
        (faults.GARBAGE, True, 0),
        (faults.answer(200, "<html>please log in</html>"), True, 0),
        (faults.answer(200, "[]"), True, 0),
        (faults.answer(200, ""), True, 0),
        (faults.answer(200, "\xff"), True, 0),
        (faults.answer(403, "<html>blocked</html>"), False, 0),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_no_proper_answer_is_never_taken_for_a_no(
    slack: FakeSlack, bot: Slack, hook: SlackWebhook, *, fault: Fault, unknown: bool, accepted: int
) -> None:
    for channel, path in ((bot, slack.POST), (hook, slack.WEBHOOK)):
        slack.ledger.clear()
        slack.world.fault(path, fault)
        error = failure(channel)
        assert (error.permanent, error.unknown, len(slack.ledger)) == (False, unknown, accepted)


def test_what_was_never_sent_is_known_not_to_have_arrived(slack: FakeSlack) -> None:
    nobody = Slack(token="t", channel="C012", base_url="http://127.0.0.1:9/")
    nowhere = SlackWebhook(url="http://127.0.0.1:9/services/T/B/x")
    for channel in (nobody, nowhere):
        error = failure(channel)
        assert (error.permanent, error.unknown) == (False, False)
        assert "network" in error.remedy


def test_nothing_is_sent_again_by_itself(slack: FakeSlack, bot: Slack, hook: SlackWebhook) -> None:
    for fault in (faults.LOST_REPLY, faults.RESET, faults.too_many(0), faults.server_error()):
        for channel, path in ((bot, slack.POST), (hook, slack.WEBHOOK)):
            before = slack.posts()
            slack.world.fault(path, fault)
            failure(channel)
            assert slack.posts() == before + 1


def test_a_reply_goes_into_the_thread_and_into_the_channel_when_the_thread_is_gone(
    slack: FakeSlack, bot: Slack
) -> None:
    root = send(bot, message("root"))
    send(bot, message("reply"), root)
    assert slack.ledger[1].thread_ts == slack.ledger[0].ts == root["ts"]
    del slack.ledger[0]
    lost = send(bot, message("late"), root)
    assert slack.ledger[-1].thread_ts is None
    assert lookup(bot, message("late"), root) == lost


def test_a_lookup_reads_on_through_pages_and_into_threads(slack: FakeSlack, bot: Slack) -> None:
    slack.page = 2
    refs = [send(bot, message(f"m{number}")) for number in range(5)]
    replies = [send(bot, message(f"r{number}"), refs[0]) for number in range(5)]
    assert [lookup(bot, message(f"m{number}")) for number in range(5)] == refs
    assert [lookup(bot, message(f"r{number}"), refs[0]) for number in range(5)] == replies
    assert lookup(bot, message("never"), refs[0]) is None


def test_a_lookup_that_is_not_allowed_says_that_it_never_will_be(slack: FakeSlack, bot: Slack) -> None:
    slack.scopes.discard("channels:history")
    with pytest.raises(SendError, match="missing_scope") as caught:
        lookup(bot, message())
    assert caught.value.permanent


def test_nothing_is_unfurled_parsed_or_linked(slack: FakeSlack, bot: Slack) -> None:
    send(bot, message())
    body = slack.world.calls(slack.POST)[0].json()
    assert (body["unfurl_links"], body["unfurl_media"], body["link_names"], body["parse"]) == (
        False,
        False,
        False,
        "none",
    )
    assert body["metadata"] == {"event_type": "listener_delivery", "event_payload": {"id": "d1"}}


def test_checking_says_where_it_would_post_and_as_whom(slack: FakeSlack, bot: Slack) -> None:
    assert check(bot) == "workspace Testers, #alerts, as @listener; a lost reply can be looked up"
    slack.scopes -= {"channels:history", "channels:read"}
    assert "add the scope channels:history" in check(bot)


def test_checking_finds_what_would_fail(slack: FakeSlack, bot: Slack) -> None:
    def problem() -> SendError:
        with pytest.raises(SendError) as caught:
            check(bot)
        assert caught.value.permanent
        return caught.value

    slack.member = False
    assert "/invite @listener" in problem().remedy
    slack.scopes.discard("channels:read")
    assert "/invite @listener" in problem().remedy
    slack.member, slack.archived, slack.scopes = True, True, {"channels:read"}
    assert "unarchive" in problem().remedy
    slack.refuse("token_revoked", "auth.test")
    assert "install the app" in problem().remedy
    assert slack.ledger == []


def test_settings_that_cannot_work_are_refused_with_a_remedy_and_without_the_secret() -> None:
    for settings, said in (
        ({"token": "xoxb-s3cret", "channel": "#alerts"}, "copy the ID|the ID is at the foot"),
        ({"token": "xoxb-s3cret", "channel": "C012", "base_url": "http://slack.example/api"}, "https://"),
        ({"webhook_url": "https://hooks.slack.com/services/s3cret"}, "slack_webhook"),
    ):
        with pytest.raises(ValidationError, match=said) as caught:
            Slack(**settings)
        assert "s3cret" not in str(caught.value)


def test_debug_logging_shows_no_secret(
    slack: FakeSlack, bot: Slack, hook: SlackWebhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.world.fault(slack.WEBHOOK, faults.LOST_REPLY)
    send(bot, message())
    failure(hook)
    assert slack.token not in caplog.text
    assert "secretpart" not in caplog.text


def test_the_mark_of_a_possible_repeat_is_not_part_of_its_identity(slack: FakeSlack, bot: Slack) -> None:
    sent = send(bot, replace(message(), sent_before=True))
    assert lookup(bot, message()) == sent


# -- the first message changed, and answered --------------------------------------------------------------------


def test_the_first_message_is_changed_in_its_place_and_keeps_its_thread(slack: FakeSlack, bot: Slack) -> None:
    root = send(bot, message("root"))
    send(bot, message("reply", action=Action.REPLY), root)
    edited = send(bot, message("edit", action=Action.EDIT, headline="It is worse"), root)
    assert edited == root
    first, second = slack.ledger
    assert (first.ts, first.text, first.id) == (root["ts"], "It is worse", "edit")
    assert (second.thread_ts, second.shown) == (root["ts"], False)
    assert lookup(bot, message("edit")) == root


def test_a_broadcast_answers_in_the_thread_and_is_shown_to_the_channel(slack: FakeSlack, bot: Slack) -> None:
    root = send(bot, message("root"))
    send(bot, message("end", action=Action.BROADCAST), root)
    assert (slack.ledger[1].thread_ts, slack.ledger[1].shown) == (root["ts"], True)


@pytest.mark.parametrize("action", [Action.EDIT, Action.REPLY, Action.BROADCAST])
def test_where_the_first_message_is_gone_or_never_was_the_news_is_a_message_of_its_own(
    slack: FakeSlack, bot: Slack, action: Action
) -> None:
    send(bot, message("one", action=action))
    send(bot, message("two", action=action), {"channel": slack.channel, "ts": "1.0"})
    assert [(posted.id, posted.thread_ts, posted.shown) for posted in slack.ledger] == [
        ("one", None, False), ("two", None, False),
    ]  # fmt: skip


# -- receivers that mean harm, or are broken --------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drips for ever", faults.drip(pause=0.05, start=0).play, accepted=True),
        faults.ENDLESS_BODY,
        faults.ENDLESS_HEADERS,
        faults.TIME_OUT,
    ],
    ids=lambda fault: fault.name,
)
def test_a_slack_that_trickles_or_never_ends_is_left_at_the_deadline(
    slack: FakeSlack, bot: Slack, hook: SlackWebhook, fault: Fault
) -> None:
    for channel, path in ((bot, slack.POST), (hook, slack.WEBHOOK)):
        slack.world.fault(path, fault)
        begun = time.monotonic()
        error = failure(channel)
        assert time.monotonic() - begun < 10
        assert (error.permanent, error.unknown) == (False, True)


def test_no_redirect_is_followed_with_the_token_or_the_secret_address(slack: FakeSlack, bot: Slack) -> None:
    with World().run_in_thread() as other:
        hook = SlackWebhook(url=slack.webhook, timeout=1)
        for channel, path in ((bot, slack.POST), (hook, slack.WEBHOOK)):
            slack.world.fault(path, faults.redirect(f"{other.url}/steal"))
            error = failure(channel)
            assert (error.permanent, error.unknown) == (False, False)
            assert "steal" not in str(error) + error.remedy
        assert other.ledger == []
