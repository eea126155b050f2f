"""Labelled posts of our own, and how much each counts; how they were made stands in README.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from insight.model import Label, Post, Span
from insight.understanding.lexicon import lexicon_for
from insight.understanding.opinions import opinions_in
from insight.understanding.passages import passages
from insight.understanding.readout import figures_of
from insight.understanding.tokens import tokens_of

HERE = Path(__file__).parent
SHARES = {
    "failure": 8, "annoyed": 6, "service": 4, "leaving": 2, "polite": 2, "sarcasm": 2, "mixed": 6, "praise": 18,
    "recovered": 2, "comparison": 4, "question": 10, "request": 4, "chatter": 18, "news": 9, "spam": 5,
}  # fmt: skip
"""Of a hundred posts about a brand, so many are of each kind: our estimate, from what public streams bring."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """`weight`: what it counts, so that each kind has its share."""

    post: Post
    language: str
    brand: str
    kind: str
    label: Label
    complaint: bool
    intent: str
    aspects: Mapping[str, str]
    stage: str
    weight: float

    @property
    def spans(self) -> tuple[Span, ...]:
        """Where the brand stands, as a query for its name would find it."""
        found = []
        for field in ("title", "text"):
            written = (getattr(self.post, field) or "").lower()
            at = written.find(self.brand.lower())
            while self.brand and at >= 0:
                found.append(Span(field, at, at + len(self.brand)))
                at = written.find(self.brand.lower(), at + len(self.brand))
        return tuple(found)

    def figures(self) -> tuple[float, ...]:
        text = passages(self.post, self.spans)
        tokens = tokens_of(text, self.language)
        return figures_of(tokens, [one for one in opinions_in(tokens, lexicon_for(text, self.language)) if one.own])


def load(language: str, part: str) -> list[Labelled]:
    """`part`: "fit", which may be looked at, or "held", which is for measuring only."""
    lines = (HERE / f"{language}.{part}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    written = Counter(row["kind"] for row in rows)
    return [
        Labelled(
            Post("labels", row["id"], row["text"], title=row.get("title") or None),
            language, row.get("brand", ""), row["kind"], Label(row["label"]), row["complaint"], row["intent"],
            row.get("aspects", {}), row.get("stage", ""), SHARES[row["kind"]] / written[row["kind"]],
        )
        for row in rows
    ]  # fmt: skip
