"""The spike detector: the last hours of a watch against what is usual, at equal maturity; pure, one state a watch.

The promise is a number of false alarms a day. Every hour that closes is looked at through five windows at each of two
maturities, so each look may err with the promise divided by all looks of a day (a union bound, as Bonferroni's:
https://en.wikipedia.org/wiki/Bonferroni_correction; the looks overlap, so that the true rate lies below it where the
baseline holds).

The test compares at equal maturity; the figures that people read are all that is known by now, over the same hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from insight.counts import DAY, HOUR, LAGS, Hours, floor_hour
from insight.evidence import count_by_author, stories
from insight.model import Signal, StoredMention, Watch
from insight.spikes.baseline import Baseline, fit
from insight.spikes.messages import Subject, spike_ended, spike_risen, warming_up
from insight.spikes.state import EMPTY_STATE, HISTORY, RECENT, State, needs_history, newest_end
from insight.spikes.windows import ANY_LAG, MATURITIES, Comparison, Extent, Finding, Limits, mentions_in, total

LIMITS = Limits()
COMPLAINTS = Subject()

STALE = timedelta(hours=24)  # an hour that closed longer ago is no news
WARM_UP = timedelta(days=14)  # two of each weekday: the least from which a weekly habit can be told
CALM_HOURS = 8  # this many calm hours in a row end a spike: a night's sleep does
UNWATCHED = timedelta(hours=3)  # an hour that is looked at later than this proves no calm: nobody was listening
NEW_USUAL = timedelta(days=7)  # a spike that lasts longer is the new usual


@dataclass(frozen=True, slots=True)
class SpikeInput:
    """What the program hands over: counts by maturity (MATURITIES, ANY_LAG) and mentions, both back to `needs_since`.

    `history`: the same counts back to HISTORY, when `needs_history` asked for them. The mentions are iterated only
    where there may be a spike.
    """

    recent: Mapping[int, Hours]
    mentions: Iterable[StoredMention] = ()
    history: Mapping[int, Hours] | None = None


@dataclass(frozen=True, slots=True)
class SpikeResult:
    """`verdict` says in a few words why something, or nothing, was told."""

    signals: tuple[Signal, ...] = ()
    verdict: str = ""
    warm_up_days_left: float = 0.0


@dataclass(slots=True)
class _SpikeStep:
    """One step on its way: the state that it changes, and what it has found to say."""

    watch: Watch
    state: State
    given: SpikeInput
    now: datetime
    limits: Limits
    subject: Subject
    zone: ZoneInfo
    signals: list[Signal] = field(default_factory=list)
    verdict: str = "nothing unusual"

    def comparison(self, max_lag: int) -> Comparison | None:
        stored = self.state["baselines"].get(str(max_lag))
        return Comparison(self.given.recent.get(max_lag, {}), Baseline.from_json(stored), self.zone) if stored else None


@dataclass(frozen=True, slots=True)
class _ClosedHour:
    """An hour that has closed, by its end. `matured`: counts at one maturity; `known`: all that is known by now."""

    step: _SpikeStep
    max_lag: int
    matured: Comparison
    known: Comparison
    end: datetime


def step(
    state: Mapping[str, Any],
    watch: Watch,
    given: SpikeInput,
    now: datetime,
    limits: Limits = LIMITS,
    subject: Subject = COMPLAINTS,
) -> tuple[State, SpikeResult]:
    """Look at each hour that has closed since the last step. The same hour twice changes nothing."""
    # 1. A copy of the state, without times that a clock which was ahead has left: nothing would be told until then.
    copy: State = {**EMPTY_STATE, **state}
    copy |= {name: dict(value) for name, value in copy.items() if isinstance(value, Mapping)}
    if copy["told_until"] and datetime.fromisoformat(copy["told_until"]) > now + DAY:
        copy |= {"told_from": None, "told_until": None}
    if copy["since"] and datetime.fromisoformat(copy["since"]) > now + DAY:
        copy["since"] = None
    this = _SpikeStep(watch, copy, given, now, limits, subject, ZoneInfo(watch.time_zone))

    # 2. What is usual.
    _fit_baselines(this)
    left = max(timedelta(0), WARM_UP - (now - datetime.fromisoformat(this.state["since"])))

    # 3. Each hour that has closed, at each maturity.
    known = this.comparison(ANY_LAG)
    for max_lag in MATURITIES:
        matured = this.comparison(max_lag)
        for end in _closed_hours(this, max_lag):
            if not matured or not known or left:
                continue  # it counts as looked at: when the warm-up ends, old hours are no news
            spike = this.state["open"]
            if spike is None:
                _look_for_spike(_ClosedHour(this, max_lag, matured, known, end))
            elif spike["look"] == max_lag:
                _follow_spike(_ClosedHour(this, max_lag, matured, known, end))
    if left or not this.state["fitted_at"]:
        this.verdict = warming_up(left, WARM_UP) if left else "no history yet"

    # 4. After a pause one step may open, raise and end a spike: the last figures, then the end, are enough.
    signals = {(signal.key, signal.over): signal for signal in this.signals}
    return this.state, SpikeResult(tuple(signals.values()), this.verdict, left / DAY)


def _fit_baselines(this: _SpikeStep) -> None:
    """Remember from when counts are believed, and fit the baselines when the long history is there."""
    state, history = this.state, this.given.history
    since = datetime.fromisoformat(state["since"]) if state["since"] else None
    if since is None:  # the first step of all; after a new usual, older history does not count again
        # what a first visit found in old pages came late, so it is at neither maturity
        matured = [(history or {}).get(max_lag, {}) for max_lag in MATURITIES]
        since = min([this.now, *(hour for counts in matured for hour, count in counts.items() if count)])
        since = max(this.now - HISTORY, since)
        state["since"] = since.isoformat()
    if history is None or not needs_history(state, this.watch, this.now):
        return
    for max_lag in (*MATURITIES, ANY_LAG):
        until = newest_end(min(max_lag, MATURITIES[-1]), this.now)
        baseline = fit(history.get(max_lag, {}), max(since, until - HISTORY), until, this.zone)
        state["baselines"][str(max_lag)] = baseline.to_json()
    state["fitted_at"], state["version"] = this.now.isoformat(), this.watch.version


def _closed_hours(this: _SpikeStep, max_lag: int) -> Iterator[datetime]:
    """Ends of the hours not looked at yet; stale ones are passed over. The state then says that they were looked at."""
    last = this.state["through"].get(str(max_lag))
    newest = newest_end(max_lag, this.now)
    end = max(datetime.fromisoformat(last), floor_hour(this.now - STALE)) if last else newest - HOUR
    while end < newest:
        end += HOUR
        yield end
    this.state["through"][str(max_lag)] = newest.isoformat()


def _look_for_spike(hour: _ClosedHour) -> None:
    """Numbers alone are not enough: several people must say several things, and without the loudest it must hold."""
    # 1. The numbers. Hours of the spike before are not told again.
    this, limits = hour.step, hour.step.limits
    after = datetime.fromisoformat(this.state["told_until"]) if this.state["told_until"] else None
    found = hour.matured.least_likely_window(hour.end, limits, after)
    if found is None:
        this.verdict = "nothing unusual"
        return
    if found.chance >= limits.threshold:
        this.verdict = f"p={found.chance:.2g} above threshold {limits.threshold:.2g}"
        return

    # 2. The people.
    mentions = mentions_in(this.given.mentions, found.start, found.end, hour.max_lag)
    by_author, told_stories = count_by_author(mentions), stories(mentions)
    if len(by_author) < limits.authors or len(told_stories) < limits.stories:
        this.verdict = f"{found.observed} mentions, but {len(by_author)} authors and {len(told_stories)} stories only"
        return
    loudest = max(by_author.values(), default=0)
    without = found.observed - max(0, loudest - 1)
    small = without < max(limits.mentions, limits.ratio * found.expected)
    if small or hour.matured.baseline.chance(without, found.expected, found.hours) >= limits.threshold:
        this.verdict = f"{found.observed} mentions, but {loudest} by one author"
        return

    # 3. It is one.
    earliest = max(this.now - RECENT, after or this.now - RECENT)
    first = hour.known.first_hour(found.start, found.end, earliest)
    this.state["open"] = {
        "key": f"{this.subject.key}:{this.watch.id}:{first:%Y-%m-%dT%H}",
        "look": hour.max_lag,
        "first": first.isoformat(),
        "busy": hour.known.busy_until(found.end, found.end, floor_hour(this.now)).isoformat(),
        "told": 0,
        "calm": 0,
    }
    this.verdict = f"told: p={found.chance:.2g} below threshold {limits.threshold:.2g}"
    _tell_risen(hour, found, _extent(hour))


def _follow_spike(hour: _ClosedHour) -> None:
    """Another hour of the open spike: bigger, going on, or over."""
    # 1. Calm? What came meanwhile of earlier hours counts too.
    this, spike = hour.step, hour.step.state["open"]
    first, before = datetime.fromisoformat(spike["first"]), datetime.fromisoformat(spike["busy"])
    noisy = before if hour.matured.is_calm(hour.end) else max(before, hour.end)
    busy = hour.known.busy_until(noisy, hour.end, floor_hour(this.now))
    if busy > before:
        spike["busy"], spike["calm"] = busy.isoformat(), 0
    elif hour.end > busy and this.now - hour.end < UNWATCHED + timedelta(hours=LAGS[hour.max_lag]):
        spike["calm"] += 1
    extent = _extent(hour)
    spike["told"] = extent.observed if spike["told"] is None else spike["told"]
    this.verdict = f"open since {first:%Y-%m-%d %H:%M} UTC: {extent.observed} in {extent.hours} h"

    # 2. Over, or twice as big as when it was last told.
    if spike["calm"] >= CALM_HOURS or hour.end - first >= NEW_USUAL:
        calm = CALM_HOURS if spike["calm"] >= CALM_HOURS else 0
        if not calm:  # what was learnt before it no longer says what is usual
            this.state["since"], this.state["fitted_at"] = extent.start.isoformat(), None
        mentions = mentions_in(this.given.mentions, extent.start, extent.end)
        this.signals.append(spike_ended(spike["key"], this.watch, this.subject, extent, mentions, calm, this.now))
        this.state |= {"open": None, "told_from": spike["first"], "told_until": hour.end.isoformat()}
    elif extent.observed >= 2 * spike["told"]:
        observed = total(hour.matured.counts, first, extent.hours)
        expected = hour.matured.expected(first, extent.hours)
        chance = hour.matured.baseline.chance(observed, expected, extent.hours)
        _tell_risen(hour, Finding(first, extent.hours, observed, expected, chance), extent)


def _extent(hour: _ClosedHour) -> Extent:
    """The hours of the open spike, and all that is known of them by now."""
    spike = hour.step.state["open"]
    return hour.known.extent(datetime.fromisoformat(spike["first"]), datetime.fromisoformat(spike["busy"]))


def _tell_risen(hour: _ClosedHour, found: Finding, extent: Extent) -> None:
    this = hour.step
    this.state["open"]["told"] = extent.observed
    mentions = mentions_in(this.given.mentions, extent.start, extent.end)
    key, usual = this.state["open"]["key"], hour.known.baseline
    this.signals.append(
        spike_risen(key, this.watch, this.subject, extent, found, mentions, usual, this.limits, this.now)
    )
