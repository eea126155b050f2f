"""The week as data: what was said of each watch, whether that is unusual, what happened, and what may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from insight.evidence import distinct_quotes, engagement_of
from insight.model import Alert, Label, Quote, Role, SignalKind, StoredMention, Visibility, Watch
from insight.periods import Period, due_period, week_before
from insight.source_health.coverage import SourceWeek, coverage
from insight.statistics import pairwise_dispersion, two_counts

__all__ = [
    "Change",
    "Digest",
    "Event",
    "Period",
    "Shares",
    "SourceWeek",
    "WatchDigest",
    "WatchWeek",
    "compose",
    "due_period",
    "week_before",
]

QUOTES = 3
UNUSUAL = 0.01  # a difference that chance makes in fewer than one of a hundred weeks is worth calling one
Totals = Mapping[str, Mapping[Label, int]]


@dataclass(frozen=True, slots=True)
class WatchWeek:
    """What is known of a watch's week. `totals` by source and label; `days`, `days_before`: mentions of the seven days.

    `known_before`: whether Listener listened all of the week before. `top`: mentions to choose quotes from.
    """

    watch: Watch
    totals: Totals
    totals_before: Totals
    days: Sequence[int] = ()
    days_before: Sequence[int] = ()
    authors: int = 0
    stories: int = 0
    known_before: bool = True
    top: Sequence[StoredMention] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """This week beside the one before. `unusual`: more than the days of both weeks let chance explain."""

    now: int
    before: int | None
    p_value: float | None
    unusual: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Mentions by sentiment, posts that are gone among them: the five numbers of a week add up."""

    negative: int
    neutral: int
    positive: int
    mixed: int
    unknown: int
    sentence: str

    @property
    def known(self) -> int:
        return self.negative + self.neutral + self.positive + self.mixed


@dataclass(frozen=True, slots=True)
class Event:
    """An alert of the week."""

    kind: SignalKind
    headline: str
    alert: str


@dataclass(frozen=True, slots=True)
class WatchDigest:
    """A watch's week. `events`: its spikes, themes and other alerts; `private`: quotable mentions that are private."""

    watch: Watch
    change: Change
    shares: Shares
    by_source: tuple[tuple[str, int], ...]
    days: tuple[int, ...]
    authors: int
    stories: int
    quotes: tuple[Quote, ...]
    events: tuple[Event, ...]
    private: int


@dataclass(frozen=True, slots=True)
class Digest:
    """The whole week. `coverage`: what may be missing; `events` those of no watch (sources). `quoting`: which posts are
    quoted, where it is not any; a sentence. `undelivered`: alerts that have not arrived, a sentence each.
    """

    period: Period
    headline: str
    watches: tuple[WatchDigest, ...]
    events: tuple[Event, ...]
    coverage: tuple[str, ...]
    quoting: str = ""
    undelivered: tuple[str, ...] = ()


def compose(
    period: Period,
    weeks: Sequence[WatchWeek],
    alerts: Sequence[Alert] = (),
    sources: Sequence[SourceWeek] = (),
    *,
    public_only: bool = False,
    query: str | None = None,
    undelivered: Sequence[str] = (),
) -> Digest:
    """The digest of a period. `alerts`: those opened in it. `public_only`: private posts count but are not quoted.
    `query`: what each week's `top` were chosen by.
    """
    watches = tuple(_watch_digest(week, alerts, public_only) for week in weeks)
    events = _events(alerts, None)
    quoting = f"Figures count all posts; quoted are only those that match: {query}" if query else ""
    missing = coverage(sources, period)
    return Digest(period, _headline(watches, events), watches, events, missing, quoting, tuple(undelivered))


def _watch_digest(week: WatchWeek, alerts: Sequence[Alert], public_only: bool) -> WatchDigest:
    by_source = {source: sum(labels.values()) for source, labels in week.totals.items()}
    ranked = tuple(sorted(((source, n) for source, n in by_source.items() if n), key=lambda it: (-it[1], it[0])))
    private = [stored for stored in week.top if stored.post.visibility is Visibility.PRIVATE]
    quotable = [it for it in week.top if it.post.visibility is Visibility.PUBLIC] if public_only else week.top
    return WatchDigest(
        week.watch,
        _change(week),
        _shares(week.totals),
        ranked,
        tuple(week.days),
        week.authors,
        week.stories,
        distinct_quotes(quotable, [float(engagement_of(stored)) for stored in quotable], QUOTES),
        _events(alerts, week.watch.id),
        len(private),
    )


def _events(alerts: Sequence[Alert], watch: str | None) -> tuple[Event, ...]:
    ordered = sorted((alert for alert in alerts if alert.watch == watch), key=lambda alert: (alert.opened_at, alert.id))
    return tuple(Event(alert.kind, alert.headline, alert.id) for alert in ordered)


def _change(week: WatchWeek) -> Change:
    now, before = _sum(week.totals), _sum(week.totals_before)
    if not week.known_before:
        return Change(now, None, None, False, f"{_mentions(now)}; there is no whole week before to compare with")
    comparable = len(week.days) == len(week.days_before) > 1
    p_value = two_counts(now, before, pairwise_dispersion(week.days, week.days_before) if comparable else 1.0)
    unusual = p_value < UNUSUAL
    if now == before:
        sentence = f"{_mentions(now)}, as many as the week before"
    else:
        more = "more" if now > before else "fewer"
        percent = f" ({(now - before) / before:+.0%})" if before >= 10 else ""  # 300 % more of two is no news
        usual = "more than chance explains" if unusual else "within its usual range"
        sentence = f"{_mentions(now)}, {abs(now - before)} {more} than the week before{percent}: {usual}"
    return Change(now, before, p_value, unusual, sentence)


def _shares(totals: Totals) -> Shares:
    sums = {label: sum(labels.get(label, 0) for labels in totals.values()) for label in Label}
    negative, neutral = sums[Label.NEGATIVE], sums[Label.NEUTRAL]
    positive, mixed, unknown = sums[Label.POSITIVE], sums[Label.MIXED], sums[Label.UNKNOWN]
    known = negative + neutral + positive + mixed
    sentence = "sentiment unknown"
    if known:
        sentence = f"{negative / known:.0%} negative, {neutral / known:.0%} neutral, {positive / known:.0%} positive"
        sentence += f", {mixed / known:.0%} mixed" if mixed else ""
        sentence += f" of {known} understood" + (f"; {unknown} unknown" if unknown else "")
    return Shares(negative, neutral, positive, mixed, unknown, sentence)


def _headline(watches: Sequence[WatchDigest], events: Sequence[Event]) -> str:
    """One sentence: of the own brand, or what comes first, and how much happened."""
    if not watches:
        return "Nothing is being watched"
    first = next((it for it in watches if it.watch.role is Role.BRAND), watches[0])
    happened = sum(len(it.events) for it in watches) + len(events)
    alerts = {0: "nothing unusual was told", 1: "one alert"}.get(happened, f"{happened} alerts")
    return f"{first.watch.name}: {first.change.sentence}; {first.shares.sentence}; {alerts}"


def _sum(totals: Totals) -> int:
    return sum(sum(labels.values()) for labels in totals.values())


def _mentions(count: int) -> str:
    return "1 mention" if count == 1 else f"{count} mentions"
