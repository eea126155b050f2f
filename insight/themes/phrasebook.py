"""How often the negative mentions of a watch used each phrase before: decayed counts of people, of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import exp
from typing import Any, NamedTuple

MEMORY = 28.0  # days after which a day weighs e times less
LARGEST = 3000  # phrases kept; the rarest go first
COMMON = 0.15  # a word that more of the people use says nothing about what they complain of
NEVER = 0.5  # people who will have used a phrase that nobody is known to have used


class PhraseUse(NamedTuple):
    """Somebody used these phrases on a day."""

    day: date
    author: tuple[str, str]
    phrases: frozenset[str]


@dataclass(slots=True)
class Phrasebook:
    """`people` is the (decayed) sum of people a day, `counts` how many of them used a phrase.

    `floor`: the highest count that was let go to save room; a phrase that is not there may have had as many.
    """

    day: date
    people: float = 0.0
    floor: float = 0.0
    counts: dict[str, float] = field(default_factory=dict)

    def decay(self, today: date) -> bool:
        """Let time pass up to this day; whether it has."""
        factor = exp(-max(0, (today - self.day).days) / MEMORY)
        if factor < 1:
            self.day, self.people, self.floor = today, self.people * factor, self.floor * factor
            self.counts = {phrase: count * factor for phrase, count in self.counts.items()}
        return factor < 1

    def learn(self, uses: Iterable[PhraseUse]) -> None:
        """Each person counts once a day, however often they say it."""
        by_day: dict[tuple[date, tuple[str, str]], set[str]] = {}
        for used in uses:
            by_day.setdefault((used.day, used.author), set()).update(used.phrases)
        for (day, _), phrases in sorted(by_day.items()):
            weight = exp(-max(0, (self.day - day).days) / MEMORY)
            self.people += weight
            for phrase in phrases:
                self.counts[phrase] = self.counts.get(phrase, 0.0) + weight
        if len(self.counts) > LARGEST:
            ranked = sorted(self.counts, key=lambda phrase: (-self.counts[phrase], phrase))
            self.floor = max(self.floor, self.counts[ranked[LARGEST]])
            self.counts = {phrase: self.counts[phrase] for phrase in ranked[:LARGEST]}

    def share(self, phrase: str) -> float:
        """The share of people a day who used it, never nothing (https://en.wikipedia.org/wiki/Additive_smoothing)."""
        return (max(self.counts.get(phrase, 0.0), self.floor) + NEVER) / (self.people + 2 * NEVER)

    def is_common(self, word: str) -> bool:
        return self.counts.get(word, 0.0) > COMMON * self.people

    def to_json(self) -> dict[str, Any]:
        counts = {phrase: round(count, 3) for phrase, count in self.counts.items()}
        return {"day": self.day.isoformat(), "heard": self.people, "floor": self.floor, "counts": counts}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Phrasebook:
        return cls(date.fromisoformat(value["day"]), value["heard"], value["floor"], dict(value["counts"]))
