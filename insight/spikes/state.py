"""What the spike detector remembers of a watch between two steps, and what its next step needs because of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from insight.counts import DAY, LAGS, floor_hour
from insight.model import Watch
from insight.spikes.windows import MATURITIES

State = dict[str, Any]

HISTORY = timedelta(weeks=8, days=1)  # how far back `history` should reach
RECENT = timedelta(hours=49)  # how far back `recent` and `mentions` should reach, at least

EMPTY_STATE: State = {
    "version": None, "since": None, "fitted_at": None, "through": {}, "baselines": {}, "open": None, "told_from": None,
    "told_until": None,
}  # fmt: skip
"""JSON. `version`: of the query that the baselines are for; `since`: from when counts are believed; `through`: by
maturity, the last hour that was looked at; `open`: the spike that goes on; `told_from`, `told_until`: the one before.
"""


def needs_history(state: Mapping[str, Any], watch: Watch, now: datetime) -> bool:
    """Whether the next step should be given the long history: once a day, and after a change of the query."""
    fitted = state.get("fitted_at")
    if fitted is None or state["version"] != watch.version:
        return True
    return not timedelta(0) <= now - datetime.fromisoformat(fitted) < DAY  # less than nothing: the clock was ahead


def needs_since(state: Mapping[str, Any], now: datetime) -> datetime:
    """How far back the counts and mentions of the next step should reach: to the first hour of what is going on."""
    spike = state.get("open")
    recent = now - RECENT
    return min(recent, datetime.fromisoformat(spike["first"])) if spike else recent


def due(state: Mapping[str, Any], now: datetime) -> bool:
    """Whether an hour has closed that was not looked at; until then a step would change nothing."""
    through = state.get("through", {})
    return any(through.get(str(max_lag)) != newest_end(max_lag, now).isoformat() for max_lag in MATURITIES)


def learn_anew(state: Mapping[str, Any], now: datetime) -> State:
    """The state once every count may have become another: the baselines are fitted again, and what there was before
    now is known. Of a spike that goes on it is told again when it has doubled by the counts of now.
    """
    after: State = {**EMPTY_STATE, **state, "fitted_at": None}
    if after["open"]:
        after["open"] = {**after["open"], "told": None}
    else:
        after |= {"told_from": None, "told_until": floor_hour(now).isoformat()}
    return after


def last_spike(state: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime] | None:
    """From when to when the last spike that was told lasted; until now, while it goes on."""
    if spike := state.get("open"):
        return datetime.fromisoformat(spike["first"]), now
    if not state.get("told_from"):
        return None
    return datetime.fromisoformat(state["told_from"]), datetime.fromisoformat(state["told_until"])


def newest_end(max_lag: int, now: datetime) -> datetime:
    """The end of the newest hour of which everything has come that can come with this lag."""
    return floor_hour(now - timedelta(hours=LAGS[max_lag]))
