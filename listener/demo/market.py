"""The simulated market: ten weeks of what invented people say about invented products. The same seed, the same market.

A plainly labelled fiction: nobody here is real, and neither are these notes apps; whoever else bears such a name has
nothing to do with them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from listener.demo.copies_and_edits import copies, with_edits_and_deletions, with_ids_and_threads
from listener.demo.daily_posts import DailyPosts
from listener.demo.events import START, WEEKS, events
from listener.demo.incidents import spike, theme
from listener.demo.phrases import Writer
from listener.demo.posts import MarketPost
from listener.demo.publisher import Publisher

LABEL = "Simulated market: the products are invented and nobody is real."


class Market:
    """`posts` are all there will be, sorted by time; each knows in `truth` what it was made as."""

    def __init__(self, seed: int = 2026, start: datetime = START, weeks: int = WEEKS) -> None:
        self.seed = seed
        self.start = start
        self.end = start + timedelta(weeks=weeks)
        self.events = events(self.start, self.end)
        rng = Random(seed)  # noqa: S311 - chance makes a world here and guards nothing
        publisher = Publisher(rng, Writer(rng))
        written = [*DailyPosts(publisher, self.start, self.end).posts()]
        written += spike(publisher, self.events)
        written += theme(publisher, self.events)
        written += list(copies(publisher, written))
        ordered = sorted((post for post in written if post.at < self.end), key=lambda post: post.at)
        self.posts: tuple[MarketPost, ...] = tuple(with_edits_and_deletions(rng, with_ids_and_threads(rng, ordered)))
