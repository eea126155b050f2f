"""What becomes of posts once they are written: copies, ids and threads, edits and deletions."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from textwrap import shorten

from listener.demo.phrases import phrases
from listener.demo.posts import Made, MarketPost
from listener.demo.publisher import TAGS, PostDraft, Publisher

# Far above what the real platforms have reached, so that no id here is somebody's post there; and no id comes twice.
FIRST_ID = {"hackernews": 990_000_000_000, "feed": 10_000, "appstore": 880_000_000_000, "reviews": 500_000}
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


# -- copies -----------------------------------------------------------------------------------------------------


def copies(publisher: Publisher, posts: Iterable[MarketPost]) -> Iterator[MarketPost]:
    """Articles passed on under their headline, and toots that somebody repeats."""
    rng = publisher.rng
    for post in posts:
        if post.truth.made is not Made.ORDINARY or post.language != "en" or not post.truth.watches:
            continue
        if post.place == "press":
            text, mood, count = f"{post.title} {post.link}", "neutral", rng.choice((0, 0, 1, 2, 3))
        elif post.platform == "mastodon" and rng.random() < 0.02:
            text, mood = f"{post.text} (via @{post.author.handle})", post.truth.sentiment
            count = rng.choice((1, 1, 2))
        else:
            continue
        words = f"{post.title} {post.text}".lower()
        # The watch that is named first; one that is not (-1) comes last by the remainder.
        subject = min(post.truth.watches, key=lambda watch: words.find(TAGS[watch].lower()) % len(words))
        draft = PostDraft(subject, text, mood, post.truth.topic)
        for who in publisher.tooters.several(count):
            at = post.at + timedelta(seconds=round(5 * MINUTE + rng.expovariate(1 / (3 * HOUR))))
            yield replace(publisher.toot(at, draft, replace(who, voice="plain")), story=post.story)


# -- ids and threads --------------------------------------------------------------------------------------------


def with_ids_and_threads(rng: Random, posts: list[MarketPost]) -> list[MarketPost]:
    """The same posts, in order of time, with the platforms' ids; comments get a thread."""
    ids, origin = dict(FIRST_ID), dict[str, str]()
    recent: dict[str, deque[MarketPost]] = defaultdict(lambda: deque(maxlen=25))
    finished: list[MarketPost] = []
    for post in posts:
        if post.platform == "mastodon":  # its ids hold the time, in milliseconds, and 16 bits of chance
            native_id = str((int(post.at.timestamp() * 1000) << 16) + rng.randrange(1 << 16))
        else:  # the others count, with gaps for all that is published elsewhere
            ids[post.platform] += rng.randrange(1, 40)
            native_id = str(ids[post.platform])
        numbered = replace(post, id=native_id, story=origin.setdefault(post.story, native_id))
        placed = _in_thread(rng, numbered, recent[post.platform])
        recent[post.platform].append(placed)
        finished.append(placed)
    return finished


def _in_thread(rng: Random, post: MarketPost, recent: Iterable[MarketPost]) -> MarketPost:
    """Comments answer something recent on the same subject; so do some toots."""
    if post.place == "comment" or (post.platform == "mastodon" and rng.random() < 0.15):
        related = [other for other in recent if _same_subject(post, other)]
        if related:
            parent = rng.choice(related)
            return replace(post, reply_to=parent.id, thread=parent.thread or parent.id)
    if post.place != "comment":
        return post
    # With nothing to answer it opens a thread of its own.
    first = re.split(r"(?<=[.?!]) ", post.text)[0].rstrip(".")
    headline = shorten(f"Ask HN: {first}" if first.endswith("?") else first, 80, placeholder=" …")
    return replace(post, place="story", title=post.title or headline)


def _same_subject(post: MarketPost, other: MarketPost) -> bool:
    apart = {Made.SPIKE, Made.NOISE}  # these are among themselves
    made = {post.truth.made, other.truth.made}
    same = post.truth.watches[:1] == other.truth.watches[:1] and (len(made) == 1 or not made & apart)
    return same and post.at - other.at < timedelta(days=4)


# -- edits and deletions ----------------------------------------------------------------------------------------

EDITED = {"mastodon": 0.015, "forum": 0.05, "appstore": 0.03}  # by platform, or by place for the forum
DELETED = {"mastodon": 0.008, "hackernews": 0.008}


def with_edits_and_deletions(rng: Random, posts: Iterable[MarketPost]) -> Iterator[MarketPost]:
    """The same posts, some of them edited or taken down later on."""
    for post in posts:
        chance = rng.random()
        if post.truth.made is not Made.ORDINARY or post.language != "en":
            yield post
        elif chance < EDITED.get(post.place, EDITED.get(post.platform, 0)):
            # An edit adds a line; in the app store support has answered, and the stars change too.
            edits = phrases()["en"]["edits"]
            solved = post.platform == "appstore" and post.truth.sentiment == "negative"
            line = rng.choice(edits["solved" if solved else post.truth.sentiment])
            at = _time_between(rng, post.at, 10 * MINUTE, 6 * DAY if solved else 12 * HOUR)
            stars = rng.choice((4, 5)) if solved else None
            yield replace(post, edited_at=at, edited_text=f"{post.text}\n{line}", edited_rating=stars)
        elif chance > 1 - DELETED.get(post.platform, 0):
            yield replace(post, deleted_at=_time_between(rng, post.at, 20 * MINUTE, 2 * DAY))
        else:
            yield post


def _time_between(rng: Random, at: datetime, least: float, most: float) -> datetime:
    """So many seconds after `at`, more often soon than late."""
    return at + timedelta(seconds=round(least + (most - least) * rng.random() ** 2))
