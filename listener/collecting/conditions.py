"""How each source does: how much it brings and how late, what of its budget is left, what went wrong, its canary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from insight.model import Watch
from listener.collecting.budget import Meter, Rest
from listener.collecting.decide import visited_searches
from listener.collecting.looks import CanaryResult
from listener.collecting.notes import name_of
from listener.collecting.pace import VisitPace, VisitPlan, pause_limits, visit_needs
from scrapers.base import Search, Source
from storage import Delay, SearchState, SourceGap, Store, Undated, Visit

PERIOD = timedelta(days=7)  # of visits, delays and errors that are shown
_SHOWN = ("search", "failures", "error", "paused", "next_at", "last_success")
GAPS_SINCE, GAPS = timedelta(days=30), 3


@dataclass(frozen=True, slots=True)
class RecentError:
    """An error that came lately: how often, and when last."""

    reason: str
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """A source of the config. `plan`: what its visits will use, None where it only streams; `left` of its budget.

    `items`: new posts a day, None before it was visited; `delay` None: none that could have come in time. `searches`:
    those that its visits ask for, as far as they have been asked for.
    """

    plan: VisitPlan | None
    left: dict[str, float]
    rest: Rest | None
    items: float | None
    delay: Delay | None
    undated: Undated | None
    troubles: tuple[RecentError, ...]
    canary: CanaryResult | None
    gaps: tuple[SourceGap, ...]
    searches: tuple[SearchState, ...]

    @property
    def failing(self) -> list[SearchState]:
        return [search for search in self.searches if search.failures]

    def to_json(self) -> dict[str, Any]:
        plan, delay = self.plan, self.delay
        return {
            "pause": plan and plan.pause,
            "needs_a_day": plan and plan.day,
            "left": self.left,
            "rest": self.rest,
            "items_a_day": self.items,
            # these names are those of the JSON that people read with their scripts
            "delay": delay and {"posts": delay.posts, "half": delay.p50, "most": delay.p95},
            "undated": self.undated,
            "troubles": self.troubles,
            "canary": self.canary,
            "gaps": [
                {"search": it.search, "since": it.gap.since, "until": it.gap.until, "reason": it.gap.reason}
                for it in self.gaps
            ],
            "searches": [{name: getattr(search, name) for name in _SHOWN} for search in self.searches],
        }


def conditions(
    store: Store, sources: Iterable[Source], watches: Sequence[Watch], now: datetime
) -> dict[str, SourceCondition]:
    """Every source's condition, by its id, from what is stored."""
    # 1. What is stored of all of them: a fixed number of reads, beside the notes of each.
    visits, gaps, states = defaultdict(list), defaultdict(list), defaultdict(list)
    for visit in store.sources.visits(now - PERIOD):
        visits[visit.source].append(visit)
    for found in store.sources.gaps(now - GAPS_SINCE):
        gaps[found.source].append(found)
    for state in store.sources.searches():
        states[state.source].append(state)
    delays, undated = store.sources.delays(now - PERIOD), store.sources.undated(now - PERIOD)

    # 2. One after the other.
    conditions: dict[str, SourceCondition] = {}
    for source in sources:
        notes = store.state.get(name_of(source.id)) or {}
        searches = searches_of(source, watches, now)
        keys, need = {search.key for search in searches}, visit_needs(source, searches, now)
        pause = VisitPace.from_json(notes.get("rhythm")).pause(pause_limits(source, need))
        rest = Rest(datetime.fromisoformat(notes["rest"]["until"]), notes["rest"]["why"]) if notes.get("rest") else None
        canary = CanaryResult.from_json(notes.get("canary"))
        errors = [
            RecentError(reason, times, datetime.fromisoformat(last))
            for reason, (times, last) in notes.get("troubles", {}).items()
        ]
        conditions[source.id] = SourceCondition(
            plan=VisitPlan(pause, need) if searches else None,
            left=Meter.from_json(notes.get("meter", {})).left(source.budget(), now),
            rest=rest if rest and rest.until > now else None,
            items=_posts_a_day(visits[source.id], now),
            delay=delays.get(source.id),
            undated=undated.get(source.id),
            troubles=tuple(error for error in errors if error.last > now - PERIOD),
            canary=canary if canary and canary.id == source.canary else None,
            gaps=tuple(gaps[source.id][:GAPS]),
            searches=tuple(state for state in states[source.id] if state.search in keys),
        )
    return conditions


def searches_of(source: Source, watches: Sequence[Watch], now: datetime) -> tuple[Search, ...]:
    """What a visit asks for; nothing of a kind that cannot say so, for its visits tell what is wrong."""
    try:
        return visited_searches(source, source.searches(watches), now)
    except Exception:  # noqa: BLE001 - a kind of the user's own may raise anything
        return ()


def _posts_a_day(visits: Sequence[Visit], now: datetime) -> float | None:
    """New posts a day, over the days in which it was visited."""
    if not visits:
        return None
    days = max(1.0, (now - min(visit.hour for visit in visits)) / timedelta(days=1))
    return sum(visit.new for visit in visits) / days
