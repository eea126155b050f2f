"""Who is told, when, how often. Pure: a signal and what is known in, a decision out; every "no" has a named reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from insight.model import Alert, AlertState, PostKey, Signal, SignalKind

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
    PRIVATE_EVIDENCE = "private_evidence"  # a post behind it is private, and the channel is not
    ITSELF = "itself"  # it is this channel that is in trouble
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
class Evidence:
    """What a signal rests on, as it is stored now: its posts that still say something, and by the text of a query
    those of them that match it. `private`: whether any post behind its alert, since it began, is private.
    """

    posts: frozenset[PostKey] = frozenset()
    matching: Mapping[str, frozenset[PostKey]] = field(default_factory=dict)
    private: bool = False


@dataclass(frozen=True, slots=True)
class ToldChannel:
    """A channel that hears of it, and the posts that may be quoted there. `withheld`: only that it is over may be said,
    because what ended rests on private posts by now and the channel is not private.
    """

    channel: str
    posts: frozenset[PostKey] = frozenset()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class UntoldChannel:
    """A channel that does not ("": nobody does), and why."""

    channel: str
    why: Why


@dataclass(frozen=True, slots=True)
class Decision:
    """`alert` as it is now to be stored; None when nothing changes and nothing was open."""

    change: Change
    alert: Alert | None
    told: tuple[ToldChannel, ...] = ()
    untold: tuple[UntoldChannel, ...] = ()


def decide(
    signal: Signal,
    open_alert: Alert | None,
    routes: Sequence[Route],
    now: datetime,
    *,
    told: Collection[str],
    spent: Mapping[str, int] | None = None,
    cap: int = DAILY_CAP,
    evidence: Evidence | None = None,
) -> Decision:
    """`told`: the channels that have a delivery of the open alert. `spent`: each channel's alert messages of the day.

    An ending goes to those who heard the beginning, whatever has been spent and however the routes read by now.
    A channel that others read hears of an alert only while every post behind it is public: its very headline and
    figures are made of them.
    """
    change, why = _what_happens(signal, open_alert, now)
    if change is Change.NONE:
        return Decision(change, open_alert, untold=(UntoldChannel("", why or Why.ALREADY_TOLD),))
    if why:
        return Decision(
            change, _alert_after(change, signal, open_alert, now, heard=False), untold=(UntoldChannel("", why),)
        )
    found = evidence or Evidence()
    heard: list[ToldChannel] = []
    untold: list[UntoldChannel] = []
    verdict: ToldChannel | UntoldChannel
    for channel in dict.fromkeys(route.channel for route in routes):
        withheld = found.private and not may_read_private(routes, channel)
        if change is Change.RESOLVE:
            verdict = (
                ToldChannel(channel, withheld=withheld) if channel in told else UntoldChannel(channel, Why.NEVER_TOLD)
            )
        else:
            taking = [route for route in routes if route.channel == channel and route.takes(signal)]
            verdict = _by_routes(signal, channel, taking, found, withheld=withheld)
        if isinstance(verdict, UntoldChannel):
            untold.append(verdict)
        elif change is not Change.RESOLVE and (spent or {}).get(channel, 0) >= cap:
            untold.append(UntoldChannel(channel, Why.BUDGET))
        else:
            heard.append(verdict)
    alert = _alert_after(change, signal, open_alert, now, heard=bool(heard))
    return Decision(change, alert, tuple(heard), tuple(untold) if routes else (UntoldChannel("", Why.NO_ROUTE),))


def _what_happens(signal: Signal, alert: Alert | None, now: datetime) -> tuple[Change, Why | None]:
    if alert is None:
        return (Change.NONE, Why.NOTHING_OPEN) if signal.over else (Change.OPEN, None)
    if signal.over:
        return Change.RESOLVE, None
    told_all = alert.told_at is not None and alert.told_at >= alert.updated_at
    if told_all and signal.headline == alert.headline:
        return Change.NONE, Why.ALREADY_TOLD
    lately = alert.told_at is not None and now - alert.told_at < UPDATE_PAUSE
    return Change.UPDATE, Why.TOLD_LATELY if lately else None


def _by_routes(
    signal: Signal, channel: str, routes: Sequence[Route], evidence: Evidence, *, withheld: bool
) -> ToldChannel | UntoldChannel:
    """By those of the channel's routes that take the signal. One that rests on no posts (a silent source) has nothing
    that a query or a minimum could ask."""
    if not routes:
        return UntoldChannel(channel, Why.NO_ROUTE)
    if withheld:
        return UntoldChannel(channel, Why.PRIVATE_EVIDENCE)
    if signal.kind is SignalKind.CHANNEL and signal.key == f"channel:{channel}":
        return UntoldChannel(channel, Why.ITSELF)
    if not signal.posts:
        return ToldChannel(channel)
    nothing: frozenset[PostKey] = frozenset()
    found = [(one, evidence.matching.get(one.query, nothing) if one.query else evidence.posts) for one in routes]
    matching = [(route, posts) for route, posts in found if posts or route.query is None]
    enough = [posts for route, posts in matching if len(posts) >= route.minimum]
    if not enough:
        return UntoldChannel(channel, Why.BELOW_MINIMUM if matching else Why.NO_POST_MATCHES)
    return ToldChannel(channel, nothing.union(*enough))


def may_read_private(routes: Iterable[Route], channel: str) -> bool:
    """Whether each of the channel's routes says that it is private: of two that disagree, the stricter holds."""
    found = [route.private for route in routes if route.channel == channel]
    return bool(found) and all(found)


def _alert_after(change: Change, signal: Signal, alert: Alert | None, now: datetime, *, heard: bool) -> Alert:
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
