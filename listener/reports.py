"""The weekly digest: when it is due, what goes into it, and into the outbox once."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from alerts.digests import digest_message
from alerts.rules import may_read_private
from insight.coverage import SourceWeek
from insight.digest import Digest, WatchWeek, compose
from insight.model import Label, NewDelivery, PostKey, Sighted, Watch
from insight.periods import Period, due_period
from insight.silence import SourceHour
from listener.collecting.rhythm import longest
from listener.filters import let_through
from listener.signals import Scene
from storage import Step

LISTENING_SINCE = "listening since"
TOP = 200
SIFTED = 2_000
WORTH_A_DIGEST = timedelta(days=1)


def last_period(scene: Scene) -> Period:
    """The week that the digest due last, or now, is about."""
    settings = scene.config.digest
    return due_period(scene.now, settings.weekday.number, settings.hour, settings.time_zone)


def digest_when_due(scene: Scene) -> Period | None:
    """Put the digest of the last due period in the outbox; None when it is there already, or digests are off.

    A period of which Listener heard less than a day has no digest.
    """
    period = last_period(scene)
    since = listening_since(scene)
    done = scene.store.state.get("digest")
    if not scene.config.digest.enabled or since is None or period.end - since < WORTH_A_DIGEST:
        return None
    if done and done["period"] == period.key:
        return None
    deliveries = tuple(_delivery(scene, period, channel) for channel in scene.config.digest_channels)
    scene.store.commit(Step(scene.now, {"digest": {"period": period.key}}, deliveries=deliveries))
    return period


def _delivery(scene: Scene, period: Period, channel: str) -> NewDelivery:
    unique = f"digest {period.key} {channel}"
    private = may_read_private(scene.config.routes, channel)
    digest = compose_digest(scene, period, public_only=not private)
    name = sha256(unique.encode()).hexdigest()[:24]
    message = digest_message(digest, scene.now, id=name)
    return NewDelivery(name, channel, message.to_json(), unique=unique)


def listening_since(scene: Scene) -> datetime | None:
    """When this database first saw a daemon."""
    since = scene.store.state.get(LISTENING_SINCE)
    return datetime.fromisoformat(since["at"]) if since else None


def compose_digest(scene: Scene, period: Period, *, public_only: bool = True) -> Digest:
    """The week as data, from what is stored now."""
    weeks = [_week(scene, watch, period) for watch in scene.watches]
    opened = scene.store.signals.opened(period.start, period.end)
    if public_only:  # the very headline of an alert that rests on private posts is private
        private = scene.store.signals.private({alert.key for alert in opened})
        opened = [alert for alert in opened if alert.key not in private]
    query = scene.config.digest.query
    return compose(period, weeks, opened, _sources(scene, period), public_only=public_only, query=query)


def _week(scene: Scene, watch: Watch, period: Period) -> WatchWeek:
    counts, before, since = scene.store.counts, period.before(), listening_since(scene)
    top, quotable = _top(scene, watch, period)
    distinct = counts.distinct(watch.id, period.start, period.end, frozenset(Label))
    return WatchWeek(
        watch,
        counts.totals(watch.id, period.start, period.end),
        counts.totals(watch.id, before.start, before.end),
        [_total(scene, watch, start, end) for start, end in period.days()],
        [_total(scene, watch, start, end) for start, end in before.days()],
        distinct.authors,
        distinct.stories,
        known_before=since is not None and since <= before.start,
        top=top,
        quotable=quotable,
    )


def _top(scene: Scene, watch: Watch, period: Period) -> tuple[list[Sighted], frozenset[PostKey] | None]:
    """The mentions to quote from, and which of them the digest's query lets through: for that, more are looked at."""
    query = scene.config.digest.query
    top = scene.store.posts.recent(watch.id, period.start, period.end, limit=SIFTED if query else TOP)
    if query is None:
        return top, None
    themes = scene.store.themes.of({found.post.key for found in top})
    return top, let_through(scene.config, query, top, themes)


def _total(scene: Scene, watch: Watch, start: datetime, end: datetime) -> int:
    return sum(sum(labels.values()) for labels in scene.store.counts.totals(watch.id, start, end).values())


def _sources(scene: Scene, period: Period) -> list[SourceWeek]:
    hours: dict[str, list[SourceHour]] = {}
    for visit in scene.store.sources.visits(period.start):
        if visit.hour < period.end:
            hours.setdefault(visit.source, []).append(SourceHour(visit.hour, visit.fetches, visit.failures, visit.new))
    gaps = [found for found in scene.store.sources.gaps(period.start) if found.gap.until < period.end]
    return [
        SourceWeek(
            source.id,
            hours.get(source.id, []),
            [found.gap for found in gaps if found.source == source.id],
            timedelta(seconds=longest(source)),
        )
        for source in scene.config.sources
    ]
