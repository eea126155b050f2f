"""The detector of new complaints: phrases that several people use now against their own history; one state a watch.

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

from insight.counts import DAY, event_time, floor_hour
from insight.evidence import author_of, full_text
from insight.model import MentionState, PostKey, Signal, StoredMention, Theme, ThemeChange, ThemeEvent, Watch
from insight.themes.bursts import WINDOW, Burst, count_people, find_bursts
from insight.themes.messages import theme_merged, theme_quiet, theme_risen
from insight.themes.phrasebook import Phrasebook, PhraseUse
from insight.understanding.phrases import phrases, words

State = dict[str, Any]

WARM_UP = timedelta(days=14)
QUIET = timedelta(days=7)
COOLDOWN = timedelta(days=28)  # so long a theme that has ended is still known: the same complaint is no new theme
LARGEST_WINDOW = 1500  # mentions; the oldest become history early when there are more
PENDING = 3000  # how many pending mentions the program should hand over, oldest first
KEPT_PHRASES = 30


@dataclass(frozen=True, slots=True)
class ThemeResult:
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
class _Complaint:
    at: datetime
    stored: StoredMention
    phrases: frozenset[str]


@dataclass(slots=True)
class _ThemeStep:
    """One step on its way: the themes as they are by now, and what there is to say of them."""

    watch: Watch
    now: datetime
    spike: tuple[datetime, datetime] | None
    themes: dict[str, Theme]
    signals: list[Signal] = field(default_factory=list)
    events: list[ThemeEvent] = field(default_factory=list)

    def event(self, theme: Theme, change: ThemeChange, other: str = "") -> None:
        self.events.append(ThemeEvent(theme.id, self.now, change, other))


def due(state: Mapping[str, Any], now: datetime, mark: str) -> bool:
    """Whether it is time to look again (the window is read from the store for it).

    Once an hour when the pending mentions have changed, which `mark` tells, and once a day in any case.
    """
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
    spike: tuple[datetime, datetime] | None = None,
) -> tuple[State, ThemeResult]:
    """Learn from what has left the window, look for bursts in what is in it.

    `known`: the watch's themes that are open or were heard of within COOLDOWN.
    `memory`: `ThemeResult.memory` of the steps before; it is large and seldom changes, so it is kept apart.
    `spike`: from when to when one lasted that was told. What most of its people complained of is no second news.
    """
    # 1. Learn from what is history by now.
    past, current = _past_and_current(pending, watch, now)
    if memory and date.fromisoformat(memory["day"]) > now.date() + DAY:
        state, memory = {}, None  # the clock was ahead, by which all was forgotten: learn anew
    book = Phrasebook.from_json(memory) if memory else Phrasebook(now.date())
    learnt = book.decay(now.date()) or bool(past) or not memory
    book.learn(PhraseUse(it.at.date(), author_of(it.stored), it.phrases) for it in past)
    since = min(datetime.fromisoformat(state.get("since", now.isoformat())), now)
    left = max(timedelta(0), WARM_UP - (now - since))

    # 2. Look.
    window = [it for it in current if now - WINDOW <= it.at <= now]
    bursts = () if left else find_bursts([(it.stored, it.phrases) for it in window], book, false_alarms_per_day)
    before = {theme.id: theme for theme in sorted(known, key=lambda it: (it.first_at, it.id))}
    this = _ThemeStep(watch, now, spike, dict(before))
    for burst in bursts:
        _add_burst(this, burst)
    _go_on_or_end(this, window)

    # 3. Remember.
    remaining = {it.stored.post.key for it in current}
    result = ThemeResult(
        tuple(this.signals),
        _verdict(left, len(window), len(bursts), this),
        consumed=tuple(sorted({stored.post.key for stored in pending} - remaining)),
        themes=tuple(theme for theme in this.themes.values() if theme != before.get(theme.id)),
        members=_members(this.themes.values(), [*past, *current]),
        events=tuple(this.events),
        warm_up_days_left=left / DAY,
        memory=book.to_json() if learnt else None,
    )
    return {"since": since.isoformat(), "looked_at": now.isoformat(), "mark": mark}, result


def _past_and_current(
    pending: Iterable[StoredMention], watch: Watch, now: datetime
) -> tuple[list[_Complaint], list[_Complaint]]:
    """What is history by now, and what is not, each in the order of time.

    In neither is what counts for nothing: only what is kept, a complaint, known when, and has a phrase of its own, for
    which the words of the watch's name and query do not count.
    """
    own = words(f"{watch.name} {watch.query}")
    complaints = []
    for stored in pending:
        mention, at = stored.mention, event_time(stored.post, stored.collected_at)
        counts = mention.state is MentionState.KEPT and mention.complaint
        if at and counts and (used := phrases(full_text(stored), own)):
            complaints.append(_Complaint(at, stored, used))
    complaints.sort(key=lambda it: it.at)
    horizon = (now - WINDOW).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = max(sum(1 for it in complaints if it.at < horizon), len(complaints) - LARGEST_WINDOW)
    return complaints[:past], complaints[past:]


def _members(themes: Iterable[Theme], complaints: Sequence[_Complaint]) -> dict[str, frozenset[PostKey]]:
    """Who complains in one of a theme's phrases belongs to it."""
    found = {}
    for theme in themes:
        posts = frozenset(it.stored.post.key for it in complaints if not theme.names.isdisjoint(it.phrases))
        if posts:
            found[theme.id] = posts
    return found


def _add_burst(this: _ThemeStep, burst: Burst) -> None:
    """A new complaint, more of a known one, or one that is still known: then nothing is said."""
    # 1. A theme that it is about has its label among its phrases, or half of their phrases in common.
    phrases = set(burst.phrases)
    same = [
        theme
        for theme in this.themes.values()
        if burst.label in theme.names or 2 * len(theme.names & phrases) >= min(len(theme.names), len(burst.phrases))
    ]
    if same:
        _extend_theme(this, sorted(same, key=lambda theme: not theme.open), burst)
        return

    # 2. Whether most of those who say it said it in the spike that was told.
    if this.spike:
        start, end = this.spike
        others = [it for it in burst.mentions if not start <= (event_time(it.post, it.collected_at) or start) <= end]
        if 2 * count_people(others) < burst.people:
            return

    # 3. A new one.
    first = min(event_time(it.post, it.collected_at) or this.now for it in burst.mentions)
    name = f"{this.watch.id}|{burst.label}|{first:%Y-%m-%d}"
    theme = Theme(
        hashlib.sha256(name.encode()).hexdigest()[:12],
        this.watch.id,
        burst.label,
        first,
        this.now,
        burst.phrases[:KEPT_PHRASES],
        told=burst.people,
        open=True,
    )
    this.themes[theme.id] = theme
    this.event(theme, ThemeChange.OPENED)
    this.signals.append(theme_risen(theme, burst, this.watch, this.now, f"New complaint about {this.watch.name}"))


def _extend_theme(this: _ThemeStep, same: Sequence[Theme], burst: Burst) -> None:
    """The first theme takes up the phrases of a burst and ends the others, all of which the burst is about."""
    theme, *others = same
    names = [*theme.phrases, *burst.phrases]
    for other in others:
        if other.open:  # people say both at once by now: it was one complaint all along, and the older one goes on
            this.themes[other.id] = replace(other, open=False)
            this.event(other, ThemeChange.MERGED, theme.id)
            this.signals.append(theme_merged(other, this.watch, this.now))
            names += other.phrases
    grown = theme.open and burst.people >= 2 * theme.told
    theme = replace(theme, phrases=tuple(dict.fromkeys(names))[:KEPT_PHRASES])
    if grown:
        theme = replace(theme, told=burst.people)
        this.signals.append(theme_risen(theme, burst, this.watch, this.now, f"Still growing at {this.watch.name}"))
    this.themes[theme.id] = theme


def _go_on_or_end(this: _ThemeStep, window: Sequence[_Complaint]) -> None:
    """Two people within the window keep a theme going, seven quiet days end it."""
    for known in list(this.themes.values()):
        theme = known
        names = {theme.label, *theme.phrases[:1]}
        using = [it for it in window if names & it.phrases]
        if count_people([it.stored for it in using]) >= 2:
            theme = replace(theme, last_at=max(theme.last_at, using[-1].at))
        if theme.open and this.now - theme.last_at >= QUIET:
            theme = replace(theme, open=False)
            this.event(theme, ThemeChange.ENDED)
            this.signals.append(theme_quiet(theme, this.watch, this.now, QUIET))
        this.themes[theme.id] = theme


def _verdict(left: timedelta, mentions: int, bursts: int, this: _ThemeStep) -> str:
    if left:
        return f"warming up: {(WARM_UP - left) // DAY} of {WARM_UP // DAY} days"
    if this.signals:
        return f"told: {len(this.signals)}"
    return f"{bursts} known themes go on" if bursts else f"no new phrase among {mentions} mentions"
