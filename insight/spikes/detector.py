"""A first spike detector: the last hours of a watch against what is usual, at equal maturity; pure, one state a watch.

The promise is a number of false alarms a day. Every hour that closes is looked at through five windows at each of two
maturities, so each look may err with the promise divided by all looks of a day (a union bound; the looks overlap, so
that the true rate lies below it where the baseline holds).

The test compares at equal maturity; the figures that people read are all that is known by now, over the same hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from insight.counts import DAY, HOUR, LAGS, Hours, floor_hour
from insight.evidence import stories, voices
from insight.model import Signal, StoredMention, Watch
from insight.spikes.baseline import Baseline, fit
from insight.spikes.extent import Usual, busy_until, first_hour, last_hour
from insight.spikes.messages import Counted, Extent, ended, risen, warming_up
from insight.spikes.windows import KNOWN, LOOKS, Finding, Limits, strongest, total, within

State = dict[str, Any]

LIMITS = Limits()
NEGATIVE = Counted()

HISTORY = timedelta(weeks=8, days=1)  # how far back `history` should reach
RECENT = timedelta(hours=49)  # how far back `recent` and `mentions` should reach, at least
STALE = timedelta(hours=24)  # an hour that closed longer ago is no news
WARM_UP = timedelta(days=14)
CALM_HOURS = 8  # this many calm hours in a row end a spike
UNWATCHED = timedelta(hours=3)  # an hour that is looked at later than this proves no calm: nobody was listening
NEW_USUAL = timedelta(days=7)  # a spike that lasts longer is the new usual

FRESH: State = {
    "version": None, "since": None, "fitted_at": None, "through": {}, "baselines": {}, "open": None, "told_from": None,
    "told_until": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What the program hands over: counts by look and all that is KNOWN, recent mentions, both back to `needs_since`;
    and long counts when `needs_history` said so. The mentions are looked at only where there may be a spike."""

    recent: Mapping[int, Hours]
    mentions: Iterable[StoredMention] = ()
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


@dataclass(frozen=True, slots=True)
class _At:
    """One hour that has closed, at one maturity."""

    run: _Run
    look: int
    usual: Usual
    known: Usual
    end: datetime


def needs_history(state: Mapping[str, Any], watch: Watch, now: datetime) -> bool:
    """Whether the next step should be given the long history: once a day, and after a change of the query."""
    fitted = state.get("fitted_at")
    if fitted is None or state["version"] != watch.version:
        return True
    return not timedelta(0) <= now - datetime.fromisoformat(fitted) < DAY  # less than nothing: the clock was ahead


def needs_since(state: Mapping[str, Any], now: datetime) -> datetime:
    """How far back the counts and mentions of the next step should reach: to the first hour of what is going on."""
    going_on = state.get("open")
    recent = now - RECENT
    return min(recent, datetime.fromisoformat(going_on["first"])) if going_on else recent


def due(state: Mapping[str, Any], now: datetime) -> bool:
    """Whether an hour has closed that was not looked at; until then a step would change nothing."""
    through = state.get("through", {})
    return any(through.get(str(look)) != _ripe(look, now).isoformat() for look in LOOKS)


def step(
    state: Mapping[str, Any],
    watch: Watch,
    seen: Seen,
    now: datetime,
    limits: Limits = LIMITS,
    counted: Counted = NEGATIVE,
) -> tuple[State, Result]:
    """Look at each hour that has closed since the last step. The same hour twice changes nothing."""
    fresh = {name: dict(value) if isinstance(value, Mapping) else value for name, value in {**FRESH, **state}.items()}
    # what a clock that was ahead has left: nothing would be told until then
    if state.get("told_until") and datetime.fromisoformat(state["told_until"]) > now + DAY:
        fresh |= {"told_from": None, "told_until": None}
    if state.get("since") and datetime.fromisoformat(state["since"]) > now + DAY:
        fresh |= {"since": None}
    run = _Run(watch, fresh, seen, now, limits, counted, ZoneInfo(watch.time_zone))
    _learn(run)
    left = max(timedelta(0), WARM_UP - (now - datetime.fromisoformat(run.state["since"])))
    known = _usual(run, KNOWN)
    for look in LOOKS:
        usual = _usual(run, look)
        for end in _closed_hours(run, look):
            if usual and known and not left:
                _look(_At(run, look, usual, known, end))
    if left or not run.state["fitted_at"]:
        run.verdict = warming_up(left, WARM_UP) if left else "no history yet"
    # after a pause one step may open, raise and end a spike: the last figures, then the end, are enough
    signals = {(signal.key, signal.over): signal for signal in run.signals}
    return run.state, Result(tuple(signals.values()), run.verdict, left / DAY)


def told(state: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime] | None:
    """From when to when the last spike that was told lasted; until now, while it goes on."""
    if going_on := state.get("open"):
        return datetime.fromisoformat(going_on["first"]), now
    if not state.get("told_from"):
        return None
    return datetime.fromisoformat(state["told_from"]), datetime.fromisoformat(state["told_until"])


def _learn(run: _Run) -> None:
    """Remember since when anybody listens, and fit the baselines when the long history is there."""
    state, history = run.state, run.seen.history
    listened = [(history or {}).get(look, {}) for look in LOOKS]  # what a first visit found in old pages is in none
    first = [hour for counts in listened for hour, count in counts.items() if count]
    known = datetime.fromisoformat(state["since"]) if state["since"] else None
    if known is None:  # the first step of all; after a new usual, older history does not count again
        known = max(run.now - HISTORY, min([*first, run.now]))
        state["since"] = known.isoformat()
    if history is None or not needs_history(state, run.watch, run.now):
        return
    for look in (*LOOKS, KNOWN):
        until = _ripe(min(look, LOOKS[-1]), run.now)
        since = max(known, until - HISTORY)
        state["baselines"][str(look)] = fit(history.get(look, {}), since, until, run.zone).to_json()
    state["fitted_at"], state["version"] = run.now.isoformat(), run.watch.version


def _usual(run: _Run, look: int) -> Usual | None:
    stored = run.state["baselines"].get(str(look))
    return Usual(run.seen.recent.get(look, {}), Baseline.from_json(stored), run.zone) if stored else None


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


def _look(at: _At) -> None:
    run, told = at.run, at.run.state["told_until"]
    if run.state["open"] is not None:
        if run.state["open"]["look"] == at.look:
            _follow(at)
        return
    after = datetime.fromisoformat(told) if told else None
    found = strongest(at.usual.counts, at.end, at.usual.baseline, run.zone, run.limits, after)
    if found is None:
        run.verdict = "nothing unusual"
    elif found.chance >= run.limits.threshold:
        run.verdict = f"p={found.chance:.2g} above threshold {run.limits.threshold:.2g}"
    else:
        _weigh(at, found, max(run.now - RECENT, after) if after else run.now - RECENT)


def _weigh(at: _At, found: Finding, earliest: datetime) -> None:
    """Numbers alone are not enough: several people must say several things, and without the loudest it must hold."""
    run, limits = at.run, at.run.limits
    said = within(run.seen.mentions, found.start, found.end, at.look)
    by = voices(said)
    loudest = max(by.values(), default=0)
    without = found.observed - max(0, loudest - 1)
    chance = at.usual.baseline.chance(without, found.expected, found.hours)
    small = without < max(limits.mentions, limits.ratio * found.expected)
    if len(by) < limits.authors or len(stories(said)) < limits.stories:
        run.verdict = f"{found.observed} mentions, but {len(by)} authors and {len(stories(said))} stories only"
    elif small or chance >= limits.threshold:
        run.verdict = f"{found.observed} mentions, but {loudest} by one author"
    else:
        first = first_hour(at.known, found.start, found.end, earliest)
        run.state["open"] = {
            "key": f"{run.counted.key}:{run.watch.id}:{first:%Y-%m-%dT%H}",
            "look": at.look,
            "first": first.isoformat(),
            "busy": busy_until(at.known, found.end, found.end, floor_hour(run.now)).isoformat(),
            "told": 0,
            "calm": 0,
        }
        run.verdict = f"told: p={found.chance:.2g} below threshold {limits.threshold:.2g}"
        _rise(at, found, _extent(at))


def _follow(at: _At) -> None:
    """Another hour of the open spike: bigger, going on, or over."""
    # 1. Calm? What came meanwhile of earlier hours counts too.
    run, spike = at.run, at.run.state["open"]
    first, before = datetime.fromisoformat(spike["first"]), datetime.fromisoformat(spike["busy"])
    noisy = before if at.usual.calm(at.end) else max(before, at.end)
    busy = busy_until(at.known, noisy, at.end, floor_hour(run.now))
    if busy > before:
        spike["busy"], spike["calm"] = busy.isoformat(), 0
    elif at.end > busy and run.now - at.end < UNWATCHED + timedelta(hours=LAGS[at.look]):
        spike["calm"] += 1
    extent = _extent(at)
    run.verdict = f"open since {first:%Y-%m-%d %H:%M} UTC: {extent.observed} in {extent.hours} h"

    # 2. Tell.
    if spike["calm"] >= CALM_HOURS or at.end - first >= NEW_USUAL:
        calm = CALM_HOURS if spike["calm"] >= CALM_HOURS else 0
        if not calm:  # what was learnt before it no longer says what is usual
            run.state["since"], run.state["fitted_at"] = extent.start.isoformat(), None
        said = within(run.seen.mentions, extent.start, extent.end)
        run.signals.append(ended(spike["key"], run.watch, run.counted, extent, said, calm, run.now))
        run.state |= {"open": None, "told_from": spike["first"], "told_until": at.end.isoformat()}
    elif extent.observed >= 2 * spike["told"]:
        seen, expected = total(at.usual.counts, first, extent.hours), at.usual.expected(first, extent.hours)
        chance = at.usual.baseline.chance(seen, expected, extent.hours)
        _rise(at, Finding(first, extent.hours, seen, expected, chance), extent)


def _extent(at: _At) -> Extent:
    """The hours of the open spike, and all that is known of them by now."""
    spike = at.run.state["open"]
    first = datetime.fromisoformat(spike["first"])
    hours = (last_hour(at.known, first, datetime.fromisoformat(spike["busy"])) - first) // HOUR
    return Extent(first, hours, total(at.known.counts, first, hours), at.known.expected(first, hours))


def _rise(at: _At, found: Finding, extent: Extent) -> None:
    run, spike = at.run, at.run.state["open"]
    spike["told"] = extent.observed
    said = within(run.seen.mentions, extent.start, extent.end)
    usual = at.known.baseline
    run.signals.append(risen(spike["key"], run.watch, run.counted, extent, found, said, usual, run.limits, run.now))
