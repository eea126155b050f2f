"""What every channel promises: one suite, run for each of them against a world that plays its other end.

The other end of each channel is its stage, `tests/contracts/channels/NAME.py`. A failure says which file to change.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts import CHANNELS
from alerts.base import Channel, Message, Ref, SendError
from alerts.messages import trial_message
from tests.alerts.guarded_channel import check, lookup, send
from tests.alerts.samples import NOW, message, quote
from tests.contracts.channels import Stage, stage_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=sorted(CHANNELS))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with stage_of(request.param, request) as found:
        yield found


def file_of(kind: type[Channel]) -> str:
    """Where a channel's code is, for a message."""
    path = Path(inspect.getsourcefile(kind) or "?")
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def code(stage: Stage) -> str:
    return file_of(type(stage.channel))


def other_end(stage: Stage) -> str:
    return f"tests/contracts/channels/{stage.channel.kind}.py"


def delivered(stage: Stage, sent: Message, what: str = "an alert", ref: Ref | None = None) -> Ref:
    """Send what the other end would take."""
    try:
        return send(stage.channel, sent, ref)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure that says which message it was
        pytest.fail(f"{code(stage)}: {what} must be sent, but send() raised {error!r}: see what {other_end(stage)} got")


def failure(stage: Stage, what: str) -> SendError:
    """The error of a message that cannot be known to have arrived."""
    try:
        ref = send(stage.channel, message())
    except SendError as error:
        return error
    except Exception as error:  # noqa: BLE001 - any other is what the rule forbids
        pytest.fail(
            f"{code(stage)}: send() raised {error!r} {what}; it may raise SendError alone, because only that "
            "tells the outbox whether to try again"
        )
    pytest.fail(f"{code(stage)}: send() returned {ref!r} {what}; raise SendError, or the message counts as delivered")


def arrived(stage: Stage, count: int = 1) -> list[str]:
    got = stage.received()
    assert len(got) == count, (
        f"{other_end(stage)}: {count} message(s) should have arrived, but received() gives {len(got)}; one send() is "
        "one message, and received() is the text of each"
    )
    return got


def test_a_message_arrives_whole(stage: Stage) -> None:
    sent = message(quotes=(quote(), quote("second voice", 2)))
    delivered(stage, sent)
    [words] = arrived(stage)
    for part in (sent.headline, sent.body, "Seen", "42, where 9.3 are usual", sent.quotes[0].text, "second voice"):
        assert part in words, (
            f"{code(stage)}: {part!r} is missing in what arrived; show the headline, the body, every fact with its "
            "name and the text of every quote (alerts.render.plain gives all of it as text)"
        )


def test_sending_says_where_it_went_in_words_that_can_be_stored(stage: Stage) -> None:
    ref = delivered(stage, message())
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in ref.items()), (
        f"{code(stage)}: send() must return a mapping of strings to strings, because it is stored as JSON: {ref!r}; "
        "return {} where the receiver names no place"
    )


def test_a_reply_is_taken_with_the_ref_of_its_conversations_first_message(stage: Stage) -> None:
    ref = delivered(stage, message("d1"))
    update = message("d2", headline="Update: it goes on")
    delivered(stage, update, "an update, with the ref of its conversation's first message", ref)
    arrived(stage, 2)
    assert stage.channel.capabilities.thread is bool(ref), (
        f"{code(stage)}: capabilities.thread is {stage.channel.capabilities.thread}, but send() returned {ref!r}; a "
        "channel that keeps conversations returns where the first message is, any other returns {}"
    )


def test_hostile_text_does_not_stop_a_message(stage: Stage) -> None:
    nasty = "<!channel> <script>alert(1)</script> {{ 7*7 }} \r\n.\r\nBcc: x@example.org \U0001f4a5 *_~` & \u202e"
    sent = message(headline=nasty, body=nasty, quotes=(quote(nasty, author=nasty, url="javascript:alert(1)"),))
    delivered(stage, sent, "a message with hostile text")
    [words] = arrived(stage)
    assert "{{ 7*7 }}" in words, f"{code(stage)}: text of strangers was run as a template: send it as data"
    assert "javascript:" not in words, (
        f"{code(stage)}: an address that no reader may follow was sent: pass addresses through alerts.text.safe_url"
    )


@pytest.mark.parametrize("size", [0, 2_000])
def test_any_length_of_text_is_taken(stage: Stage, size: int) -> None:
    text = "word " * size
    sent = message(headline=text, body=text, quotes=(quote(text),) * 30, facts=message().facts * 40)
    delivered(stage, sent, "a very long message, cut to what the receiver takes," if size else "a message without text")
    arrived(stage)


def test_a_possible_repeat_says_so(stage: Stage) -> None:
    delivered(stage, replace(message(), sent_before=True))
    assert "ossibl" in arrived(stage)[0], (
        f"{code(stage)}: a message with sent_before must say that it is possibly a repeat, or people count it twice; "
        "alerts.render.plain says it"
    )


def test_a_refusal_is_permanent_and_names_its_remedy(stage: Stage) -> None:
    if stage.refuse is None:
        pytest.skip("this channel has nobody who could refuse")
    stage.refuse()
    error = failure(stage, "although the other end had refused for good")
    assert (error.permanent, error.unknown) == (True, False), (
        f"{code(stage)}: a refusal for good must be SendError(permanent=True) and not unknown, so that the channel is "
        f"parked instead of being tried again and again; it was {error!r}, permanent={error.permanent}, "
        f"unknown={error.unknown}"
    )
    assert error.remedy, f"{code(stage)}: {error!r} names no remedy; say what the operator has to do: remedy=…"
    arrived(stage, 0)


def test_a_lost_reply_leaves_the_outcome_unknown_and_is_found_where_the_receiver_can_be_asked(stage: Stage) -> None:
    if stage.lose_reply is None:
        pytest.skip("this channel gives no reply that could be lost")
    stage.lose_reply()
    error = failure(stage, "although the reply was lost")
    assert (error.permanent, error.unknown) == (False, True), (
        f"{code(stage)}: the receiver may have taken the message, so the error must be SendError(unknown=True) and "
        f"not permanent; it was {error!r}, permanent={error.permanent}, unknown={error.unknown}. The `post` that is "
        "handed in says so by itself: let its error through"
    )
    arrived(stage)
    if stage.channel.capabilities.lookup:
        assert lookup(stage.channel, message()) is not None, (
            f"{code(stage)}: capabilities.lookup is True, but lookup() does not find a message that arrived"
        )
        assert lookup(stage.channel, message("another")) is None, (
            f"{code(stage)}: lookup() finds a message that was never sent: look for the message's own id"
        )


def test_checking_tells_nobody_and_says_what_was_found(stage: Stage) -> None:
    assert check(stage.channel), f"{code(stage)}: check() must return a line that says what it found"
    assert stage.received() == [], f"{code(stage)}: check() sent something; it may tell nobody anything"


def test_a_trial_message_arrives(stage: Stage) -> None:
    delivered(stage, trial_message("team", NOW), "the message of `listener test-alert`")
    assert "Listener can reach you here" in arrived(stage)[0], f"{code(stage)}: the headline is missing"


def test_no_secret_is_shown(stage: Stage) -> None:
    shown = [repr(stage.channel), str(stage.channel), stage.channel.model_dump_json(), *stage.channel.addresses()]
    for step in (stage.refuse, stage.lose_reply):
        if step:
            step()
            error = failure(stage, "although the other end was broken")
            shown += [repr(error), str(error), error.remedy]
    found = [text for secret in stage.secrets for text in shown if secret in text]
    assert not found, (
        f"{code(stage)}: a secret is shown: {found}; make the setting a SecretStr, leave its path out of addresses(), "
        "and pass what the other side says through self.masked()"
    )


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_a_catalogued_channel_describes_itself(kind: str) -> None:
    found = CHANNELS[kind]
    where = file_of(found)
    assert found.kind == kind, (
        f"{where}: kind is {found.kind!r}, but alerts/__init__.py has it as {kind!r}: call both alike"
    )
    assert found.title, f"{where}: give it a title, which the docs and messages show"
    unknown = set(found.example) - set(found.model_fields)
    assert not unknown, f"{where}: the example has settings that are no fields: {unknown}"
    bare = [name for name, setting in found.model_fields.items() if not setting.description]
    assert not bare, f"{where}: {bare} need a description: Field(…, description=…); docs/channels.md is made of them"


def test_a_stored_message_is_the_message(stage: Stage) -> None:
    delivered(stage, Message.from_json(message().to_json()), "a message that was stored and read again")
    assert message().headline in arrived(stage)[0], f"{code(stage)}: the headline is missing"
