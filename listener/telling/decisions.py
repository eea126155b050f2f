"""Who is told of a signal: the rules, applied to what is stored; signal, alert and deliveries are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.messages import alert_deliveries
from alerts.rules import Change, Decision, Evidence, decide
from insight.model import (
    Alert,
    ChannelDecision,
    MentionState,
    NewDelivery,
    Signal,
    StoredMention,
    Visibility,
    Watch,
)
from listener.config import Config
from listener.telling.filters import Themes, let_through
from storage import StepResult, Store


@dataclass(frozen=True, slots=True)
class Context:
    """What a look needs: the store, the config, the watches with their versions, and what time it is."""

    store: Store
    config: Config
    watches: tuple[Watch, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class DecidedSignal:
    """A signal and what the rules made of it: who hears of it, and why the others do not."""

    signal: Signal
    decision: Decision

    @property
    def reason(self) -> str:
        """One word for the log: "told", or the first reason why nobody was."""
        if self.decision.told:
            return "told"
        return self.decision.untold[0].why.value if self.decision.untold else "nobody"


def decide_and_store(context: Context, step: StepResult, watch: Watch | None = None) -> list[DecidedSignal]:
    """Pass the signals of a step through the rules, and store it together with the alerts, deliveries and decisions
    that follow. Signals come in order; a later one of the same key sees what the earlier one changed.
    """
    # 1. What is known of them all: a fixed number of reads, whatever the number of signals, posts and channels.
    store, config, now = context.store, context.config, context.now
    if not step.signals:
        store.commit(step)
        return []
    behind = store.posts.of(watch.id, {post for signal in step.signals for post in signal.posts}) if watch else []
    evidence_of = _evidence(context, step, behind)
    known = store.signals.open({signal.key for signal in step.signals})
    spent = store.outbox.spent(now - timedelta(days=1))

    # 2. One after the other.
    decided: list[DecidedSignal] = []
    alerts: dict[str, Alert] = {}
    deliveries: list[NewDelivery] = []
    decisions: list[tuple[ChannelDecision, ...]] = []
    for signal in step.signals:
        alert, told = known.get(signal.key, (None, frozenset()))
        decision = decide(
            signal, alert, config.routes, now,
            told=told, spent=spent, cap=config.alerts.daily_cap, evidence=evidence_of(signal),
        )  # fmt: skip
        new = alert_deliveries(signal, decision, watch, now, behind)
        decided.append(DecidedSignal(signal, decision))
        deliveries.extend(new)
        decisions.append(
            tuple(ChannelDecision(one.channel, "told", one.id) for one in new)
            + tuple(ChannelDecision(one.channel, one.why.value) for one in decision.untold)
        )
        for one in decision.told:
            spent[one.channel] = spent.get(one.channel, 0) + 1
        if decision.alert and decision.change is not Change.NONE:
            alerts[decision.alert.id] = decision.alert
            known[signal.key] = decision.alert, told | {one.channel for one in decision.told}
        if decision.change is Change.RESOLVE:
            del known[signal.key]

    # 3. All of it, or none.
    store.commit(replace(step, alerts=tuple(alerts.values()), deliveries=tuple(deliveries), decisions=tuple(decisions)))
    return decided


def _evidence(context: Context, step: StepResult, behind: Sequence[StoredMention]) -> Callable[[Signal], Evidence]:
    """What each signal rests on, by what is stored now: what the routes' queries let through, and what is private."""
    store, config = context.store, context.config
    private_posts = {one.post.key for one in behind if one.post.visibility is Visibility.PRIVATE}
    private = store.signals.private({signal.key for signal in step.signals})
    private |= {signal.key for signal in step.signals if not private_posts.isdisjoint(signal.posts)}
    kept = [one for one in behind if one.mention.state is MentionState.KEPT]  # neither deleted nor excluded since
    kept_posts = {one.post.key for one in kept}
    queries = {route.query for route in config.routes if route.query} if kept else set()
    themes = _themes(step, store.themes.of(kept_posts)) if queries else {}
    matching = {query: frozenset(one.post.key for one in let_through(config, query, kept, themes)) for query in queries}

    def evidence_of(signal: Signal) -> Evidence:
        posts = frozenset(signal.posts)
        by_query = {query: found & posts for query, found in matching.items()}
        return Evidence(posts & kept_posts, by_query, private=signal.key in private)

    return evidence_of


def _themes(step: StepResult, stored: Themes) -> Themes:
    """The themes of posts with those that this very step will store."""
    themes = dict(stored)
    names = {theme.id: theme for theme in step.themes}
    for name, posts in step.members.items():
        for post in posts if name in names else ():
            at = names[name].watch, post
            themes[at] = (*themes.get(at, ()), name, names[name].label)
    return themes
