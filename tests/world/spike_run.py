"""A small simulated place with one spike, for end-to-end runs: every figure in it is known beforehand.

Some weeks of Hacker News comments about Acme, twelve a day by many people, three of them unhappy; on one afternoon of
the last week thirty more people complain within three hours. A Slack and a mailbox listen at the other end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from listener.demo.events import Events, events
from listener.demo.people import Author
from listener.demo.posts import Made, MarketPost, Truth
from listener.demo.world import World as Market
from tests import processes
from tests.world.slack import FakeSlack
from tests.world.smtp import MailServer
from tests.world.web import World

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 4
IN_BURST = 30

UNHAPPY = (
    "the terrible sync in acme lost my {thing} again, awful",
    "acme is broken for me since the {thing} update, I hate this",
    "really disappointed, acme support ignored my {thing} problem",
    "acme crashed twice while I was in the {thing} view, horrible",
)
CALM = (
    "I moved my {thing} to acme last month and it is fine",
    "does anybody know whether acme can read a {thing} file",
    "acme has a {thing} view now, which is lovely, great work",
    "we use acme for the {thing} of our team",
)
THINGS = ("calendar", "notebook", "ledger", "recipe", "journal", "archive", "drawing", "diary", "catalogue", "atlas")


@dataclass
class Village:
    """What the market server needs of a market, with posts that differ from each other in every pair of words."""

    weeks: int = WEEKS
    start: datetime = START
    seed: int = 5
    posts: tuple[MarketPost, ...] = field(init=False)

    def __post_init__(self) -> None:
        rng = Random(5)
        days = range(7 * self.weeks)
        times = [(START + timedelta(days=day, hours=rng.uniform(7, 22)), n < 3) for day in days for n in range(12)]
        times += [(self.burst + timedelta(minutes=6 * k), True) for k in range(IN_BURST)]
        self.posts = tuple(self._post(rng, number, *made) for number, made in enumerate(sorted(times)))

    @property
    def end(self) -> datetime:
        return START + timedelta(weeks=self.weeks)

    @property
    def burst(self) -> datetime:
        return self.end - timedelta(days=5, hours=11)

    @property
    def events(self) -> Events:
        return events(self.start, self.end)

    def _post(self, rng: Random, number: int, at: datetime, unhappy: bool) -> MarketPost:
        text = rng.choice(UNHAPPY if unhappy else CALM).format(thing=rng.choice(THINGS))
        author = Author(f"villager{number}", f"Villager {number}", number=number)
        truth = Truth(Made.ORDINARY, "negative" if unhappy else "neutral", "", ("acme",))
        padding = f"{rng.choice(THINGS)} {rng.choice(THINGS)} {number}"
        number += 1000
        return MarketPost(at, "hackernews", "story", author, f"{text}. {padding}", truth, "A story", id=str(number))


CONFIG = """
contact: tests@example.com
watches:
  - {{id: acme, name: Acme, role: brand, query: acme}}
sources:
  - {{kind: hackernews, base_url: "{market}/api/v1", every: 3600}}
channels:
  team: {{kind: slack, token: {token}, channel: {channel}, base_url: "{slack}"}}
  mail: {{kind: email, host: 127.0.0.1, port: {port}, security: none, sender: a@example.com, to: [b@example.com]}}
alerts:
  routes:
    - {{channel: team}}
digest: {{weekday: monday, hour: 8, time_zone: UTC, channels: [mail]}}
storage: {{url: "{url}"}}
daemon: {{web: "127.0.0.1:0", log: json}}
"""


@dataclass
class Stage:
    """The village, its Slack and its mailbox, and the daemon that may be started and killed on it."""

    folder: Path
    village: Village
    slack: FakeSlack
    mail: MailServer
    config: Path
    log: Path
    url: str
    _before: int = 0

    def start(self) -> processes.Process:
        self._before = self._listened()
        simulate = f"{START.isoformat()}/{self.village.end.isoformat()}"
        arguments = ("-c", str(self.config), "run", "--simulate", simulate)
        return processes.start(*arguments, log=self.log, env=_environment())

    def run(self, seconds: float = 600) -> None:
        """Run the daemon to the end of the simulated time."""
        process = self.start()
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
            process.wait()
        assert code == 0, self.log.read_text()[-4000:]

    def listening(self, process: processes.Process, seconds: float = 120) -> None:
        """Wait until the daemon listens: another process can say so only in its log."""
        end = time.monotonic() + seconds
        while self._listened() <= self._before and process.poll() is None:
            assert time.monotonic() < end, self.log.read_text()[-4000:]
            time.sleep(0.02)

    def _listened(self) -> int:
        return self.log.read_text().count('"event": "listening"') if self.log.exists() else 0

    def kill_after(self, seconds: float) -> bool:
        """Kill the daemon hard so long after it began to listen; False when it had reached the end before.

        With negative seconds it dies while it starts.
        """
        process = self.start()
        if seconds >= 0:
            self.listening(process)
        try:
            seconds = seconds if seconds >= 0 else -seconds
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("LISTENER_", "COV_"))}


@contextmanager
def stage(folder: Path, weeks: int = WEEKS, url: str | None = None) -> Iterator[Stage]:
    """Everything running, nothing started. `url`: another database than a SQLite file in the folder."""
    village = Village(weeks)
    with ExitStack() as stack:
        market = stack.enter_context(Market(village))  # type: ignore[arg-type]  # a market as the server sees it
        slack = FakeSlack(stack.enter_context(World().run_in_thread()))
        mail = stack.enter_context(MailServer().running())
        config = folder / "config.yaml"
        url = url or f"sqlite:///{folder}/village.db"
        text = CONFIG.format(
            market=market.url, slack=slack.api, token=slack.token, channel=slack.channel, port=mail.port,
            url=url,
        )  # fmt: skip
        config.write_text(text)
        yield Stage(folder, village, slack, mail, config, folder / "daemon.log", url)
