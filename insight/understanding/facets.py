"""What a post wants and speaks of: its intent, aspects with their own polarity, the stage of the customer's journey."""

from __future__ import annotations

from collections.abc import Sequence

from insight.model import Facet, Label, Sentiment
from insight.understanding.lexicon import Entry, Lexicon
from insight.understanding.opinions import Opinion
from insight.understanding.patterns import Found
from insight.understanding.readout import squash
from insight.understanding.tokens import Tokens

SURE = 2.0  # the sum of weights from which an intent is taken for what its words say, whatever the sentiment
FIRST = ("spam", "job", "leaving", "switching")
"""Intents that come before a complaint: an advertisement that praises or scares is none, and who leaves says more."""
AFTER = ("request", "question", "buying", "news")
MOST_ASPECTS = 4


def facets_of(
    tokens: Tokens, lexicon: Lexicon, opinions: Sequence[Opinion], sentiment: Sentiment, complaint: bool
) -> tuple[Facet, ...]:
    """One intent, up to MOST_ASPECTS aspects in the order of the text, and the stage that the words tell, if any."""
    found = lexicon.facets.find(tokens)
    sums: dict[tuple[str, str], float] = {}
    for one in found:
        entry: Entry = one.entry
        key = (entry.facet, entry.section)
        sums[key] = sums.get(key, 0.0) + (entry.weight or 1.0)
    intents = {value: total for (facet, value), total in sums.items() if facet == "intent"}
    intent = intent_of(intents, sentiment.label, complaint, asked="?" in tokens.words)
    stages = {value: total for (facet, value), total in sums.items() if facet == "stage"}
    facets = [Facet("intent", intent), *_aspects(tokens, found, opinions)]
    if stages:
        facets.append(Facet("stage", max(stages, key=stages.__getitem__)))
    return tuple(facets)


def intent_of(sums: dict[str, float], label: Label, complaint: bool, *, asked: bool) -> str:
    for name in FIRST:
        if sums.get(name, 0.0) >= SURE:
            return name
    if complaint:
        return "complaint"
    told = [name for name in AFTER if sums.get(name, 0.0) >= SURE]
    if told:
        return max(told, key=sums.__getitem__)
    if label is Label.POSITIVE:
        return "praise"
    return "question" if asked else "chatter"


def _aspects(tokens: Tokens, found: Sequence[Found], opinions: Sequence[Opinion]) -> list[Facet]:
    """Each aspect with what is said in the clauses that speak of it, else in their sentences."""
    places: dict[str, list[int]] = {}
    for one in found:
        if one.entry.facet == "aspect":
            places.setdefault(one.entry.section, []).append(one.start)
    facets = []
    for aspect, starts in list(places.items())[:MOST_ASPECTS]:
        clauses = {tokens.clauses[start] for start in starts}
        sentences = {tokens.sentences[start] for start in starts}
        near = [one.weight for one in opinions if one.clause in clauses]
        near = near or [one.weight for one in opinions if one.sentence in sentences]
        facets.append(Facet("aspect", aspect, round(squash(sum(near)), 3)))
    return facets
