"""Posts in, mentions out: who is concerned, in which language, how it sounds, which story it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from insight.model import Mention, MentionState, Post, Span, UnderstoodPost, Watch
from insight.query import Facts, Match, Matchers
from insight.understanding import VERSION
from insight.understanding.language import recognise
from insight.understanding.reading import Understanding, understand
from insight.understanding.stories import story_of

_UNMATCHED = Match(None, ())


class Pipeline:
    """Compiled once for a set of watches. A query that cannot be understood raises QueryError; a post never does.

    `owned`: the team's own accounts (folded, without @) and hosts, for `is:owned`. `understanding` is what mentions
    follow from besides the posts and the versions of the queries: words, rules and settings. Where it is another, what
    is stored has to be understood anew.
    """

    def __init__(self, watches: Sequence[Watch], owned: frozenset[str] = frozenset()) -> None:
        self.watches = tuple(watches)
        self._owned = owned
        self._matchers = Matchers(self.watches)
        self.understanding = " ".join([VERSION, *sorted(owned)])

    def understand(
        self, posts: Iterable[Post], bound: AbstractSet[str] = frozenset(), source: str = ""
    ) -> list[UnderstoodPost]:
        """One for each post, in order. `source`: the id of the one that brought them; `bound`: the ids of watches that
        everything from it concerns.
        """
        facts = Facts(source=source, owned=self._owned)
        return [self._understand(post, bound, facts) for post in posts]

    def _understand(self, post: Post, bound: AbstractSet[str], facts: Facts) -> UnderstoodPost:
        matches = self._matches(post, bound, facts)
        if not matches:  # most posts of a public stream: nothing more is worth its time
            return UnderstoodPost(post, ())
        text = f"{post.title}\n{post.text}" if post.title else post.text
        language, _ = recognise(text, post.language)
        story = story_of(post)
        read: dict[tuple[tuple[Span, ...], tuple[Span, ...]], Understanding] = {}
        mentions = []
        for watch, match in matches:
            others = _named_beside(match.spans, matches)
            found = read.get((match.spans, others))
            if found is None:
                found = read[match.spans, others] = understand(post, language, match.spans, others)
            state = MentionState.EXCLUDED if match.excluded_by else MentionState.KEPT
            mentions.append(
                Mention(
                    watch=watch.id,
                    post=post.key,
                    query_version=watch.version,
                    language=language,
                    sentiment=found.sentiment,
                    story=story,
                    complaint=found.complaint,
                    facets=found.facets,
                    state=state,
                    excluded_by=match.excluded_by,
                    spans=match.spans,
                )
            )
        return UnderstoodPost(post, tuple(mentions))

    def _matches(self, post: Post, bound: AbstractSet[str], facts: Facts) -> list[tuple[Watch, Match]]:
        """What matches, and the bound watches: those concern the post whatever their query, and its exclusions, say."""
        found = self._matchers.match_all(post, facts)
        if not bound:
            return found
        by_watch = {watch.id: match for watch, match in found}
        concerned = (
            (watch, by_watch.get(watch.id, _UNMATCHED))
            for watch in self.watches
            if watch.id in by_watch or watch.id in bound
        )
        return [(watch, Match(None, match.spans) if watch.id in bound else match) for watch, match in concerned]


def _named_beside(spans: tuple[Span, ...], matches: Sequence[tuple[Watch, Match]]) -> tuple[Span, ...]:
    """Where other watches are named, and this one is not."""
    if len(matches) == 1:
        return ()
    return tuple(
        span
        for _, match in matches
        for span in match.spans
        if not any(span.field == own.field and span.start < own.end and own.start < span.end for own in spans)
    )
