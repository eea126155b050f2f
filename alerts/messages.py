"""What is said: a signal or a digest as a message that no channel has given a form yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from alerts.base import Fact, Message, MessageKind
from alerts.rules import Change, Decision, ToldChannel, delivery_id
from alerts.text import chance, clean, clock, duration, number, one_line, percent, safe_url, trim
from insight.evidence import representative_quotes
from insight.model import Action, Alert, NewDelivery, PostKey, Quote, Signal, StoredMention, Watch

MAX_QUOTES = 5
LITTLE = 0.5  # fewer than this are not worth a number, nor a quotient


def alert_deliveries(
    signal: Signal, decision: Decision, watch: Watch | None, now: datetime, behind: Sequence[StoredMention] = ()
) -> tuple[NewDelivery, ...]:
    """One delivery for each channel that is told. `unique` is the delivery's own id: asked twice, sent once.

    `behind`: the mentions to quote from; each channel's quotes are chosen from those that it may read.
    """
    if decision.alert is None:
        return ()
    action = Action.POST if decision.change is Change.OPEN else Action.REPLY
    chosen: dict[frozenset[PostKey], tuple[Quote, ...]] = {}
    deliveries = []
    for told in decision.told:
        if told.posts not in chosen:
            posts = [one for one in behind if one.post.key in told.posts]
            chosen[told.posts] = representative_quotes(posts, MAX_QUOTES)
        message = alert_message(signal, decision.alert, decision.change, told, watch, now, chosen[told.posts])
        deliveries.append(
            NewDelivery(message.id, told.channel, message.to_json(), message.conversation, message.id, action)
        )
    return tuple(deliveries)


def alert_message(
    signal: Signal,
    alert: Alert,
    change: Change,
    told: ToldChannel,
    watch: Watch | None,
    now: datetime,
    quotes: Sequence[Quote] = (),
) -> Message:
    """What this channel hears. Where words are withheld, no more than that what was told there is over."""
    zone = watch.time_zone if watch else "UTC"
    prefix = {Change.UPDATE: "Update: ", Change.RESOLVE: "Over: "}.get(change, "")
    headline, detail, figures = signal.headline, signal.detail, signal.figures
    if told.withheld:
        headline = f"what was told here about {watch.name}" if watch else "what was told here"
        detail, figures = "Private posts are behind it by now, so nothing more is said here.", {}
    return Message(
        id=delivery_id(alert, change, told.channel),
        kind=MessageKind.ALERT,
        headline=trim(prefix + one_line(headline), 300),
        body=clean(detail),
        at=now,
        facts=facts(replace(signal, figures=figures), alert, watch, zone),
        quotes=tuple(map(readable, quotes)),
        conversation=alert.id,
        over=change is Change.RESOLVE,
        zone=zone,
    )


def trial_message(channel: str, now: datetime) -> Message:
    """What `listener test-alert` sends."""
    return Message(
        id=sha256(f"test\n{channel}\n{now.isoformat()}".encode()).hexdigest()[:24],
        kind=MessageKind.TEST,
        headline="Listener can reach you here",
        body="This is a test: nothing has happened. Alerts will arrive in this place and form.",
        at=now,
        facts=(Fact("Channel", one_line(channel)), Fact("Sent", clock(now, "UTC"))),
    )


def readable(quote: Quote) -> Quote:
    """A quote as it may be shown: harmless text of a length that is read, and a link that can be followed."""
    author = trim(one_line(quote.author), 60) if quote.author else None
    return replace(quote, text=trim(clean(quote.text)), author=author or None, url=safe_url(quote.url))


# -- figures ----------------------------------------------------------------------------------------------------

_SAID_ELSEWHERE = {"observed", "mentions", "expected", "threshold", "days"}  # together in one fact, or in the text
_WRITTEN = {
    "p_value": ("By chance", chance),
    "hours": ("Time span", duration),
    "longest": ("Longest silence so far", duration),
    "share": ("Share", percent),
    "loudest_share": ("From the loudest", percent),
}


def facts(signal: Signal, alert: Alert, watch: Watch | None, zone: str) -> tuple[Fact, ...]:
    """The figures as a reader wants them, in the watch's own time."""
    found = [Fact("Watch", one_line(watch.name))] if watch else []
    if signal.source:
        found.append(Fact("Source", one_line(signal.source)))
    posts = signal.figures.get("observed", signal.figures.get("mentions"))
    if posts is not None:
        found.append(Fact("Seen", _beside_usual(posts, signal.figures.get("expected"))))
    for name, value in signal.figures.items():
        if name not in _SAID_ELSEWHERE:
            title, write = _WRITTEN.get(name, (name.replace("_", " ").capitalize(), number))
            found.append(Fact(one_line(title), write(value)))
    found.append(Fact("When", clock(signal.at, zone)))
    if alert.opened_at != alert.updated_at:
        found.append(Fact("Open since", clock(alert.opened_at, zone)))
    return tuple(found)


def _beside_usual(seen: float, expected: float | None) -> str:
    """ "42, where 9.3 are usual (4.5 times)"."""
    if expected is None:
        return number(seen)
    if expected < LITTLE:
        return f"{number(seen)}, where less than one is usual"
    usual = f"{number(seen)}, where {number(expected)} {'is' if expected == 1 else 'are'} usual"
    times = seen / expected
    return f"{usual} ({number(times)} times)" if times >= 1.5 else usual
