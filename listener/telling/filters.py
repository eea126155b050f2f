"""Which stored posts the query of a route, or of the digest, lets through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from insight.model import PostKey, StoredMention
from insight.query import Facts, Matcher
from listener.config import Config

Themes = Mapping[tuple[str, PostKey], tuple[str, ...]]
"""The ids and labels of the themes that a post belongs to, by watch and post."""


def let_through(
    config: Config, query: str, mentions: Iterable[StoredMention], themes: Themes
) -> Iterator[StoredMention]:
    """Those mentions that the query looks for, and that none of its exclusions hides."""
    matcher = Matcher(config.filters[query])
    for one in mentions:
        facts = Facts.of(one, config.owned, themes.get((one.mention.watch, one.post.key), ()))
        match = matcher.match(one.post, facts)
        if match is not None and match.excluded_by is None:
            yield one
