"""The spike and the new complaint of the simulated market, written by many people in many words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from listener.demo.events import Events
from listener.demo.phrases import phrases
from listener.demo.posting_times import spread_over_days
from listener.demo.posts import Made, MarketPost
from listener.demo.publisher import PostDraft, Publisher, weighted

BRAND = "lanternfish"
SPIKE_BY_HOUR = (7, 9, 8, 6, 5, 3, 2)  # posts in each hour of the spike: quick to rise, slow to fall
THEME_DAILY, THEME_TAIL = (6, 10), (1, 4)  # the fewest and the most a day
# Where the new complaint is made. No place holds it all: it is a theme by its words, not by its volume.
THEME_PLACES = {"appstore": 0.30, "mastodon": 0.26, "hackernews": 0.22, "forum": 0.14, "reviews": 0.08}


def spike(publisher: Publisher, events: Events) -> Iterator[MarketPost]:
    """The afternoon without sync: two platforms, as many authors as posts."""
    rng = publisher.rng
    hackers, tooters = publisher.hackers.several(60), publisher.tooters.several(60)
    titles = list(phrases()["en"]["spike"]["titles"])
    seconds = sorted(3600 * hour + rng.randrange(3600) for hour, n in enumerate(SPIKE_BY_HOUR) for _ in range(n))
    for nth, second in enumerate(seconds):
        at = events.spike.start + timedelta(seconds=second)
        if nth % 12 == 0 and titles:
            yield publisher.headline(at, _outcry(publisher, 1, titles.pop(0)), hackers.pop())
        elif rng.random() < 0.55:
            yield publisher.toot(at, _outcry(publisher, rng.choice((0, 1, 1))), tooters.pop())
        else:
            yield publisher.comment(at, _outcry(publisher, 1), hackers.pop())


def theme(publisher: Publisher, events: Events) -> Iterator[MarketPost]:
    """The new complaint: a handful of people a day for twelve days, then fewer, to the end."""
    start, end = events.theme.start, events.theme.end
    fades = min(events.theme_fades, end)
    for at in spread_over_days(publisher.rng, start, fades, THEME_DAILY):
        yield _complaint(publisher, at)
    for at in spread_over_days(publisher.rng, fades, end, THEME_TAIL):
        yield _complaint(publisher, at)


def _outcry(publisher: Publisher, more: int, title: str = "") -> PostDraft:
    section = phrases()["en"]["spike"]
    parts = [section["open"], *[section["more"]] * more, section["end"]]
    text = publisher.writer.compose(BRAND, parts)
    return PostDraft(BRAND, text, "negative", "sync", Made.SPIKE, title=publisher.writer.fill(title, BRAND))


def _complaint(publisher: Publisher, at: datetime) -> MarketPost:
    """The same trouble in other words, where this person happens to write."""
    section = phrases()["en"]["theme"]
    place = weighted(publisher.rng, THEME_PLACES)
    text = publisher.writer.compose(BRAND, [section["open"], *[section["more"]] * publisher.rng.choice((0, 1, 1))])
    title = publisher.writer.line(section["review_titles"], BRAND) if place not in ("mastodon", "hackernews") else ""
    draft = PostDraft(BRAND, text, "negative", "export", Made.THEME, title=title)
    if place == "appstore":
        return publisher.review(at, draft, publisher.rng.choices(("us", "gb"), (70, 30))[0])
    if place == "mastodon":
        return publisher.toot(at, draft, publisher.tooters.anyone("en"))
    if place == "hackernews":
        return publisher.comment(at, draft)
    return publisher.topic(at, draft) if place == "forum" else publisher.site_review(at, draft)
