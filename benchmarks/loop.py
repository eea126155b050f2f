"""What the daemon asks its database every few seconds, with a long history behind it: 20,000 sent deliveries, 300,000
posts. It runs on older code too (PYTHONPATH), which names some of these questions otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.pipeline import NOW, postgres
from benchmarks.table import wall_seconds
from insight.counts import COMPLAINT, YES
from insight.model import (
    DeliveryState,
    Label,
    Mention,
    NewDelivery,
    Post,
    PostKey,
    Role,
    Sentiment,
    UnderstoodPost,
    Watch,
)
from storage import SourceEntry, StepResult, Store, UnderstoodBatch, open_store

POSTS, SENT, SOURCES = 300_000, 20_000, 1_000
PAGE = 1_000
WAITING = (DeliveryState.NEW, DeliveryState.SENDING, DeliveryState.UNKNOWN)
SHORT, LONG = NOW - timedelta(hours=49), NOW - timedelta(days=57)


def main() -> None:
    print(f"\nLoop queries, {POSTS:,} posts, {SENT:,} sent deliveries  (alone: python -m benchmarks loop)")
    with tempfile.TemporaryDirectory(prefix="listener-bench-") as folder:
        _measure("SQLite", f"sqlite:///{Path(folder) / 'bench.db'}")
        try:
            with postgres(Path(folder)) as address:
                _measure("Postgres", address)
        except (ImportError, OSError, RuntimeError) as error:
            print(f"  Postgres was not measured: {error}")


def _measure(name: str, url: str) -> None:
    with open_store(url) as store:
        fill(store)
        for what, ask in _questions(store).items():
            ask()  # once for the statement, as the daemon's second turn
            print(f"  {name + ': ' + what:<52} {min(wall_seconds(ask) for _ in range(5)) * 1e3:>9,.2f} ms")


def _questions(store: Store) -> dict[str, Callable[[], Any]]:
    outbox: Any = store.outbox
    due = (lambda: outbox.due(NOW)) if hasattr(outbox, "due") else lambda: outbox.claim(NOW, timedelta(minutes=1), 100)
    waiting = outbox.waiting if hasattr(outbox, "waiting") else lambda: outbox.rows(WAITING, limit=None)
    return {
        "deliveries to send": due,
        "how many deliveries wait": waiting,
        "alerts told in the last day": lambda: outbox.spent(NOW - timedelta(days=1)),
        "sources that are due": lambda: store.sources.due(NOW - timedelta(days=1)),
        "every source, for health": store.sources.all,
        "state of a watch": lambda: store.state.get("watch:acme"),
        "counts of two days, three maturities": lambda: _complaints(store, SHORT),
        "counts of eight weeks, three maturities": lambda: _complaints(store, LONG),
        "complaints of two days": lambda: store.posts.recent("acme", SHORT, NOW, complaints_only=True),
        "what the theme step has not seen": lambda: store.themes.mark("acme"),
        "open alerts": store.signals.alerts,
        "a page of which half is known": lambda: store.posts.stored(_KEYS),
    }


_KEYS = {PostKey("net", str(number * 5_000)) for number in range(100)}


def fill(store: Store) -> None:
    store.watches.sync([Watch(name, name, Role.BRAND, name) for name in ("acme", "bolt")], NOW)
    store.sources.sync([SourceEntry(f"source{number}", "feed") for number in range(SOURCES)], NOW)
    for start in range(0, POSTS, PAGE):
        store.ingest(UnderstoodBatch("source0", "", NOW, tuple(_understood(start))))
    for start in range(0, SENT, PAGE):
        made = tuple(
            NewDelivery(f"d{number}", "team", {"headline": "Negative mentions"}, f"alert{number // 4}", f"d{number}")
            for number in range(start, start + PAGE)
        )
        store.commit(StepResult(NOW - timedelta(days=30), deliveries=made))
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state = 'sent', attempt = 1, next_at = NULL")
    if store.dialect != "sqlite":  # as its autovacuum does within a minute
        with store._database.write() as connection:
            connection.exec_driver_sql("ANALYZE")


def _understood(start: int) -> Iterator[UnderstoodPost]:
    """One in ten concerns the watch, half of those are negative; over eight weeks."""
    for number in range(start, start + PAGE):
        at = NOW - timedelta(days=56) * number / POSTS
        post = Post("net", str(number), "acme is out", author=f"author{number % 997}", published_at=at)
        complaint = number % 20 != 0
        sentiment = Sentiment(Label.NEGATIVE if complaint else Label.NEUTRAL, 0.0)
        watch = "bolt" if number % 10 else "acme"
        mention = Mention(watch, post.key, 1, "en", sentiment, f"story{number}", complaint=complaint)
        yield UnderstoodPost(post, (mention,))


if __name__ == "__main__":
    main()


def _complaints(store: Store, since: datetime) -> object:
    return store.counts.matured("acme", since, NOW, [YES], (0, 5, 9), COMPLAINT)
