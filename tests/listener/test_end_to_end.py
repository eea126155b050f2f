"""The real daemon, as a process, on simulated weeks: the right message, once, whatever happens to the daemon."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from insight.model import DeliveryState
from storage import Store, open_store
from tests.world import faults
from tests.world.promises import mails_once, slack_once
from tests.world.spike_run import IN_BURST, START, Stage, Village, stage

soak = pytest.mark.soak
WEEKS = pytest.mark.parametrize("weeks", [3, pytest.param(4, marks=soak)])


@pytest.fixture
def weeks() -> int:
    return 4


@pytest.fixture
def village(tmp_path: Path, weeks: int) -> Iterator[Stage]:
    with stage(tmp_path, weeks) as ready:
        yield ready


@pytest.fixture
def on_postgres(tmp_path: Path, weeks: int, postgres: Callable[[], str]) -> Iterator[Stage]:
    with stage(tmp_path, weeks, postgres()) as ready:
        yield ready


def everything_is_told_once(village: Stage) -> None:
    """What must be so at the end of the weeks, however often the daemon died on the way."""
    told = [posted for posted in village.slack.ledger if posted.thread_ts is None]
    headlines = "\n---\n".join(posted.text for posted in village.slack.ledger)
    assert len(told) == 1, headlines
    assert "Acme" in told[0].text
    slack_once(village.slack.ledger)
    weeks = mails_once(village.mail.mails, [people for _, people in village.mail.envelopes])
    assert len(weeks) == village.village.weeks - 1, weeks
    with open_store(village.url) as store:
        everything_is_stored_once(store, village.village)


def everything_is_stored_once(store: Store, village: Village) -> None:
    stored = [found.post.native_id for batch in store.posts.scan() for found in batch]
    expected = {post.id for post in village.posts if post.at <= village.end}
    assert len(stored) == len(set(stored))
    assert set(stored) == expected
    assert store.counts.recount() == []
    assert {row.state for row in store.outbox.rows(limit=None)} == {DeliveryState.SENT}


@WEEKS
@pytest.mark.long
def test_a_burst_makes_one_message_with_the_right_figures_and_each_week_one_digest(village: Stage) -> None:
    village.run()
    everything_is_told_once(village)
    (alert,) = (posted for posted in village.slack.ledger if posted.thread_ts is None)
    assert "complaints" in alert.words.lower()
    with open_store(village.url) as store:
        first = min(store.signals.recent(START), key=lambda signal: signal.at)
    burst = village.village.burst
    assert first.at >= burst
    assert (first.at - burst).total_seconds() <= 3 * 3600, "told within three hours of its beginning"
    assert 5 <= first.figures["observed"] <= IN_BURST + 6
    assert first.figures["observed"] >= 2 * first.figures["expected"]
    over = [posted for posted in village.slack.ledger if "back to usual" in posted.words]
    assert over, "the end is told too"
    with open_store(village.url) as store:
        (last,) = (signal for signal in store.signals.recent(START) if signal.kind is first.kind and signal.over)
    assert IN_BURST <= last.figures["observed"] <= IN_BURST + 3, "all of the burst, and the ordinary ones of its hours"
    assert last.figures["hours"] <= 6
    digest = village.mail.mails[-1]
    assert digest.get_body(("plain",)) is not None
    assert "Acme" in digest.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    every_log_line_is_json(village)


def every_log_line_is_json(village: Stage) -> None:
    lines = [json.loads(line) for line in village.log.read_text().splitlines() if line]
    assert {"listening", "fetched", "terms"} <= {line["event"] for line in lines}
    assert village.slack.token not in village.log.read_text()


@soak
def test_killed_at_random_points_it_loses_nothing_and_repeats_nothing(village: Stage) -> None:
    rng = Random(11)
    for _ in range(5):
        village.kill_after(rng.uniform(-0.8, 2.5))
    village.run()
    everything_is_told_once(village)


@soak
@pytest.mark.long
def test_on_postgres_it_is_the_same_also_when_killed(on_postgres: Stage) -> None:
    rng = Random(13)
    for _ in range(2):
        on_postgres.kill_after(rng.uniform(0.2, 2.5))
    on_postgres.run()
    everything_is_told_once(on_postgres)


@soak
@pytest.mark.parametrize("seed", range(25))
def test_killed_hundreds_of_times_it_loses_nothing_and_repeats_nothing(tmp_path: Path, seed: int) -> None:
    rng = Random(1000 + seed)
    with stage(tmp_path) as village:
        for _ in range(12):
            village.kill_after(rng.uniform(-0.8, 2.0))
        village.run()
        everything_is_told_once(village)


@soak
def test_a_lost_reply_from_slack_is_looked_up_before_anything_is_sent_again(village: Stage) -> None:
    village.slack.world.fault(village.slack.POST, faults.LOST_REPLY)
    village.run()
    everything_is_told_once(village)


@soak
def test_who_is_greylisted_gets_each_digest_a_little_later_and_the_others_get_none_twice(village: Stage) -> None:
    village.mail.greylist.add("c@example.com")
    text = village.config.read_text()
    village.config.write_text(text.replace("to: [b@example.com]", "to: [b@example.com, c@example.com, d@example.com]"))
    village.run()
    everything_is_told_once(village)
    arrived = Counter(person for _, people in village.mail.envelopes for person in people)
    assert arrived == {"b@example.com": 3, "c@example.com": 3, "d@example.com": 3}


@soak
def test_sigterm_ends_it_within_ten_seconds_and_the_rest_follows_at_the_next_start(village: Stage) -> None:
    process = village.start()
    village.listening(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert "stopping" in village.log.read_text()
    village.run()
    everything_is_told_once(village)


def test_a_simulated_clock_is_refused_when_an_endpoint_lies_elsewhere(village: Stage) -> None:
    text = village.config.read_text()
    village.config.write_text(text.replace("port: ", "port: ").replace("host: 127.0.0.1", "host: mail.example.com"))
    process = village.start()
    assert process.wait(20) == 1
    assert "mail.example.com" in village.log.read_text()


def test_a_second_daemon_on_the_same_database_is_refused_and_told_who_holds_it(village: Stage) -> None:
    first = village.start()
    try:
        village.listening(first)
        second = village.start()
        assert second.wait(20) == 1
        assert str(first.pid) in village.log.read_text()
    finally:
        first.kill()
        first.wait()
