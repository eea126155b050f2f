"""Nothing is lost, and nothing arrives twice wherever the receiver can be asked: whatever dies, whenever it dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from alerts.base import Channel, Message, Post, Ref
from alerts.email import Email
from alerts.slack import Slack
from alerts.slack_webhook import SlackWebhook
from insight.model import DeliveryState
from storage import Store
from tests.alerts.killer import Killer, survived
from tests.alerts.samples import HOUR, message
from tests.alerts.sender import Run
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.smtp import DROP, MailServer
from tests.world.web import World

pytestmark = pytest.mark.anyio
SENT, UNKNOWN, JOINED = DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.JOINED
NewStore = Callable[[], Store]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with World().run_in_thread() as world:
        yield FakeSlack(world)


async def deliver_all_with_a_kill(run: Run, step: int, *batches: list[Message]) -> bool:
    """Put one batch after the other, with a run after each, until killed at the step; then run until nothing is left.

    Whether it was killed at all.
    """
    run.killer = killer = Killer(step)
    originals = dict(run.channels)
    run.channels = {name: _mortal(channel, killer) for name, channel in originals.items()}
    waiting = list(batches)
    with survived():
        while waiting:
            run.put(*waiting.pop(0))
            await run.on(HOUR / 3)
    run.killer, run.channels = None, originals
    while waiting:
        run.put(*waiting.pop(0))
        await run.on(HOUR / 3)
    for _ in range(8):
        await run.on(HOUR / 3)
    return killer.dead


def _mortal(channel: Channel, killer: Killer) -> Any:
    """The same channel, in a program that may die just before or just after it has sent or asked."""

    class Mortal:
        capabilities, recipients, addresses = channel.capabilities, channel.recipients, channel.addresses
        masked, check = channel.masked, channel.check

        def send(self, message: Message, ref: Ref | None, post: Post) -> Ref:
            return killer.guard(channel.send)(message, ref, post)  # type: ignore[no-any-return]

        def lookup(self, message: Message, ref: Ref | None, post: Post) -> Ref | None:
            return killer.guard(channel.lookup)(message, ref, post)  # type: ignore[no-any-return]

    return Mortal()


CONVERSATION = [message("root"), message("other", conversation="a2")], [message("reply")], [message("end", over=True)]


@pytest.mark.parametrize("lose", [pytest.param(False, marks=pytest.mark.soak), True])
async def test_killed_at_any_step_a_slack_bot_loses_nothing_and_says_nothing_twice(
    slack: FakeSlack, new_store: NewStore, *, lose: bool
) -> None:
    step, killed = 1, True
    while killed:
        slack.ledger.clear()
        if lose:
            slack.world.fault(slack.POST, faults.LOST_REPLY)
        run = Run(new_store(), team=Slack(token=slack.token, channel=slack.channel, base_url=slack.api))
        killed = await deliver_all_with_a_kill(run, step, *CONVERSATION)
        rows = {row.id: row.state for row in run.store.outbox.rows(limit=None)}
        said = Counter(posted.id for posted in slack.ledger)
        assert said == {name: 1 for name, state in rows.items() if state is SENT}, step
        assert {"end", "other"} <= said.keys(), step  # the newest state of each conversation
        assert set(rows.values()) <= {SENT, JOINED}, step
        a1 = [posted for posted in slack.ledger if posted.id != "other"]
        assert [posted.id for posted in a1] == [name for name in ("root", "reply", "end") if name in said], step
        assert [posted.thread_ts for posted in a1] == [None] + [a1[0].ts] * (len(a1) - 1), step
        assert not [posted for posted in slack.ledger if "Possibly a repeat" in posted.words], step
        step += 1
    assert step > 16  # four deliveries: each is claimed, sent and recorded, with a death before and after each
    assert lose or set(rows.values()) == {SENT}


async def test_killed_at_any_step_a_webhook_loses_nothing_and_marks_what_may_be_a_repeat(
    slack: FakeSlack, new_store: NewStore
) -> None:
    step, killed = 1, True
    while killed:
        slack.ledger.clear()
        run = Run(new_store(), team=SlackWebhook(url=slack.webhook))
        killed = await deliver_all_with_a_kill(run, step, [message("d1"), message("d2", conversation="a2")])
        marked = ["Possibly a repeat" in posted.words for posted in slack.ledger]
        assert len(marked) - sum(marked) <= 2 <= len(marked), step
        assert set(run.states()) == {SENT}, step
        step += 1


async def test_killed_at_any_step_mail_reaches_each_recipient_and_a_repeat_has_the_same_message_id(
    new_store: NewStore,
) -> None:
    everybody = {("<d1@example.org>", "a@example.org"), ("<d1@example.org>", "b@example.org")}
    with MailServer().running() as server:
        step, killed = 1, True
        while killed:
            server.mails.clear()
            server.envelopes.clear()
            to = ("a@example.org", "b@example.org")
            run = Run(new_store(), team=Email(host=server.host, port=server.port, sender="l@example.org", to=to))
            killed = await deliver_all_with_a_kill(run, step, [message("d1")])
            got = [(mail["Message-ID"], *to) for mail, (_, to) in zip(server.mails, server.envelopes, strict=True)]
            assert set(got) == everybody, step
            marked = ["repeat" in mail["Subject"] for mail in server.mails]
            unmarked = [one for one, is_marked in zip(got, marked, strict=True) if not is_marked]
            assert len(unmarked) == len(set(unmarked)), step
            step += 1
    assert step > 8


async def test_a_connection_cut_after_the_final_dot_brings_a_marked_repeat(store: Store) -> None:
    with MailServer(after_dot=[DROP]).running() as server:
        run = Run(store, team=Email(host=server.host, port=server.port, sender="l@example.org", to=("t@example.org",)))
        run.put(message())
        assert [it.state for it in await run.on()] == [UNKNOWN]
        assert [it.state for it in await run.on(HOUR)] == [SENT]
        assert [mail["Subject"].startswith("Possible repeat: ") for mail in server.mails] == [False, True]


async def test_a_bot_without_the_scope_to_ask_sends_again_and_says_so(slack: FakeSlack, store: Store) -> None:
    slack.scopes.discard("channels:history")
    slack.world.fault(slack.POST, faults.LOST_REPLY)
    run = Run(store, team=Slack(token=slack.token, channel=slack.channel, base_url=slack.api))
    run.put(message())
    await run.on()
    await run.on(HOUR)
    assert ["Possibly a repeat" in posted.words for posted in slack.ledger] == [False, True]
    assert {posted.id for posted in slack.ledger} == {"d1"}


async def test_two_programs_on_one_outbox_send_everything_once(slack: FakeSlack, store: Store) -> None:
    channel = Slack(token=slack.token, channel=slack.channel, base_url=slack.api)
    runs = [Run(store, team=channel) for _ in range(3)]
    runs[0].put(*(message(f"d{number}", conversation=f"a{number}") for number in range(9)))
    async with anyio.create_task_group() as tasks:
        for run in runs:
            tasks.start_soon(run.on)
    assert Counter(posted.id for posted in slack.ledger) == {f"d{number}": 1 for number in range(9)}
