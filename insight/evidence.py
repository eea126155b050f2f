"""What stands behind a signal: distinct authors and stories of some mentions, and the few mentions to quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from insight.counts import event_time
from insight.model import PostKey, Quote, StoredMention
from insight.understanding.phrases import phrases

Author = tuple[str, str]
SAMPLE = 500  # mentions that are read for the few to quote: which are typical shows in so many


def author_of(stored: StoredMention) -> Author:
    """Who counts as one person; of posts that name nobody, each story: a feed's items are neither one nor many."""
    post = stored.post
    return (post.network, post.author) if post.author else ("", stored.mention.story)


def count_by_author(mentions: Sequence[StoredMention]) -> Counter[Author]:
    return Counter(map(author_of, mentions))


def stories(mentions: Sequence[StoredMention]) -> set[str]:
    return {stored.mention.story for stored in mentions}


def full_text(stored: StoredMention) -> str:
    post = stored.post
    return f"{post.title}\n{post.text}".strip() if post.title else post.text


def engagement_of(stored: StoredMention) -> int:
    return sum(count for count in stored.post.engagement.values() if count > 0)


def posts_of(mentions: Iterable[StoredMention]) -> tuple[PostKey, ...]:
    return tuple(sorted({stored.post.key for stored in mentions}))


def representative_quotes(mentions: Sequence[StoredMention], limit: int) -> tuple[Quote, ...]:
    """The mentions that say what the others say: by how many authors share their phrases.

    Of more than SAMPLE, those that engaged most people. The root of its length keeps a long post, which holds more
    phrases, from winning by length alone.
    """
    mentions = nsmallest(SAMPLE, mentions, key=lambda one: (-engagement_of(one), _age(one), one.post.key))
    phrased = [(stored, phrases(full_text(stored))) for stored in mentions]
    shared: dict[str, set[Author]] = {}
    for stored, used in phrased:
        for phrase in used:
            shared.setdefault(phrase, set()).add(author_of(stored))
    scores = [sum(len(shared[phrase]) - 1 for phrase in used) / (len(used) + 5) ** 0.5 for _, used in phrased]
    return distinct_quotes(mentions, scores, limit)


def distinct_quotes(mentions: Sequence[StoredMention], scores: Sequence[float], limit: int) -> tuple[Quote, ...]:
    """The best by score (then engagement, then age), each from another author and another story."""

    def rank(index: int) -> tuple[float, int, float, PostKey]:
        stored = mentions[index]
        return -scores[index], -engagement_of(stored), _age(stored), stored.post.key

    taken: list[StoredMention] = []
    for index in sorted(range(len(mentions)), key=rank):
        stored = mentions[index]
        repeated = any(author_of(stored) == author_of(t) or stored.mention.story == t.mention.story for t in taken)
        if not repeated and len(taken) < limit and full_text(stored):
            taken.append(stored)
    return tuple(stored.quote() for stored in taken)


def _age(stored: StoredMention) -> float:
    at = event_time(stored.post, stored.collected_at) or stored.collected_at
    return at.timestamp()
