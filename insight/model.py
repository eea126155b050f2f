"""The words everything here is said in: frozen, slotted dataclasses on the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# -- what is followed -------------------------------------------------------------------------------------------


class Role(StrEnum):
    BRAND = "brand"
    COMPETITOR = "competitor"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Watch:
    """What the team follows. `id` never changes; `name` may, and each change of `query` makes a new `version`."""

    id: str
    name: str
    role: Role
    query: str
    time_zone: str = "UTC"
    version: int = 1


# -- what comes in ----------------------------------------------------------------------------------------------


class PostKind(StrEnum):
    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    ARTICLE = "article"
    TICKET = "ticket"
    SURVEY = "survey"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class Precision(StrEnum):
    """How exactly `published_at` is known. Day counts take `DAY`; no count takes `UNKNOWN`."""

    SECOND = "second"
    DAY = "day"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating on its own scale, as the platform gave it."""

    value: float
    worst: float = 1.0
    best: float = 5.0

    @property
    def share(self) -> float:
        """Where the value lies between worst (0.0) and best (1.0)."""
        return (self.value - self.worst) / (self.best - self.worst)


SAID: Mapping[str, bool] = {"said": True}
"""Of a field of Post: a change of it is an edit, and what it was before is kept. The rest just follows its platform."""
STAYS: Mapping[str, bool] = {"stays": True}
"""What may stay of a post that is deleted or kept no longer: nothing that anybody said, or who said it."""
LASTS: Mapping[str, bool] = {"lasts": True}
"""What an edition does not give stays as it was known."""


@dataclass(frozen=True, slots=True)
class Post:
    """Something somebody published. Identity is `(network, native_id)`; times are aware, in UTC.

    `text` is plain text with line breaks; `title` is apart from it. Unknown is `None`, never an invented value.
    `language` is the platform's own hint (BCP 47), not what was recognised. `reply_to`, `thread` and `repost_of` are
    native ids. `facts` hold what only some kinds know, by the names in `insight.query.fields.FACTS`.

    This is its one declaration: columns, JSON, revisions and merging are derived from it. A further field needs a
    migration that adds its column, and nothing else.
    """

    network: str
    native_id: str
    text: str = field(metadata=SAID)
    kind: PostKind = field(default=PostKind.POST, metadata={**SAID, **STAYS})
    url: str | None = None
    title: str | None = field(default=None, metadata=SAID)
    author: str | None = field(default=None, metadata=SAID)
    author_name: str | None = None
    audience: int | None = None
    published_at: datetime | None = field(default=None, metadata={**SAID, **STAYS})
    precision: Precision = field(default=Precision.SECOND, metadata={**SAID, **STAYS})
    edited_at: datetime | None = field(default=None, metadata=STAYS)
    language: str | None = field(default=None, metadata=STAYS)
    country: str | None = field(default=None, metadata=STAYS)
    rating: Rating | None = field(default=None, metadata={**SAID, **STAYS})
    engagement: Mapping[str, int] = field(default_factory=dict, metadata=LASTS)
    reply_to: str | None = field(default=None, metadata=LASTS)
    thread: str | None = field(default=None, metadata=LASTS)
    repost_of: str | None = None
    links: tuple[str, ...] = field(default=(), metadata=SAID)
    hashtags: tuple[str, ...] = field(default=(), metadata=SAID)
    media: tuple[str, ...] = ()
    visibility: Visibility = field(default=Visibility.PUBLIC, metadata={**SAID, **STAYS})
    facts: Mapping[str, str | float] = field(default_factory=dict, metadata=LASTS)

    @property
    def key(self) -> PostKey:
        return PostKey(self.network, self.native_id)


@dataclass(frozen=True, slots=True, order=True)
class PostKey:
    network: str
    native_id: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """The platform says that the post is gone."""

    network: str
    native_id: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """New numbers (likes, replies, reposts, views, …) for a post seen before."""

    network: str
    native_id: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of an indicator at one time."""

    indicator: str
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a page said at one time; comparing snapshots happens after storage."""

    url: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which posts may have been missed, and why. `since` None: it is not known since when."""

    since: datetime | None
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that could not be read: set aside with its reason and what it was, so that nothing is lost."""

    reason: str
    raw: str


Item = Post | Deletion | Engagement | Reading | Snapshot | Gap


# -- what was understood ----------------------------------------------------------------------------------------


class Label(StrEnum):
    """A mention's sentiment. `UNKNOWN`: no lexicon for the language."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`score` from -1 (bad) to 1 (good); `confidence` from 0 to 1; `evidence`: the words or the rating that decided."""

    label: Label
    score: float
    confidence: float = 0.0
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
    """A post that concerns a watch, and what was understood of it. `story` is shared by near copies."""

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


@dataclass(frozen=True, slots=True)
class Understood:
    """A post with its mentions: what the pipeline gives to storage. No mentions: the post concerns nobody."""

    post: Post
    mentions: tuple[Mention, ...]


# -- what is counted --------------------------------------------------------------------------------------------


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


# -- what changed -----------------------------------------------------------------------------------------------


class SignalKind(StrEnum):
    SPIKE = "spike"
    THEME = "theme"
    SILENCE = "silence"  # a source that has been quiet for longer than usual
    SOURCE = "source"  # a source that stopped for good: credentials, gone, forbidden
    CHANNEL = "channel"  # a channel that refuses messages for good; `Signal.key` is "channel:" and its name


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


@dataclass(frozen=True, slots=True)
class Signal:
    """Something changed. `key` names the conversation: the same key again is an update, not a second alert.

    `figures` are the numbers behind it, by name (`observed`, `expected`, `authors`, `p_value`, …); `headline` is one
    sentence a person understands; `detail` says why and how sure. `over`: what was reported under this key has ended.
    `posts`: all that it rests on. `versions`: of the query, the lexicon, the detector.
    """

    kind: SignalKind
    key: str
    watch: str | None
    source: str | None
    at: datetime
    headline: str
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    over: bool = False
    posts: tuple[PostKey, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theme:
    """A recurring complaint about a watch. `phrases` are its names, the surest first; its label is nearly always one.

    `told`: how many people were behind it when it was last told. `open`: it is not quiet yet.
    """

    id: str
    watch: str
    label: str
    first_at: datetime
    last_at: datetime
    phrases: tuple[str, ...] = ()
    told: int = 0
    open: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.label, *self.phrases))


class ThemeChange(StrEnum):
    OPENED = "opened"
    RENAMED = "renamed"
    MERGED = "merged"
    SPLIT = "split"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ThemeEvent:
    """What became of a theme. `other`: the theme it was merged into or split from, or the label it had before."""

    theme: str
    at: datetime
    change: ThemeChange
    other: str = ""


@dataclass(frozen=True, slots=True)
class Sighted:
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


# -- who was told -----------------------------------------------------------------------------------------------


class AlertState(StrEnum):
    OPENED = "opened"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One conversation about the signals that share a key. `told_at`: when anybody last heard of it."""

    id: str
    key: str
    kind: SignalKind
    watch: str | None
    source: str | None
    state: AlertState
    headline: str
    opened_at: datetime
    updated_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a channel hears of a signal; "" stands for all of them. `reason`: "told", or the named reason why not.

    `delivery`: the id of the message that tells it.
    """

    channel: str
    reason: str
    delivery: str | None = None


class Action(StrEnum):
    """What a message does on its channel; one that cannot do it, or has no first message yet, posts instead."""

    POST = "post"  # a message of its own
    EDIT = "edit"  # in place of the conversation's first message
    REPLY = "reply"  # in its thread
    BROADCAST = "broadcast"  # in its thread, and shown to the whole channel


DIGESTS = "digest"
"""The conversation of all digests: only the newest is worth sending."""


class DeliveryState(StrEnum):
    """new → sending → sent | failed | unknown | joined.

    Unknown: it may have arrived; looked up or marked before a repeat. Joined: a newer message of its conversation was
    sent in its place.
    """

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message for one channel, to each of its recipients. `unique`: it happens once however often it is asked for.

    `message` is the message as JSON; `conversation` joins the deliveries of one alert (its id), or all digests.
    """

    id: str
    channel: str
    message: Mapping[str, Any]
    conversation: str = ""
    unique: str | None = None
    action: Action = Action.POST


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery. `token` proves the claim; `ref` is where the conversation's first message is.

    `recipient`: "" where the channel has one place only. `attempt`: how often it was sent, this time included.
    `outdated`: a newer message of its conversation is waiting.
    """

    id: str
    channel: str
    message: Mapping[str, Any]
    attempt: int
    token: str
    was_unknown: bool = False
    ref: Mapping[str, str] | None = None
    action: Action = Action.POST
    recipient: str = ""
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class ChannelTrouble:
    """A channel that is held, or one recipient of it ("": the channel itself), and until when nothing is sent there.

    `parked`: refused for good, so somebody has to act. `waiting`: messages that wait for it.
    """

    channel: str
    recipient: str
    since: datetime
    held_until: datetime
    failures: int
    error: str
    parked: bool
    waiting: int = 0
