"""Which stored posts the query of a route, or of the digest, lets through."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.rules import Matching
from insight.model import PostKey, Sighted, Signal
from insight.query import Facts, Matcher
from insight.themes import Theme
from listener.config import Config
from storage import Store


def facts_of(sighted: Sighted, owned: frozenset[str], themes: tuple[str, ...] = ()) -> Facts:
    """What is known of a stored mention besides its post. `themes`: ids and labels of those it belongs to."""
    mention = sighted.mention
    return Facts(sighted.source, owned, mention.language, mention.watch, mention.sentiment.label, themes)


def passes(matcher: Matcher, sighted: Sighted, owned: frozenset[str], themes: tuple[str, ...] = ()) -> bool:
    """Whether a stored mention is what the query looks for, and none of its exclusions hides it."""
    match = matcher.match(sighted.post, facts_of(sighted, owned, themes))
    return match is not None and match.excluded_by is None


def matching(store: Store, config: Config, signal: Signal, themes: Iterable[Theme] = ()) -> Matching:
    """For each query of a route: the posts that the signal quotes and the query matches.

    `themes`: those of the step that gave the signal; they are stored together with it, so not yet.
    """
    queries = {route.query for route in config.alerts.routes if route.query}
    if not (queries and signal.quotes):
        return {}
    about = next(((it.id, it.label) for it in themes if signal.key.endswith(f":{it.id}")), ())
    stored = [found for quote in signal.quotes for found in store.posts.mentions(quote.post)]
    behind = [found for found in stored if found.mention.watch == signal.watch]
    return {query: _keys(Matcher(config.filters[query]), behind, config.owned, about) for query in queries}


def _keys(
    matcher: Matcher, mentions: Iterable[Sighted], owned: frozenset[str], themes: tuple[str, ...]
) -> frozenset[PostKey]:
    return frozenset(found.post.key for found in mentions if passes(matcher, found, owned, themes))
