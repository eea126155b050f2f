"""Detection: what each watch asks of the store, one step of `insight.detect`, and what the step leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from insight import detect
from insight.counts import COMPLAINT, YES
from insight.model import StoredMention, Watch
from listener.telling.decisions import Context, DecidedSignal, decide_and_store
from listener.understanding_progress import Progress
from storage import StepResult


def look_at_watch(context: Context, watch: Watch) -> list[DecidedSignal]:
    """One step of detection of a watch. Its state, signals, themes, alerts and deliveries are one transaction."""
    # 1. What the step asks for. Every count comes at each maturity that detection compares at.
    store, now = context.store, context.now
    name, memory = f"watch:{watch.id}", f"memory:{watch.id}"
    before, history = store.state.get(name), Progress.read(store)
    if history.changes(watch):
        return []
    anew = history.anew.get(watch.id)
    learns_anew = anew != (before or {}).get("anew")
    if learns_anew:
        store.themes.relearn(watch.id, now - detect.HISTORY)
        before = detect.understood_anew(before, now)
    elif not detect.due(before, watch, now):
        return []

    def counts_since(since: datetime) -> dict[int, dict[datetime, int]]:
        return store.counts.matured(watch.id, since, now, [YES], detect.LAGS_READ, COMPLAINT)

    mark = store.themes.mark(watch.id)
    needs = detect.needs(before, watch, now, mark)
    pending = None
    if needs.pending:
        known = store.themes.known(watch.id, now - detect.COOLDOWN)
        remembered = None if learns_anew else store.state.get(memory)
        pending = detect.Pending(store.themes.pending(watch.id, detect.PENDING), remembered, mark, known)
    observation = detect.Observation(
        watch,
        recent=counts_since(needs.since),
        mentions=_LazyMentions(lambda: store.posts.recent(watch.id, needs.since, now, complaints_only=True)),
        history=counts_since(now - detect.HISTORY) if needs.history else None,
        pending=pending,
    )

    # 2. The step.
    after, found = detect.step(before, observation, now, 1 / context.config.alerts.false_alarm_days)
    after, theme = after | ({"anew": anew} if anew else {}), found.theme
    if after == before and not theme.consumed:
        return []

    # 3. What it leaves behind, and who hears of it.
    consumed = set(theme.consumed)
    step = StepResult(
        now,
        {name: after} | ({memory: theme.memory} if theme.memory else {}),
        found.signals,
        consumed=tuple(one.mention for one in (pending.mentions if pending else ()) if one.post.key in consumed),
        themes=theme.themes,
        members=theme.members,
        events=theme.events,
    )
    return decide_and_store(context, step, watch)


@dataclass
class _LazyMentions:
    """Mentions that are read when somebody looks at them, which most steps do not."""

    read: Callable[[], list[StoredMention]]

    def __iter__(self) -> Iterator[StoredMention]:
        return iter(self._mentions)

    @cached_property
    def _mentions(self) -> list[StoredMention]:
        return self.read()
