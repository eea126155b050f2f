"""What every channel promises: one suite, run for each of them against a world that plays its other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from alerts import CHANNELS
from alerts.base import Channel, Message, SendError
from alerts.messages import trial_message
from tests.alerts.samples import NOW, message, quote
from tests.alerts.wire import check, lookup, send
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.smtp import DROP, MailServer
from tests.world.web import World


@dataclass
class Stage:
    """A channel, how to read what its people got, and how to break its other end: before or after it has accepted."""

    channel: Channel
    received: Callable[[], list[str]]
    refuse: Callable[[], object] | None = None
    lose_reply: Callable[[], object] | None = None
    secrets: tuple[str, ...] = ()


@contextmanager
def console(request: pytest.FixtureRequest) -> Iterator[Stage]:
    capsys, printed = request.getfixturevalue("capsys"), []

    def received() -> list[str]:
        printed.append(capsys.readouterr().out)
        return [block for block in "".join(printed).split("\n\n\n") if block.strip()]

    yield Stage(CHANNELS["console"](), received)


@contextmanager
def email(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with MailServer(login=("listener", "hunter2")).running() as server:
        settings = {"host": server.host, "port": server.port, "user": "listener", "password": "hunter2"}
        channel = CHANNELS["email"](**settings, sender="Listener <l@example.org>", to=["t@example.org"])
        yield Stage(
            channel,
            lambda: [f"{mail['Subject']}\n{server.text(number)}" for number, mail in enumerate(server.mails)],
            lambda: server.refuse.update({"t@example.org": "550 5.1.1 no such mailbox"}),
            lambda: server.after_dot.append(DROP),
            ("hunter2",),
        )


@contextmanager
def slack(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with World().run_in_thread() as world:
        fake = FakeSlack(world)
        yield Stage(
            CHANNELS["slack"](token=fake.token, channel=fake.channel, base_url=fake.api),
            lambda: [posted.words for posted in fake.ledger],
            lambda: fake.refuse("not_in_channel"),
            lambda: world.fault(fake.POST, faults.LOST_REPLY),
            (fake.token,),
        )


@contextmanager
def slack_webhook(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with World().run_in_thread() as world:
        fake = FakeSlack(world)
        yield Stage(
            CHANNELS["slack_webhook"](url=fake.webhook),
            lambda: [posted.words for posted in fake.ledger],
            lambda: fake.refuse("no_service", "webhook"),
            lambda: world.fault(fake.WEBHOOK, faults.LOST_REPLY),
            ("secretpart",),
        )


STAGES = {"console": console, "email": email, "slack": slack, "slack_webhook": slack_webhook}


@pytest.fixture(params=sorted(CHANNELS))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with STAGES[request.param](request) as found:
        yield found


def test_a_message_arrives_whole(stage: Stage) -> None:
    sent = message(quotes=(quote(), quote("second voice", 2)))
    send(stage.channel, sent)
    [words] = stage.received()
    for part in (sent.headline, sent.body, "Seen", "42, where 9.3 are usual", sent.quotes[0].text, "second voice"):
        assert part in words


def test_sending_says_where_it_went_in_words_that_can_be_stored(stage: Stage) -> None:
    ref = send(stage.channel, message())
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in ref.items())


def test_a_reply_is_taken_with_the_ref_of_its_conversations_first_message(stage: Stage) -> None:
    ref = send(stage.channel, message("d1"))
    send(stage.channel, message("d2", headline="Update: it goes on"), ref)
    assert len(stage.received()) == 2
    assert stage.channel.capabilities.thread is (bool(ref))


def test_hostile_text_does_not_stop_a_message(stage: Stage) -> None:
    nasty = "<!channel> <script>alert(1)</script> {{ 7*7 }} \r\n.\r\nBcc: x@example.org \U0001f4a5 *_~` & \u202e"
    sent = message(headline=nasty, body=nasty, quotes=(quote(nasty, author=nasty, url="javascript:alert(1)"),))
    send(stage.channel, sent)
    [words] = stage.received()
    assert "{{ 7*7 }}" in words
    assert "javascript:" not in words


@pytest.mark.parametrize("size", [0, 2_000])
def test_any_length_of_text_is_taken(stage: Stage, size: int) -> None:
    text = "word " * size
    send(stage.channel, message(headline=text, body=text, quotes=(quote(text),) * 30, facts=message().facts * 40))
    assert len(stage.received()) == 1


def test_a_possible_repeat_says_so(stage: Stage) -> None:
    send(stage.channel, replace(message(), sent_before=True))
    assert "ossibl" in stage.received()[0]


def test_a_refusal_is_permanent_and_names_its_remedy(stage: Stage) -> None:
    if stage.refuse is None:
        pytest.skip("this channel has nobody who could refuse")
    stage.refuse()
    with pytest.raises(SendError) as caught:
        send(stage.channel, message())
    assert (caught.value.permanent, caught.value.unknown) == (True, False)
    assert caught.value.remedy
    assert stage.received() == []


def test_a_lost_reply_leaves_the_outcome_unknown_and_is_found_where_the_receiver_can_be_asked(stage: Stage) -> None:
    if stage.lose_reply is None:
        pytest.skip("this channel gives no reply that could be lost")
    stage.lose_reply()
    with pytest.raises(SendError) as caught:
        send(stage.channel, message())
    assert (caught.value.permanent, caught.value.unknown) == (False, True)
    assert len(stage.received()) == 1
    if stage.channel.capabilities.lookup:
        assert lookup(stage.channel, message()) is not None
        assert lookup(stage.channel, message("another")) is None


def test_checking_tells_nobody_and_says_what_was_found(stage: Stage) -> None:
    assert check(stage.channel)
    assert stage.received() == []


def test_a_trial_message_arrives(stage: Stage) -> None:
    send(stage.channel, trial_message("team", NOW))
    assert "Listener can reach you here" in stage.received()[0]


def test_no_secret_is_shown(stage: Stage) -> None:
    shown = [repr(stage.channel), str(stage.channel), stage.channel.model_dump_json(), *stage.channel.addresses()]
    for step in (stage.refuse, stage.lose_reply):
        if step:
            step()
            with pytest.raises(SendError) as caught:
                send(stage.channel, message())
            shown += [repr(caught.value), str(caught.value), caught.value.remedy]
    assert not [secret for secret in stage.secrets for text in shown if secret in text]


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_catalogued_channel_describes_itself(kind: str) -> None:
    found = CHANNELS[kind]
    assert found.kind == kind
    assert found.title
    assert set(found.example) <= set(found.model_fields)
    assert all(setting.description for setting in found.model_fields.values())
    assert kind in STAGES, "a new channel needs a stage in this suite"


def test_a_stored_message_is_the_message(stage: Stage) -> None:
    send(stage.channel, Message.from_json(message().to_json()))
    assert message().headline in stage.received()[0]
