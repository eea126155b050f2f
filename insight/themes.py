"""A first detector of new complaints: phrases that several people use now against their own history; one state a watch.

The mentions that nobody has learnt from yet are the window: they stay pending until their whole day is older than three
days, then they become history and are consumed. So the state holds phrases and counts but no post: what is deleted or
edited meanwhile is simply gone from the window.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from insight.baseline import floor_hour
from insight.bursts import Burst, find, support
from insight.counts import event_time
from insight.evidence import author, representative, stories, text
from insight.model import Label, MentionState, PostKey, Sighted, Signal, SignalKind, Watch
from insight.phrasebook import Phrasebook, Used
from insight.phrases import phrases, words

State = dict[str, Any]

WINDOW = timedelta(hours=72)
WARM_UP = timedelta(days=14)
QUIET = timedelta(days=7)
COOLDOWN = timedelta(days=28)
LARGEST_WINDOW = 1500  # mentions; the oldest become history early when there are more
PENDING = 3000  # how many pending mentions the program should hand over, oldest first
KEPT_PHRASES = 30


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme as it is remembered: `phrases` are its other names."""

    id: str
    watch: str
    label: str
    first_at: datetime
    last_at: datetime
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """`consumed` need not be handed over again; `themes` are new or have changed; `memory` None: as it was."""

    signals: tuple[Signal, ...] = ()
    verdict: str = ""
    consumed: tuple[PostKey, ...] = ()
    themes: tuple[Theme, ...] = ()
    warm_up_days_left: float = 0.0
    memory: State | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    at: datetime
    sighted: Sighted
    phrases: frozenset[str]


@dataclass(slots=True)
class _Run:
    watch: Watch
    now: datetime
    told: tuple[datetime, datetime] | None
    known: dict[str, State]
    signals: list[Signal] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def due(state: Mapping[str, Any], now: datetime, mark: str) -> bool:
    """Whether it is time to look again (the window is read from the store for it): once an hour when the pending
    mentions have changed, which `mark` tells, and once a day in any case."""
    if "looked_at" not in state:
        return True
    looked = datetime.fromisoformat(state["looked_at"])
    return looked.date() != now.date() or (floor_hour(looked) != floor_hour(now) and state["mark"] != mark)


def step(
    state: Mapping[str, Any],
    watch: Watch,
    pending: Sequence[Sighted],
    now: datetime,
    false_alarms_per_day: float = 1 / 30,
    *,
    memory: Mapping[str, Any] | None = None,
    mark: str = "",
    told: tuple[datetime, datetime] | None = None,
) -> tuple[State, Result]:
    """Learn from what has left the window, look for bursts in what is in it.

    `memory`: `Result.memory` of the steps before; it is large and seldom changes, so it is kept apart from the state.
    `told`: when a spike lasted that people have heard of. What most of its people complained of is no second news.
    """
    # 1. What is history, what is now, what counts for nothing.
    own = own_words(watch)
    said = sorted((it for sighted in pending if (it := _read(sighted, own))), key=lambda it: it.at)
    horizon = (now - WINDOW).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = max(sum(1 for it in said if it.at < horizon), len(said) - LARGEST_WINDOW)
    window = [it for it in said[past:] if now - WINDOW <= it.at <= now]

    # 2. Learn.
    book = Phrasebook.from_json(memory) if memory else Phrasebook(now.date())
    learnt = book.decay(now.date()) or past > 0 or not memory
    book.learn(Used(it.at.date(), author(it.sighted), it.phrases) for it in said[:past])
    since = state.get("since", now.isoformat())
    left = max(timedelta(0), WARM_UP - (now - datetime.fromisoformat(since)))

    # 3. Look.
    bursts = () if left else find([(it.sighted, it.phrases) for it in window], book, false_alarms_per_day)
    run = _Run(watch, now, told, {theme["id"]: dict(theme) for theme in state.get("themes", ())})
    for burst in bursts:
        _tell(run, burst)
    _listen_on(run, window)

    # 4. Remember.
    kept = {it.sighted.post.key for it in said[past:]}
    consumed = tuple(sorted({sighted.post.key for sighted in pending} - kept))
    changed = tuple(_theme(watch, run.known[name]) for name in dict.fromkeys(run.changed))
    themes = [theme for theme in run.known.values() if not _forgotten(theme, now)]
    after = {"since": since, "looked_at": now.isoformat(), "mark": mark, "themes": themes}
    verdict = _verdict(left, len(window), len(bursts), run)
    new = book.to_json() if learnt else None
    return after, Result(tuple(run.signals), verdict, consumed, changed, left / timedelta(days=1), new)


def _read(sighted: Sighted, own: frozenset[str]) -> _Said | None:
    """When it was said and in which phrases; None for what is not counted."""
    at, its = event_time(sighted.post, sighted.collected_at), complaints(sighted, own)
    return _Said(at, sighted, its) if at and its else None


def complaints(sighted: Sighted, own: frozenset[str]) -> frozenset[str]:
    """The phrases in which a mention complains: it belongs to the themes that have one of them.

    None unless it is kept, negative, and known when. `own`: the words of the watch's name and query, which say nothing.
    """
    mention = sighted.mention
    negative = mention.state is MentionState.KEPT and mention.sentiment.label is Label.NEGATIVE
    known = negative and event_time(sighted.post, sighted.collected_at)
    return phrases(text(sighted), own) if known else frozenset()


def own_words(watch: Watch) -> frozenset[str]:
    return words(f"{watch.name} {watch.query}")


def _tell(run: _Run, burst: Burst) -> None:
    """A new complaint, more of a known one, or one that is still known: then nothing is said."""
    theme = _known(run, burst)
    if theme is None:
        if not _told_by_a_spike(run, burst):
            _open(run, burst)
        return
    theme["phrases"] = list(dict.fromkeys([*theme["phrases"], *burst.phrases]))[:KEPT_PHRASES]
    if theme["open"] and burst.people >= 2 * theme["told"]:
        theme["told"] = burst.people
        run.signals.append(_signal(run, theme, burst, f"Still growing at {run.watch.name}"))
    run.changed.append(theme["id"])


def _told_by_a_spike(run: _Run, burst: Burst) -> bool:
    """Whether most of those who say it said it in the spike."""
    if run.told is None:
        return False
    start, end = run.told
    others = [it for it in burst.mentions if not start <= (event_time(it.post, it.collected_at) or start) <= end]
    return 2 * support(others) < burst.people


def _known(run: _Run, burst: Burst) -> State | None:
    """The theme this is: its label is one of the theme's phrases, or half of their phrases are the same."""
    for theme in run.known.values():
        its = set(theme["phrases"])
        if burst.label in its or 2 * len(its & set(burst.phrases)) >= min(len(its), len(burst.phrases)):
            return theme
    return None


def _open(run: _Run, burst: Burst) -> None:
    first = min(event_time(s.post, s.collected_at) or run.now for s in burst.mentions)
    name = f"{run.watch.id}|{burst.label}|{first:%Y-%m-%d}"
    theme: State = {
        "id": hashlib.sha256(name.encode()).hexdigest()[:12],
        "label": burst.label,
        "phrases": list(burst.phrases[:KEPT_PHRASES]),
        "first": first.isoformat(),
        "last": run.now.isoformat(),
        "told": burst.people,
        "open": True,
    }
    run.known[theme["id"]] = theme
    run.changed.append(theme["id"])
    run.signals.append(_signal(run, theme, burst, f"New complaint about {run.watch.name}"))


def _signal(run: _Run, theme: State, burst: Burst, what: str) -> Signal:
    days = ceil((run.now - max(datetime.fromisoformat(theme["first"]), run.now - WINDOW)) / timedelta(days=1))
    people, span = burst.people, "1 day" if days <= 1 else f"{days} days"
    figures = {
        "authors": float(len({author(sighted) for sighted in burst.mentions})),
        "stories": float(len(stories(burst.mentions))),
        "mentions": float(len(burst.mentions)),
        "expected": round(burst.expected, 3),
        "p_value": burst.chance,
        "days": float(days),
    }
    others = [f'"{phrase}"' for phrase in burst.phrases if phrase not in theme["label"]][:5]
    detail = (
        f"In {WINDOW // timedelta(hours=1)} hours {people} people said it in their own words; from its history about "
        f"{burst.expected:.1f} would have." + (f" Also: {', '.join(others)}." if others else "")
    )
    headline = f'{what}: "{theme["label"]}" ({people} people in {span})'
    quotes = representative(burst.mentions, 5)
    return Signal(SignalKind.THEME, _key(run, theme), run.watch.id, None, run.now, headline, detail, figures, quotes)


def _key(run: _Run, theme: State) -> str:
    return f"theme:{run.watch.id}:{theme['id']}"


def _listen_on(run: _Run, window: Sequence[_Said]) -> None:
    """Whether anybody still says it: two people within the window keep a theme going, seven quiet days end it."""
    for theme in run.known.values():
        names = {theme["label"], theme["phrases"][0]}
        saying = [it for it in window if names & it.phrases]
        if support([it.sighted for it in saying]) >= 2:
            theme["last"] = max(theme["last"], saying[-1].at.isoformat())
        if theme["open"] and run.now - datetime.fromisoformat(theme["last"]) >= QUIET:
            theme["open"] = False
            run.changed.append(theme["id"])
            headline = f'Quiet again about {run.watch.name}: "{theme["label"]}"'
            detail = f"Hardly anybody has said it for {QUIET // timedelta(days=1)} days."
            key, watch = _key(run, theme), run.watch.id
            run.signals.append(Signal(SignalKind.THEME, key, watch, None, run.now, headline, detail, over=True))


def _forgotten(theme: State, now: datetime) -> bool:
    return not theme["open"] and now - datetime.fromisoformat(theme["last"]) >= COOLDOWN


def _theme(watch: Watch, theme: State) -> Theme:
    first, last = datetime.fromisoformat(theme["first"]), datetime.fromisoformat(theme["last"])
    return Theme(theme["id"], watch.id, theme["label"], first, last, tuple(theme["phrases"]))


def _verdict(left: timedelta, mentions: int, bursts: int, run: _Run) -> str:
    if left:
        return f"warming up: {(WARM_UP - left) // timedelta(days=1)} of {WARM_UP // timedelta(days=1)} days"
    if run.signals:
        return f"told: {len(run.signals)}"
    return f"{bursts} known themes go on" if bursts else f"no new phrase among {mentions} mentions"
