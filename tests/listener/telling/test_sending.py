"""The daemon as a process on real time, beside receivers that are slow, hang, refuse, and come back."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.base import Message, MessageKind
from insight.model import DeliveryState, NewDelivery
from listener import control
from storage import StepResult, open_store
from tests import processes
from tests.listener.test_daemon import Running
from tests.world import faults
from tests.world.slack import FakeSlack
from tests.world.smtp import MailServer
from tests.world.web import Call, Reply, World

CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: feed, name: good, url: "{url}/good.xml"}}
channels:
  team: {{kind: slack, token: {token}, channel: {channel}, base_url: "{api}", timeout: 60}}
  mail: {{kind: email, host: 127.0.0.1, port: {port}, sender: l@example.org, to: [a@example.org, b@example.org]}}
  box: {{kind: "ourbox:Box", path: "{folder}/box"}}
digest: {{enabled: false}}
storage: {{url: "sqlite:///{folder}/test.db"}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""
OUR_BOX = '''
from pathlib import Path
from alerts.base import Channel

class Box(Channel):
    """A channel of one's own: a file."""
    kind = "box"
    title = "A box"
    path: str

    def send(self, message, ref, post):
        with open(self.path, "a") as file:
            file.write(message.headline + "\\n")
        return {}

    def check(self, post):
        return "a file"
'''


@dataclass
class Office:
    """A daemon that may be started and stopped, and the people it writes to."""

    folder: Path
    world: World
    slack: FakeSlack
    mail: MailServer
    running: Running = field(init=False)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/test.db"

    def put(self, channel: str, *names: str) -> None:
        """Leave messages in the outbox, each of an alert of its own."""
        now = datetime.now(UTC)
        new = [Message(f"{channel}-{name}", MessageKind.ALERT, name, "Why.", now, conversation=name) for name in names]
        with open_store(self.url) as store:
            store.commit(StepResult(now, deliveries=tuple(
                NewDelivery(one.id, channel, one.to_json(), one.conversation, one.id) for one in new
            )))  # fmt: skip

    def states(self) -> dict[str, DeliveryState]:
        with open_store(self.url) as store:
            return {row.id: row.state for row in store.outbox.rows(limit=None)}

    def box(self) -> list[str]:
        path = self.folder / "box"
        return path.read_text().splitlines() if path.exists() else []

    @contextmanager
    def daemon(self) -> Iterator[Running]:
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        process = processes.start("-c", str(self.folder / "config.yaml"), "run", log=log)
        running = Running(self.world, self.folder, process)
        try:
            running.until(lambda: running.said("listening"), 60)
            yield running
        finally:
            process.kill()
            process.wait()


@contextmanager
def office(folder: Path, port: int | None = None) -> Iterator[Office]:
    with ExitStack() as stack:
        world = stack.enter_context(World().run_in_thread())
        slack, mail = FakeSlack(world), stack.enter_context(MailServer().running())
        world.route("/good.xml", Reply.text("<rss version='2.0'><channel/></rss>", 200, "application/rss+xml"))
        (folder / "ourbox.py").write_text(OUR_BOX)
        (folder / "config.yaml").write_text(CONFIG.format(
            url=world.url, token=slack.token, channel=slack.channel, api=slack.api, port=port or mail.port,
            folder=folder,
        ))  # fmt: skip
        yield Office(folder, world, slack, mail)


@contextmanager
def trickling() -> Iterator[int]:
    """A mail server that says one byte after the other, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def talk(line: socket.socket) -> None:
            with line:
                try:
                    while not ended.wait(0.05):
                        line.sendall(b"2")
                except OSError:
                    return

        def answer() -> None:
            while not ended.is_set():
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(line,), daemon=True).start()

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]
        ended.set()


def test_a_slow_channel_delays_no_other_and_a_channel_of_ones_own_is_told(tmp_path: Path) -> None:
    with office(tmp_path) as people:
        took = people.slack._guarded("chat:write", people.slack._post)

        async def slowly(call: Call) -> Reply:
            await asyncio.sleep(1)
            return took(call)

        people.world.route(people.slack.POST, slowly)
        names = [f"n{number}" for number in range(8)]
        people.put("team", *names)
        people.put("mail", "hello")
        people.put("box", "to us")
        with people.daemon() as running:
            running.until(lambda: len(people.mail.mails) == 2 and people.box(), 30)
            assert len(people.slack.ledger) < 4, "the mail has waited for Slack"
            running.until(lambda: len(people.slack.ledger) == 8, 40)
        assert [posted.text for posted in people.slack.ledger] == names
        assert sorted(to for _, to in people.mail.envelopes) == [["a@example.org"], ["b@example.org"]]
        assert people.box() == ["to us"]


def test_a_stop_comes_within_ten_seconds_whatever_hangs_and_the_next_start_says_nothing_twice(tmp_path: Path) -> None:
    with trickling() as port, office(tmp_path, port) as people:
        people.world.fault(people.slack.POST, faults.LATE_REPLY)  # taken, and then never answered
        people.put("team", "hello")
        people.put("mail", "hello")
        with people.daemon() as running:
            running.until(lambda: people.slack.ledger, 30)
            running.process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            assert running.process.wait(20) == 0
            assert time.monotonic() - begun < 10
        config = tmp_path / "config.yaml"
        config.write_text(config.read_text().replace(f"port: {port}", f"port: {people.mail.port}"))
        with open_store(people.url) as store:  # so that the test need not wait for the lease
            now, late = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
            for found in [
                store.outbox.claim(name, ("",), late, timedelta(hours=9)) for name in ("team", "mail", "mail")
            ]:
                assert found is not None
                store.outbox.later(found, "", now, now, unknown=found.was_unknown, tried=False)
            store.outbox.try_now(now)
        with people.daemon() as running:
            running.until(lambda: set(people.states().values()) == {DeliveryState.SENT}, 60)
        assert [posted.text for posted in people.slack.ledger] == ["hello"]
        assert len(people.mail.mails) == 2


@pytest.mark.long
def test_a_channel_that_refuses_for_good_is_told_on_the_others_and_sends_when_it_is_mended(tmp_path: Path) -> None:
    with office(tmp_path) as people:
        good, people.slack.token = people.slack.token, "another"
        people.put("team", "first", "second")
        with people.daemon() as running:
            running.until(lambda: any("refuses messages" in line for line in people.box()), 60)
            assert "The channel team refuses messages: Slack: chat.postMessage: invalid_auth" in "\n".join(people.box())
            running.until(lambda: json.loads(running.get("/healthz")[1])["channels"], 30)
            assert "invalid_auth" in json.loads(running.get("/healthz")[1])["channels"]["team"]
            assert people.slack.ledger == []
            assert set(people.states().values()) >= {DeliveryState.NEW}

            people.slack.token = good
            control.hand_over(running.owner(), "reload", {})
            running.until(lambda: len(people.slack.ledger) == 2, 30)
            running.until(lambda: any("works again" in line for line in people.box()), 60)
            assert json.loads(running.get("/healthz")[1])["channels"] == {}
        assert [posted.text for posted in people.slack.ledger] == ["first", "second"]


def test_what_was_given_up_is_sent_again_through_the_running_daemon(tmp_path: Path) -> None:
    with office(tmp_path) as people:
        people.slack.refuse("invalid_blocks")
        people.put("team", "first", "second")
        with people.daemon() as running:
            running.until(lambda: len(people.slack.ledger) == 1, 30)
            running.until(lambda: people.states()["team-first"] is DeliveryState.FAILED)
            command = ("-c", str(tmp_path / "config.yaml"), "alerts")
            listed = processes.run(*command)
            assert "team-first" in listed.stdout
            done = processes.run(*command, "resend", "team-first")
            assert done.returncode == 0, done.stderr
            assert "1 put back" in done.stdout + done.stderr
            running.until(lambda: len(people.slack.ledger) == 2, 30)
        assert [posted.text for posted in people.slack.ledger] == ["second", "first"]
