"""From the posts of a burst to who hears of it: routes, minimum and privacy look at all of them, not at quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copyfile
from typing import Any

import pytest

from insight.model import Label, Mention, Post, Role, Sentiment, SignalKind, UnderstoodPost, Visibility, Watch
from listener.config import Config
from listener.telling.decisions import Context, DecidedSignal
from listener.telling.detection import look_at_watch
from storage import Store, UnderstoodBatch, open_store
from tests.listener.configs import understood

ACME = Watch("acme", "Acme", Role.BRAND, "acme")
BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = 16
WORDS = [a + b for a in ("ba", "ko", "ri", "su", "te", "vo") for b in ("lam", "min", "nod", "kef", "rug", "sip")]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with sixteen ordinary days: one person complains an hour."""
    path = tmp_path_factory.mktemp("past") / "past.db"
    with open_store(f"sqlite:///{path}") as store:
        store.watches.sync([ACME], BEGAN)
        lived(store, config("channel: team"), range(DAYS * 24), (), every=24)
    return path


@pytest.fixture
def store(past: Path, tmp_path: Path) -> Iterator[Store]:
    copyfile(past, tmp_path / "test.db")
    with open_store(f"sqlite:///{tmp_path}/test.db") as opened:
        yield opened


def config(*routes: str) -> Config:
    """Channels `team` and `desk`, and who of them hears what."""
    lines = "".join(f"    - {{{route}}}\n" for route in routes)
    return understood(f"""\
contact: you@example.org
watches: [{{id: acme, query: acme}}]
sources: [{{kind: board}}]
channels: {{team: {{kind: bell}}, desk: {{kind: bell}}}}
alerts:
  routes:
{lines}""")


def complaint(name: str, at: datetime, text: str, language: str = "en", private: bool = False) -> UnderstoodPost:
    seen = Visibility.PRIVATE if private else Visibility.PUBLIC
    post = Post("board", name, text, author=f"by {name}", published_at=at, visibility=seen)
    mention = Mention("acme", post.key, 1, language, Sentiment(Label.NEGATIVE, -0.6), f"story {name}", complaint=True)
    return UnderstoodPost(post, (mention,))


def sentence(random: Random) -> str:
    return "acme " + " ".join(random.sample(WORDS, 8))


def lived(
    store: Store, config: Config, hours: range, said: Sequence[UnderstoodPost], every: int = 1
) -> list[DecidedSignal]:
    """What is told while one person complains an hour, and `said` comes when it is published."""
    told: list[DecidedSignal] = []
    for hour in hours:
        start, random = BEGAN + hour * HOUR, Random(hour)
        usual = complaint(f"usual {hour}", start + HOUR / 2, sentence(random))
        new = [it for it in said if it.post.published_at and start <= it.post.published_at < start + HOUR]
        store.ingest(UnderstoodBatch("board", "", start + HOUR, (usual, *new)))
        if hour % every == 0:
            now = start + HOUR + timedelta(minutes=1)
            told += look_at_watch(Context(store, config, store.watches.all(), now), ACME)
    return told


def looked(store: Store, config: Config, said: Sequence[UnderstoodPost], hours: int) -> list[DecidedSignal]:
    """What is told in the hours after the ordinary days."""
    return lived(store, config, range(DAYS * 24, DAYS * 24 + hours), said)


def burst() -> list[UnderstoodPost]:
    """A hundred people in one hour: 75 say the same in English, each fourth something in Vietnamese."""
    at, random = BEGAN + (DAYS * 24 + 5) * HOUR, Random(5)
    return [
        complaint(f"vi {i}", at + i * HOUR / 101, sentence(random), "vi")
        if i % 4 == 0
        else complaint(f"en {i}", at + i * HOUR / 101, f"{sentence(random)} login fails again")
        for i in range(100)
    ]


def message(store: Store, channel: str) -> Any:
    """What a channel is sent next."""
    claimed = store.outbox.claim(channel, ("",), BEGAN + 99 * DAYS * HOUR, HOUR)
    return None if claimed is None else claimed.message


def test_a_route_hears_of_a_spike_of_which_a_quarter_is_what_its_query_asks_for(store: Store) -> None:
    """25 of 100 posts are Vietnamese; who quotes five of the hundred by how typical they are quotes none of them."""
    said = burst()
    told = looked(store, config("channel: team, query: 'lang:vi'", "channel: desk"), said, 8)
    spike = next(one for one in told if one.signal.kind is SignalKind.SPIKE)
    assert {one.channel for one in spike.decision.told} == {"team", "desk"}
    quoted = {quote["post"]["native_id"] for quote in message(store, "team")["quotes"]}
    assert len(quoted) == 5
    assert all(name.startswith("vi") for name in quoted)


@pytest.mark.parametrize(("minimum", "reason"), [(25, "told"), (26, "below_minimum")])
def test_the_minimum_counts_what_the_query_lets_through(store: Store, minimum: int, reason: str) -> None:
    said = burst()
    routes = f"channel: team, query: 'lang:vi', minimum: {minimum}"
    told = looked(store, config(routes), said, 7)
    assert [one.reason for one in told] == [reason]


def test_words_of_private_posts_are_no_headline_where_others_read(store: Store) -> None:
    """Tickets make a theme, and a few say the same in public: its name is made of the tickets' words."""
    start, random = BEGAN + DAYS * 24 * HOUR, Random(1)
    said = [
        complaint(f"{i}", start + 3 * i * HOUR, f"{sentence(random)} invoice of bankruptcy", private=i % 4 > 0)
        for i in range(15)
    ]
    routes = config("channel: team", "channel: desk, private: true")
    told = looked(store, routes, said, 48)
    theme = next(one for one in told if one.signal.kind is SignalKind.THEME)
    assert "bankruptcy" in theme.signal.headline
    assert [one.channel for one in theme.decision.told] == ["desk"]
    assert [(one.channel, one.why.value) for one in theme.decision.untold] == [("team", "private_evidence")]
    assert message(store, "team") is None
    kept = store.signals.decisions(BEGAN, theme.signal.key)
    first = [(one.channel, one.told, one.reason) for one in kept if one.at == theme.signal.at]
    assert first == [("desk", True, "told"), ("team", False, "private_evidence")]
    (told_by,) = {one.delivery for one in kept if one.at == theme.signal.at and one.told}
    assert told_by in {row.id for row in store.outbox.rows(limit=None)}
