"""Sources that went quiet, fail or stopped, each against its own past; pure, one state for all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, log1p
from statistics import median
from typing import Any

from insight.model import Signal, SignalKind
from insight.source_health import network
from insight.source_health.network import NETWORK
from insight.source_health.visits import SHORTEST, SourceHealth, SourceHour, in_words

__all__ = ["HISTORY", "SourceHealth", "SourceHour", "Trouble", "step", "trouble_of"]

State = dict[str, Any]

HISTORY = timedelta(days=28)  # how far back `SourceHealth.hours` should reach
KNOWN_FOR = timedelta(days=7)  # a source is silent only beside its own past: so long it must be known,
KNOWN_POSTS = 20  # and so many posts must have come from it
LONGER = 1.5  # times the longest silence that it has had
UNLIKELY = -9.2  # natural log of 1 in 10,000: how unlikely so long a silence must be
PAUSES = 6  # usual pauses without success before a failing source is worth a word


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a source: `silent` (answers, but nothing new), `failing` or `stopped`."""

    what: str
    since: datetime
    headline: str
    detail: str
    figures: Mapping[str, float]

    @property
    def kind(self) -> SignalKind:
        return SignalKind.SOURCE if self.what == "stopped" else SignalKind.SILENCE


def step(state: Mapping[str, Any], sources: Sequence[SourceHealth], now: datetime) -> tuple[State, tuple[Signal, ...]]:
    """What is newly wrong, has become another trouble, or is right again. The same state twice says nothing twice."""
    after, signals = network.step(state.get(NETWORK), [it for it in sources if not it.paused], now)
    for source in sources:
        trouble, before = trouble_of(source, now), state.get(source.id)
        if NETWORK in after and not before and trouble and trouble.what == "failing":
            continue  # one word for all
        if trouble and before and before["what"] == trouble.what:
            after[source.id] = dict(before)
        elif trouble:
            after[source.id] = {"what": trouble.what, "since": trouble.since.isoformat()}
            key = _key(source.id, trouble.what)
            if before and _key(source.id, before["what"]) != key:  # another conversation: the one before ends
                signals.append(_over(source.id, before, now, trouble.headline))
            message = (trouble.headline, trouble.detail, trouble.figures)
            signals.append(Signal(trouble.kind, key, None, source.id, now, *message))
        elif before:
            signals.append(_over(source.id, before, now, f"{source.id} speaks again"))
    removed = sorted(set(state) - {source.id for source in sources} - {NETWORK})
    signals.extend(_over(name, state[name], now, f"{name} is no longer followed") for name in removed)
    return after, tuple(signals)


def trouble_of(source: SourceHealth, now: datetime) -> Trouble | None:
    """The one thing that is wrong with a source now, the gravest first."""
    return _stopped(source, now) or _failing(source, now) or _silent(source, now)


def _stopped(source: SourceHealth, now: datetime) -> Trouble | None:
    if not source.paused:
        return None
    why = source.error or "it gave no reason"
    detail = source.remedy or "Nothing is asked of it until the cause is mended and the source resumed."
    return Trouble("stopped", source.last_success or now, f"{source.id} has stopped: {why}", detail, {})


def _failing(source: SourceHealth, now: datetime) -> Trouble | None:
    """It fails since its first failure after the last success; hours in which nobody asked do not count."""
    failing, since = source.failing_hours(), source.failing_since()
    if since is None or now - since <= max(SHORTEST, PAUSES * source.every):
        return None
    lasted = now - since
    attempts = sum(it.fetches for it in failing)
    headline = f"{source.id} has failed for {in_words(lasted)}: {source.error or 'no answer'}"
    detail = (
        f"{attempts} attempts since {since:%A %H:%M} UTC. Listener goes on trying; what was published meanwhile may "
        "be missing. Check the network and the source's address with `listener check`."
    )
    return Trouble("failing", since, headline, detail, {"hours": _hours(lasted), "attempts": float(attempts)})


def _silent(source: SourceHealth, now: datetime) -> Trouble | None:
    """It answers, but says nothing new for far longer than it ever did, even at this time of the week."""
    # 1. Only hours in which it answered: being away is not silence. The present hour is still open.
    hours = [it for it in sorted(source.hours, key=lambda it: it.hour) if it.answered and it.hour >= now - HISTORY]
    active = [i for i, it in enumerate(hours) if it.new]
    if not active or sum(it.new for it in hours) < KNOWN_POSTS or hours[active[-1]].hour - hours[0].hour < KNOWN_FOR:
        return None
    since = hours[active[-1]].hour + timedelta(hours=1)
    gap = hours[active[-1] + 1 :]
    if not gap or now - since < SHORTEST:
        return None

    # 2. Longer than any silence before, and unlikely hour by hour.
    spans = _hours_covered(hours, source.slowest or source.every, now)
    longest = max((sum(spans[before + 1 : after]) for before, after in pairwise(active)), default=0)
    if (
        sum(spans[active[-1] + 1 :]) <= LONGER * longest
        or _log_chance_of_silence(hours, spans, active[-1] + 1) > UNLIKELY
    ):
        return None
    lasted = now - since
    detail = (
        f"It answers, but with nothing new since {since:%A %H:%M} UTC; its longest silence in {HISTORY.days} days was "
        f"{longest} hours. Perhaps the site changed: compare with `listener sources test`."
    )
    figures = {"hours": _hours(lasted), "longest": float(longest)}
    return Trouble("silent", since, f"{source.id} has had nothing new for {in_words(lasted)}", detail, figures)


def _hours_covered(hours: Sequence[SourceHour], pause: timedelta, now: datetime) -> list[int]:
    """For how many hours each answer speaks: until the next one, at most for the longest pause.

    So a silence is as long when a quiet source is asked seldom as when a busy one is asked often.
    """
    most = max(1, ceil(pause / timedelta(hours=1)))
    ends = [*(it.hour for it in hours[1:]), now]
    return [max(1, min(most, (end - it.hour) // timedelta(hours=1))) for it, end in zip(hours, ends, strict=True)]


def _log_chance_of_silence(hours: Sequence[SourceHour], spans: Sequence[int], end: int) -> float:
    """The log chance of the silence from `end` on, from how often the source had news at such times before.

    Such times: the same quarter of a day, on weekends or not. An answer that covers twice the usual hours counts twice,
    one that covers half of them a half. Two answers like the average and one without news are added to each kind of
    time, so that one of which little is known is neither certain nor impossible.
    """
    usual = median(spans[:end])
    weights = [span / usual for span in spans]
    seen: dict[tuple[int, bool], list[float]] = {}
    for it, weight in zip(hours[:end], weights, strict=False):
        counts = seen.setdefault(_time_of_week(it), [0.0, 0.0])
        counts[0], counts[1] = counts[0] + (it.new > 0), counts[1] + weight
    overall = sum(it.new > 0 for it in hours[:end]) / sum(weights[:end])
    chance = 0.0
    for it, weight in zip(hours[end:], weights[end:], strict=True):
        with_news, answers = seen.get(_time_of_week(it), [0.0, 0.0])
        chance += weight * log1p(-min(0.99, (with_news + 2 * overall) / (answers + 3)))
    return chance


def _time_of_week(it: SourceHour) -> tuple[int, bool]:
    return it.hour.hour // 6, it.hour.weekday() >= 5


def _over(source: str, before: State, now: datetime, headline: str) -> Signal:
    kind = SignalKind.SOURCE if before["what"] == "stopped" else SignalKind.SILENCE
    lasted = now - datetime.fromisoformat(before["since"])
    detail, figures = f"It had been {before['what']} for {in_words(lasted)}.", {"hours": _hours(lasted)}
    return Signal(kind, _key(source, before["what"]), None, source, now, headline, detail, figures, over=True)


def _key(source: str, what: str) -> str:
    return f"source:{source}" if what == "stopped" else f"silence:{source}"


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 1)
