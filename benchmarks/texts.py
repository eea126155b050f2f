"""Texts to measure with: real ones where they lie beside the project, and made ones from a seed."""

from __future__ import annotations

import json
import random
from pathlib import Path

REAL = Path(__file__).resolve().parents[2] / "shared" / "bench" / "sentiment"

_OPENINGS = ("I tried", "We moved to", "My team uses", "Has anybody seen", "Finally got", "Just installed", "Back to")
_THINGS = ("the new release", "their support", "the dashboard", "the mobile app", "the update", "the price list")
_VIEWS = ("and it is great", "but it keeps crashing", "which is fine", "and I hate the lag", "so far so good", "today")
_ENDINGS = ("", "!", " 😂", " 😡😡", " https://example.com/a/b?c=d", " #software", " ???", " @someone")


def real(name: str = "*") -> list[str]:
    """The texts of the labelled sets; none without the folder."""
    files = sorted(REAL.glob(f"{name}.jsonl"))
    return [json.loads(line)["text"] for file in files for line in file.read_text().splitlines()]


def made(count: int, seed: int = 1) -> list[str]:
    """Short English posts as people write them, more or less."""
    rng = random.Random(seed)
    parts = (_OPENINGS, _THINGS, _VIEWS)
    sentences = (" ".join(rng.choice(part) for part in parts) + rng.choice(_ENDINGS) for _ in range(count))
    return [f"{sentence} {rng.randrange(10_000)}" for sentence in sentences]


def posts_like(count: int) -> list[str]:
    """Short posts: the real ones, over again until there are enough, or made ones."""
    texts = real("en_vader_tweets") or made(5_000)
    return (texts * (count // len(texts) + 1))[:count]
