"""The week's digest as a message: the same data as plain text and as a page for a mail client."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.base import Message, MessageKind
from alerts.messages import readable
from alerts.render import render
from alerts.text import clean, one_line, trim
from insight.digest import Digest, Event, Shares, WatchDigest
from insight.periods import Period

_LEVELS = "▁▂▃▄▅▆▇█"


def digest_message(digest: Digest, now: datetime, *, id: str) -> Message:  # noqa: A002 - the message's own word
    """What was composed, made safe to show and laid out. `id` is the delivery's."""
    safe = _safe(digest)
    span = days(digest.period)
    headline = trim(f"Week of {span}. {one_line(digest.headline)}", 300)
    values = {
        "digest": safe,
        "headline": headline,
        "span": span,
        "spark": spark,
        "shares": shares,
        "weekdays": weekdays(digest.period),
        "zone": digest.period.time_zone,
    }
    text = re.sub(r"\n{3,}", "\n\n", render("digest.txt.j2", **values)).strip("\n")
    return Message(
        id=id,
        kind=MessageKind.DIGEST,
        headline=headline,
        body=text,
        at=now,
        html=render("digest.html.j2", **values),
        zone=digest.period.time_zone,
    )


def days(period: Period) -> str:
    """ "3 to 10 Mar 2025", by the wall clock where the digest is read."""
    zone = ZoneInfo(period.time_zone)
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    first = f"{start.day} {start:%b}" if (start.month, start.year) != (end.month, end.year) else f"{start.day}"
    first = f"{first} {start.year}" if start.year != end.year else first
    return f"{first} to {end.day} {end:%b %Y}"


def weekdays(period: Period) -> tuple[str, ...]:
    zone = ZoneInfo(period.time_zone)
    return tuple(f"{start.astimezone(zone):%a}" for start, _ in period.days())


def spark(values: Sequence[int]) -> str:
    """A row of little bars; all lowest when nothing was said."""
    top = max([*values, 1])
    return "".join(_LEVELS[round(value / top * (len(_LEVELS) - 1))] for value in values)


def shares(of: Shares) -> tuple[tuple[str, str, int], ...]:
    """Label, colour and whole percent of what was understood; nothing when nothing was."""
    parts = [
        ("negative", "#d6493a", of.negative),
        ("neutral", "#a8aeb6", of.neutral),
        ("positive", "#2f9e5b", of.positive),
    ]
    if of.mixed:
        parts.insert(2, ("mixed", "#c9a227", of.mixed))
    return tuple((label, colour, round(100 * count / of.known)) for label, colour, count in parts) if of.known else ()


def _safe(digest: Digest) -> Digest:
    return replace(
        digest,
        headline=one_line(digest.headline),
        watches=tuple(map(_safe_watch, digest.watches)),
        events=tuple(map(_safe_event, digest.events)),
        coverage=tuple(map(one_line, digest.coverage)),
        undelivered=tuple(trim(one_line(line), 300) for line in digest.undelivered),
        quoting=trim(one_line(digest.quoting), 300),
    )


def _safe_watch(week: WatchDigest) -> WatchDigest:
    """Names come from the config, labels and quotes from strangers: all of them go through the same door."""
    return replace(
        week,
        watch=replace(week.watch, name=one_line(week.watch.name)),
        change=replace(week.change, sentence=clean(week.change.sentence)),
        shares=replace(week.shares, sentence=clean(week.shares.sentence)),
        by_source=tuple((one_line(source), count) for source, count in week.by_source),
        quotes=tuple(map(readable, week.quotes)),
        events=tuple(map(_safe_event, week.events)),
    )


def _safe_event(event: Event) -> Event:
    return replace(event, headline=trim(one_line(event.headline), 300))
