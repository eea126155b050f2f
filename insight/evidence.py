"""Who said it: distinct authors and stories of some mentions, and the few to quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from insight.counts import event_time
from insight.model import PostKey, Quote, Sighted
from insight.phrases import phrases

Author = tuple[str, str]
SAMPLE = 500  # mentions that are read for the few to quote: which are typical shows in so many


def author(sighted: Sighted) -> Author:
    """One voice. Posts that name nobody are one voice a story, so that a feed's items are neither one nor many."""
    post = sighted.post
    return (post.network, post.author) if post.author else ("", sighted.mention.story)


def voices(mentions: Sequence[Sighted]) -> Counter[Author]:
    return Counter(map(author, mentions))


def stories(mentions: Sequence[Sighted]) -> set[str]:
    return {sighted.mention.story for sighted in mentions}


def text(sighted: Sighted) -> str:
    post = sighted.post
    return f"{post.title}\n{post.text}".strip() if post.title else post.text


def engagement(sighted: Sighted) -> int:
    return sum(count for count in sighted.post.engagement.values() if count > 0)


def posts_of(mentions: Iterable[Sighted]) -> tuple[PostKey, ...]:
    return tuple(sorted({sighted.post.key for sighted in mentions}))


def representative(mentions: Sequence[Sighted], limit: int) -> tuple[Quote, ...]:
    """The mentions that say what the others say: by how many voices share their phrases.

    Of more than SAMPLE, those that engaged most people.
    """
    mentions = nsmallest(SAMPLE, mentions, key=lambda one: (-engagement(one), _age(one), one.post.key))
    said = [(sighted, phrases(text(sighted))) for sighted in mentions]
    shared: dict[str, set[Author]] = {}
    for sighted, its in said:
        for phrase in its:
            shared.setdefault(phrase, set()).add(author(sighted))
    scores = [sum(len(shared[phrase]) - 1 for phrase in its) / (len(its) + 5) ** 0.5 for _, its in said]
    return distinct_quotes(mentions, scores, limit)


def distinct_quotes(mentions: Sequence[Sighted], scores: Sequence[float], limit: int) -> tuple[Quote, ...]:
    """The best by score (then engagement, then age), each from another author and another story."""

    def rank(index: int) -> tuple[float, int, float, PostKey]:
        sighted = mentions[index]
        return -scores[index], -engagement(sighted), _age(sighted), sighted.post.key

    taken: list[Sighted] = []
    for index in sorted(range(len(mentions)), key=rank):
        sighted = mentions[index]
        heard = any(author(sighted) == author(t) or sighted.mention.story == t.mention.story for t in taken)
        if not heard and len(taken) < limit and text(sighted):
            taken.append(sighted)
    return tuple(sighted.quote() for sighted in taken)


def _age(sighted: Sighted) -> float:
    at = event_time(sighted.post, sighted.collected_at) or sighted.collected_at
    return at.timestamp()
