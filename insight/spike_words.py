"""How a spike is said: one sentence a person understands, and a paragraph that says how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from insight.baseline import DAY, HOUR, Baseline
from insight.evidence import representative, stories, voices
from insight.model import Sighted, Signal, SignalKind, Watch
from insight.windows import Finding, Limits


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: with another noun and key the same detector serves another label, or the total."""

    noun: str = "Negative mentions"
    key: str = "spike"


def risen(
    key: str,
    watch: Watch,
    counted: Counted,
    found: Finding,
    said: list[Sighted],
    baseline: Baseline,
    limits: Limits,
    now: datetime,
) -> Signal:
    """More than usual, or by now much more."""
    by = voices(said)
    figures = {
        "observed": float(found.observed),
        "expected": round(found.expected, 2),
        "p_value": found.chance,
        "hours": float(found.hours),
        "authors": float(len(by)),
        "stories": float(len(stories(said))),
        "loudest_share": round(max(by.values(), default=0) / max(1, len(said)), 3),
        "threshold": limits.threshold,
    }
    hours = "1 hour" if found.hours == 1 else f"{found.hours} hours"
    headline = f"{counted.noun} of {watch.name}: {found.observed} in {hours}, about {_about(found.expected)} usual"
    detail = _detail(watch, found, baseline, limits)
    return Signal(SignalKind.SPIKE, key, watch.id, None, now, headline, detail, figures, representative(said, 5))


def ended(
    key: str, watch: Watch, counted: Counted, first: datetime, observed: int, hours: int, calm_hours: int, now: datetime
) -> Signal:
    """Back to usual; or, when `calm_hours` is 0, as high as ever for so long that this is the usual now."""
    since = f"{first.astimezone(ZoneInfo(watch.time_zone)):%A %H:%M}"
    subject, detail = f"{counted.noun} of {watch.name}", f"{calm_hours} calm hours in a row."
    headline = f"{subject} are back to usual: {observed} in {hours} hours since {since}"
    if not calm_hours:
        headline = f"{subject} have stayed high for {hours * HOUR // DAY} days: this is the new usual"
        detail = f"{observed} in {hours} hours. Listener learns the new level and is silent until it knows it."
    figures = {"observed": float(observed), "hours": float(hours)}
    return Signal(SignalKind.SPIKE, key, watch.id, None, now, headline, detail, figures, over=True)


def warming_up(left: timedelta, whole: timedelta) -> str:
    return f"warming up: {(whole - left) // DAY} of {whole // DAY} days"


def _about(expected: float) -> str:
    if expected < 0.5:
        return "none is"
    return "1 is" if expected < 1.5 else f"{expected:.0f} are"


def _detail(watch: Watch, found: Finding, baseline: Baseline, limits: Limits) -> str:
    zone = ZoneInfo(watch.time_zone)
    start, end = found.start.astimezone(zone), found.end.astimezone(zone)
    odds = f"once in {1 / found.chance:,.0f} such windows" if found.chance > 1e-9 else "practically never"
    return (
        f"{start:%A %d %B %H:%M} to {end:%A %H:%M} ({watch.time_zone}). Usual at these hours and weekdays: "
        f"{found.expected:.1f}, from {baseline.days} days. By chance so many come {odds}; Listener tells below "
        f"1 in {1 / limits.threshold:,.0f}, to keep false alarms under one in "
        f"{1 / limits.false_alarms_per_day:.0f} days."
    )
