"""Figures over the opinions of a post, and the readout that makes probabilities of them.

The readout is a multinomial logistic regression (https://en.wikipedia.org/wiki/Multinomial_logistic_regression) over
a dozen figures, and one more for complaints, fitted on labelled posts of our own by `python -m benchmarks.fit`. Its
weights are read from `insight/lexicons/readout.json`, by language; "any" is fitted on all of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from insight.model import Label
from insight.understanding.lexicon import COMPLAINTS, FOLDER
from insight.understanding.opinions import Opinion
from insight.understanding.tokens import Tokens

FIGURES = (
    "one", "good", "bad", "failure", "service", "leaving", "relief", "whole", "lowest", "highest", "both", "last",
    "asked", "exclaimed", "long", "silent",
)  # fmt: skip
LABELS = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE, Label.MIXED)


@dataclass(frozen=True, slots=True)
class Readout:
    """Weights by label, and of complaints, each as long as FIGURES."""

    labels: Mapping[Label, Sequence[float]]
    complaint: Sequence[float]

    def probabilities(self, figures: Sequence[float]) -> dict[Label, float]:
        logits = {label: _dot(weights, figures) for label, weights in self.labels.items()}
        top = max(logits.values())
        shares = {label: math.exp(logit - top) for label, logit in logits.items()}
        total = sum(shares.values())
        return {label: share / total for label, share in shares.items()}

    def complains(self, figures: Sequence[float]) -> float:
        """The probability that it is a complaint."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, _dot(self.complaint, figures)))))


def squash(total: float) -> float:
    """A sum of valences between -1 and 1, as VADER does it: 15 is near the largest sum expected."""
    return total / math.sqrt(total * total + 15)


def figures_of(tokens: Tokens, opinions: Sequence[Opinion]) -> tuple[float, ...]:
    """FIGURES of the opinions about the watch: sums by section and by sentence, each between -1 and 1."""
    sums = dict.fromkeys(("good", "bad", "failure", "service", "leaving", "relief"), 0.0)
    by_sentence: dict[int, float] = {}
    for one in opinions:
        sums[_GROUPS[one.section]] += one.weight
        by_sentence[one.sentence] = by_sentence.get(one.sentence, 0.0) + one.weight
    scores = [squash(total) for total in by_sentence.values()]
    good = squash(sums["good"] + sums["relief"])
    bad = squash(sums["bad"] + sums["failure"] + sums["service"] + sums["leaving"])
    return (
        1.0,
        squash(sums["good"]),
        squash(sums["bad"]),
        squash(sums["failure"]),
        squash(sums["service"]),
        squash(sums["leaving"]),
        squash(sums["relief"]),
        sum(scores) / len(scores) if scores else 0.0,
        min(0.0, *scores) if scores else 0.0,
        max(0.0, *scores) if scores else 0.0,
        min(good, -bad),
        scores[-1] if scores else 0.0,
        1.0 if "?" in tokens.words else 0.0,
        1.0 if "!" in tokens.words else 0.0,
        math.log1p(len(tokens.words)) / 5,
        0.0 if opinions else 1.0,
    )


_GROUPS = {
    "good": "good", "bad": "bad", "relief": "relief", "leaving": "leaving", "failure": "failure",
    **dict.fromkeys(set(COMPLAINTS) - {"failure", "leaving"}, "service"),
}  # fmt: skip


@lru_cache(maxsize=1)
def _readouts() -> Mapping[str, Readout]:
    stored = json.loads((FOLDER / "readout.json").read_text("utf-8"))
    if tuple(stored["figures"]) != FIGURES:
        raise ValueError("insight/lexicons/readout.json was fitted on other figures: run python -m benchmarks.fit")
    return {
        language: Readout({Label(name): weights for name, weights in one["labels"].items()}, one["complaint"])
        for language, one in stored["readouts"].items()
    }


def readout_of(language: str) -> Readout:
    found = _readouts()
    return found.get(language) or found["any"]


def _dot(weights: Sequence[float], figures: Sequence[float]) -> float:
    return sum(weight * figure for weight, figure in zip(weights, figures, strict=True))
