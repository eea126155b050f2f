"""A first spike detector: the last hours of a watch against what is usual, at equal maturity; pure, one state a watch.

The promise is a number of false alarms a day. Every hour that closes is looked at through five windows at each of two
maturities, so each look may err with the promise divided by all looks of a day (a union bound; the looks overlap, so
that the true rate lies below it where the baseline holds).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from insight.baseline import DAY, HOUR, Baseline, Hours, fit, floor_hour
from insight.counts import LAGS
from insight.evidence import stories, voices
from insight.model import Sighted, Signal, Watch
from insight.spike_words import Counted, ended, risen, warming_up
from insight.windows import LOOKS, Finding, Limits, strongest, total, within

State = dict[str, Any]

LIMITS = Limits()
NEGATIVE = Counted()

HISTORY = timedelta(weeks=8, days=1)  # how far back `history` should reach
RECENT = timedelta(hours=49)  # how far back `recent` and `mentions` should reach
STALE = timedelta(hours=24)  # an hour that closed longer ago is no news
WARM_UP = timedelta(days=14)
CALM_HOURS = 8  # this many calm hours in a row end a spike
CALM_WINDOW = 3
UNWATCHED = timedelta(hours=3)  # an hour that is looked at later than this proves no calm: nobody was listening
NEW_USUAL = timedelta(days=7)  # a spike that lasts longer is the new usual


@dataclass(frozen=True, slots=True)
class Seen:
    """What the program hands over: counts by look, long ones when `needs_history` said so, and recent mentions."""

    recent: Mapping[int, Hours]
    mentions: Sequence[Sighted] = ()
    history: Mapping[int, Hours] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """`verdict` says in a few words why something, or nothing, was told."""

    signals: tuple[Signal, ...] = ()
    verdict: str = ""
    warm_up_days_left: float = 0.0


@dataclass(slots=True)
class _Run:
    """One step on its way: the state it changes, and what it found to say."""

    watch: Watch
    state: State
    seen: Seen
    now: datetime
    limits: Limits
    counted: Counted
    zone: ZoneInfo
    signals: list[Signal] = field(default_factory=list)
    verdict: str = "nothing unusual"


def needs_history(state: Mapping[str, Any], watch: Watch, now: datetime) -> bool:
    """Whether the next step should be given the long history: once a day, and after a change of the query."""
    fitted = state.get("fitted_at")
    return fitted is None or state["version"] != watch.version or now - datetime.fromisoformat(fitted) >= DAY


def warm_up_left(state: Mapping[str, Any], now: datetime) -> timedelta:
    """How long it stays silent because there is too little history; none when it is ready."""
    since = state.get("since")
    return max(timedelta(0), WARM_UP - (now - datetime.fromisoformat(since) if since else timedelta(0)))


def step(
    state: Mapping[str, Any],
    watch: Watch,
    seen: Seen,
    now: datetime,
    limits: Limits = LIMITS,
    counted: Counted = NEGATIVE,
) -> tuple[State, Result]:
    """Look at each hour that has closed since the last step. The same hour twice changes nothing."""
    run = _Run(watch, _copy(state), seen, now, limits, counted, ZoneInfo(watch.time_zone))
    _learn(run)
    left = warm_up_left(run.state, now)
    for look in LOOKS:
        baseline = _baseline(run, look)
        for end in _closed_hours(run, look):
            if baseline is not None and not left:
                _look(run, look, baseline, end)
    if left or not run.state["fitted_at"]:
        run.verdict = warming_up(left, WARM_UP) if left else "no history yet"
    return run.state, Result(_last_of_each(run.signals), run.verdict, left / DAY)


def _copy(state: Mapping[str, Any]) -> State:
    fresh: State = {"version": None, "since": None, "fitted_at": None, "through": {}, "baselines": {}, "open": None}
    copy: State = fresh | {"told_until": None} | dict(state)
    return copy | {"through": dict(copy["through"]), "baselines": dict(copy["baselines"]), "open": _dict(copy["open"])}


def _dict(value: Mapping[str, Any] | None) -> State | None:
    return None if value is None else dict(value)


def _learn(run: _Run) -> None:
    """Remember since when anybody listens, and fit the baselines when the long history is there."""
    state, history = run.state, run.seen.history
    first = [hour for counts in (history or {}).values() for hour, count in counts.items() if count]
    known = datetime.fromisoformat(state["since"]) if state["since"] else None
    if known is None:  # the first step of all; after a new usual, older history does not count again
        known = max(run.now - HISTORY, min([*first, run.now]))
        state["since"] = known.isoformat()
    if history is None or not needs_history(state, run.watch, run.now):
        return
    for look in LOOKS:
        until = _ripe(look, run.now)
        since = max(known, until - HISTORY)
        state["baselines"][str(look)] = fit(history.get(look, {}), since, until, run.zone).to_json()
    state["fitted_at"], state["version"] = run.now.isoformat(), run.watch.version


def _baseline(run: _Run, look: int) -> Baseline | None:
    stored = run.state["baselines"].get(str(look))
    return Baseline.from_json(stored) if stored else None


def _ripe(look: int, now: datetime) -> datetime:
    """The end of the newest hour that has all it can have at this maturity."""
    return floor_hour(now - timedelta(hours=LAGS[look]))


def _closed_hours(run: _Run, look: int) -> Iterator[datetime]:
    """Ends of the hours not looked at yet; stale ones are passed over."""
    last = run.state["through"].get(str(look))
    newest = _ripe(look, run.now)
    end = max(datetime.fromisoformat(last), floor_hour(run.now - STALE)) if last else newest - HOUR
    while end < newest:
        end += HOUR
        yield end
    run.state["through"][str(look)] = newest.isoformat()


def _look(run: _Run, look: int, baseline: Baseline, end: datetime) -> None:
    counts = run.seen.recent.get(look, {})
    if run.state["open"] is not None:
        if run.state["open"]["look"] == look:
            _follow(run, baseline, counts, end)
        return
    told = run.state["told_until"]
    found = strongest(counts, end, baseline, run.zone, run.limits, datetime.fromisoformat(told) if told else None)
    if found is None:
        run.verdict = "nothing unusual"
    elif found.chance >= run.limits.threshold:
        run.verdict = f"p={found.chance:.2g} above threshold {run.limits.threshold:.2g}"
    else:
        _weigh(run, look, baseline, found)


def _weigh(run: _Run, look: int, baseline: Baseline, found: Finding) -> None:
    """Numbers alone are not enough: several people must say several things, and without the loudest it must hold."""
    said = within(run.seen.mentions, found.start, found.end)
    by, limits = voices(said), run.limits
    loudest = max(by.values(), default=0)
    without = found.observed - max(0, loudest - 1)
    chance = baseline.chance(without, found.expected, found.hours)
    small = without < max(limits.mentions, limits.ratio * found.expected)
    if len(by) < limits.authors or len(stories(said)) < limits.stories:
        run.verdict = f"{found.observed} mentions, but {len(by)} authors and {len(stories(said))} stories only"
    elif small or chance >= limits.threshold:
        run.verdict = f"{found.observed} mentions, but {loudest} by one author"
    else:
        _open(run, look, baseline, found)


def _open(run: _Run, look: int, baseline: Baseline, found: Finding) -> None:
    run.state["open"] = {
        "key": f"{run.counted.key}:{run.watch.id}:{found.start:%Y-%m-%dT%H}",
        "look": look,
        "first": found.start.isoformat(),
        "observed": found.observed,
        "expected": round(found.expected, 4),
        "told": found.observed,
        "calm": 0,
        "busy": [found.observed, found.hours],
    }
    run.verdict = f"told: p={found.chance:.2g} below threshold {run.limits.threshold:.2g}"
    _rise(run, baseline, found)


def _follow(run: _Run, baseline: Baseline, counts: Hours, end: datetime) -> None:
    """Another hour of the open spike: bigger, going on, or over."""
    # 1. Add the hour.
    spike = run.state["open"]
    first = datetime.fromisoformat(spike["first"])
    spike["observed"] += counts.get(end - HOUR, 0)
    spike["expected"] += round(baseline.expected(end - HOUR, 1, run.zone), 4)
    hours = (end - first) // HOUR
    run.verdict = f"open since {first:%Y-%m-%d %H:%M} UTC: {spike['observed']} in {hours} h"

    # 2. Calm?
    start = end - CALM_WINDOW * HOUR
    trailing, usual = total(counts, start, CALM_WINDOW), baseline.expected(start, CALM_WINDOW, run.zone)
    calm = trailing < 2 or baseline.chance(trailing, usual, CALM_WINDOW) >= 0.05
    if not calm:
        spike["calm"], spike["busy"] = 0, [spike["observed"], hours]
    elif run.now - end < UNWATCHED + timedelta(hours=LAGS[spike["look"]]):
        spike["calm"] += 1

    # 3. Tell.
    if spike["calm"] >= CALM_HOURS or end - first >= NEW_USUAL:
        _close(run, first, end)
    elif spike["observed"] >= 2 * spike["told"] and not calm:
        spike["told"] = spike["observed"]
        chance = baseline.chance(spike["observed"], spike["expected"], hours)
        _rise(run, baseline, Finding(first, hours, spike["observed"], spike["expected"], chance))


def _close(run: _Run, first: datetime, end: datetime) -> None:
    spike = run.state["open"]
    observed, hours = spike["busy"]
    calm = CALM_HOURS if spike["calm"] >= CALM_HOURS else 0
    if not calm:  # what was learnt before it no longer says what is usual
        run.state["since"], run.state["fitted_at"] = first.isoformat(), None
    run.signals.append(ended(spike["key"], run.watch, run.counted, first, observed, hours, calm, run.now))
    run.state["open"], run.state["told_until"] = None, end.isoformat()


def _rise(run: _Run, baseline: Baseline, found: Finding) -> None:
    key, said = run.state["open"]["key"], within(run.seen.mentions, found.start, found.end)
    run.signals.append(risen(key, run.watch, run.counted, found, said, baseline, run.limits, run.now))


def _last_of_each(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """After a pause one step may open, raise and end a spike: the last figures, then the end, are enough."""
    return tuple({(signal.key, signal.over): signal for signal in signals}.values())
