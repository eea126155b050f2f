"""The spike and the new complaint of the simulated market, written by many people in many words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from listener.demo.events import Events
from listener.demo.phrases import phrases
from listener.demo.posts import Made, MarketPost
from listener.demo.rhythm import scattered
from listener.demo.society import Said, Society, weighted

BRAND = "lanternfish"
SPIKE_BY_HOUR = (7, 9, 8, 6, 5, 3, 2)  # posts in each hour of the spike: quick to rise, slow to fall
THEME_DAILY, THEME_TAIL = (6, 10), (1, 4)  # the fewest and the most a day
# Where the new complaint is made. No place holds it all: it is a theme by its words, not by its volume.
THEME_PLACES = {"appstore": 0.30, "mastodon": 0.26, "hackernews": 0.22, "forum": 0.14, "reviews": 0.08}


def spike(society: Society, events: Events) -> Iterator[MarketPost]:
    """The afternoon without sync: two platforms, as many authors as posts."""
    rng = society.rng
    hackers, tooters = society.hackers.several(60), society.tooters.several(60)
    titles = list(phrases()["en"]["spike"]["titles"])
    seconds = sorted(3600 * hour + rng.randrange(3600) for hour, n in enumerate(SPIKE_BY_HOUR) for _ in range(n))
    for nth, second in enumerate(seconds):
        at = events.spike.start + timedelta(seconds=second)
        if nth % 12 == 0 and titles:
            yield society.headline(at, _outcry(society, 1, titles.pop(0)), hackers.pop())
        elif rng.random() < 0.55:
            yield society.toot(at, _outcry(society, rng.choice((0, 1, 1))), tooters.pop())
        else:
            yield society.comment(at, _outcry(society, 1), hackers.pop())


def theme(society: Society, events: Events) -> Iterator[MarketPost]:
    """The new complaint: a handful of people a day for twelve days, then fewer, to the end."""
    start, end = events.theme.start, events.theme.end
    fades = min(events.theme_fades, end)
    for at in scattered(society.rng, start, fades, THEME_DAILY):
        yield _complaint(society, at)
    for at in scattered(society.rng, fades, end, THEME_TAIL):
        yield _complaint(society, at)


def _outcry(society: Society, more: int, title: str = "") -> Said:
    section = phrases()["en"]["spike"]
    parts = [section["open"], *[section["more"]] * more, section["end"]]
    text = society.writer.compose(BRAND, parts)
    return Said(BRAND, text, "negative", "sync", Made.SPIKE, title=society.writer.fill(title, BRAND))


def _complaint(society: Society, at: datetime) -> MarketPost:
    """The same trouble in other words, where this person happens to write."""
    section = phrases()["en"]["theme"]
    place = weighted(society.rng, THEME_PLACES)
    text = society.writer.compose(BRAND, [section["open"], *[section["more"]] * society.rng.choice((0, 1, 1))])
    title = society.writer.line(section["review_titles"], BRAND) if place not in ("mastodon", "hackernews") else ""
    said = Said(BRAND, text, "negative", "export", Made.THEME, title=title)
    if place == "appstore":
        return society.review(at, said, society.rng.choices(("us", "gb"), (70, 30))[0])
    if place == "mastodon":
        return society.toot(at, said, society.tooters.anyone("en"))
    if place == "hackernews":
        return society.comment(at, said)
    return society.topic(at, said) if place == "forum" else society.site_review(at, said)
