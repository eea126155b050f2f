"""A first detector of new complaints: phrases that several people use now against their own history; one state a watch.

The mentions that nobody has learnt from yet are the window: they stay pending until their whole day is older than three
days, then they become history and are consumed. So the state holds counts and no post: what is deleted or edited
meanwhile is simply gone from the window. Themes are no part of the state: known ones come in, changed ones go out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from insight.counts import event_time, floor_hour
from insight.evidence import author, text
from insight.model import (
    Label,
    MentionState,
    PostKey,
    Signal,
    StoredMention,
    Theme,
    ThemeChange,
    ThemeEvent,
    Watch,
)
from insight.themes.bursts import Burst, find, support
from insight.themes.messages import WINDOW, complained, merged, quiet
from insight.themes.phrasebook import Phrasebook, Used
from insight.understanding.phrases import phrases, words

State = dict[str, Any]

WARM_UP = timedelta(days=14)
QUIET = timedelta(days=7)
COOLDOWN = timedelta(days=28)
LARGEST_WINDOW = 1500  # mentions; the oldest become history early when there are more
PENDING = 3000  # how many pending mentions the program should hand over, oldest first
KEPT_PHRASES = 30


@dataclass(frozen=True, slots=True)
class Result:
    """`consumed` need not be handed over again; `memory` None: as it was. `themes` are new or have changed; `members`
    are posts that belong to them by their ids, many of them known before.
    """

    signals: tuple[Signal, ...] = ()
    verdict: str = ""
    consumed: tuple[PostKey, ...] = ()
    themes: tuple[Theme, ...] = ()
    members: Mapping[str, frozenset[PostKey]] = field(default_factory=dict)
    events: tuple[ThemeEvent, ...] = ()
    warm_up_days_left: float = 0.0
    memory: State | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    at: datetime
    stored: StoredMention
    phrases: frozenset[str]


@dataclass(slots=True)
class _Run:
    """One step on its way: the themes as they are by now, and what there is to say of them."""

    watch: Watch
    now: datetime
    told: tuple[datetime, datetime] | None
    themes: dict[str, Theme]
    signals: list[Signal] = field(default_factory=list)
    events: list[ThemeEvent] = field(default_factory=list)

    def event(self, theme: Theme, change: ThemeChange, other: str = "") -> None:
        self.events.append(ThemeEvent(theme.id, self.now, change, other))


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
    pending: Sequence[StoredMention],
    now: datetime,
    false_alarms_per_day: float = 1 / 30,
    *,
    known: Iterable[Theme] = (),
    memory: Mapping[str, Any] | None = None,
    mark: str = "",
    told: tuple[datetime, datetime] | None = None,
) -> tuple[State, Result]:
    """Learn from what has left the window, look for bursts in what is in it.

    `known`: the watch's themes that are open or were heard of within COOLDOWN.
    `memory`: `Result.memory` of the steps before; it is large and seldom changes, so it is kept apart from the state.
    `told`: when a spike lasted that people have heard of. What most of its people complained of is no second news.
    """
    # 1. Learn from what is history by now.
    past, kept = _split(pending, watch, now)
    if memory and date.fromisoformat(memory["day"]) > now.date() + timedelta(days=1):
        state, memory = {}, None  # the clock was ahead, by which all was forgotten: learn anew
    book = Phrasebook.from_json(memory) if memory else Phrasebook(now.date())
    learnt = book.decay(now.date()) or bool(past) or not memory
    book.learn(Used(it.at.date(), author(it.stored), it.phrases) for it in past)
    since = min(datetime.fromisoformat(state.get("since", now.isoformat())), now)
    left = max(timedelta(0), WARM_UP - (now - since))

    # 2. Look.
    window = [it for it in kept if now - WINDOW <= it.at <= now]
    bursts = () if left else find([(it.stored, it.phrases) for it in window], book, false_alarms_per_day)
    before = {theme.id: theme for theme in sorted(known, key=lambda it: (it.first_at, it.id))}
    run = _Run(watch, now, told, dict(before))
    for burst in bursts:
        _tell(run, burst)
    _listen_on(run, window)

    # 3. Remember.
    still_new = {it.stored.post.key for it in kept}
    result = Result(
        tuple(run.signals),
        _verdict(left, len(window), len(bursts), run),
        consumed=tuple(sorted({stored.post.key for stored in pending} - still_new)),
        themes=tuple(theme for theme in run.themes.values() if theme != before.get(theme.id)),
        members=_members(run.themes.values(), [*past, *kept]),
        events=tuple(run.events),
        warm_up_days_left=left / timedelta(days=1),
        memory=book.to_json() if learnt else None,
    )
    return {"since": since.isoformat(), "looked_at": now.isoformat(), "mark": mark}, result


def _split(pending: Iterable[StoredMention], watch: Watch, now: datetime) -> tuple[list[_Said], list[_Said]]:
    """What is history by now, and what is not, each in the order of time; what counts for nothing is in neither."""
    own = words(f"{watch.name} {watch.query}")
    said = sorted((it for stored in pending if (it := _read(stored, own))), key=lambda it: it.at)
    horizon = (now - WINDOW).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = max(sum(1 for it in said if it.at < horizon), len(said) - LARGEST_WINDOW)
    return said[:past], said[past:]


def _read(stored: StoredMention, own: frozenset[str]) -> _Said | None:
    """When it was said and in which phrases; None for what is not counted: only what is kept, negative, and known when.

    `own`: the words of the watch's name and query, which say nothing.
    """
    mention, at = stored.mention, event_time(stored.post, stored.collected_at)
    if at is None or mention.state is not MentionState.KEPT or mention.sentiment.label is not Label.NEGATIVE:
        return None
    its = phrases(text(stored), own)
    return _Said(at, stored, its) if its else None


def _members(themes: Iterable[Theme], said: Sequence[_Said]) -> dict[str, frozenset[PostKey]]:
    """Who complains in one of a theme's phrases belongs to it."""
    found = {}
    for theme in themes:
        posts = frozenset(it.stored.post.key for it in said if not theme.names.isdisjoint(it.phrases))
        if posts:
            found[theme.id] = posts
    return found


def _tell(run: _Run, burst: Burst) -> None:
    """A new complaint, more of a known one, or one that is still known: then nothing is said."""
    same = sorted((theme for theme in run.themes.values() if _is_about(theme, burst)), key=lambda it: not it.open)
    if not same:
        if not _told_by_a_spike(run, burst):
            _open(run, burst)
        return
    theme, *others = same
    names = [*theme.phrases, *burst.phrases]
    for other in others:
        if other.open:  # people say both at once by now: it was one complaint all along, and the older one goes on
            run.themes[other.id] = replace(other, open=False)
            run.event(other, ThemeChange.MERGED, theme.id)
            run.signals.append(merged(other, run.watch, run.now))
            names += other.phrases
    grown = theme.open and burst.people >= 2 * theme.told
    theme = replace(theme, phrases=tuple(dict.fromkeys(names))[:KEPT_PHRASES])
    if grown:
        theme = replace(theme, told=burst.people)
        run.signals.append(complained(theme, burst, run.watch, run.now, f"Still growing at {run.watch.name}"))
    run.themes[theme.id] = theme


def _is_about(theme: Theme, burst: Burst) -> bool:
    """Its label is one of the theme's phrases, or half of their phrases are the same."""
    its = theme.names
    return burst.label in its or 2 * len(its & set(burst.phrases)) >= min(len(its), len(burst.phrases))


def _told_by_a_spike(run: _Run, burst: Burst) -> bool:
    """Whether most of those who say it said it in the spike."""
    if run.told is None:
        return False
    start, end = run.told
    others = [it for it in burst.mentions if not start <= (event_time(it.post, it.collected_at) or start) <= end]
    return 2 * support(others) < burst.people


def _open(run: _Run, burst: Burst) -> None:
    first = min(event_time(s.post, s.collected_at) or run.now for s in burst.mentions)
    name = f"{run.watch.id}|{burst.label}|{first:%Y-%m-%d}"
    theme = Theme(
        hashlib.sha256(name.encode()).hexdigest()[:12],
        run.watch.id,
        burst.label,
        first,
        run.now,
        burst.phrases[:KEPT_PHRASES],
        told=burst.people,
        open=True,
    )
    run.themes[theme.id] = theme
    run.event(theme, ThemeChange.OPENED)
    run.signals.append(complained(theme, burst, run.watch, run.now, f"New complaint about {run.watch.name}"))


def _listen_on(run: _Run, window: Sequence[_Said]) -> None:
    """Whether anybody still says it: two people within the window keep a theme going, seven quiet days end it."""
    for theme in list(run.themes.values()):
        names = {theme.label, *theme.phrases[:1]}
        saying = [it for it in window if names & it.phrases]
        if support([it.stored for it in saying]) >= 2:
            theme = replace(theme, last_at=max(theme.last_at, saying[-1].at))  # noqa: PLW2901
        if theme.open and run.now - theme.last_at >= QUIET:
            theme = replace(theme, open=False)  # noqa: PLW2901
            run.event(theme, ThemeChange.ENDED)
            run.signals.append(quiet(theme, run.watch, run.now, QUIET))
        run.themes[theme.id] = theme


def _verdict(left: timedelta, mentions: int, bursts: int, run: _Run) -> str:
    if left:
        return f"warming up: {(WARM_UP - left) // timedelta(days=1)} of {WARM_UP // timedelta(days=1)} days"
    if run.signals:
        return f"told: {len(run.signals)}"
    return f"{bursts} known themes go on" if bursts else f"no new phrase among {mentions} mentions"
