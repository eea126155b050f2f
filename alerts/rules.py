"""Who is told, when, how often. Pure: a signal and what is known in, a decision out; every "no" has a named reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from insight.model import Alert, AlertState, PostKey, Signal, SignalKind, Visibility

Matching = Mapping[str, Collection[PostKey]]
"""By the text of a query, the posts that match it."""

UPDATE_PAUSE = timedelta(hours=1)
DAILY_CAP = 20


class Change(StrEnum):
    """What happens to the alert."""

    OPEN = "open"
    UPDATE = "update"
    RESOLVE = "resolve"
    NONE = "none"


class Why(StrEnum):
    """Why nobody, or a channel, is not told."""

    NOTHING_OPEN = "nothing_open"  # it is over, and no alert was open
    ALREADY_TOLD = "already_told"  # the same headline again
    TOLD_LATELY = "told_lately"  # the last word on this alert is less than an hour old
    NEVER_TOLD = "never_told"  # it is over, and this channel never heard that it had begun
    NO_ROUTE = "no_route"  # the config sends neither this kind nor this watch there
    BELOW_MINIMUM = "below_minimum"  # fewer posts behind it than the route asks for
    NO_POST_MATCHES = "no_post_matches"  # none of the posts behind it is what the route's query looks for
    PRIVATE_EVIDENCE = "private_evidence"  # every post behind it is private, and the channel is not
    BUDGET = "budget"  # the channel has had its messages for the day


@dataclass(frozen=True, slots=True)
class Route:
    """What goes to a channel. None: every kind, every watch. `minimum`: the fewest posts worth a word.

    `private`: the people behind the channel may read private posts (tickets, surveys). `query`: what a post behind the
    signal must match.
    """

    channel: str
    kinds: frozenset[SignalKind] | None = None
    watches: frozenset[str] | None = None
    private: bool = False
    minimum: float = 0.0
    query: str | None = None

    def takes(self, signal: Signal) -> bool:
        """A signal about a source concerns no single watch, so no route leaves it out for its watches."""
        wanted = self.watches is None or signal.watch is None or signal.watch in self.watches
        return wanted and (self.kinds is None or signal.kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Told:
    """A channel that hears of it, and what may be quoted there: private posts, too; these posts only (None: all)."""

    channel: str
    private: bool
    posts: frozenset[PostKey] | None = None


@dataclass(frozen=True, slots=True)
class Untold:
    """A channel that does not (None: nobody does), and why."""

    channel: str | None
    why: Why


@dataclass(frozen=True, slots=True)
class Decision:
    """`alert` as it is now to be stored; None when nothing changes and nothing was open."""

    change: Change
    alert: Alert | None
    told: tuple[Told, ...] = ()
    untold: tuple[Untold, ...] = ()


def decide(
    signal: Signal,
    open_alert: Alert | None,
    routes: Sequence[Route],
    now: datetime,
    *,
    told: Collection[str],
    spent: Mapping[str, int] | None = None,
    cap: int = DAILY_CAP,
    matching: Matching | None = None,
) -> Decision:
    """`told`: the channels that have a delivery of the open alert. `spent`: each channel's alert messages of the day.
    `matching`: by each route's query, which of the posts behind the signal match it.

    An ending goes to those who heard the beginning, whatever has been spent and however the routes read by now.
    """
    change, why = _change(signal, open_alert, now)
    if change is Change.NONE:
        return Decision(change, open_alert, untold=(Untold(None, why or Why.ALREADY_TOLD),))
    if why:
        return Decision(change, _changed(change, signal, open_alert, now, heard=False), untold=(Untold(None, why),))
    heard: list[Told] = []
    untold: list[Untold] = []
    for channel in dict.fromkeys(route.channel for route in routes):
        its, private = [r for r in routes if r.channel == channel], may_read_private(routes, channel)
        posts = _quotable(signal, [r for r in its if r.takes(signal) and _is_large_enough(signal, r)], matching or {})
        verdict = _verdict(change, signal, its, Told(channel, private, posts), told, spent or {}, cap)
        if verdict is None:
            heard.append(Told(channel, private, posts))
        else:
            untold.append(Untold(channel, verdict))
    alert = _changed(change, signal, open_alert, now, heard=bool(heard))
    return Decision(change, alert, tuple(heard), tuple(untold) if routes else (Untold(None, Why.NO_ROUTE),))


def _change(signal: Signal, alert: Alert | None, now: datetime) -> tuple[Change, Why | None]:
    if alert is None:
        return (Change.NONE, Why.NOTHING_OPEN) if signal.over else (Change.OPEN, None)
    if signal.over:
        return Change.RESOLVE, None
    told_all = alert.told_at is not None and alert.told_at >= alert.updated_at
    if told_all and signal.headline == alert.headline:
        return Change.NONE, Why.ALREADY_TOLD
    lately = alert.told_at is not None and now - alert.told_at < UPDATE_PAUSE
    return Change.UPDATE, Why.TOLD_LATELY if lately else None


def _verdict(
    change: Change,
    signal: Signal,
    routes: Sequence[Route],
    would: Told,
    told: Collection[str],
    spent: Mapping[str, int],
    cap: int,
) -> Why | None:
    """Why this channel is not told, by its routes; None when it is, as it `would` be."""
    if change is Change.RESOLVE:
        return None if would.channel in told else Why.NEVER_TOLD
    taking = [route for route in routes if route.takes(signal)]
    if not taking:
        return Why.NO_ROUTE
    if not any(_is_large_enough(signal, route) for route in taking):
        return Why.BELOW_MINIMUM
    if not would.private and only_private(signal):
        return Why.PRIVATE_EVIDENCE
    if not _has_a_match(signal, would):
        return Why.NO_POST_MATCHES
    return Why.BUDGET if spent.get(would.channel, 0) >= cap else None


def _is_large_enough(signal: Signal, route: Route) -> bool:
    posts = observed(signal)
    return posts is None or posts >= route.minimum


def _quotable(signal: Signal, routes: Sequence[Route], matching: Matching) -> frozenset[PostKey] | None:
    """The posts behind the signal that the queries of these routes let through; None: all of them.

    A signal that rests on no posts (a silent source) has nothing that a query could ask.
    """
    if not (signal.quotes and routes) or any(route.query is None for route in routes):
        return None
    return frozenset(post for route in routes for post in matching.get(route.query or "", ()))


def _has_a_match(signal: Signal, would: Told) -> bool:
    """Whether something is left that this channel may read: that a private post matches is private as well."""
    readable = (quote for quote in signal.quotes if would.private or quote.visibility is Visibility.PUBLIC)
    return would.posts is None or any(quote.post in would.posts for quote in readable)


def may_read_private(routes: Iterable[Route], channel: str) -> bool:
    """Whether each of the channel's routes says that it is private: of two that disagree, the stricter holds."""
    found = [route.private for route in routes if route.channel == channel]
    return bool(found) and all(found)


def observed(signal: Signal) -> float | None:
    """How many posts are behind the signal, where it rests on posts."""
    return signal.figures.get("observed", signal.figures.get("mentions"))


def only_private(signal: Signal) -> bool:
    """Whether the signal rests on private posts alone: then its very headline is private."""
    return bool(signal.quotes) and all(quote.visibility is Visibility.PRIVATE for quote in signal.quotes)


def _changed(change: Change, signal: Signal, alert: Alert | None, now: datetime, *, heard: bool) -> Alert:
    if alert is None:
        told_at, key = now if heard else None, signal.key
        return Alert(
            alert_id(key, now), key, signal.kind, signal.watch, signal.source, AlertState.OPENED, signal.headline,
            opened_at=now, updated_at=now, told_at=told_at,
        )  # fmt: skip
    state = AlertState.RESOLVED if change is Change.RESOLVE else AlertState.UPDATED
    if state is AlertState.UPDATED and alert.state is AlertState.ACKNOWLEDGED:
        state = AlertState.ACKNOWLEDGED  # somebody has it in hand; more of the same does not take it from them
    headline = alert.headline if change is Change.RESOLVE else signal.headline  # what it was about, not that it ended
    return replace(alert, state=state, headline=headline, updated_at=now, told_at=now if heard else alert.told_at)


def alert_id(key: str, opened_at: datetime) -> str:
    """The same for the same beginning: a step that is repeated after a crash opens no second alert."""
    return sha256(f"alert\n{key}\n{opened_at.isoformat()}".encode()).hexdigest()[:24]


def delivery_id(alert: Alert, change: Change, channel: str) -> str:
    """The same for the same news to the same channel."""
    return sha256(f"{alert.id}\n{change}\n{alert.updated_at.isoformat()}\n{channel}".encode()).hexdigest()[:24]
