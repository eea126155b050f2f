"""What was understood: the mentions of watches in posts, and how they are counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from insight.model.posts import Post, PostKey, Visibility


class Label(StrEnum):
    """A mention's sentiment. `MIXED`: real praise and real blame. `UNKNOWN`: no lexicon for the language."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    MIXED = "mixed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` from -1 (bad) to 1 (good). `probability`, from 0 to 1: that the label is right, calibrated on labelled
    posts (0: not known). `evidence`: the words or the rating that decided, the strongest first.
    """

    label: Label
    score: float
    probability: float = 0.0
    evidence: tuple[str, ...] = ()


class MentionState(StrEnum):
    """`EXCLUDED`: an exclusion of the query hides it (see `Mention.excluded_by`); `DROPPED`: an edit took it out.

    `DELETED`: it was kept when its post went. It counts as it did, and nobody sees it any more.
    """

    KEPT = "kept"
    EXCLUDED = "excluded"
    DROPPED = "dropped"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing understood of a mention besides its sentiment: `Facet("aspect", "battery", -0.6, 0.9)`.

    `score` from -1 (bad) to 1 (good) where the facet has a polarity; `probability` from 0 to 1 that it is so.
    """

    name: str
    value: str
    score: float | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Where something matched: `text[start:end]` of the post's `field` ("text", "title", …)."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A post that concerns a watch, and what was understood of it. `story` is shared by near copies.

    `complaint`: it is negative, or says that something fails.
    """

    watch: str
    post: PostKey
    query_version: int
    language: str
    sentiment: Sentiment
    story: str
    state: MentionState = MentionState.KEPT
    excluded_by: str | None = None
    spans: tuple[Span, ...] = ()
    facets: tuple[Facet, ...] = ()
    complaint: bool = False


SCORES = {Label.NEGATIVE: -0.5, Label.POSITIVE: 0.5}
"""What a label says of the score where only the label is known; of the others it is 0."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says that a mention is: it counts for more than what the rules say, now and later."""

    watch: str
    post: PostKey
    label: Label
    complaint: bool
    person: str
    at: datetime

    def apply(self, mention: Mention) -> Mention:
        """The mention as the person sees it. What the rules saw in another label is no evidence for this one."""
        said = mention.sentiment
        if said.label is not self.label:
            said = Sentiment(self.label, SCORES.get(self.label, 0.0))
        return replace(mention, sentiment=replace(said, probability=1.0), complaint=self.complaint)


@dataclass(frozen=True, slots=True)
class UnderstoodPost:
    """A post with its mentions: what the pipeline gives to storage. No mentions: the post concerns nobody."""

    post: Post
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class StoredMention:
    """A stored post, its mention by one watch, and which source saw it first, when."""

    post: Post
    mention: Mention
    source: str
    collected_at: datetime

    def quote(self) -> Quote:
        post = self.post
        text = f"{post.title}\n{post.text}" if post.title else post.text
        label, seen = self.mention.sentiment.label, post.visibility
        return Quote(post.key, text, post.url, post.author, post.published_at, label, seen)


@dataclass(frozen=True, slots=True)
class Quote:
    """A post as evidence: who said what, where, when."""

    post: PostKey
    text: str
    url: str | None
    author: str | None
    published_at: datetime | None
    label: Label = Label.UNKNOWN
    visibility: Visibility = Visibility.PUBLIC


class Grain(StrEnum):
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One counter: so many mentions have this `value` of this `facet` ("sentiment": a label).

    `start` is the hour's or day's beginning in UTC; `lag` an index into `insight.counts.LAGS`.
    """

    watch: str
    source: str
    grain: Grain
    start: datetime
    facet: str
    value: str
    lag: int
