"""How a spike is said: one sentence a person understands, and a paragraph that says how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from insight.counts import DAY, HOUR
from insight.evidence import count_by_author, posts_of, stories
from insight.model import Signal, SignalKind, StoredMention, Watch
from insight.spikes.baseline import Baseline
from insight.spikes.windows import Extent, Finding, Limits

ONE_IN_A_MILLION = 1e-6


@dataclass(frozen=True, slots=True)
class Subject:
    """What is counted: with another noun and key the same detector serves a label, or the total."""

    noun: str = "Complaints"
    key: str = "spike"


def spike_risen(
    key: str,
    watch: Watch,
    subject: Subject,
    extent: Extent,
    found: Finding,
    mentions: list[StoredMention],
    baseline: Baseline,
    limits: Limits,
    now: datetime,
) -> Signal:
    """More than usual, or by now much more: what is known, and `found`, the test that says it is no chance."""
    by_author = count_by_author(mentions)
    figures = {
        "observed": float(extent.observed),
        "expected": round(extent.expected, 2),
        "p_value": found.chance,
        "hours": float(extent.hours),
        "authors": float(len(by_author)),
        "stories": float(len(stories(mentions))),
        "loudest_share": round(max(by_author.values(), default=0) / max(1, len(mentions)), 3),
        "threshold": limits.threshold,
    }
    in_hours, usually = _hours(extent.hours), _about(extent.expected)
    headline = f"{subject.noun} about {watch.name}: {extent.observed} in {in_hours}, usually {usually}"
    zone = ZoneInfo(watch.time_zone)
    start, end = extent.start.astimezone(zone), extent.end.astimezone(zone)
    rare = found.chance < ONE_IN_A_MILLION
    odds = "less than once in a million such windows" if rare else f"once in {1 / found.chance:,.0f} such windows"
    detail = (
        f"{start:%A %d %B %H:%M} to {end:%A %H:%M} ({watch.time_zone}): all that is known by now. Usual at these hours "
        f"and weekdays: {extent.expected:.1f}, from {baseline.days} days. The test compares what came equally early: "
        f"{found.observed} in {_hours(found.hours)}, usually {_about(found.expected)}. By chance so many come "
        f"{odds}; Listener tells below 1 in {1 / limits.threshold:,.0f}, to keep false alarms under one in "
        f"{1 / limits.false_alarms_per_day:.0f} days."
    )
    return Signal(SignalKind.SPIKE, key, watch.id, None, now, headline, detail, figures, posts=posts_of(mentions))


def spike_ended(
    key: str,
    watch: Watch,
    subject: Subject,
    extent: Extent,
    mentions: list[StoredMention],
    calm_hours: int,
    now: datetime,
) -> Signal:
    """Back to usual; or, when `calm_hours` is 0, as high as ever for so long that this is the usual now."""
    who = f"{subject.noun} about {watch.name}"
    known = f"{extent.observed} in {_hours(extent.hours)}"
    if calm_hours:
        since = f"{extent.start.astimezone(ZoneInfo(watch.time_zone)):%A %H:%M}"
        headline = f"{who} are back to usual: {known} since {since}"
        detail = f"{calm_hours} calm hours in a row."
    else:
        headline = f"{who} have stayed high for {extent.hours * HOUR // DAY} days: this is the new usual"
        detail = f"{known}. Listener learns the new level and is silent until it knows it."
    figures = {"observed": float(extent.observed), "hours": float(extent.hours)}
    posts = posts_of(mentions)
    return Signal(SignalKind.SPIKE, key, watch.id, None, now, headline, detail, figures, over=True, posts=posts)


def warming_up(left: timedelta, whole: timedelta) -> str:
    return f"warming up: {(whole - left) // DAY} of {whole // DAY} days"


def _hours(hours: int) -> str:
    return "1 hour" if hours == 1 else f"{hours} hours"


def _about(expected: float) -> str:
    return "less than 1" if expected < 0.95 else f"about {expected:.0f}"
