"""A watch, signals, alerts and messages to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.base import Fact, Message, MessageKind
from alerts.rules import Route, decide
from insight.model import (
    Alert,
    Label,
    Mention,
    Post,
    PostKey,
    Quote,
    Role,
    Sentiment,
    Signal,
    SignalKind,
    StoredMention,
    Visibility,
    Watch,
)

NOW = datetime(2025, 3, 4, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
WATCH = Watch("w1", "Lanternfish", Role.BRAND, "lanternfish", "Europe/Berlin")
EVERYWHERE = (Route("console"), Route("team"))


def quote(text: str = "the new update eats my battery", number: int = 1, **changes: Any) -> Quote:
    url, author = f"https://social.example/@user{number}/{number}", f"user{number}"
    return replace(Quote(PostKey("mastodon", f"n{number}"), text, url, author, NOW - HOUR, Label.NEGATIVE), **changes)


def private(number: int = 9) -> Quote:
    return quote("my ticket says the invoice is wrong", number, visibility=Visibility.PRIVATE)


def stored(said: Quote) -> StoredMention:
    """The mention that is quoted so."""
    post = Post(
        said.post.network, said.post.native_id, said.text, url=said.url, author=said.author,
        published_at=said.published_at, visibility=said.visibility,
    )  # fmt: skip
    mention = Mention(
        WATCH.id,
        post.key,
        1,
        "en",
        Sentiment(said.label, -0.5),
        f"story {post.native_id}",
        complaint=said.label is Label.NEGATIVE,
    )
    return StoredMention(post, mention, "source", NOW)


def signal(**changes: Any) -> Signal:
    figures = {"observed": 42.0, "expected": 9.3, "authors": 31.0, "p_value": 0.0000032}
    found = Signal(
        SignalKind.SPIKE, "spike:w1", WATCH.id, None, NOW,
        "Negative mentions of Lanternfish: 42 in 1 hour, about 9 are usual", "From 28 days of history.",
        figures, posts=(PostKey("mastodon", "n1"), PostKey("mastodon", "n2")),
    )  # fmt: skip
    return replace(found, **changes)


def opened(at: datetime = NOW - 2 * HOUR, **changes: Any) -> Alert:
    """An alert that was told when it was opened."""
    alert = decide(signal(headline="Negative mentions of Lanternfish: 20"), None, EVERYWHERE, at, told=()).alert
    assert alert is not None
    return replace(alert, **changes)


def message(identity: str = "d1", **changes: Any) -> Message:
    found = Message(
        identity, MessageKind.ALERT, "Negative mentions of Lanternfish: 42 in 1 hour", "From 28 days of history.", NOW,
        facts=(Fact("Seen", "42, where 9.3 are usual"), Fact("Authors", "31")), quotes=(quote(),), conversation="a1",
    )  # fmt: skip
    return replace(found, **changes)
