"""Which sources went silent, fail or stopped, each against its own past: told as every signal is."""

from __future__ import annotations

from datetime import timedelta

from insight import detect
from insight.counts import floor_hour
from insight.source_health.trouble import HISTORY
from insight.source_health.visits import SHORTEST, SourceHealth, SourceHour
from listener.collecting.pace import longest_pause, usual_pause
from listener.telling.decisions import Context, DecidedSignal, decide_and_store
from storage import SourceState, StepResult


def look_at_sources(context: Context) -> list[DecidedSignal]:
    """Tell which sources are newly in trouble, and which are right again.

    There is reason to look when the mark differs: an hour with visits, a first failure, a success after one.
    """
    store, now = context.store, context.now
    states, before = _followed(context), store.state.get("sources") or {}
    hours = [floor_hour(state.last_attempt).isoformat() for state in states if state.last_attempt]
    troubles = [f"{state.id}:{'paused' if state.paused else state.failures > 0}" for state in states]
    mark = " ".join([max(hours, default=""), *troubles])
    if before.get("mark") == mark:
        return []
    after, signals = detect.step_sources(before.get("troubles", {}), source_health(context), now)
    return decide_and_store(context, StepResult(now, {"sources": {"mark": mark, "troubles": after}}, signals))


def source_health(context: Context) -> list[SourceHealth]:
    """Every configured source against its own past."""
    configured = {source.id: source for source in context.config.sources}
    return [
        SourceHealth(
            state.id,
            _hours(context, state),
            timedelta(seconds=usual_pause(configured[state.id])),
            state.last_success,
            state.error,
            state.paused,
            slowest=timedelta(seconds=longest_pause(configured[state.id])),
        )
        for state in _followed(context)
    ]


def _followed(context: Context) -> list[SourceState]:
    configured = {source.id for source in context.config.sources}
    return [state for state in context.store.sources.all() if state.id in configured]


def _hours(context: Context, state: SourceState) -> list[SourceHour]:
    """Its hours, where they may tell of trouble.

    Of a source that answered and had something new lately it is enough that it was asked: the histories of thousands
    of sources are too much to be read at each look.
    """
    if state.last_attempt is None:
        return []
    answered = state.last_success is not None and state.last_success >= state.last_attempt
    if answered and (state.last_item_at is None or context.now - state.last_item_at < SHORTEST):
        return [SourceHour(floor_hour(state.last_attempt), 1, 0, 0)]
    found = context.store.sources.visits(context.now - HISTORY, state.id)
    return [SourceHour(visit.hour, visit.fetches, visit.failures, visit.new) for visit in found]
