"""From what is stored to what is told: detection, the rules, the outbox, each step committed as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from alerts.messages import alert_deliveries
from alerts.outbox import Outcome, Postman
from alerts.rules import Change, Decision, decide
from insight import detect, silence
from insight import themes as thinking
from insight.baseline import floor_hour
from insight.model import Alert, AlertState, Label, Mention, NewDelivery, PostKey, Sighted, Signal, Watch
from insight.visits import SHORTEST
from listener import filters
from listener.clock import Clock
from listener.collecting.collect import pause_after
from listener.collecting.rhythm import longest
from listener.config import Config
from storage import SourceState, Step, Store, Theme

NEGATIVE = frozenset({Label.NEGATIVE})


@dataclass(frozen=True, slots=True)
class Scene:
    """What a look needs: the store, the config, the watches with their versions, and what time it is."""

    store: Store
    config: Config
    watches: tuple[Watch, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A signal and what the rules made of it: who hears of it, and why the others do not."""

    signal: Signal
    decision: Decision

    @property
    def reason(self) -> str:
        """One word for the log: "told", or the first reason why nobody was."""
        if self.decision.told:
            return "told"
        return self.decision.untold[0].why.value if self.decision.untold else "nobody"


def look_at_watch(scene: Scene, watch: Watch) -> list[Told]:
    """One step of detection of a watch. Its state, signals, alerts and deliveries are one transaction."""
    store, now, name = scene.store, scene.now, f"watch:{watch.id}"
    before = store.state.get(name)
    if not detect.due(before, watch, now):
        return []
    observation = _observe(store, watch, before, now)
    after, found = detect.step(before, observation, now, 1 / scene.config.alerts.false_alarm_days)
    told, alerts, deliveries = _decide(scene, found.signals, watch, found.themes)
    consumed = _mentions(observation.pending.mentions if observation.pending else (), found.consumed)
    states = {name: after} | ({_memory(watch): found.memory} if found.memory else {})
    if after != before or consumed:
        themes = tuple(
            Theme(theme.id, theme.watch, theme.label, theme.first_at, theme.last_at, {"phrases": list(theme.phrases)})
            for theme in found.themes
        )
        store.commit(Step(now, states, found.signals, alerts, deliveries, consumed, themes))
    return told


def _observe(store: Store, watch: Watch, state: Any, now: datetime) -> detect.Observation:
    """Read what the step asks for. Every count comes at each maturity that detection compares at."""

    def hours(since: datetime) -> dict[int, dict[datetime, int]]:
        return store.counts.matured(watch.id, since, now, NEGATIVE, detect.LAGS_READ)

    mark = store.themes.mark(watch.id)
    needs = detect.needs(state, watch, now, mark)
    pending = None
    if needs.pending:
        mentions = store.themes.pending(watch.id, detect.PENDING)
        pending = detect.Pending(mentions, store.state.get(_memory(watch)), mark)
    return detect.Observation(
        watch,
        recent=hours(needs.since),
        mentions=_Later(lambda: store.posts.recent(watch.id, needs.since, now, labels=NEGATIVE)),
        history=hours(now - detect.HISTORY) if needs.history else None,
        pending=pending,
    )


@dataclass
class _Later:
    """Mentions that are read when somebody looks at them, which most steps do not."""

    read: Callable[[], list[Sighted]]

    def __iter__(self) -> Iterator[Sighted]:
        return iter(self._rows)

    @cached_property
    def _rows(self) -> list[Sighted]:
        return self.read()


def _memory(watch: Watch) -> str:
    return f"memory:{watch.id}"


def _mentions(pending: Iterable[Sighted], consumed: Iterable[PostKey]) -> tuple[Mention, ...]:
    keys = set(consumed)
    return tuple(sighted.mention for sighted in pending if sighted.post.key in keys)


def look_at_sources(scene: Scene) -> list[Told]:
    """Which sources went silent, fail or stopped, and which are right again."""
    store, now = scene.store, scene.now
    states, before = _followed(scene), store.state.get("sources") or {}
    mark = _mark(states)
    if before.get("mark") == mark:
        return []
    after, signals = detect.step_sources(before.get("troubles", {}), _health(scene, states), now)
    told, alerts, deliveries = _decide(scene, signals, None)
    store.commit(Step(now, {"sources": {"mark": mark, "troubles": after}}, signals, alerts, deliveries))
    return told


def _mark(states: Iterable[SourceState]) -> str:
    """What changes when there is reason to look again: an hour with visits, a first failure, a success after one."""
    hours = [floor_hour(state.last_attempt).isoformat() for state in states if state.last_attempt]
    troubles = [f"{state.id}:{'paused' if state.paused else state.failures > 0}" for state in states]
    return " ".join([max(hours, default=""), *troubles])


def source_health(scene: Scene) -> list[silence.SourceHealth]:
    """Every configured source against its own past."""
    return _health(scene, _followed(scene))


def _followed(scene: Scene) -> list[SourceState]:
    configured = {source.id for source in scene.config.sources}
    return [state for state in scene.store.sources.all() if state.id in configured]


def _health(scene: Scene, states: Iterable[SourceState]) -> list[silence.SourceHealth]:
    configured = {source.id: source for source in scene.config.sources}
    return [
        silence.SourceHealth(
            state.id,
            _hours(scene, state),
            timedelta(seconds=pause_after(configured[state.id])),
            state.last_success,
            state.error,
            state.paused,
            slowest=timedelta(seconds=longest(configured[state.id])),
        )
        for state in states
    ]


def _hours(scene: Scene, state: SourceState) -> list[silence.SourceHour]:
    """Its hours, where they may tell of trouble.

    Of a source that answered and had something new lately it is enough that it was asked: the histories of thousands
    of sources are too much to be read at each look.
    """
    if state.last_attempt is None:
        return []
    answered = state.last_success is not None and state.last_success >= state.last_attempt
    if answered and (state.last_item_at is None or scene.now - state.last_item_at < SHORTEST):
        return [silence.SourceHour(floor_hour(state.last_attempt), 1, 0, 0)]
    found = scene.store.sources.visits(scene.now - silence.HISTORY, state.id)
    return [silence.SourceHour(visit.hour, visit.fetches, visit.failures, visit.new) for visit in found]


# -- the rules --------------------------------------------------------------------------------------------------


def _decide(
    scene: Scene, signals: Sequence[Signal], watch: Watch | None, themes: Sequence[thinking.Theme] = ()
) -> tuple[list[Told], tuple[Alert, ...], tuple[NewDelivery, ...]]:
    """Pass signals through the rules, in order; a later one of the same key sees what the earlier one changed."""
    if not signals:
        return [], (), ()
    told: list[Told] = []
    alerts: dict[str, Alert] = {}
    deliveries: list[NewDelivery] = []
    routes, spent = scene.config.routes, scene.store.outbox.spent(scene.now - timedelta(days=1))
    for signal in signals:
        open_alert = _open_alert(scene.store, alerts, signal.key)
        heard = _heard(scene.store, deliveries, open_alert)
        matching, cap = filters.matching(scene.store, scene.config, signal, themes), scene.config.alerts.daily_cap
        decision = decide(signal, open_alert, routes, scene.now, told=heard, spent=spent, cap=cap, matching=matching)
        told.append(Told(signal, decision))
        if decision.alert and decision.change is not Change.NONE:
            alerts[signal.key] = decision.alert
        new = alert_deliveries(signal, decision, watch, scene.now)
        deliveries.extend(new)
        for delivery in new:
            spent[delivery.channel] = spent.get(delivery.channel, 0) + 1
    return told, tuple(alerts.values()), tuple(deliveries)


def _open_alert(store: Store, changed: dict[str, Alert], key: str) -> Alert | None:
    alert = changed[key] if key in changed else store.signals.alert(key)
    return None if alert is None or alert.state is AlertState.RESOLVED else alert


def _heard(store: Store, deliveries: Iterable[NewDelivery], alert: Alert | None) -> frozenset[str]:
    """The channels that have a delivery of this alert, stored or about to be."""
    if alert is None:
        return frozenset()
    return store.outbox.told(alert.id) | {
        delivery.channel for delivery in deliveries if delivery.conversation == alert.id
    }


# -- the outbox -------------------------------------------------------------------------------------------------


async def deliver(
    scene: Scene,
    clock: Clock,
    random: Random,
    on_store: Callable[[Callable[[], Any]], Awaitable[Any]],
    on_outcome: Callable[[Outcome], None],
) -> None:
    """Send what waits in the outbox and is due."""
    postman = Postman(
        scene.store.outbox, scene.config.channels, clock.now, random.random, on_store=on_store, on_outcome=on_outcome
    )
    await postman.run()
