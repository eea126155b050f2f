"""Small posts, batches, signals and messages to test with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from insight.model import (
    Alert,
    AlertState,
    Deletion,
    Label,
    Mention,
    MentionState,
    NewDelivery,
    Post,
    PostKey,
    Sentiment,
    Signal,
    SignalKind,
    Span,
    UnderstoodPost,
)
from storage import Store, UnderstoodBatch

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def post(number: int = 1, text: str = "acme broke my sync", **changes: Any) -> Post:
    given: dict[str, Any] = {"published_at": NOON - HOUR, "author": f"user{number}"}
    return Post("mastodon", f"https://social.example/{number}", text, **(given | changes))


def mention(
    of: Post | PostKey,
    label: Label = Label.NEGATIVE,
    watch: str = "acme",
    version: int = 1,
    state: MentionState = MentionState.KEPT,
) -> Mention:
    key = of.key if isinstance(of, Post) else of
    sentiment = Sentiment(label, -0.5, 0.8, ("broke",))
    spans, complaint = (Span("text", 0, 4),), sentiment.label is Label.NEGATIVE
    return Mention(
        watch, key, version, "en", sentiment, f"story {key.native_id}", state, None, spans, complaint=complaint
    )


def understood(of: Post, label: Label = Label.NEGATIVE, *watches: str) -> UnderstoodPost:
    return UnderstoodPost(of, tuple(mention(of, label, watch) for watch in watches or ("acme",)))


def batch_of(
    *items: UnderstoodPost | Post, source: str = "mastodon", at: datetime = NOON, gone: Iterable[Post] = (), **more: Any
) -> UnderstoodBatch:
    """A batch of these posts; one that is not understood yet is a complaint about acme."""
    known = tuple(understood(item) if isinstance(item, Post) else item for item in items)
    deletions = tuple(Deletion(one.network, one.native_id) for one in gone)
    return UnderstoodBatch(source, "", at, known, deletions, **more)


def labels_of(store: Store, watch: str = "acme") -> dict[Label, int]:
    """A watch's counted mentions by label, over all time and sources."""
    totals: Counter[Label] = Counter()
    for labels in store.counts.totals(watch, NOON - 30 * DAY, NOON + 30 * DAY).values():
        totals.update(labels)
    return dict(totals)


def expire(store: Store, network: str, before: datetime, now: datetime) -> int:
    """Empty what was collected before then; how many posts it were."""
    return store.retention.empty_posts(store.retention.expired_posts(network, before), now)


SIGNAL = Signal(
    SignalKind.SPIKE, "spike:acme", "acme", None, NOON, "Acme is much criticised\0", "why", {"observed": 7.0},
    posts=(post(1).key, post(2).key), versions={"query": "1", "lexicon": "1", "detector": "2"},
)  # fmt: skip
ALERT = Alert("a1", "spike:acme", SignalKind.SPIKE, "acme", None, AlertState.OPENED, "Acme …", NOON, NOON, NOON)


def message(name: str, channel: str = "slack", conversation: str = "", unique: str | None = None) -> NewDelivery:
    return NewDelivery(name, channel, {"headline": f"headline of {name}"}, conversation, unique)
