"""The weekly digest: when it is due, what goes into it, and into the outbox once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from zoneinfo import ZoneInfo

from alerts.base import Message
from alerts.digests import digest_message
from alerts.rules import may_read_private
from insight.digest import Digest, Totals, WatchWeek, compose
from insight.model import DIGESTS, Alert, Label, NewDelivery, StoredMention
from insight.periods import Period, due_period
from insight.query import asks_for
from insight.source_health.coverage import SourceWeek
from insight.source_health.trouble import SourceHour
from listener.clock import LISTENING_SINCE
from listener.collecting.pace import longest_pause
from listener.config import Config
from listener.telling.decisions import Context
from listener.telling.filters import let_through
from storage import DeliveryRecord, StepResult

TOP = 200  # mentions of a watch, the newest, to quote from
SEARCHED = 2_000  # of them, where a query lets only some of them through
WORTH_A_DIGEST = timedelta(days=1)  # of its week that Listener has to have heard


def last_period(context: Context) -> Period:
    """The week that the digest due last, or now, is about."""
    settings = context.config.digest
    return due_period(context.now, settings.weekday.number, settings.hour, settings.time_zone)


def digest_when_due(context: Context) -> Period | None:
    """Put the digest of the last due period in the outbox; None when it is there already, or digests are off.

    A period of which Listener heard less than a day has no digest. It is composed once for the channels that may read
    private posts, and once for the others.
    """
    config, store, now, period = context.config, context.store, context.now, last_period(context)
    since, done = listening_since(context), store.state.get("digest")
    if not config.digest.enabled or since is None or period.end - since < WORTH_A_DIGEST:
        return None
    if done and done["period"] == period.key:
        return None
    week = week_of(context, period)
    composed: dict[bool, Message] = {}
    deliveries = []
    for channel in config.digest_channels:
        private = may_read_private(config.routes, channel)
        if private not in composed:
            composed[private] = digest_message(week.digest(public_only=not private), now, id="")
        unique = f"digest {period.key} {channel}"
        name = sha256(unique.encode()).hexdigest()[:24]
        message = replace(composed[private], id=name)
        deliveries.append(NewDelivery(name, channel, message.to_json(), DIGESTS, unique))
    store.commit(StepResult(now, {"digest": {"period": period.key}}, deliveries=tuple(deliveries)))
    return period


def listening_since(context: Context) -> datetime | None:
    """When this database first saw a daemon."""
    since = context.store.state.get(LISTENING_SINCE)
    return datetime.fromisoformat(since["at"]) if since else None


@dataclass(frozen=True, slots=True)
class Week:
    """All that a digest is composed of, as it was read: once for all watches, and for all who get the digest.

    `private`: the keys of alerts that rest on private posts. `undelivered`: messages about alerts that were given up.
    """

    period: Period
    watches: Sequence[WatchWeek]
    alerts: Sequence[Alert]
    private: frozenset[str]
    sources: Sequence[SourceWeek]
    undelivered: Sequence[DeliveryRecord]
    config: Config

    def digest(self, *, public_only: bool = True) -> Digest:
        """What is sent. `public_only`: without what was meant for channels that may read private posts, and without
        alerts that rest on such posts, for their headlines alone would tell.
        """
        alerts = [one for one in self.alerts if not (public_only and one.key in self.private)]
        lost = [
            _not_delivered(one, self.period.time_zone)
            for one in self.undelivered
            if not (public_only and may_read_private(self.config.routes, one.channel))
        ]
        query = self.config.digest.query
        return compose(
            self.period, self.watches, alerts, self.sources, public_only=public_only, query=query, undelivered=lost
        )


def _not_delivered(one: DeliveryRecord, time_zone: str) -> str:
    where = f"{one.channel} ({one.recipient})" if one.recipient else one.channel
    since = f"{one.created_at.astimezone(ZoneInfo(time_zone)):%A %d %B %H:%M}"
    return f"{where} was not told since {since}: {one.headline}" + (f" ({one.error})" if one.error else "")


def week_of(context: Context, period: Period) -> Week:
    """Read a week, with as many queries for one watch and one channel as for many."""
    # 1. Figures of this week and the one before it, and mentions to quote: of all watches at once.
    store, config, since = context.store, context.config, listening_since(context)
    before, ids = period.before(), [watch.id for watch in context.watches]
    edges = [start for start, _ in (*before.days(), *period.days())] + [period.end]
    counted = store.counts.stretches(ids, edges)
    distinct = store.counts.distinct(ids, period.start, period.end)
    top = _top(context, ids, period)
    weeks = [
        WatchWeek(
            watch,
            _add_up(counted[watch.id][7:]),
            _add_up(counted[watch.id][:7]),
            [*map(_total, counted[watch.id][7:])],
            [*map(_total, counted[watch.id][:7])],
            distinct[watch.id].authors,
            distinct[watch.id].stories,
            known_before=since is not None and since <= before.start,
            top=top[watch.id],
        )
        for watch in context.watches
    ]

    # 2. What happened, and which messages about it were given up.
    alerts = store.signals.opened(period.start, period.end)
    private = store.signals.private({alert.key for alert in alerts})
    lost = [one for one in store.outbox.undelivered(period.start) if one.updated_at < period.end]

    # 3. What may be missing: each source's hours, and its gaps.
    hours: dict[str, list[SourceHour]] = {}
    for visit in store.sources.visits(period.start):
        if visit.hour < period.end:
            hours.setdefault(visit.source, []).append(SourceHour(visit.hour, visit.fetches, visit.failures, visit.new))
    gaps = [found for found in store.sources.gaps(period.start) if found.gap.until < period.end]
    undated = store.sources.undated(period.start, period.end)
    sources = [
        SourceWeek(
            source.id,
            hours.get(source.id, []),
            [found.gap for found in gaps if found.source == source.id],
            timedelta(seconds=longest_pause(source)),
            undated[source.id].counted if source.id in undated else 0,
        )
        for source in config.sources
    ]
    return Week(period, weeks, alerts, private, sources, lost, config)


def _top(context: Context, watches: Sequence[str], period: Period) -> dict[str, list[StoredMention]]:
    """By watch, the mentions to quote from: what the digest's query lets through, for which more are looked at."""
    query, store = context.config.digest.query, context.store
    top = store.posts.newest(watches, period.start, period.end, SEARCHED if query else TOP)
    if query is None:
        return top
    themes = {}
    if asks_for(context.config.filters[query], "theme"):
        themes = store.themes.of({one.post.key for mentions in top.values() for one in mentions})
    return {watch: [*let_through(context.config, query, mentions, themes)] for watch, mentions in top.items()}


def _total(day: Totals) -> int:
    return sum(sum(labels.values()) for labels in day.values())


def _add_up(days: Iterable[Totals]) -> dict[str, dict[Label, int]]:
    """Several days' mentions by source and label."""
    found: dict[str, Counter[Label]] = {}
    for source, labels in chain.from_iterable(day.items() for day in days):
        found.setdefault(source, Counter()).update(labels)
    return {source: dict(labels) for source, labels in found.items()}
