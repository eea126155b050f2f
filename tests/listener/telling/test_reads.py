"""A step and a digest ask the database as often for one watch, one signal and one channel as for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from insight.digest import WatchDigest
from insight.model import DIGESTS, Label, NewDelivery, Post, Role, Signal, SignalKind, Visibility, Watch
from listener.clock import LISTENING_SINCE
from listener.telling.channel_health import look_at_channels
from listener.telling.decisions import Context, DecidedSignal, decide_and_store
from listener.telling.digest import digest_when_due, last_period, week_of
from storage import SourceEntry, StepResult, Store, open_store
from tests.contracts.store.samples import DAY, HOUR, NOON, batch_of, understood
from tests.listener.configs import understood as understood_config

NAMES = [f"w{number}" for number in range(10)]
LATER = NOON + 7 * DAY


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    on_postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres")() if on_postgres else f"sqlite:///{tmp_path}/test.db"
    with open_store(url) as opened:
        opened.sources.sync([SourceEntry("board", "board")], NOON)
        opened.state.put(LISTENING_SINCE, {"at": (NOON - 30 * DAY).isoformat()}, NOON)
        posts = [
            Post("board", f"{number}", f"w {number}", author=f"a{number}", published_at=NOON - number * 5 * HOUR,
                 visibility=Visibility.PRIVATE if number % 7 == 0 else Visibility.PUBLIC)
            for number in range(60)
        ]  # fmt: skip
        opened.ingest(batch_of(*(understood(post, Label.NEGATIVE, *NAMES) for post in posts), source="board"))
        yield opened


def context(store: Store, watches: int, channels: int) -> Context:
    """Of so many watches, and so many channels, half of which may read private posts."""
    ids = NAMES[:watches]
    named = ", ".join(f"{{id: {name}, query: {name}}}" for name in ids)
    kinds = ", ".join(f"c{number}: {{kind: bell}}" for number in range(channels))
    routes = "".join(
        f"  - {{channel: c{number}, query: 'lang:en', private: {'true' if number % 2 else 'false'}}}\n"
        for number in range(channels)
    )
    config = understood_config(f"""\
contact: you@example.org
watches: [{named}]
sources: [{{kind: board}}]
channels: {{{kinds}}}
digest: {{query: 'theme:any OR lang:en'}}
alerts:
  routes:
{routes}""")
    return Context(store, config, tuple(Watch(name, name, Role.BRAND, name) for name in ids), LATER)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that read or write meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not any(word in statement for word in ("BEGIN", "pg_advisory")):
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_digest_takes_as_many_queries_for_ten_watches_and_eight_channels_as_for_one(store: Store) -> None:
    with counted() as one:
        assert digest_when_due(context(store, 1, 1))
    store.state.put("digest", None, NOON)
    with counted() as many:
        assert digest_when_due(context(store, 10, 8))
    assert len(many) == len(one)
    assert len(one) <= 16
    assert {row.channel for row in store.outbox.rows()} == {f"c{number}" for number in range(8)}


def test_a_digest_says_of_each_watch_what_it_says_of_it_alone(store: Store) -> None:
    def said_of_the_first(watches: int, *, public_only: bool) -> WatchDigest:
        at = context(store, watches, 1)
        return week_of(at, last_period(at)).digest(public_only=public_only).watches[0]

    for public_only in (True, False):
        alone = said_of_the_first(1, public_only=public_only)
        assert said_of_the_first(10, public_only=public_only) == alone
        assert (Visibility.PRIVATE in {quote.visibility for quote in alone.quotes}) is not public_only
        assert alone.change.now == sum(alone.days) > 0


def test_a_digest_names_the_alerts_of_its_week_that_did_not_arrive(store: Store) -> None:
    """What was meant for a channel that may read private posts is named only to those who may, too."""
    at = context(store, 1, 2)
    period = last_period(at)
    for name, channel, told in (("a", "c0", "a1"), ("b", "c1", "a2"), ("late", "c0", "a3"), ("digest", "c0", DIGESTS)):
        message = {"headline": f"{name} is up"}
        given_up = period.end if name == "late" else period.end - HOUR
        store.commit(StepResult(given_up - DAY, deliveries=(NewDelivery(name, channel, message, told),)))
        claimed = store.outbox.claim(channel, ("",), given_up, HOUR)
        assert claimed
        assert store.outbox.failed(claimed, "gone", given_up)
    week = week_of(at, period)
    public, private = (week.digest(public_only=it).undelivered for it in (True, False))
    assert public == ("c0 was not told since Sunday 08 March 07:00: a is up (gone)",)
    assert private == (*public, "c1 was not told since Sunday 08 March 07:00: b is up (gone)")


def test_a_step_takes_as_many_queries_for_ten_signals_and_eight_channels_as_for_one(store: Store) -> None:
    keys = tuple(one.post.key for one in store.posts.recent("w0", NOON - 30 * DAY, NOON + DAY))
    assert len(keys) == 60

    def commit_step(signals: int, channels: int) -> list[DecidedSignal]:
        at = context(store, 1, channels)
        told = tuple(
            Signal(SignalKind.SPIKE, f"spike:w0:{signals} {number}", "w0", None, LATER, "More", posts=keys)
            for number in range(signals)
        )
        return decide_and_store(at, StepResult(LATER, {"watch:w0": {"seen": signals}}, told), at.watches[0])

    with counted() as one:
        commit_step(1, 2)
    with counted() as many:
        told = commit_step(10, 8)
    reads, reads_of_many = ([it for it in said if it.startswith("SELECT")] for said in (one, many))
    assert len(reads_of_many) == len(reads)
    assert len(many) - len(one) <= 9 * 2  # a signal and an alert may be written for themselves, nothing else
    assert [[channel.channel for channel in item.decision.told] for item in told] == [["c1", "c3", "c5", "c7"]] * 10


def test_channels_that_fail_together_are_told_on_the_others_in_one_step(store: Store) -> None:
    at = context(store, 1, 4)
    for name in ("c1", "c3"):
        store.outbox.hold(name, "", "token_revoked", LATER - HOUR, lambda _: 60.0, parked=True)
    told = look_at_channels(at)
    assert [(one.signal.key, [it.channel for it in one.decision.told]) for one in told] == [
        ("channel:c1", ["c0", "c2", "c3"]),
        ("channel:c3", ["c0", "c1", "c2"]),
    ]
    assert {(one.channel, one.reason) for one in store.signals.decisions(LATER) if not one.told} == {
        ("c1", "itself"),
        ("c3", "itself"),
    }
    assert look_at_channels(at) == []
    store.outbox.works("c1")
    (over,) = look_at_channels(at)
    assert (over.signal.over, [it.channel for it in over.decision.told]) == (True, ["c0", "c2", "c3"])
    assert [(it.channel, it.why.value) for it in over.decision.untold] == [("c1", "never_told")]
