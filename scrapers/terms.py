"""What the watches give a source to search for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from insight.model import Watch
from scrapers.base import Source


def literals(source: Source, watches: Sequence[Watch]) -> tuple[Any, ...]:
    """The words, phrases, hashtags and names of which every post that a watch wants holds at least one.

    A source that is bound to watches searches for those only.
    """
    from insight.query import cover, parse

    wanted = [watch for watch in watches if not source.watches or watch.id in source.watches]
    return tuple(dict.fromkeys(literal for watch in wanted for literal in cover(parse(watch.query))))
