"""Fit the readout of sentiment and complaints on our labelled posts, and say how well it does on those held out.

    python -m benchmarks.fit           figures only, by language, fitted on one half and measured on the other
    python -m benchmarks.fit --write   the same, and write insight/lexicons/readout.json

A multinomial logistic regression by gradient descent (https://en.wikipedia.org/wiki/Multinomial_logistic_regression).
It is drawn towards weights that say what anybody expects (PRIOR), as strongly as PULL: some hundred posts cannot
overrule them by chance. A post counts by the share that posts of its kind have where people talk (labels/README.md).
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.labels import Labelled, load
from insight.model import Label
from insight.understanding.lexicon import FOLDER
from insight.understanding.readout import FIGURES, LABELS, Readout

PULL = 0.05
STEPS, RATE = 400, 0.5
PRIOR: dict[str, dict[str, float]] = {
    "negative": {"one": -0.8, "bad": -2, "failure": -4, "service": -4, "leaving": -3, "whole": -2, "lowest": -1},
    "neutral": {"one": 0.5, "silent": 1, "asked": 0.5},
    "positive": {"one": -0.8, "good": 3, "relief": 1.5, "whole": 2, "highest": 1},
    "mixed": {"one": -2.5, "both": 5, "long": 0.5},
    "complaint": {"one": -1.5, "bad": -2, "failure": -6, "service": -6, "leaving": -4, "lowest": -1, "silent": -0.5},
}


def fit(posts: Sequence[Labelled]) -> Readout:
    rows = [(one.figures(), one) for one in posts]
    prior = {name: [PRIOR[name].get(figure, 0.0) for figure in FIGURES] for name in PRIOR}
    weights = {label: list(prior[label.value]) for label in LABELS}
    complaint = list(prior["complaint"])
    total = sum(one.weight for _, one in rows)
    for _ in range(STEPS):
        readout = Readout(weights, complaint)
        steps = {label: [0.0] * len(FIGURES) for label in LABELS}
        step = [0.0] * len(FIGURES)
        for figures, one in rows:
            likely = readout.probabilities(figures)
            for label in LABELS:
                _add(steps[label], figures, one.weight * ((one.label is label) - likely[label]) / total)
            _add(step, figures, one.weight * (one.complaint - readout.complains(figures)) / total)
        for label in LABELS:
            _pull(weights[label], steps[label], prior[label.value])
        _pull(complaint, step, prior["complaint"])
    return Readout(weights, complaint)


def _add(step: list[float], figures: Sequence[float], error: float) -> None:
    for place, figure in enumerate(figures):
        step[place] += error * figure


def _pull(weights: list[float], step: Sequence[float], prior: Sequence[float]) -> None:
    for place, gradient in enumerate(step):
        weights[place] += RATE * (gradient - PULL / 10 * (weights[place] - prior[place]))


LANGUAGES = ("en", "vi", "zh")
BINS, SAMPLES = 10, 400
Judged = tuple[dict[Label, float], float, Labelled]
"""The probabilities of the labels, that of a complaint, and what is true."""


def _likeliest(likely: dict[Label, float]) -> Label:
    return max(likely, key=likely.__getitem__)


def macro_f1(judged: Sequence[Judged]) -> float:
    """Over three labels; what is or is called mixed counts for neither. Posts count by their weight."""
    scores = []
    for label in (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE):
        said = [
            (max(likely, key=likely.__getitem__) is label, one.label is label, one.weight) for likely, _, one in judged
        ]
        right = sum(weight for mine, true, weight in said if mine and true)
        either = sum(weight * (mine + true) for mine, true, weight in said)
        scores.append(2 * right / either if either else 0.0)
    return sum(scores) / len(scores)


def calibration_error(judged: Sequence[Judged]) -> float:
    """Expected calibration error in ten equal parts (https://arxiv.org/abs/1706.04599)."""
    ranked = sorted(
        (max(likely.values()), max(likely, key=likely.__getitem__) is one.label) for likely, _, one in judged
    )
    error, size = 0.0, math.ceil(len(ranked) / BINS)
    for start in range(0, len(ranked), size):
        part = ranked[start : start + size]
        error += abs(sum(chance for chance, _ in part) - sum(right for _, right in part)) / len(ranked)
    return error


def perfect_error(judged: Sequence[Judged]) -> float:
    """What nine of ten perfect models stay below at this number of posts: their labels are drawn as likely as said."""
    rng, errors = random.Random(7), []
    for _ in range(SAMPLES):
        drawn = []
        for likely, complaint, one in judged:
            label = rng.choices(list(likely), list(likely.values()))[0]
            drawn.append((likely, complaint, replace(one, label=label)))
        errors.append(calibration_error(drawn))
    return sorted(errors)[int(0.9 * SAMPLES)]


def judge(readout: Readout, posts: Sequence[Labelled]) -> list[Judged]:
    found = []
    for one in posts:
        figures = one.figures()
        found.append((readout.probabilities(figures), readout.complains(figures), one))
    return found


def card(name: str, judged: Sequence[Judged]) -> str:
    heard = [(_likeliest(likely) is Label.NEGATIVE or complains >= 0.5, one) for likely, complains, one in judged]
    complaints = [mine for mine, one in heard if one.complaint]
    others = [mine for mine, one in heard if not one.complaint]
    return (
        f"{name:10} n {len(judged):4}  macro-F1 {macro_f1(judged):.3f}  "
        f"calibration error {calibration_error(judged):.3f} (a perfect model: {perfect_error(judged):.3f})  "
        f"complaints heard {sum(complaints)} of {len(complaints)}, wrongly {sum(others)} of {len(others)}"
    )


def main(write: bool = False) -> None:
    parts = {language: (load(language, "fit"), load(language, "held")) for language in LANGUAGES}
    everything = [one for fitted, _ in parts.values() for one in fitted]
    readouts = {"any": fit(everything)}
    for language, (fitted, held) in parts.items():
        readouts[language] = fit(fitted)
        print(card(f"{language} fit", judge(readouts[language], fitted)))
        print(card(f"{language} held", judge(readouts[language], held)))
        print(card(f"{language} any", judge(readouts["any"], held)))
    if write:
        stored = {
            "about": "Fitted by python -m benchmarks.fit --write on benchmarks/labels/*.fit.jsonl; see there.",
            "figures": FIGURES,
            "readouts": {name: _plain(readout) for name, readout in readouts.items()},
        }
        (FOLDER / "readout.json").write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def _plain(readout: Readout) -> dict[str, object]:
    labels = {label.value: [round(weight, 4) for weight in weights] for label, weights in readout.labels.items()}
    return {"labels": labels, "complaint": [round(weight, 4) for weight in readout.complaint]}


if __name__ == "__main__":
    main(write="--write" in sys.argv[1:])
