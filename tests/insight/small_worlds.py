"""Watches, mentions and small quiet worlds for the tests of detection; all made up, all from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from insight.model import (
    Label,
    Mention,
    MentionState,
    Post,
    Precision,
    Role,
    Sentiment,
    StoredMention,
    Visibility,
    Watch,
)

ACME = Watch("acme", "Acme", Role.BRAND, 'acme OR "acme corp"', "Europe/Paris")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def stored(
    native_id: str,
    at: datetime | None,
    text: str = "acme is broken",
    *,
    author: str | None = "",
    story: str | None = None,
    late: timedelta = timedelta(minutes=5),
    label: Label = Label.NEGATIVE,
    state: MentionState = MentionState.KEPT,
    visibility: Visibility = Visibility.PUBLIC,
    likes: int = 0,
    precision: Precision = Precision.SECOND,
) -> StoredMention:
    """A mention of Acme; each from its own author and story unless one is named."""
    who = f"author of {native_id}" if author == "" else author
    post = Post(
        "net",
        native_id,
        text,
        author=who,
        published_at=at,
        precision=precision,
        visibility=visibility,
        engagement={"likes": likes},
    )
    story, complaint = story or f"story of {native_id}", label is Label.NEGATIVE
    mention = Mention("acme", post.key, 1, "en", Sentiment(label, -0.5), story, state, complaint=complaint)
    return StoredMention(post, mention, "source", (at or MONDAY) + late)


def poisson(rng: random.Random, mean: float) -> int:
    """Knuth's method, in pieces so that a large mean does not underflow."""
    count = 0
    while mean > 0:
        limit, product = math.exp(-min(mean, 30.0)), rng.random()
        while product > limit:
            count, product = count + 1, product * rng.random()
        mean -= 30
    return count


def quiet(level: float, days: int, seed: int, mood: Callable[[random.Random], float] | None = None) -> list[int]:
    """Hourly counts of a watch with nights and weekends; `mood` draws a factor for each day."""
    rng = random.Random(f"quiet {level} {seed}")
    counts = []
    for day in range(days):
        factor = (mood(rng) if mood else 1.0) * (0.6 if day % 7 >= 5 else 1.16)
        counts += [
            poisson(rng, level / 24 * factor * (1 + 0.8 * math.sin((hour - 9) / 12 * math.pi))) for hour in range(24)
        ]
    return counts


def by_hour(counts: Sequence[int], start: datetime = MONDAY) -> dict[datetime, int]:
    return {start + i * HOUR: count for i, count in enumerate(counts) if count}


def voices_of(counts: Mapping[datetime, int]) -> Iterable[StoredMention]:
    """As many mentions as were counted, each by somebody else: then only the numbers decide."""
    for hour, count in counts.items():
        for i in range(count):
            yield stored(f"{hour:%d%H}-{i}", hour + timedelta(seconds=i))
