"""Nothing is lost, and nothing arrives twice wherever the receiver can be asked: whatever dies, whenever it dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from alerts.base import Channel, Message, Ref
from alerts.email import Email
from alerts.slack import Slack, SlackWebhook
from insight.model import DeliveryState
from tests.alerts.memory import Killer, MemoryOutbox, survived
from tests.alerts.office import Run
from tests.alerts.samples import HOUR, message
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.smtp import DROP, MailServer
from tests.world.web import World

pytestmark = pytest.mark.anyio
SENT, UNKNOWN = DeliveryState.SENT, DeliveryState.UNKNOWN


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with World().run_in_thread() as world:
        yield FakeSlack(world)


async def deliver_all_with_a_kill(run: Run, step: int) -> bool:
    """Run until killed at the step, then again and again until nothing is left. Whether it was killed at all."""
    run.killer = killer = Killer(step)
    originals = dict(run.channels)
    run.channels = {name: _mortal(channel, killer) for name, channel in originals.items()}
    with survived():
        for _ in range(4):
            await run.on(HOUR / 3)
    run.killer, run.channels = None, originals
    for _ in range(12):
        await run.on(HOUR / 3)
    return killer.dead


def _mortal(channel: Channel, killer: Killer) -> Any:
    """The same channel, in a program that may die just before or just after it has sent or asked."""

    class Mortal:
        capabilities = channel.capabilities

        def send(self, message: Message, ref: Ref | None = None) -> Ref:
            return killer.guard(channel.send)(message, ref)  # type: ignore[no-any-return]

        def lookup(self, message: Message, ref: Ref | None = None) -> Ref | None:
            return killer.guard(channel.lookup)(message, ref)  # type: ignore[no-any-return]

    return Mortal()


CONVERSATION = [message("root"), message("reply"), message("other", conversation="a2"), message("end", over=True)]


@pytest.mark.parametrize("lose", [False, True])
async def test_killed_at_any_step_a_slack_bot_loses_nothing_and_says_nothing_twice(
    slack: FakeSlack, *, lose: bool
) -> None:
    step, killed = 1, True
    while killed:
        slack.ledger.clear()
        if lose:
            slack.world.fault(slack.POST, faults.LOST_REPLY)
        run = Run(team=Slack(token=slack.token, channel=slack.channel, base_url=slack.api))
        run.put(*CONVERSATION)
        killed = await deliver_all_with_a_kill(run, step)
        assert Counter(posted.id for posted in slack.ledger) == {sent.id: 1 for sent in CONVERSATION}, step
        threads = {posted.id: posted.thread_ts for posted in slack.ledger}
        root = next(posted.ts for posted in slack.ledger if posted.id == "root")
        assert threads == {"root": None, "reply": root, "other": None, "end": root}, step
        assert not [posted for posted in slack.ledger if "Possibly a repeat" in posted.words], step
        assert set(run.states()) == {SENT}, step
        step += 1
    assert step > 16  # four deliveries: each is claimed, sent and recorded, with a death before and after each


async def test_killed_at_any_step_a_webhook_loses_nothing_and_marks_what_may_be_a_repeat(slack: FakeSlack) -> None:
    step, killed = 1, True
    while killed:
        slack.ledger.clear()
        run = Run(team=SlackWebhook(url=slack.webhook))
        run.put(message("d1"), message("d2", conversation="a2"))
        killed = await deliver_all_with_a_kill(run, step)
        marked = ["Possibly a repeat" in posted.words for posted in slack.ledger]
        assert len(marked) - sum(marked) <= 2 <= len(marked), step
        assert set(run.states()) == {SENT}, step
        step += 1


async def test_killed_at_any_step_mail_is_not_lost_and_a_repeat_has_the_same_message_id() -> None:
    with MailServer().running() as server:
        step, killed = 1, True
        while killed:
            server.mails.clear()
            run = Run(team=Email(host=server.host, port=server.port, sender="l@example.org", to=("t@example.org",)))
            run.put(message("d1"), message("d2", conversation="a2"))
            killed = await deliver_all_with_a_kill(run, step)
            assert {mail["Message-ID"] for mail in server.mails} == {"<d1@example.org>", "<d2@example.org>"}, step
            unmarked = [mail["Message-ID"] for mail in server.mails if "repeat" not in mail["Subject"]]
            assert len(unmarked) == len(set(unmarked)), step
            step += 1


async def test_a_connection_cut_after_the_final_dot_brings_a_marked_repeat() -> None:
    with MailServer(after_dot=[DROP]).running() as server:
        run = Run(team=Email(host=server.host, port=server.port, sender="l@example.org", to=("t@example.org",)))
        run.put(message())
        assert [it.state for it in await run.on()] == [UNKNOWN]
        assert [it.state for it in await run.on(HOUR)] == [SENT]
        assert [mail["Subject"].startswith("Possible repeat: ") for mail in server.mails] == [False, True]


async def test_a_bot_without_the_scope_to_ask_sends_again_and_says_so(slack: FakeSlack) -> None:
    slack.scopes.discard("channels:history")
    slack.world.fault(slack.POST, faults.LOST_REPLY)
    run = Run(team=Slack(token=slack.token, channel=slack.channel, base_url=slack.api))
    run.put(message())
    await run.on()
    await run.on(HOUR)
    assert ["Possibly a repeat" in posted.words for posted in slack.ledger] == [False, True]
    assert {posted.id for posted in slack.ledger} == {"d1"}


async def test_two_programs_on_one_outbox_send_everything_once(slack: FakeSlack) -> None:
    outbox = MemoryOutbox()
    channel = Slack(token=slack.token, channel=slack.channel, base_url=slack.api)
    runs = [Run(outbox, team=channel) for _ in range(3)]
    runs[0].put(*(message(f"d{number}", conversation=f"a{number}") for number in range(9)))
    async with anyio.create_task_group() as tasks:
        for run in runs:
            tasks.start_soon(run.on)
    assert Counter(posted.id for posted in slack.ledger) == {f"d{number}": 1 for number in range(9)}
